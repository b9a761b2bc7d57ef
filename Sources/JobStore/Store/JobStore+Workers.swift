public import Foundation
import GRDB
import Synchronization

extension JobStore {
    public func register(_ worker: WorkerRegistration, now: Date) async throws {
        try await write { try worker.insert(into: $0, now: Timestamp.text(now)) }
        registrations.withLock { $0[worker.id] = worker }
    }

    public func announceStopping(worker: String, now: Date) async throws {
        try await write { db in
            try db.execute(
                cached: "UPDATE workers SET stopping_at = coalesce(stopping_at, ?) WHERE id = ?",
                arguments: [Timestamp.text(now), worker])
        }
    }

    public func retire(worker: String, now: Date) async throws {
        try await write { db in
            try db.execute(
                cached: "UPDATE workers SET stopped_at = coalesce(stopped_at, ?) WHERE id = ?",
                arguments: [Timestamp.text(now), worker])
        }
    }

    public func heartbeat(worker: String, running: [JobProgress], now: Date) async throws -> Set<JobClaim> {
        let nowText = Timestamp.text(now)
        let leaseEnd = Timestamp.text(now.addingTimeInterval(settings.leaseSeconds))
        // One statement for all jobs. Only those the worker knows of: a job whose claim was committed but whose worker
        // never heard of it must run out, not be kept for ever.
        let known = "[" + running.map(Self.json).joined(separator: ",") + "]"
        let registration = registrations.withLock { $0[worker] }
        return try await write { db in
            try db.execute(cached: "UPDATE workers SET heartbeat_at = ? WHERE id = ?", arguments: [nowText, worker])
            // A hand has tidied the table: the worker lives, and others must be able to see when it doesn't any more.
            if db.changesCount == 0 { try registration?.insert(into: db, now: nowText) }
            let rows = try Row.fetchAll(
                db,
                cached: """
                    UPDATE jobs SET lease_expires_at = ?1, progress = coalesce(k.fraction, progress)
                    FROM (SELECT value->>0 AS id, value->>1 AS attempt, value->>2 AS fraction FROM json_each(?2)) AS k
                    WHERE jobs.id = k.id AND jobs.state = 'running' AND jobs.attempt = k.attempt AND jobs.attempted_by = ?3
                    RETURNING jobs.id, jobs.attempt
                    """, arguments: [leaseEnd, known, worker])
            // A divided job runs by its parts.
            try db.execute(
                cached: """
                    UPDATE jobs SET progress = (SELECT 1.0 * sum(c.state = 'completed') / (count(*) + 1)
                      FROM jobs c INDEXED BY jobs_part_states WHERE c.parent_id = jobs.id)
                    WHERE state = 'pending' AND id IN (SELECT parent_id FROM jobs INDEXED BY jobs_lease
                      WHERE state = 'running' AND attempted_by = ? AND parent_id IS NOT NULL)
                    """, arguments: [worker])
            return try goodClaims(from: rows, worker: worker)
        }
    }

    public func claims(of worker: String) async throws -> Set<JobClaim> {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                cached:
                    "SELECT id, attempt FROM jobs INDEXED BY jobs_lease WHERE state = 'running' AND attempted_by = ?",
                arguments: [worker])
            return try goodClaims(from: rows, worker: worker)
        }
    }

    private static func json(_ progress: JobProgress) -> String {
        let fraction = progress.fraction.flatMap { $0.isFinite ? "\(min(max($0, 0), 1))" : nil }
        return "[\(progress.claim.jobID),\(progress.claim.attempt),\(fraction ?? "null")]"
    }
}

extension WorkerRegistration {
    fileprivate func insert(into db: Database, now: String) throws {
        try db.execute(
            cached: """
                INSERT INTO workers (id, hostname, pid, version, engine, started_at, heartbeat_at, boot_id, lock_path)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8)
                """,
            arguments: [id, hostname, processID, version, engine, now, bootID, lockPath])
    }
}

private func goodClaims(from rows: [Row], worker: String) throws -> Set<JobClaim> {
    try Set(rows.map { JobClaim(jobID: try $0.value("id"), attempt: try $0.value("attempt"), worker: worker) })
}
