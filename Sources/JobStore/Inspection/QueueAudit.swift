import GRDB

/// What must hold of a queue's file at any moment, whatever was killed or cut off before, as far as its rows tell.
package enum QueueAudit {
    /// A promise and the query that finds the ids of what breaks it.
    struct Promise {
        let text: String
        let sql: String
    }

    static let promises = [
        Promise(
            text: "a completed job has a result",
            sql: """
                SELECT id FROM jobs WHERE state = 'completed' AND id NOT IN (SELECT job_id FROM results)
                """),
        Promise(
            text: "a result is that of an attempt that was completed",
            sql: """
                SELECT job_id FROM results r WHERE NOT EXISTS (SELECT 1 FROM attempts a
                  WHERE a.job_id = r.job_id AND a.attempt = r.attempt AND a.outcome = 'completed')
                """),
        Promise(
            text: "a job that isn't completed has no result, unless it was and runs again",
            sql: """
                SELECT j.id FROM jobs j JOIN results r ON r.job_id = j.id WHERE j.state <> 'completed'
                  AND NOT EXISTS (SELECT 1 FROM events e WHERE e.job_id = j.id AND e.to_state = 'completed')
                """),
        // Two machines that had the same shard may both have done a job. The result of one counts; the attempt of the
        // other, by a worker that this file never had, is kept beside it. So that is nothing only in a queue that was split,
        // and in a shard.
        Promise(
            text: "a job is completed once, unless it is made to run again",
            sql: """
                SELECT job_id FROM attempts a WHERE outcome = 'completed' AND (worker_id IN (SELECT id FROM workers)
                  OR NOT EXISTS (SELECT 1 FROM settings WHERE key IN ('\(QueueStamp.ownKey)','\(QueueStamp.homeKey)'))
                  OR EXISTS (SELECT 1 FROM events e WHERE e.job_id = a.job_id AND e.to_state = 'completed' AND e.attempt = a.attempt))
                GROUP BY job_id
                HAVING count(*) > 1 + (SELECT count(*) FROM events e
                  WHERE e.job_id = a.job_id AND e.from_state = 'completed' AND e.to_state = 'available')
                """),
        Promise(
            text: "no attempt is completed twice",
            sql: """
                SELECT job_id FROM events WHERE from_state = 'running' AND to_state = 'completed'
                GROUP BY job_id, attempt HAVING count(*) > 1
                """),
        Promise(
            text: "whatever was started is on record, and completed where it was",
            sql: """
                SELECT e.job_id FROM events e JOIN jobs j ON j.id = e.job_id
                WHERE (e.to_state = 'running' OR (e.from_state = 'running' AND e.to_state = 'completed'))
                  AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.job_id = e.job_id AND a.attempt = e.attempt
                    AND (e.to_state = 'running' OR a.outcome = 'completed'))
                """),
        Promise(
            text: "a job that was completed keeps its result until it has another one",
            sql: """
                SELECT e.job_id FROM events e JOIN jobs j ON j.id = e.job_id
                WHERE e.from_state = 'running' AND e.to_state = 'completed'
                  AND NOT EXISTS (SELECT 1 FROM results r WHERE r.job_id = e.job_id)
                """),
        Promise(
            text: "a running job has its attempt, that of its worker",
            sql: """
                SELECT id FROM jobs j WHERE state = 'running' AND NOT EXISTS (SELECT 1 FROM attempts a
                  WHERE a.job_id = j.id AND a.attempt = j.attempt AND a.worker_id = j.attempted_by AND a.outcome = 'running')
                """),
        Promise(
            text: "only a running job has a running attempt, and only one",
            sql: """
                SELECT job_id FROM attempts a WHERE outcome = 'running' AND NOT EXISTS (SELECT 1 FROM jobs j
                  WHERE j.id = a.job_id AND j.state = 'running' AND j.attempt = a.attempt)
                """),
        Promise(
            text: "an attempt has an end once it has an outcome",
            sql: "SELECT job_id FROM attempts WHERE (outcome = 'running') <> (finished_at IS NULL)"),
        Promise(
            text: "only a running job has a lease",
            sql: "SELECT id FROM jobs WHERE (state = 'running') <> (lease_expires_at IS NOT NULL)"),
        Promise(
            text: "only a job that has ended has the time of its end",
            sql: """
                SELECT id FROM jobs
                WHERE (state IN ('completed','cancelled','discarded')) <> (finalized_at IS NOT NULL)
                """),
        Promise(
            text: "a pending job is held or waits for something",
            sql: """
                SELECT id FROM jobs j WHERE state = 'pending' AND held_at IS NULL
                  AND NOT EXISTS (SELECT 1 FROM unmet_jobs u WHERE u.job_id = j.id)
                  AND NOT EXISTS (SELECT 1 FROM unmet_ends u WHERE u.job_id = j.id)
                  AND NOT EXISTS (SELECT 1 FROM unmet_batches u WHERE u.job_id = j.id)
                """),
        Promise(
            text: "the audit trail ends with the state that a job has",
            sql: """
                SELECT id FROM jobs j
                WHERE state IS NOT (SELECT e.to_state FROM events e WHERE e.job_id = j.id ORDER BY e.id DESC LIMIT 1)
                """),
        Promise(
            text: "each change in the audit trail goes on from the one before",
            sql: """
                SELECT job_id FROM (SELECT job_id, from_state,
                  lag(to_state) OVER (PARTITION BY job_id ORDER BY id) AS state_before FROM events)
                WHERE from_state IS NOT state_before
                """),
        Promise(
            text: "a batch is finished when none of its jobs is open",
            sql: """
                SELECT id FROM batches b WHERE finished_at IS NOT NULL
                  AND EXISTS (SELECT 1 FROM jobs j WHERE j.batch_id = b.id AND j.state IN ('pending','available','running'))
                """),
        Promise(
            text: "a part has a whole that it is a part of",
            sql: "SELECT id FROM jobs WHERE parent_id IS NOT NULL AND parent_id NOT IN (SELECT id FROM jobs)"),
        Promise(
            text: "an open part has a whole that is open",
            sql: """
                SELECT c.id FROM jobs c JOIN jobs p ON p.id = c.parent_id
                WHERE c.state IN ('pending','available','running') AND p.state IN ('completed','cancelled','discarded')
                """),
        Promise(
            text: "the parts of a job together are its text",
            sql: """
                SELECT parent_id FROM (
                  SELECT c.parent_id, c.part, c.part_begin, c.part_end, lag(c.part) OVER w AS last_part,
                    lag(c.part_end) OVER w AS last_end, c.input,
                    substr(coalesce(d.text, p.input), c.part_begin + 1, c.part_end - c.part_begin) AS text
                  FROM jobs c JOIN jobs p ON p.id = c.parent_id LEFT JOIN documents d ON d.id = p.document_id
                  WHERE c.part_level = 0 AND c.part_end IS NOT NULL
                  WINDOW w AS (PARTITION BY c.parent_id ORDER BY c.part))
                WHERE part <> coalesce(last_part, 0) + 1 OR part_begin <> coalesce(last_end, 0) OR input <> text
                UNION SELECT p.id FROM jobs p LEFT JOIN documents d ON d.id = p.document_id
                WHERE EXISTS (SELECT 1 FROM jobs c WHERE c.parent_id = p.id AND c.part_level = 0 AND c.part_end IS NOT NULL)
                  AND length(coalesce(d.text, p.input)) <>
                    (SELECT max(c.part_end) FROM jobs c WHERE c.parent_id = p.id AND c.part_level = 0)
                """),
    ]

    /// The promises that are broken, each with the first of the rows that break it; empty for a sound queue.
    static func violations(in db: Database) throws -> [String] {
        var found: [String] = []
        for promise in promises {
            let ids = try Int64.fetchAll(db, sql: promise.sql + " LIMIT 5")
            if !ids.isEmpty { found.append("\(promise.text): not so for \(ids)") }
        }
        return found
    }
}

extension JobStore {
    /// All that is wrong with the file: as SQLite sees it, and by what its rows should say. Reads one state of it.
    package func audit() async throws -> [String] {
        try await read { db in
            var found = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
            let broken = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check")
            if !broken.isEmpty { found.append("\(broken.count) rows refer to rows that aren't there") }
            return try found + QueueAudit.violations(in: db)
        }
    }
}
