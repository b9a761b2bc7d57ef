import Foundation
import GRDB

/// A job of a shard with all that hangs on it.
struct ShardJob: Sendable {
    typealias Values = [String: DatabaseValue]

    var id: Int64
    var state: JobState
    var attempt: Int
    var maxAttempts: Int
    var error: String?
    var finalizedAt: String?
    var attemptedAt: String?
    var attemptedBy: String?
    /// Rows of the table `attempts`, in order.
    var attempts: [Values]
    var result: Values?
    /// Rows of other tables, by table.
    var children: [String: [Values]]
    /// What somebody has said of the result.
    var review: Values?
    /// The kinds' definitions that result and review name.
    var definitions: [Values]
}

/// Reads a shard without leaving a trace of it, be it at rest or being worked on.
struct ShardReader: Sendable {
    private static let jobsAtOnce = 500

    let path: String
    let mark: ShardMark

    /// - Throws: `JobStoreError` for what is no shard of the queue `homeID`.
    init(path: String, homeID: String?) throws {
        // Absolute, since it becomes part of an address.
        let path = URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
        self.path = path
        guard FileIdentity(path: path) != nil else { throw JobStoreError.notFound(path: path) }
        mark = try UndisturbedDatabase(path: path).read { db in
            _ = try Migrator(path: path).pending(in: db)
            guard try db.tableExists("settings"), let home = try QueueStamp.value(QueueStamp.homeKey, in: db),
                let mark = try QueueStamp.value(QueueStamp.markKey, in: db).flatMap(ShardMark.init)
            else {
                throw JobStoreError.refusedShard(
                    path: path, reason: "it is a queue of its own and no shard; nothing was merged")
            }
            guard home == homeID else {
                throw JobStoreError.refusedShard(
                    path: path, reason: "it is a shard of another queue (\(home)); merge it into that one with --db")
            }
            return mark
        }
    }

    /// The next jobs that the shard was given, by id; none behind the last. Jobs that were added to the shard itself stay
    /// there.
    func page(after id: Int64) throws -> [ShardJob] {
        try UndisturbedDatabase(path: path).read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, state, attempt, max_attempts, error, finalized_at, attempted_at, attempted_by FROM jobs
                    WHERE id > ? AND \(ShardMark.column) = ? AND parent_id IS NULL ORDER BY id LIMIT \(Self.jobsAtOnce)
                    """, arguments: [id, mark.text])
            let children = try ChildTables.names(in: db)
            // A shard may have been made before there were any.
            let hasReviews = try db.tableExists("reviews")
            return try rows.map { try job($0, children, hasReviews: hasReviews, in: db) }
        }
    }

    private func job(_ row: Row, _ children: [String], hasReviews: Bool, in db: Database) throws -> ShardJob {
        let id: Int64 = try row.value("id")
        func rows(_ table: String, _ rest: String, _ argument: any DatabaseValueConvertible) throws -> [ShardJob.Values]
        {
            let statement = try db.cachedStatement(sql: "SELECT * FROM \(quoted(table)) WHERE \(rest)")
            return try Row.fetchAll(statement, arguments: [argument]).map { row in
                Dictionary(row.map { ($0.0, $0.1) }, uniquingKeysWith: { first, _ in first })
            }
        }
        func all(_ table: String, _ order: String) throws -> [ShardJob.Values] {
            try rows(table, "job_id = ? ORDER BY \(order)", id)
        }
        let state: JobState = try row.named("state")
        let isDone = state == .completed
        let result = isDone ? try all("results", "job_id").first : nil
        let review = isDone && hasReviews ? try all("reviews", "job_id").first : nil
        let definitions = Set([result, review].compactMap { $0?["definition"].flatMap(String.fromDatabaseValue) })
        return ShardJob(
            id: id, state: state, attempt: try row.value("attempt"), maxAttempts: try row.value("max_attempts"),
            error: try row.optional("error"), finalizedAt: try row.optional("finalized_at"),
            attemptedAt: try row.optional("attempted_at"), attemptedBy: try row.optional("attempted_by"),
            attempts: try all("attempts", "attempt"), result: result,
            children: isDone ? try Dictionary(uniqueKeysWithValues: children.map { ($0, try all($0, "job_id")) }) : [:],
            review: review, definitions: try definitions.sorted().flatMap { try rows("definitions", "sha256 = ?", $0) })
    }
}

/// Tables that hold more about a job's result than its text: those with a column `job_id` that aren't the queue's own
/// bookkeeping, nor the reviews, which may come after the result. They are copied whatever they hold.
enum ChildTables {
    private static let own: Set = [
        "attempts", "results", "events", "job_dependencies", "end_dependencies", "batch_dependencies", "schedule_runs",
        "reviews",
    ]

    static func names(in db: Database) throws -> [String] {
        try String.fetchAll(
            db,
            sql: """
                SELECT t.name FROM pragma_table_list t WHERE t.schema = 'main' AND t.type = 'table'
                  AND EXISTS (SELECT 1 FROM pragma_table_info(t.name) c WHERE c.name = 'job_id') ORDER BY t.name
                """
        ).filter { !own.contains($0) }
    }

    /// The column that numbers the rows of a table by itself; what it held elsewhere means nothing here.
    static func numberColumn(of table: String, in db: Database) throws -> String? {
        let keys = try Row.fetchAll(
            db, sql: "SELECT name, type FROM pragma_table_info(?) WHERE pk > 0", arguments: [table])
        guard keys.count == 1, let key = keys.first, try (key.value("type") as String).uppercased() == "INTEGER" else {
            return nil
        }
        let name: String = try key.value("name")
        return name == "job_id" ? nil : name
    }
}
