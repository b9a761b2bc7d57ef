public import Foundation
import GRDB

extension JobStore {
    public func reclaim(now: Date) async throws -> [ReclaimedJob] {
        let host = host
        let lockFolder = workerLockFolder
        let nowText = Timestamp.text(now)
        let (dead, isNeeded) = try await read { db in
            let dead = try DeadWorker.all(in: db, host: host, lockFolder: lockFolder)
            return (dead, try !dead.isEmpty || !OrphanedJob.some(in: db, now: nowText, limit: 1).isEmpty)
        }
        guard isNeeded else { return [] }
        let usualMaximum = settings.maximumCrashes
        var reclaimed: [ReclaimedJob] = []
        // In pages, so that a fleet that died together doesn't hold the write lock for long.
        while true {
            let page = try await write { db in
                for worker in dead {
                    try db.execute(
                        cached: "UPDATE workers SET stopped_at = coalesce(stopped_at, ?) WHERE id = ?",
                        arguments: [nowText, worker.id])
                }
                let maximumCrashes = try CrashLimit.ofFile(in: db) ?? usualMaximum
                return try OrphanedJob.some(in: db, now: nowText, limit: 500).map { job in
                    try job.release(in: db, now: nowText, maximumCrashes: maximumCrashes)
                }
            }
            reclaimed += page
            if page.count < 500 { break }
        }
        for path in dead.compactMap(\.lockPath) { try? FileManager.default.removeItem(atPath: path) }
        return reclaimed
    }
}

/// How many workers may die in a job before it is given up: for the whole file by
/// `UPDATE settings SET value = '10' WHERE key = 'maximum_crashes'`, since its workers must agree.
private enum CrashLimit {
    /// `nil` where the file doesn't say, or something senseless.
    static func ofFile(in db: Database) throws -> Int? {
        try String.fetchOne(db, cached: "SELECT value FROM settings WHERE key = 'maximum_crashes'")
            .flatMap(Int.init).flatMap { $0 >= 1 ? $0 : nil }
    }
}

/// A registered worker of this host that is certainly gone.
private struct DeadWorker: Sendable {
    let id: String
    let lockPath: String?

    static func all(in db: Database, host: HostIdentity, lockFolder: String) throws -> [DeadWorker] {
        let rows = try Row.fetchAll(
            db, cached: "SELECT id, boot_id, lock_path FROM workers WHERE stopped_at IS NULL AND hostname = ?",
            arguments: [host.hostname])
        return try rows.compactMap { row in
            guard let bootID: String = try row.optional("boot_id") else { return nil }
            let id: String = try row.value("id")
            // The row is outside input: a path that leads elsewhere is neither opened nor removed.
            let ownPath = WorkerLock.path(folder: lockFolder, worker: id)
            let worker = DeadWorker(id: id, lockPath: try row.optional("lock_path") == ownPath ? ownPath : nil)
            // Nothing survives a restart of the machine.
            if bootID != host.bootID { return host.bootID == "unknown" || bootID == "unknown" ? nil : worker }
            guard let lockPath = worker.lockPath, WorkerLock.isAbandoned(path: lockPath) else { return nil }
            return worker
        }
    }
}

/// A running job whose worker is gone or silent.
private struct OrphanedJob {
    let claim: JobClaim
    let crashesBefore: Int

    /// A worker that has stopped without giving a job back has lost it, whatever the lease says.
    static func some(in db: Database, now: String, limit: Int) throws -> [OrphanedJob] {
        let rows = try Row.fetchAll(
            db,
            cached: """
                SELECT id, attempt, attempted_by, (SELECT count(*) FROM attempts a WHERE a.job_id = jobs.id
                  AND a.outcome = 'lost' AND a.attempt < jobs.attempt) AS crashes
                FROM jobs INDEXED BY jobs_lease WHERE state = 'running' AND (lease_expires_at < ?
                  OR attempted_by IN (SELECT id FROM workers WHERE stopped_at IS NOT NULL)) LIMIT ?
                """, arguments: [now, limit])
        return try rows.map { row in
            OrphanedJob(
                claim: JobClaim(
                    jobID: try row.value("id"), attempt: try row.value("attempt"), worker: try row.value("attempted_by")
                ),
                crashesBefore: try row.value("crashes"))
        }
    }

    func release(in db: Database, now: String, maximumCrashes: Int) throws -> ReclaimedJob {
        let effect = EndingEffect(crashNumber: crashesBefore + 1, of: maximumCrashes, worker: claim.worker)
        try db.execute(
            cached: """
                UPDATE attempts SET outcome = ?, finished_at = ?, error_code = ?, error = ?
                WHERE job_id = ? AND attempt = ? AND outcome = 'running'
                """,
            arguments: [effect.outcome.rawValue, now, effect.errorCode, effect.error, claim.jobID, claim.attempt])
        try db.execute(
            cached:
                "UPDATE jobs SET state = ?, finalized_at = ?, error = ?, max_attempts = max_attempts + ? WHERE id = ?",
            arguments: [
                effect.state.rawValue, effect.state.isFinal ? now : nil, effect.error,
                effect.handsAttemptBack ? 1 : 0, claim.jobID,
            ])
        return ReclaimedJob(claim: claim, state: effect.state)
    }
}
