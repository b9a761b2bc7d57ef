import Foundation
import GRDB

extension JobStore {
    /// The size past which the log is written back, in bytes.
    static let largeLog: UInt64 = 32 << 20

    /// The size of the write-ahead log in bytes; one far beyond 64 MiB means that some connection keeps a read open.
    public func logSize() -> UInt64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path + "-wal")
        return (attributes?[.size] as? NSNumber)?.uint64Value ?? 0
    }

    /// Writes the log back when it has grown large. Workers do it every second, and whoever adds many jobs.
    public func checkpointIfLarge() async throws {
        if logSize() > Self.largeLog { try await checkpoint() }
    }

    /// Writes the log back into the file and empties it.
    ///
    /// This is the only place that does, in one process at a time, and by the mode that holds off writers: SQLite before
    /// 3.51.3 can damage a file when one connection starts the log anew while another one checkpoints. The process is
    /// elected anew each time: one that was stopped for the night must not keep the others from it.
    ///
    /// - Returns: false where a reader or writer was in the way, or another process is at it; the next call may succeed.
    @discardableResult
    public func checkpoint() async throws -> Bool {
        guard let lock = UpkeepLock(folder: workerLockFolder) else { return false }
        defer { withExtendedLifetime(lock) {} }
        return try await writeWithoutTransaction { db in
            // A reader left open at a prompt would hold this connection, and with it every finish, for the whole timeout.
            try db.execute(sql: "PRAGMA busy_timeout = 250")
            defer { try? db.execute(sql: "PRAGMA busy_timeout = 10000") }
            do {
                try db.checkpoint(.truncate)
                return true
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                return false
            }
        }
    }

    /// What SQLite finds wrong with the file; empty if it is sound.
    ///
    /// - Parameter thorough: also compares every index with its table.
    public func integrityCheck(thorough: Bool = true) async throws -> [String] {
        try await read { db in
            let lines = try String.fetchAll(db, sql: thorough ? "PRAGMA integrity_check" : "PRAGMA quick_check")
            return lines.filter { $0 != "ok" }
        }
    }
}
