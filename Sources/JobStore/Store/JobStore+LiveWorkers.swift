public import Foundation
import GRDB

/// A worker that is alive, as far as can be told.
public struct WorkerRow: Sendable, Hashable, Codable {
    public var id: String
    public var hostname: String
    public var pid: Int
    public var version: String
    public var engine: String?
    /// UTC, as stored.
    public var startedAt: String
    public var heartbeatAt: String
    /// Set once it has been asked to stop and finishes what it has.
    public var stoppingAt: String?
    /// Jobs it has claimed and not finished.
    public var running: Int

    enum CodingKeys: String, CodingKey {
        case id, hostname, pid, version, engine
        case startedAt = "started_at"
        case heartbeatAt = "heartbeat_at"
        case stoppingAt = "stopping_at"
        case running
    }
}

extension JobStore {
    /// Workers that have not stopped, whose last heartbeat is younger than a lease and whose lock, where this host can see
    /// it, is held. In the order they started.
    public func liveWorkers(now: Date) async throws -> [WorkerRow] {
        let (host, settings) = (host, settings)
        return try await read { db in
            try WorkerRow.unstopped(in: db, host: host, settings: settings, now: now).filter(\.isAlive).map(\.row)
        }
    }
}

extension WorkerRow {
    /// Workers that have not signed off, in the order they started, and whether each is alive as far as can be told.
    static func unstopped(
        in db: Database, host: HostIdentity, settings: QueueSettings, now: Date
    ) throws -> [(row: WorkerRow, isAlive: Bool)] {
        let oldest = Timestamp.text(now.addingTimeInterval(-settings.leaseSeconds))
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT w.*, (SELECT count(*) FROM jobs j INDEXED BY jobs_lease
                  WHERE j.state = 'running' AND j.attempted_by = w.id) AS running
                FROM workers w WHERE w.stopped_at IS NULL ORDER BY w.started_at, w.id
                """)
        return try rows.map { row in
            let worker = try WorkerRow(row)
            return (worker, try worker.heartbeatAt >= oldest && !isKnownDead(row, host: host))
        }
    }

    private init(_ row: Row) throws {
        self.init(
            id: try row.value("id"), hostname: try row.value("hostname"), pid: try row.value("pid"),
            version: try row.value("version"), engine: try row.optional("engine"),
            startedAt: try row.value("started_at"), heartbeatAt: try row.value("heartbeat_at"),
            stoppingAt: try row.optional("stopping_at"), running: try row.value("running"))
    }
}

private func isKnownDead(_ row: Row, host: HostIdentity) throws -> Bool {
    guard try row.value("hostname") == host.hostname, let bootID: String = try row.optional("boot_id"),
        bootID == host.bootID, let lock: String = try row.optional("lock_path")
    else { return false }
    return WorkerLock.isAbandoned(path: lock)
}
