public import Foundation
import GRDB

/// What a split has made.
public struct SplitReport: Sendable, Equatable {
    public struct Shard: Sendable, Equatable {
        public var path: String
        /// Jobs it was given.
        public var jobs: Int
        /// False where it was there already, or has been taken elsewhere.
        public var isNew: Bool
    }

    /// Names the split; the first part of its jobs' marks.
    public var split = ""
    public var shards: [Shard] = []
    /// Jobs that are given out now and weren't before.
    public var given = 0
    /// Undone jobs that stay: they wait for others, are held, run, are parts of a job, or have come since.
    public var left = 0
}

extension JobStore {
    public static let shardLimit = 10_000

    /// Deals out the jobs that are available among new files in `folder`, `shard-0.db`, `shard-1.db` and so on: queues of
    /// their own with the same ids, to be worked on anywhere and merged again.
    ///
    /// A job that is given out is held at home and says in its metadata to which shard it went, before there is any shard:
    /// whenever the command is killed, no job is in two shards, and the same call again goes on where it was. Once the
    /// shards are made the same call gives the same shards. What has come to the queue meanwhile goes to another folder.
    ///
    /// Jobs that wait for others stay until they are available, and so do parts of a job and the job they are parts of, and
    /// what goes on with a conversation.
    /// Limits that belong to this machine stay as well (windows, pauses, rates, concurrency); timeouts and deadlines go along.
    ///
    /// - Throws: `refusedShard` for a folder that was split into another number, or into which another queue was.
    public func split(
        _ selection: JobSelection, into count: Int, folder: String, now: Date,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> SplitReport {
        precondition((1...Self.shardLimit).contains(count), "a number of shards")
        let folder = URL(filePath: folder).standardizedFileURL.path(percentEncoded: false).withoutFinalSlash
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw JobStoreError.cannotOpen(path: folder, reason: "the folder cannot be made")
        }
        guard let lock = UpkeepLock(folder: folder) else {
            throw JobStoreError.refusedShard(path: folder, reason: "another split is at work on the folder")
        }
        defer { withExtendedLifetime(lock) {} }
        var record = try await beginSplit(into: count, folder: folder)
        var report = SplitReport()
        report.split = record.split
        if !record.isMarked {
            report.given = try await mark(selection, for: record, now: now, progress: progress)
            record.isMarked = true
            try await save(record, folder: folder)
        }
        report.shards = try await makeShards(of: &record, in: folder)
        let undone = JobSelection(
            states: [.pending, .available, .running], queue: selection.queue, kind: selection.kind,
            batchID: selection.batchID)
        report.left = try await counts(of: undone).values.reduce(0, +) - outCount(of: undone)
        return report
    }

    private func beginSplit(into count: Int, folder: String) async throws -> SplitRecord {
        try await write { db in
            _ = try QueueStamp.make(in: db)
            if let record = try SplitRecord.read(folder: folder, in: db) {
                guard record.shards == count else {
                    throw JobStoreError.refusedShard(
                        path: folder, reason: "it holds a split into \(record.shards) shards; choose another folder")
                }
                return record
            }
            let name = ShardBuilder.path(of: 0, in: folder)
            guard !FileManager.default.fileExists(atPath: name) else {
                throw JobStoreError.refusedShard(
                    path: name, reason: "it is there already, and not of this queue's making")
            }
            let record = SplitRecord(split: String(UUID().uuidString.prefix(8)).lowercased(), shards: count)
            try record.write(folder: folder, in: db)
            return record
        }
    }

    private func save(_ record: SplitRecord, folder: String) async throws {
        try await write { try record.write(folder: folder, in: $0) }
    }

    // MARK: - Marking

    private static let marksAtOnce = 1000

