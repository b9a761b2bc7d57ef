public import Foundation
import GRDB

extension JobStore {
    public func keepTime(now: Date) async throws -> TimedChanges {
        let nowText = Timestamp.text(now)
        let clock = clock
        let isNeeded = try await read { db in
            try Deadlines.areMissed(in: db, now: nowText) || DueSchedule.some(in: db, now: nowText)
        }
        guard isNeeded else { return TimedChanges() }
        var changes = TimedChanges()
        // In pages, so that a batch of a million that is late doesn't keep the workers from finishing theirs.
        while true {
            let page = try await write { try Deadlines.discardMissed(in: $0, now: nowText, limit: 500) }
            changes.missedDeadlines += page
            if page == 0 { break }
        }
        let documents = try await scheduledDocuments(now: nowText)
        changes.scheduledJobs = try await write {
            try DueSchedule.runAll(in: $0, now: now, local: clock, documents: documents)
        }
        return changes
    }

    /// Reads the files of schedules whose time has come: before their transaction, since a disk may take its time.
    private func scheduledDocuments(now: String) async throws -> ScheduledDocuments {
        let paths = try await read { try DueSchedule.paths(in: $0, now: now) }
        guard !paths.isEmpty else { return [:] }
        let readDocument = readDocument
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                let documents = paths.map { path in (path, Result { try readDocument(path) }) }
                continuation.resume(returning: Dictionary(documents, uniquingKeysWith: { $1 }))
            }
        }
    }

    public func recalls(of worker: String, now: Date) async throws -> [JobClaim: JobRecall] {
        let nowText = Timestamp.text(now)
        let moment = LocalMoment(now, on: clock)
        return try await read { db in
            let rows = try Row.fetchAll(
                db,
                cached: """
                    SELECT j.id, j.attempt, j.deadline_at <= ? AS is_late,
                      q.window_start, q.window_end, q.window_days
                    FROM jobs j INDEXED BY jobs_lease
                    LEFT JOIN queues q ON q.name = j.queue AND q.window_end_policy = 'interrupt'
                    WHERE j.state = 'running' AND j.attempted_by = ?
                    """, arguments: [nowText, worker])
            var recalls: [JobClaim: JobRecall] = [:]
            for row in rows {
                let claim = JobClaim(jobID: try row.value("id"), attempt: try row.value("attempt"), worker: worker)
                if try row.optional("is_late") == true {
                    recalls[claim] = .deadlineMissed
                } else if let start: String = try row.optional("window_start"),
                    let end: String = try row.optional("window_end"),
                    !RunWindow(start: start, end: end, days: try row.value("window_days")).contains(moment)
                {
                    recalls[claim] = .windowClosed
                }
            }
            return recalls
        }
    }
}

/// Jobs that wait still though they should have been done.
enum Deadlines {
    private static let condition = "deadline_at <= ? AND finalized_at IS NULL AND state IN ('pending','available')"

    static func areMissed(in db: Database, now: String) throws -> Bool {
        try Bool.fetchOne(
            db, cached: "SELECT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_deadline WHERE \(condition))",
            arguments: [now])
            ?? false
    }

    /// Gives up those whose deadline has passed.
    ///
    /// - Returns: how many they were.
    @discardableResult
    static func discardMissed(in db: Database, now: String, limit: Int) throws -> Int {
        let ids = try Int64.fetchAll(
            db,
            cached: "SELECT id FROM jobs INDEXED BY jobs_deadline WHERE \(condition) ORDER BY deadline_at, id LIMIT ?",
            arguments: [now, limit])
        // One by one: the end of the first may cancel the next, which waited for it.
        let update = try db.cachedStatement(
            sql: """
                UPDATE jobs SET state = 'discarded', error = 'deadline_missed: not done by ' || deadline_at
                WHERE id = ? AND state IN ('pending','available')
                """)
        return try ids.reduce(0) { count, id in
            try update.execute(arguments: [id])
            return count + db.changesCount
        }
    }
}
