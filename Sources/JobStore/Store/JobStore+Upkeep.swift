import Foundation
import GRDB
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension JobStore {
    /// The size past which the log is written back, in bytes.
    static let largeLog: UInt64 = 32 << 20

    /// A log that is no larger isn't worth the trouble, however little room is left.
    private static let smallLog: UInt64 = 1 << 18

    /// The size of the write-ahead log in bytes; one far beyond 64 MiB means that some connection keeps a read open.
    public func logSize() -> UInt64 {
        var status = stat()
        return stat(path + "-wal", &status) == 0 ? UInt64(max(status.st_size, 0)) : 0
    }

    /// Whether the log should be written back: it is large, or takes up half as much as is left of the disk. On a small
    /// disk it would otherwise fill what its own writing back needs.
    func isLogLarge() -> Bool {
        let size = logSize()
        return size > Self.largeLog || size > Self.smallLog && isDiskShort(beside: size)
    }

    private func isDiskShort(beside size: UInt64) -> Bool {
        guard let free = DiskSpace.free(at: path) else { return false }
        return size > free / 2
    }

    /// Writes the log back when it has grown large. Workers do it every second, and whoever adds many jobs.
    public func checkpointIfLarge() async throws {
        if isLogLarge() { try await checkpoint() }
    }

    /// Writes the log back where the disk is short: asked after each transaction, since a second is long enough to fill a
    /// small disk.
    ///
    /// - Parameter isFull: the disk had no room for the last one.
    /// - Returns: whether there is more room now.
    @discardableResult
    func makeRoom(isFull: Bool = false) async -> Bool {
        let size = logSize()
        guard isFull || size > Self.smallLog && isDiskShort(beside: size) else { return false }
        guard isFull || maintenance.withLock({ .now >= $0.nextRoom }) else { return false }
        if (try? await checkpoint()) == true, logSize() < size { return true }
        // Somebody may keep a read open for hours: then the log can't be emptied, and asking takes a moment each time.
        maintenance.withLock { $0.nextRoom = .now + .seconds(1) }
        return false
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