    /// Gives jobs their marks, some thousand at a time, so that workers can go on meanwhile.
    private func mark(
        _ selection: JobSelection, for record: SplitRecord, now: Date, progress: @Sendable (Int) -> Void
    ) async throws -> Int {
        var condition = Condition(selection)
        condition.add(
            "j.state = 'available' AND j.parent_id IS NULL AND j.continues IS NULL AND \(Self.hasNoParts)")
        let (filter, arguments) = (condition.sql, condition.arguments)
        let (candidates, loads) = try await read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT j.id, j.document_id FROM jobs j WHERE \(filter) ORDER BY j.priority, j.scheduled_at, j.id
                    """, arguments: arguments)
            var candidates: [ShardPlan.Candidate] = []
            while let row = try rows.next() {
                candidates.append(.init(id: try row.value("id"), documentID: try row.optional("document_id")))
            }
            // What an interrupted command has marked.
            let marked = try Self.markedJobs(of: record, in: db)
            return (candidates, (0..<record.shards).map { marked[$0]?.count ?? 0 })
        }
        let shards = ShardPlan.assign(candidates, loads: loads)
        let nowText = Timestamp.text(now)
        var given = 0
        for start in stride(from: 0, to: candidates.count, by: Self.marksAtOnce) {
            let page = (start..<min(start + Self.marksAtOnce, candidates.count)).map { (candidates[$0].id, shards[$0]) }
            given += try await write { db in
                let update = try db.cachedStatement(
                    sql: """
                        UPDATE jobs SET held_at = ?, metadata = json_set(metadata, '$.shard', ?)
                        WHERE id = ? AND state = 'available' AND json_type(metadata) = 'object'
                        """)
                var count = 0
                for (id, shard) in page {
                    let mark = ShardMark(split: record.split, number: shard).text
                    try update.execute(arguments: [nowText, mark, id])
                    count += db.changesCount
                }
                return count
            }
            progress(given)
            try await checkpointIfLarge()
        }
        return given
    }

    private static let hasNoParts = "NOT EXISTS (SELECT 1 FROM jobs c WHERE c.parent_id = j.id)"

    /// The jobs of a split that are out still, by shard.
    private static func markedJobs(of record: SplitRecord, in db: Database) throws -> [Int: [Int64]] {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT id, \(ShardMark.column) AS mark FROM jobs INDEXED BY jobs_pending
                WHERE state = 'pending' AND held_at IS NOT NULL AND \(ShardMark.column) LIKE ? ORDER BY id
                """, arguments: [record.split + ":%"])
        var ids: [Int: [Int64]] = [:]
        while let row = try rows.next() {
            guard let mark = ShardMark(try row.value("mark")), mark.split == record.split else { continue }
            ids[mark.number, default: []].append(try row.value("id"))
        }
        return ids
    }

    /// How many of the selected jobs are out, in whichever shard.
    private func outCount(of selection: JobSelection) async throws -> Int {
        var condition = Condition(selection)
        condition.add("j.state = 'pending' AND j.held_at IS NOT NULL AND j.\(ShardMark.column) IS NOT NULL")
        let (filter, arguments) = (condition.sql, condition.arguments)
        return try await read {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM jobs j WHERE \(filter)", arguments: arguments) ?? 0
        }
    }

    // MARK: - Files

    private func makeShards(of record: inout SplitRecord, in folder: String) async throws -> [SplitReport.Shard] {
        let ids = try await read { [record] in try Self.markedJobs(of: record, in: $0) }
        let home = try await read { try QueueStamp.value(QueueStamp.ownKey, in: $0) ?? "" }
        var shards: [SplitReport.Shard] = []
        for number in 0..<record.shards {
            let mark = ShardMark(split: record.split, number: number)
            let builder = ShardBuilder(home: path, homeID: home, mark: mark, folder: folder)
            let jobs = ids[number] ?? []
            let isNew = !record.made.contains(number) && !FileManager.default.fileExists(atPath: builder.destination)
            if isNew { try builder.build(jobs) }
            if !record.made.contains(number) {
                record.made.append(number)
                try await save(record, folder: folder)
            }
            shards.append(.init(path: builder.destination, jobs: jobs.count, isNew: isNew))
        }
        return shards
    }
}
