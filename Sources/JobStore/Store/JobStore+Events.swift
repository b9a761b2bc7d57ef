public import Foundation
import GRDB

/// Which events to read. Conditions that are `nil` are no conditions.
public struct EventFilter: Sendable {
    public var jobID: Int64?
    public var since: Date?
    /// Only events after this one.
    public var afterID: Int64?

    public init(jobID: Int64? = nil, since: Date? = nil, afterID: Int64? = nil) {
        self.jobID = jobID
        self.since = since
        self.afterID = afterID
    }
}

extension JobStore {
    /// What happened to jobs, in the order it did.
    ///
    /// - Parameters:
    ///   - limit: the most events to read.
    ///   - latest: the last ones of all, instead of the first.
    public func events(_ filter: EventFilter = EventFilter(), limit: Int, latest: Bool = false) async throws
        -> [QueueEventRow]
    {
        var terms = ["1"]
        var arguments = StatementArguments()
        func add(_ term: String, _ value: some DatabaseValueConvertible) {
            terms.append(term)
            arguments += [value]
        }
        if let jobID = filter.jobID { add("e.job_id = ?", jobID) }
        if let since = filter.since { add("e.at >= ?", Timestamp.text(since)) }
        if let afterID = filter.afterID { add("e.id > ?", afterID) }
        // The error is the attempt's where one ended, else the job's own: why it was cancelled, say.
        let rows: [QueueEventRow] = try await all(
            """
            SELECT e.id, e.at, e.job_id AS job, j.kind, e.from_state AS "from", e.to_state AS "to", e.attempt, e.by,
              a.outcome, a.error_code,
              coalesce(a.error, CASE WHEN e.to_state IN ('cancelled','discarded') THEN j.error END) AS error
            FROM events e LEFT JOIN jobs j ON j.id = e.job_id
            LEFT JOIN attempts a ON e.from_state = 'running' AND a.job_id = e.job_id AND a.attempt = e.attempt
            WHERE \(terms.joined(separator: " AND ")) ORDER BY e.id \(latest ? "DESC" : "ASC") LIMIT \(limit)
            """, arguments)
        return latest ? rows.reversed() : rows
    }
}
