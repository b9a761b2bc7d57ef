import Crypto
public import Foundation
import GRDB
import JSONText

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
                let inserter = JobInserter(db: db, now: now)
                return try jobs.enumerated().map { try inserter.insert($1, index: first + $0) }
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
            let inserter = JobInserter(db: db, now: now)
            var enqueued: [EnqueuedJob] = []
            for (index, job) in jobs.enumerated() {
                var job = job
                job.continues = enqueued.last?.id ?? job.continues
                enqueued.append(try inserter.insert(job, index: index))
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
        let outcomes = try await write { db in
            let inserter = JobInserter(db: db, now: now)
            return try jobs.enumerated().map { index, job -> Result<EnqueuedJob, JobStoreError> in
                do {
                    return .success(try inserter.insert(job, index: index))
                } catch let error as JobStoreError where error.isAboutOneJob {
                    return .failure(error)
                }
            }
        }
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
            let query = try db.cachedStatement(sql: JobInserter.keyQuery)
            return try keys.map { try Int64.fetchOne(query, arguments: [$0]) != nil }
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

/// Inserts jobs within one transaction.
private struct JobInserter {
    let db: Database
    let now: String

    init(db: Database, now: Date) {
        self.db = db
        self.now = Timestamp.text(now)
    }

    func insert(_ job: NewJob, index: Int) throws -> EnqueuedJob {
        do {
            return try insertChecked(job, index: index)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            throw refusal(of: job, index: index, error)
        }
    }

    private func insertChecked(_ job: NewJob, index: Int) throws -> EnqueuedJob {
        if let existing = try existingJob(uniqueKey: job.uniqueKey) { return existing }
        var job = job
        try refuseNUL(in: job.question, "question", index)
        var input: String?
        var documentID: Int64?
        switch job.input {
        case .none: break
        case .documentID(let id): documentID = id
        case .inline(let text):
            try refuseNUL(in: text, "input", index)
            input = text
        case .document(let document):
            try refuseNUL(in: document.text, "document", index)
            documentID = try store(document, for: &job)
        }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO jobs (kind, queue, priority, scheduled_at, max_attempts, question, options, metadata, batch_id,
                  custom_id, unique_key, template_id, parent_id, part, created_at, deadline_at, timeout_seconds, held_at,
                  continues, document_id, input)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            job.kind, job.queue, job.priority, job.scheduledAt.map(Timestamp.text) ?? now, job.maxAttempts,
            job.question,
            json(job.options), json(job.metadata), job.batchID, job.customID, job.uniqueKey, job.templateID,
            job.parentID, job.part, now, job.deadlineAt.map(Timestamp.text), job.timeoutSeconds,
            job.isHeld ? now : nil, job.continues, documentID, input,
        ])
        let id = db.lastInsertedRowID
        try makeWait(id, for: job)
        return EnqueuedJob(id: id, isNew: true)
    }

    private func makeWait(_ id: Int64, for job: NewJob) throws {
        func insert(into table: String, _ column: String, _ others: [Int64]) throws {
            guard !others.isEmpty else { return }
            let statement = try db.cachedStatement(
                sql: "INSERT OR IGNORE INTO \(table) (job_id, \(column)) VALUES (?, ?)")
            for other in others { try statement.execute(arguments: [id, other]) }
        }
        try insert(into: "job_dependencies", "depends_on", job.dependsOn)
        try insert(into: "end_dependencies", "depends_on", job.afterEndOf)
        try insert(into: "batch_dependencies", "batch_id", job.afterBatches)
    }

    static let keyQuery = """
        SELECT id FROM jobs
        WHERE unique_key = ? AND unique_key IS NOT NULL AND state NOT IN ('cancelled','discarded')
        """

    /// The open or completed job that has the key already. Asked first, since an insert that gives way to it would use up
    /// an id.
    private func existingJob(uniqueKey: String?) throws -> EnqueuedJob? {
        guard let uniqueKey else { return nil }
        let query = try db.cachedStatement(sql: Self.keyQuery)
        return try Int64.fetchOne(query, arguments: [uniqueKey]).map { EnqueuedJob(id: $0, isNew: false) }
    }

    /// Stores the text once. A later file with the same text keeps its name in the job's metadata, where the views look
    /// first.
    private func store(_ document: NewDocument, for job: inout NewJob) throws -> Int64 {
        let sha256 = hexadecimal(SHA256.hash(data: Data(document.text.utf8)))
        let insertion = try db.cachedStatement(
            sql: """
                INSERT INTO documents (sha256, source, media_type, title, created_at, text) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (sha256) DO NOTHING
                """)
        try insertion.execute(arguments: [
            sha256, document.source, document.mediaType, document.title, now, document.text,
        ])
        if db.changesCount == 1 { return db.lastInsertedRowID }
        let query = try db.cachedStatement(
            sql: "SELECT id, coalesce(title, source) AS name FROM documents WHERE sha256 = ?")
        guard let stored = try Row.fetchOne(query, arguments: [sha256]) else {
            throw JobStoreError.constraint(message: "the document was refused by a trigger")
        }
        if let name = document.title ?? document.source, try stored.optional("name") != name,
            job.metadata["document"] == nil
        {
            job.metadata["document"] = .string(name)
        }
        return try stored.value("id")
    }

    private func json(_ values: [String: JSONValue]) -> String {
        JSONValue.object(JSONObject(values)).text
    }

    private func refuseNUL(in text: String?, _ field: String, _ index: Int) throws {
        if let text, holdsNUL(text) { throw JobStoreError.nulCharacter(index: index, field: field) }
    }

    private func refusal(of job: NewJob, index: Int, _ error: DatabaseError) -> JobStoreError {
        let message = error.message ?? ""
        if message.contains("jobs.custom_id"), let batchID = job.batchID, let customID = job.customID {
            return .duplicateCustomID(index: index, customID: customID, batchID: batchID)
        }
        if error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY {
            return .refusedJob(
                index: index,
                constraint: "a batch, template, document, parent or other job that it names does not exist")
        }
        return .refusedJob(index: index, constraint: JobStoreError.rule(in: message))
    }
}

/// Byte by byte over the text's storage: every text that is stored passes through here.
func holdsNUL(_ text: String) -> Bool {
    text.utf8.withContiguousStorageIfAvailable { $0.contains(0) } ?? text.utf8.contains(0)
}
