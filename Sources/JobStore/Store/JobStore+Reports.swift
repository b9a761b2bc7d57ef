public import Foundation
import GRDB

/// Which part of the past a report is about. Conditions that are `nil` are no conditions.
public struct ReportFilter: Sendable {
    public var selection: JobSelection
    /// Only what ended from then on.
    public var since: Date?
    /// Only what ended before.
    public var until: Date?

    public init(selection: JobSelection = JobSelection(), since: Date? = nil, until: Date? = nil) {
        self.selection = selection
        self.since = since
        self.until = until
    }

    fileprivate func condition(on column: String) -> Condition {
        var condition = Condition(selection)
        if let since { condition.add("\(column) >= ?", Timestamp.text(since)) }
        if let until { condition.add("\(column) < ?", Timestamp.text(until)) }
        return condition
    }
}

extension JobStore {
    private static let attemptRows = 5000
    private static let reportRows = 200

    /// Every attempt that has ended, in the order they did, page by page. Those of parts count as of the whole job, which
    /// has the batch, too.
    public func forEachAttempt(_ filter: ReportFilter = ReportFilter(), _ body: (AttemptFact) throws -> Void)
        async throws
    {
        var last = (at: "", job: Int64.min, attempt: Int.min)
        while true {
            var condition = filter.condition(on: "a.finished_at")
            condition.add("(a.finished_at, a.job_id, a.attempt) > (?, ?, ?)", last.at, last.job, last.attempt)
            let page: [AttemptPage] = try await all(
                """
                SELECT a.finished_at, a.job_id, a.attempt, j.kind, j.queue, j.id AS whole_job_id, a.worker_id,
                  a.engine, a.outcome, a.error_code,
                  CAST(round((julianday(a.started_at) - 2440587.5) * 86400000) AS INTEGER) AS claimed_at,
                  CAST(round((julianday(a.finished_at) - 2440587.5) * 86400000) AS INTEGER) AS finished_at_ms,
                  \(Self.bounded("wait_ms")), \(Self.bounded("load_ms")), \(Self.bounded("prompt_ms")),
                  \(Self.bounded("generate_ms")), \(Self.bounded("prompt_tokens")), \(Self.bounded("cached_tokens")),
                  \(Self.bounded("completion_tokens"))
                FROM attempts a INDEXED BY attempts_finished JOIN jobs own ON own.id = a.job_id
                  JOIN jobs j ON j.id = coalesce(own.parent_id, own.id)
                WHERE a.finished_at IS NOT NULL AND julianday(a.started_at) IS NOT NULL
                  AND julianday(a.finished_at) IS NOT NULL AND \(condition.sql)
                ORDER BY a.finished_at, a.job_id, a.attempt LIMIT \(Self.attemptRows)
                """, condition.arguments)
            for row in page { try body(row.fact) }
            guard let end = page.last else { return }
            last = (end.finishedAt, end.fact.jobID, end.fact.attempt)
        }
    }

    /// What a hand has written may be anything: no sum of a million such numbers overflows.
    private static func bounded(_ column: String) -> String {
        "min(max(coalesce(a.\(column), 0), 0), 1000000000000) AS \(column)"
    }

    private struct AttemptPage: Decodable, Sendable {
        var finishedAt: String
        var fact: AttemptFact

        init(from decoder: any Decoder) throws {
            fact = try AttemptFact(from: decoder)
            finishedAt = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .finishedAt)
        }

