package import Foundation
import GRDB

extension JobStore {
    /// Releases at once what dead workers have left running, whichever machine they were on, without waiting for leases.
    /// Only for whoever has the file for itself: see `QueueOwnership`.
    ///
    /// - Returns: the jobs that were released, or given up because too many workers have died in them.
    @discardableResult
    package func releaseLeftovers(now: Date) async throws -> [ReclaimedJob] {
        let nowText = Timestamp.text(now)
        try await write { db in
            try db.execute(
                sql: "UPDATE workers SET stopped_at = ? WHERE stopped_at IS NULL", arguments: [nowText])
            // Also of workers that the table doesn't name.
            try db.execute(
                sql: "UPDATE jobs SET lease_expires_at = ? WHERE state = 'running'",
                arguments: [Timestamp.text(Date(timeIntervalSince1970: 0))])
        }
        return try await reclaim(now: now)
    }

    /// How many jobs are open, how many were completed, how many were given up or cancelled.
    package func tally() async throws -> ShardTally { try await read { try ShardTally(in: $0) } }

    /// The number of the last change of a job's state: it grows with each.
    package func lastEvent() async throws -> Int64 {
        try await read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM events") ?? 0 }
    }
}
