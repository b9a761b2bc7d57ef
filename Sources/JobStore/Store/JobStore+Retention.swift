public import Foundation
import GRDB

/// How many days finished jobs are kept, with their results; `nil` is for ever.
public struct RetentionPolicy: Sendable, Hashable {
    public var completedDays: Int?
    public var cancelledDays: Int?
    public var discardedDays: Int?

    public init(completedDays: Int? = 30, cancelledDays: Int? = 7, discardedDays: Int? = nil) {
        self.completedDays = completedDays
        self.cancelledDays = cancelledDays
        self.discardedDays = discardedDays
    }

    fileprivate var days: [(state: JobState, days: Int)] {
        let all: [(JobState, Int?)] = [
            (.completed, completedDays), (.cancelled, cancelledDays), (.discarded, discardedDays),
        ]
        return all.compactMap { state, days in days.map { (state, $0) } }
    }
}

/// What a pruning has removed.
public struct PruneReport: Sendable, Hashable {
    /// Whole jobs.
    public var jobs: Int
    /// Parts that went with them; they count toward the limit.
    public var parts = 0
    /// There may be more to remove.
    public var isCutShort = false
    /// Texts that no other job needed.
    public var documents: Int

    public init(jobs: Int = 0, documents: Int = 0) {
        self.jobs = jobs
        self.documents = documents
    }
}

extension JobStore {
    /// What the table `settings` says.
    public func retention() async throws -> RetentionPolicy {
        try await read { db in
            func days(_ state: String) throws -> Int? {
                try String.fetchOne(
                    db, cached: "SELECT value FROM settings WHERE key = ?", arguments: ["retain_\(state)_days"]
                ).flatMap { Int($0) }
            }
            return RetentionPolicy(
                completedDays: try days("completed"), cancelledDays: try days("cancelled"),
                discardedDays: try days("discarded"))
        }
    }

    /// Removes jobs that ended longer ago than they are to be kept, with their attempts, results, events, and documents
    /// that nobody else needs. Parts go with the job that they are parts of, and not before it has ended; turns of a
    /// conversation stay as long as one that goes on with them is to be done.
    ///
    /// - Parameter limit: the most jobs and parts to remove, but one job at least; call it again as long as it is cut short.
    public func prune(_ policy: RetentionPolicy, limit: Int, now: Date) async throws -> PruneReport {
        let candidates = try await read { try Pruning.candidates(in: $0, policy: policy, limit: limit, now: now) }
        guard !candidates.isEmpty else { return PruneReport() }
        return try await write { try Pruning.remove(candidates, limit: limit, in: $0, now: now) }
    }
}

enum Pruning {
    struct Candidate: Sendable {
        let id: Int64
        let document: Int64?
    }

    static func candidates(in db: Database, policy: RetentionPolicy, limit: Int, now: Date) throws -> [Candidate] {
        let query = try db.cachedStatement(
            sql: """
                SELECT id, document_id FROM jobs j INDEXED BY jobs_finished_counts
                WHERE queue = ? AND state = ? AND finalized_at IS NOT NULL AND finalized_at < ? AND parent_id IS NULL
                  AND NOT EXISTS (
                    WITH RECURSIVE later(id) AS (SELECT n.id FROM jobs n WHERE n.continues = j.id
                      UNION SELECT n.id FROM later l JOIN jobs n ON n.continues = l.id)
                    SELECT 1 FROM later l JOIN jobs n ON n.id = l.id WHERE n.finalized_at IS NULL)
                ORDER BY finalized_at LIMIT ?
                """)
        // Of the jobs, not of the table of queues: a queue may be gone before its jobs.
        let queues = try String.fetchAll(
            db,
            cached: """
                WITH RECURSIVE names(name) AS (
                  SELECT min(queue) FROM jobs INDEXED BY jobs_finished_counts WHERE finalized_at IS NOT NULL
                  UNION ALL SELECT (SELECT min(queue) FROM jobs INDEXED BY jobs_finished_counts
                    WHERE finalized_at IS NOT NULL AND queue > name) FROM names WHERE name IS NOT NULL)
                SELECT name FROM names WHERE name IS NOT NULL
                """)
        var found: [Candidate] = []
        for (state, days) in policy.days {
            let before = Timestamp.text(now.addingTimeInterval(-86_400 * Double(days)))
            for queue in queues where found.count < limit {
                let rows = try Row.fetchAll(query, arguments: [queue, state.rawValue, before, limit - found.count])
                found += try rows.map { Candidate(id: try $0.value("id"), document: try $0.optional("document_id")) }
            }
        }
        return found
    }

    /// Removes as many jobs as have so many rows with their parts; one at least.
    static func remove(
        _ candidates: [Candidate], limit: Int, in db: Database, now: Date
    ) throws -> PruneReport {
        let query = try db.cachedStatement(
            sql: "SELECT count(*) FROM jobs INDEXED BY jobs_part_states WHERE parent_id = ?")
        var (chosen, parts): ([Candidate], Int) = ([], 0)
        for candidate in candidates {
            let own = try Int.fetchOne(query, arguments: [candidate.id]) ?? 0
            if !chosen.isEmpty, chosen.count + parts + own >= limit { break }
            chosen.append(candidate)
            parts += own
        }
        var report = try removeWhole(chosen, in: db, now: now)
        report.parts = parts
        report.isCutShort = chosen.count + parts >= limit || chosen.count < candidates.count
        // The last step tidies up: these tables are read through.
        if !report.isCutShort { try removeOldRecords(in: db, now: now) }
        return report
    }

    private static func removeWhole(_ candidates: [Candidate], in db: Database, now: Date) throws -> PruneReport {
        let ids = list(candidates.map(\.id))
        // Finished still: somebody may have retried one meanwhile.
        try db.execute(
            cached: "DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(?)) AND finalized_at IS NOT NULL",
            arguments: [ids])
        var report = PruneReport(jobs: db.changesCount)
        try db.execute(
            cached: """
                DELETE FROM events WHERE job_id IN (SELECT value FROM json_each(?))
                  AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = events.job_id)
                """, arguments: [ids])
        try db.execute(
            cached: """
                DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?))
                  AND NOT EXISTS (SELECT 1 FROM jobs WHERE document_id = documents.id)
                  AND NOT EXISTS (SELECT 1 FROM schedules WHERE job->>'$.document_id' = documents.id)
                """, arguments: [list(candidates.compactMap(\.document))])
        report.documents = db.changesCount
        return report
    }

    /// Removes what workers that have stopped and schedules have left behind.
    private static func removeOldRecords(in db: Database, now: Date) throws {
        let old = Timestamp.text(now.addingTimeInterval(-90 * 86_400))
        try db.execute(cached: "DELETE FROM workers WHERE stopped_at < ?", arguments: [old])
        try db.execute(
            cached: """
                DELETE FROM schedule_runs WHERE occurrence < ?
                  AND occurrence < (SELECT max(r.occurrence) FROM schedule_runs r WHERE r.schedule = schedule_runs.schedule)
                """, arguments: [old])
    }

    private static func list(_ ids: [Int64]) -> String { "[" + ids.map(String.init).joined(separator: ",") + "]" }
}
