public import Foundation
import GRDB

/// What one queue holds in one state.
public struct StateCount: Sendable, Hashable, Codable {
    public var queue: String
    public var state: JobState
    public var count: Int

    public init(queue: String, state: JobState, count: Int) {
        self.queue = queue
        self.state = state
        self.count = count
    }
}

/// Which results to read.
public struct ResultFilter: Sendable {
    public var selection: JobSelection
    /// Only results of jobs with a higher id: where an earlier page ended.
    public var afterID: Int64
    /// The newest first; `afterID` is then the id to stay below, 0 for none.
    public var newestFirst: Bool
    /// Only results that were written from then on.
    public var since: Date?
    /// Only results that were written before.
    public var until: Date?
    public init(
        selection: JobSelection = JobSelection(), afterID: Int64 = 0, newestFirst: Bool = false, since: Date? = nil,
        until: Date? = nil
    ) {
        self.selection = selection
        self.afterID = afterID
        self.newestFirst = newestFirst
        self.since = since
        self.until = until
    }

    /// Beside the selection.
    fileprivate var condition: Condition {
        var condition = Condition()
        let written = "(SELECT r.created_at FROM results r WHERE r.job_id = j.id)"
        if let since { condition.add("\(written) >= ?", Timestamp.text(since)) }
        if let until { condition.add("\(written) < ?", Timestamp.text(until)) }
        return condition
    }
}

