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
        let oldest = Timestamp.text(now.addingTimeInterval(-settings.leaseSeconds))
        let host = host
        return try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT w.*, (SELECT count(*) FROM jobs j INDEXED BY jobs_lease
                      WHERE j.state = 'running' AND j.attempted_by = w.id) AS running
                    FROM workers w WHERE w.stopped_at IS NULL AND w.heartbeat_at >= ? ORDER BY w.started_at, w.id
                    """, arguments: [oldest])
            return try rows.filter { try !isKnownDead($0, host: host) }.map { row in
                WorkerRow(
                    id: try row.value("id"), hostname: try row.value("hostname"), pid: try row.value("pid"),
                    version: try row.value("version"), engine: try row.optional("engine"),
                    startedAt: try row.value("started_at"), heartbeatAt: try row.value("heartbeat_at"),
                    stoppingAt: try row.optional("stopping_at"), running: try row.value("running"))
            }
        }
    }
}

private func isKnownDead(_ row: Row, host: HostIdentity) throws -> Bool {
    guard try row.value("hostname") == host.hostname, let bootID: String = try row.optional("boot_id"),
        bootID == host.bootID, let lock: String = try row.optional("lock_path")
    else { return false }
    return WorkerLock.isAbandoned(path: lock)
}
