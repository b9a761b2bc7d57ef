public import Foundation
import GRDB

extension JobStore {
    /// Enqueues jobs in their order, a thousand to a transaction, so that a million neither fill the memory nor keep the
    /// workers from claiming.
    ///
    /// - Parameter now: the time of creation, and the time jobs without one of their own are due.
    /// - Returns: an id for each job, in order.
    /// - Throws: `refusedJob`, `duplicateCustomID` or `nulCharacter`, with the position of the job in `jobs`. Then nothing
    ///   of its thousand is stored, and all of the thousands before it are; up to a thousand jobs are all or nothing.
    @discardableResult
    public func enqueue(_ jobs: some Sequence<NewJob>, now: Date) async throws -> [EnqueuedJob] {
        var enqueued: [EnqueuedJob] = []
        var chunk: [NewJob] = []
        func flush() async throws {
            let (first, jobs) = (enqueued.count, chunk)
            enqueued += try await write { db in
                try JobInserter.insert(jobs, firstIndex: first, in: db, now: now).map { try $0.get() }
            }
            chunk.removeAll(keepingCapacity: true)
            try await checkpointIfLarge()
        }
        for job in jobs {
            chunk.append(job)
            if chunk.count == 1000 { try await flush() }
        }
        if !chunk.isEmpty { try await flush() }
        return enqueued
    }

    /// Enqueues the turns of a conversation in one transaction, each after the first going on with the one before.
    ///
    /// - Throws: `JobStoreError`; nothing is stored then.
    public func enqueueConversation(_ jobs: [NewJob], now: Date) async throws -> [EnqueuedJob] {
        try await write { db in
            var enqueued: [EnqueuedJob] = []
            for (index, job) in jobs.enumerated() {
                var job = job
                job.continues = enqueued.last?.id ?? job.continues
                enqueued += try JobInserter.insert([job], firstIndex: index, in: db, now: now).map { try $0.get() }
            }
            return enqueued
        }
    }

    /// Enqueues jobs in their order in one transaction: what is refused is told, and the others go in.
    ///
    /// - Parameter jobs: few enough for a short transaction, some thousand at most.
    /// - Returns: what became of each.
    /// - Throws: `JobStoreError` for what isn't about a single job; nothing is stored then.
    public func enqueueEach(
        _ jobs: [NewJob], now: Date
    ) async throws -> [Result<EnqueuedJob, JobStoreError>] {
        let outcomes = try await write { try JobInserter.insert(jobs, firstIndex: 0, in: $0, now: now) }
        try await checkpointIfLarge()
        return outcomes
    }

    /// The job of a batch that has the name, and what its metadata say.
    public func job(ofBatch batchID: Int64, customID: String) async throws -> (id: Int64, metadataJSON: String)? {
        try await read { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT id, metadata FROM jobs WHERE batch_id = ? AND custom_id = ?",
                arguments: [batchID, customID])
            return try row.map { (try $0.value("id"), try $0.value("metadata")) }
        }
    }

    /// Whether an open or completed job has each of the keys.
    public func areTaken(uniqueKeys keys: [String]) async throws -> [Bool] {
        try await read { db in
            try keys.map { try JobInserter.job(withKey: $0, in: db) != nil }
        }
    }

    /// Says that no more jobs will be added to a batch; adding one is refused from then on.
    ///
    /// - Returns: false where there is no batch of that name.
    public func sealBatch(named name: String, now: Date) async throws -> Bool {
        try await write { db in
            try db.execute(
                sql: "UPDATE batches SET sealed_at = coalesce(sealed_at, ?) WHERE name = ?",
                arguments: [Timestamp.text(now), name])
            return db.changesCount == 1
        }
    }

    /// The id of the batch of that name, which is made if it isn't there.
    public func batch(named name: String, now: Date) async throws -> Int64 {
        try await write { db in
            try db.execute(
                sql: "INSERT INTO batches (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
                arguments: [name, Timestamp.text(now)])
            return try Row.fetchAll(db, sql: "SELECT id FROM batches WHERE name = ?", arguments: [name])[0].value("id")
        }
    }
}
