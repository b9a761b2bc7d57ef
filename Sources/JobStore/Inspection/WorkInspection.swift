import Foundation
import GRDB

/// How the work in a queue's file stands: what waits, what runs, and what keeps it from running.
public struct WorkInspection: Sendable {
    /// Jobs of one kind that were given up for one reason.
    public struct Failures: Sendable, Hashable {
        public var kind: String
        /// The code of the last attempt's error; `nil` where somebody discarded the jobs by hand.
        public var code: String?
        public var jobs: Int
        /// When the latest was given up, as stored.
        public var latest: String
    }

    public let queues: [QueueStatusRow]
    public let limits: [QueueLimitsRow]
    public let liveWorkers: [WorkerRow]
    /// Workers that are gone, or silent for longer than a lease, without having signed off.
    public let goneWorkers: [WorkerRow]
    /// Running jobs whose lease has run out.
    public let stalledJobs: Int
    /// The most frequent first.
    public let failures: [Failures]
    /// Schedules whose last occurrence became no job, with the reason.
    public let brokenSchedules: [String: String]
    /// Kinds of the jobs that are still to be done.
    public let openKinds: [String]

    init(_ db: Database, host: HostIdentity, settings: QueueSettings, now: Date) throws {
        queues = try lines(db, "SELECT * FROM queue_status ORDER BY queue")
        limits = try lines(db, "SELECT * FROM queue_limits ORDER BY queue")
        let workers = try WorkerRow.unstopped(in: db, host: host, settings: settings, now: now)
        liveWorkers = workers.filter(\.isAlive).map(\.row)
        goneWorkers = workers.filter { !$0.isAlive }.map(\.row)
        stalledJobs =
            try Int.fetchOne(
                db,
                sql: "SELECT count(*) FROM jobs INDEXED BY jobs_lease WHERE state = 'running' AND lease_expires_at < ?",
                arguments: [Timestamp.text(now)]) ?? 0
        failures = try Row.fetchAll(
            db,
            sql: """
                -- A job that was never begun has no attempt; its error begins with the code.
                WITH given_up AS (
                  SELECT j.kind, j.finalized_at, a.error_code,
                    substr(j.error, 1, instr(j.error, ': ') - 1) AS begins
                  FROM jobs j LEFT JOIN attempts a ON a.job_id = j.id AND a.attempt = j.attempt
                  WHERE j.state = 'discarded' AND j.finalized_at IS NOT NULL)
                SELECT kind,
                  coalesce(error_code, CASE WHEN begins <> '' AND begins NOT GLOB '*[^a-z_]*' THEN begins END) AS code,
                  count(*) AS jobs, max(finalized_at) AS latest
                FROM given_up GROUP BY kind, code ORDER BY jobs DESC, kind, code
                """
        ).map { row in
            Failures(
                kind: try row.value("kind"), code: try row.optional("code"), jobs: try row.value("jobs"),
                latest: try row.value("latest"))
        }
        let schedules = try Row.fetchAll(
            db, sql: "SELECT name, error FROM schedules WHERE enabled AND error IS NOT NULL")
        brokenSchedules = try Dictionary(
            schedules.map { (try $0.value("name"), try $0.value("error")) }, uniquingKeysWith: { first, _ in first })
        openKinds = try String.fetchAll(
            db,
            sql: """
                SELECT kind FROM jobs INDEXED BY jobs_claim WHERE state = 'available'
                UNION SELECT kind FROM jobs INDEXED BY jobs_pending WHERE state = 'pending' ORDER BY kind
                """)
    }
}
