public import Foundation
import GRDB
import Migrations

/// What can be seen of a queue's file without changing it, or anything beside it.
public struct QueueInspection: Sendable {
    /// What the schema's state is.
    public struct Schema: Sendable {
        public var version: Int
        /// The version this program writes.
        public var supported: Int
        /// Names of the steps the file lacks, in order.
        public var missing: [String]
    }

    /// How the file lies on the disk.
    public struct File: Sendable {
        public var bytes: Int
        /// Of the write-ahead log.
        public var logBytes: Int
        /// In the file and given back to nobody yet.
        public var freeBytes: Int
        /// Whether free pages can be given back without rewriting the file.
        public var canShrink: Bool
    }

    public let path: String
    public let schema: Schema
    public let file: File
    /// What SQLite finds wrong, at most 20 lines; empty if the file is sound.
    public let damage: [String]
    /// Rows that refer to rows that aren't there, counted by table.
    public let brokenReferences: [String: Int]
    /// How the work stands; `nil` where the schema isn't this program's.
    public let work: WorkInspection?

    /// The version of the SQLite library that is in use, such as `3.40.1`.
    public static var libraryVersion: String {
        let number = Int(Database.sqliteLibVersionNumber)
        return "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)"
    }

    /// Whether that library can damage a file when one connection starts the log anew while another one checkpoints.
    public static var libraryHasLogResetBug: Bool { Int(Database.sqliteLibVersionNumber) < 3_051_003 }

    /// The kind of file system that `path`, or the folder it would lie in, is on, such as `ext4`, and whether SQLite's
    /// locks can be relied on there; `nil` where the system doesn't tell.
    public static func fileSystem(at path: String) -> (kind: String, isSuitable: Bool)? {
        FileSystemKind.kind(at: path).map { ($0, !FileSystemKind.isUnsuitable($0)) }
    }

    /// Looks at everything.
    ///
    /// - Parameters:
    ///   - thorough: compares every index with its table, too: the time of reading the file several times.
    ///   - now: what waiting jobs and silent workers are measured by.
    /// - Throws: `JobStoreError` where the file can't be read as a queue.
    public init(
        path: String, thorough: Bool = false, host: HostIdentity = .current, settings: QueueSettings = QueueSettings(),
        now: Date
    ) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw JobStoreError.notFound(path: path)
        }
        guard !isFolder.boolValue else { throw JobStoreError.cannotOpen(path: path, reason: "it is a folder") }
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw JobStoreError.cannotOpen(path: path, reason: "no permission to read it")
        }
        let path = URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
        self.path = path
        let migrator = Migrator(path: path)
        (schema, file, damage, brokenReferences, work) = try UndisturbedDatabase(path: path).read { db in
            let missing = try migrator.pending(in: db)
            let schema = Schema(
                version: try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0,
                supported: migrator.migrations.last?.version ?? 0, missing: missing.map(\.name))
            return (
                schema, try File(db, path: path), try Self.damage(in: db, thorough: thorough),
                try Self.brokenReferences(in: db),
                missing.isEmpty ? try WorkInspection(db, host: host, settings: settings, now: now) : nil
            )
        }
    }

    private static func damage(in db: Database, thorough: Bool) throws -> [String] {
        try String.fetchAll(db, sql: thorough ? "PRAGMA integrity_check(20)" : "PRAGMA quick_check(20)")
            .filter { $0 != "ok" }
    }

    private static func brokenReferences(in db: Database) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        let rows = try Row.fetchCursor(db, sql: "PRAGMA foreign_key_check")
        while let row = try rows.next() { counts[try row.value("table"), default: 0] += 1 }
        return counts
    }
}

extension QueueInspection.File {
    fileprivate init(_ db: Database, path: String) throws {
        func number(_ pragma: String) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA \(pragma)") ?? 0 }
        func size(_ path: String) -> Int {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return (attributes?[.size] as? NSNumber)?.intValue ?? 0
        }
        self.init(
            bytes: size(path), logBytes: size(path + "-wal"),
            freeBytes: try number("freelist_count") * number("page_size"),
            canShrink: try number("auto_vacuum") != 0)
    }
}