        enum Key: String, CodingKey { case finishedAt = "finished_at" }
    }

    /// Every job that has ended and is no part of another one, document by document, those without one last; page by page.
    ///
    /// - Parameter body: gets a page of jobs.
    public func forEachReported(_ filter: ReportFilter = ReportFilter(), _ body: ([ReportedJob]) async throws -> Void)
        async throws
    {
        let hasVerdicts = try await columns(of: "results").isSuperset(of: ["verdict", "correction"])
        let verdicts =
            hasVerdicts
            ? "CAST(r.verdict AS TEXT) AS verdict, CAST(r.correction AS TEXT) AS correction"
            : "NULL AS verdict, NULL AS correction"
        // Along the index of documents, then along the table: every page goes on where the last one ended.
        for hasDocument in [true, false] {
            var last = (document: Int64.min, id: Int64.min)
            while true {
                var condition = filter.condition(on: "j.finalized_at")
                if hasDocument {
                    condition.add(
                        "j.document_id IS NOT NULL AND (j.document_id, j.id) > (?, ?)", last.document, last.id)
                } else {
                    condition.add("j.document_id IS NULL AND j.id > ?", last.id)
                }
                let page: [ReportedJob] = try await all(
                    """
                    SELECT j.id, j.kind, j.queue, b.name AS batch, j.state,
                      (SELECT count(*) FROM jobs c WHERE c.parent_id = j.id) AS parts, j.question, j.document_id,
                      coalesce(j.metadata->>'$.document', d.title, d.source, j.custom_id,
                        substr(replace(j.input, char(10), ' '), 1, 80)) AS document, d.source, j.error, a.error_code,
                      j.finalized_at, r.text, r.format, coalesce(r.truncated, 0) AS truncated, r.mean_logprob,
                      r.grounding, r.repetition, r.stopped_by, coalesce(r.no_answer, 0) AS no_answer, \(verdicts), r.model,
                      a.prompt_tokens, a.cached_tokens, a.completion_tokens, a.total_ms
                    FROM jobs j \(hasDocument ? "INDEXED BY jobs_document" : "NOT INDEXED")
                    LEFT JOIN results r ON r.job_id = j.id AND j.state = 'completed'
                    LEFT JOIN attempts a ON a.job_id = j.id AND a.attempt = coalesce(r.attempt, j.attempt)
                    LEFT JOIN documents d ON d.id = j.document_id LEFT JOIN batches b ON b.id = j.batch_id
                    WHERE j.finalized_at IS NOT NULL AND j.parent_id IS NULL AND \(condition.sql)
                    ORDER BY \(hasDocument ? "j.document_id, j.id" : "j.id") LIMIT \(Self.reportRows)
                    """, condition.arguments)
                guard let end = page.last else { break }
                try await body(page)
                last = (end.documentID ?? 0, end.id)
            }
        }
    }

    /// How many jobs ended how and why, parts of others not counted, and how many are open still.
    public func reportCounts(_ filter: ReportFilter = ReportFilter()) async throws -> ReportCounts {
        let ended = filter.condition(on: "j.finalized_at")
        let open = Condition(filter.selection)
        return try await read { db in
            var counts = ReportCounts()
            counts.groups = try lines(
                db,
                """
                SELECT j.kind, j.state, CASE WHEN j.state <> 'completed' THEN a.error_code END AS error_code,
                  max(CASE WHEN j.state <> 'completed' THEN j.error END) AS error, count(*) AS count
                FROM jobs j LEFT JOIN attempts a ON a.job_id = j.id AND a.attempt = j.attempt
                WHERE j.finalized_at IS NOT NULL AND j.parent_id IS NULL AND \(ended.sql)
                GROUP BY j.kind, j.state, 3
                """, ended.arguments)
            counts.documents =
                try Int.fetchOne(
                    db,
                    sql: """
                        SELECT count(DISTINCT j.document_id) FROM jobs j
                        WHERE j.finalized_at IS NOT NULL AND j.parent_id IS NULL AND \(ended.sql)
                        """, arguments: ended.arguments) ?? 0
            counts.open =
                try Int.fetchOne(
                    db,
                    sql: """
                        SELECT count(*) FROM jobs j
                        WHERE j.finalized_at IS NULL AND j.parent_id IS NULL AND \(open.sql)
                        """, arguments: open.arguments) ?? 0
            return counts
        }
    }

    /// The quotations of the jobs' results in their order, each with so many characters around it.
    public func passages(ofJobs ids: [Int64], context: Int) async throws -> [Int64: [QuotedPassage]] {
        let list = "[" + ids.map(String.init).joined(separator: ",") + "]"
        let passages: [QuotedPassage] = try await all(
            """
            SELECT q.job_id, q.begin,
              substr(s.text, max(q.begin - :context, 0) + 1, min(q.begin, :context)) AS before,
              substr(s.text, q.begin + 1, q.end - q.begin) AS text, substr(s.text, q.end + 1, :context) AS after,
              q.begin <= :context AS is_at_start, length(s.text) <= q.end + :context AS is_at_end
            FROM quotations q JOIN (
              SELECT j.id, coalesce(d.text, j.input, '') AS text FROM jobs j LEFT JOIN documents d ON d.id = j.document_id
            ) s ON s.id = q.job_id
            WHERE q.job_id IN (SELECT value FROM json_each(:ids)) ORDER BY q.job_id, q.position
            """, ["ids": list, "context": context])
        return Dictionary(grouping: passages, by: \.jobID)
    }

    /// The beginning of the text that a job works on.
    public func excerpt(ofJob id: Int64, characters: Int) async throws -> TextExcerpt? {
        try await read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT substr(text, 1, ?) AS text, length(text) AS length FROM (
                      SELECT coalesce(d.text, j.input) AS text FROM jobs j LEFT JOIN documents d ON d.id = j.document_id
                      WHERE j.id = ?) WHERE text IS NOT NULL
                    """, arguments: [characters, id])
            return try row.map { TextExcerpt(text: try $0.value("text"), length: try $0.value("length")) }
        }
    }

    /// When the last job ended; `nil` where none has.
    public func lastEnd() async throws -> Date? {
        try await read { db in
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT CAST(round((julianday(max(finalized_at)) - 2440587.5) * 86400000) AS INTEGER) FROM jobs
                    WHERE finalized_at IS NOT NULL
                    """
            ).map(Timestamp.date(milliseconds:))
        }
    }

    /// The names of a table's columns.
    func columns(of table: String) async throws -> Set<String> {
        try await read {
            Set(try String.fetchAll($0, sql: "SELECT name FROM pragma_table_info(?)", arguments: [table]))
        }
    }
}