extension JobStore {
    /// How many jobs each queue has in each state, read from indexes only: tens of milliseconds for a million jobs. Parts of
    /// jobs aren't counted.
    public func stateCounts() async throws -> [StateCount] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT queue, state, sum(count) AS count FROM (
                      SELECT queue, 'available' AS state, count(*) AS count FROM jobs INDEXED BY jobs_claim
                        WHERE state = 'available' GROUP BY queue
                      UNION ALL SELECT queue, 'running', count(*) FROM jobs INDEXED BY jobs_lease
                        WHERE state = 'running' GROUP BY queue
                      UNION ALL SELECT queue, 'pending', count(*) FROM jobs INDEXED BY jobs_pending
                        WHERE state = 'pending' GROUP BY queue
                      UNION ALL SELECT queue, state, count(*) FROM jobs INDEXED BY jobs_finished_counts
                        WHERE finalized_at IS NOT NULL GROUP BY queue, state
                      UNION ALL SELECT queue, state, -count(*) FROM jobs INDEXED BY jobs_part_counts
                        WHERE parent_id IS NOT NULL GROUP BY queue, state)
                    GROUP BY queue, state HAVING sum(count) > 0 ORDER BY 1, 2
                    """)
            return try rows.map {
                StateCount(queue: try $0.value("queue"), state: try $0.named("state"), count: try $0.value("count"))
            }
        }
    }

    /// Jobs with the lowest ids, or the highest.
    ///
    /// - Parameter afterID: where an earlier page ended; 0 for the first.
    public func list(
        _ selection: JobSelection = JobSelection(), afterID: Int64 = 0, newestFirst: Bool = false, limit: Int
    ) async throws -> [JobStatusRow] {
        try await page("job_status", selection, Condition(), afterID, newestFirst, limit)
    }

    /// A page of results.
    public func results(_ filter: ResultFilter = ResultFilter(), limit: Int) async throws -> [ResultRow] {
        try await page(
            "all_result_texts", filter.selection, filter.condition, filter.afterID, filter.newestFirst, limit)
    }

    /// Every matching result in the order of ids, page by page: a million neither fill the memory nor hold one read open,
    /// which would keep the log from being written back.
    public func forEachResult(_ filter: ResultFilter = ResultFilter(), _ body: (ResultRow) throws -> Void) async throws
    {
        var filter = filter
        while true {
            let page = try await results(filter, limit: 500)
            for row in page { try body(row) }
            guard let last = page.last else { return }
            filter.afterID = last.id
        }
    }

    /// Everything about one job; `nil` if there is none.
    public func job(_ id: Int64) async throws -> JobDetail? {
        try await read { db -> JobDetail? in
            let jobs: [JobDetail.Job] = try lines(db, "SELECT * FROM jobs WHERE id = ?", [id])
            guard var job = jobs.first else { return nil }
            if job.state == JobState.pending.rawValue {
                // Of all its parts, whenever somebody looks.
                job.progress =
                    try Double.fetchOne(db, sql: JobDetail.PartCount.progress, arguments: [id]) ?? job.progress
            }
            let results: [JobDetail.Result] = try lines(db, "SELECT * FROM results WHERE job_id = ?", [id])
            let document = try Row.fetchOne(
                db, sql: "SELECT title, source FROM documents WHERE id = ?", arguments: [job.documentID])
            return JobDetail(
                job: job, documentTitle: try document?.optional("title"),
                documentSource: try document?.optional("source"),
                result: results.first,
                quotations: try lines(
                    db,
                    "SELECT position, document_id, begin, end, text FROM quoted_texts WHERE job_id = ? ORDER BY position",
                    [id]),
                evidence: try lines(
                    db,
                    "SELECT position, document_id, begin, end, score, text FROM evidence_texts WHERE job_id = ? ORDER BY position",
                    [id]),
                parts: try lines(db, JobDetail.PartCount.query, [id]),
                waitsFor: try String.fetchAll(
                    db,
                    sql: """
                        SELECT coalesce('job ' || u.job, 'batch ' || coalesce(b.name, b.id)) FROM unmet_dependencies u
                        LEFT JOIN batches b ON b.id = u.batch WHERE u.job_id = ? ORDER BY u.job, u.batch LIMIT 20
                        """, arguments: [id]),
                attempts: try lines(db, "SELECT * FROM attempts WHERE job_id = ? ORDER BY attempt", [id]),
                events: try lines(db, "SELECT * FROM events WHERE job_id = ? ORDER BY id", [id]))
        }
    }

    /// The text a job works on.
    public func inputText(ofJob id: Int64) async throws -> String? {
        try await read { db in
            try String.fetchOne(
                db,
                sql:
                    "SELECT coalesce(d.text, j.input) FROM jobs j LEFT JOIN documents d ON d.id = j.document_id WHERE j.id = ?",
                arguments: [id])
        }
    }

    /// The latest failures first.
    public func failures(limit: Int) async throws -> [FailureRow] {
        try await all("SELECT * FROM failures LIMIT ?", [limit])
    }

    public func queues() async throws -> [QueueStatusRow] {
        try await all("SELECT * FROM queue_status ORDER BY queue", [])
    }

    /// Reads every attempt: seconds where there are millions.
    public func timingByKind() async throws -> [TimingRow] {
        try await all("SELECT * FROM timing_by_kind ORDER BY kind", [])
    }

    public func batches() async throws -> [BatchRow] {
        try await all("SELECT * FROM batch_progress ORDER BY id", [])
    }

    /// The tables and views of the file with the SQL that made them, in the order of their names.
    package func schema() async throws -> [String: String] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT name, sql FROM sqlite_master WHERE type IN ('table','view') AND name NOT LIKE 'sqlite_%'")
            return try Dictionary(
                rows.map { (try $0.value("name"), try $0.value("sql")) }, uniquingKeysWith: { first, _ in first })
        }
    }

    func all<Value: Decodable & Sendable>(
        _ sql: String, _ arguments: StatementArguments
    ) async throws -> [Value] {
        try await read { db in try lines(db, sql, arguments) }
    }

    /// Rows of a view for the selected jobs, by their ids.
    private func page<Value: Decodable & Sendable>(
        _ view: String, _ selection: JobSelection, _ extra: Condition, _ afterID: Int64, _ newestFirst: Bool,
        _ limit: Int
    ) async throws -> [Value] {
        var condition = Condition(selection)
        condition.add(extra)
        // The first page by the index, after which those who follow are sorted. The next ones along the table: all pages
        // together read it once, however many they are.
        let source = afterID == 0 ? selection.source : "jobs j NOT INDEXED"
        if afterID > 0 { condition.add(newestFirst ? "j.id < ?" : "j.id > ?", afterID) }
        return try await all(
            """
            SELECT s.* FROM \(source) JOIN \(view) s ON s.id = j.id
            WHERE \(condition.sql) ORDER BY j.id \(newestFirst ? "DESC" : "ASC") LIMIT \(limit)
            """, condition.arguments)
    }
}

/// Reads any decodable type from a row, without GRDB showing in the module's interface.
private struct Line<Value: Decodable>: FetchableRecord, Decodable {
    let value: Value

    init(from decoder: any Decoder) throws {
        value = try Value(from: decoder)
    }
}

func lines<Value: Decodable>(
    _ db: Database, _ sql: String, _ arguments: StatementArguments = StatementArguments()
) throws -> [Value] {
    try Line<Value>.fetchAll(db, sql: sql, arguments: arguments).map(\.value)
}
