public import Foundation
import GRDB

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One consistent copy of a queue's file, made while workers go on with it.
///
/// The copy is written under another name, checked, brought to the disk, and then renamed: whatever happens, a file of the
/// backup's name is a whole backup. It is compact, and a queue of its own. The source's schema is copied as it is.
public struct QueueBackup: Sendable {
    /// The queue's file.
    public let source: String
    /// The backup's file, with the name that it will have.
    public let destination: String
    /// Where it grows; its size tells how far the copying is.
    public let temporary: String
    /// About how large it will be, in bytes.
    public let expectedBytes: Int
    private let replaces: Bool

    /// Looks whether it can be done, and changes nothing.
    ///
    /// - Parameters:
    ///   - destination: a file's name, or a folder, in which the backup gets the queue's name and the time.
    ///   - replaces: puts the backup in place of a file of that name.
    ///   - now: what the name tells, on this machine's clock.
    /// - Throws: `JobStoreError`: `cannotOpen` for a destination that won't do, the others for a source that is no queue.
    public init(of source: String, to destination: String, replaces: Bool, now: Date) throws {
        guard FileManager.default.fileExists(atPath: source) else { throw JobStoreError.notFound(path: source) }
        let source = URL(filePath: source).standardizedFileURL
        let file = Self.file(destination, source: source, now: now)
        let path = file.path(percentEncoded: false)
        let (folder, name) = (file.deletingLastPathComponent(), file.lastPathComponent)
        self.source = source.path(percentEncoded: false)
        self.destination = path
        self.replaces = replaces
        temporary = folder.appending(path: ".\(name).\(getpid()).part").path(percentEncoded: false)
        try Self.check(path, source: self.source, replaces: replaces)
        // Not the migrator's own way of looking, which may leave files beside a queue that nobody works on.
        let migrator = Migrator(path: self.source)
        expectedBytes = try UndisturbedDatabase(path: self.source).read { db in
            _ = try migrator.pending(in: db)
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
            return try (pages - free) * (Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
        }
    }

    /// Copies, checks, and gives the copy its name.
    ///
    /// - Returns: the backup's size in bytes.
    /// - Throws: `JobStoreError`; nothing is left behind then, and a file that was to be replaced is as it was.
    public func run() throws -> Int {
        do {
            try copy()
            try check()
            try Self.synchronize(temporary)
            // Somebody may have made one meanwhile.
            try Self.check(destination, source: source, replaces: replaces)
            guard rename(temporary, destination) == 0 else { throw Self.failure(destination) }
            try Self.synchronize(URL(filePath: destination).deletingLastPathComponent().path(percentEncoded: false))
        } catch {
            unlink(temporary)
            throw error
        }
        let attributes = try? FileManager.default.attributesOfItem(atPath: destination)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }

    // MARK: - Steps

    private func copy() throws {
        // SQLite takes an empty file for its own. Made with the source's permissions: the documents may be private.
        var status = stat()
        guard stat(source, &status) == 0 else { throw Self.failure(source) }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status.st_mode & 0o777)
        guard descriptor >= 0 else {
            throw JobStoreError.cannotOpen(
                path: destination, reason: "nothing can be made in its folder: \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        try translatingErrors(path: source) {
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            // The log is written back in one place only. SQLite 3.40 can't copy generated columns over a connection that
            // may not write.
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA wal_autocheckpoint = 0") }
            let database = try DatabaseQueue(path: source, configuration: configuration)
            defer { try? database.close() }
            try database.inDatabase { try $0.execute(sql: "VACUUM INTO ?", arguments: [temporary]) }
        }
    }

    private func check() throws {
        let damage = try UndisturbedDatabase(path: temporary).read { db in
            try String.fetchAll(db, sql: "PRAGMA quick_check(1)").filter { $0 != "ok" }
        }
        if let first = damage.first {
            throw JobStoreError.corrupt(path: source, detail: "its copy fails the check: \(first)")
        }
    }

    /// Waits until a file that nobody has open, or a folder, is on the disk.
    static func synchronize(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(path) }
    }

    // MARK: - The destination

    private static func file(_ destination: String, source: URL, now: Date) -> URL {
        let file = URL(filePath: destination).standardizedFileURL
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: file.path(percentEncoded: false), isDirectory: &isFolder),
            isFolder.boolValue
        else { return file }
        let stem = source.deletingPathExtension().lastPathComponent
        return file.appending(path: "\(stem)-\(BackupName.stamp(now)).db")
    }

    private static func check(_ path: String, source: String, replaces: Bool) throws {
        if let identity = FileIdentity(path: path) {
            guard identity != FileIdentity(path: source) else {
                throw JobStoreError.cannotOpen(path: path, reason: "it is the queue itself; choose another name")
            }
            guard replaces else {
                throw JobStoreError.cannotOpen(path: path, reason: "it exists; choose another name, or give --force")
            }
        }
        // A database with a log is in use, or was left by a crash: to put another file before that log would damage it.
        guard FileIdentity(path: path + "-wal") == nil else {
            throw JobStoreError.cannotOpen(path: path, reason: "it is a database in use; choose another name")
        }
    }

    private static func failure(_ path: String) -> JobStoreError {
        errno == ENOSPC
            ? .diskFull(path: path) : .cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
}

/// Names of copies.
enum BackupName {
    /// `20261122-220509`, on this machine's clock.
    static func stamp(_ date: Date) -> String {
        let parts = Calendar.current.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        func digits(_ number: Int?) -> String { (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
        return "\(digits(parts.year))\(digits(parts.month))\(digits(parts.day))-"
            + "\(digits(parts.hour))\(digits(parts.minute))\(digits(parts.second))"
    }
}
