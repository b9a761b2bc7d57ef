import Foundation
import GRDB
import Synchronization

/// The queue in a SQLite file.
///
/// One `JobStore` per file and process is the rule; any number of processes may have the same file open. Every change is
/// one short transaction that takes the write lock at its start and is on the disk when the call returns. The file is
/// never opened other than through SQLite, since closing any other descriptor of it would drop SQLite's locks.
public final class JobStore: JobQueue {
    /// What to do about a file that may not be there.
    public enum Mode: Sendable {
        /// Make the file, and the folders above it, where they are missing.
        case create
        /// The file must be there.
        case openExisting
    }

    public let path: String
    public let settings: QueueSettings
    let host: HostIdentity
    let clock: WallClock
    let random: @Sendable () -> Double
    let readDocument: @Sendable (_ path: String) throws -> NewDocument
    let pool: DatabasePool
    /// Sees every commit to the file, this process's own included: `data_version` counts those of other connections. It
    /// never writes, but could: the last connection to close writes the log back, which one that only reads can't.
    let observer: DatabaseQueue
    /// Which file was opened: another one may take its name.
    let identity: FileIdentity?
    let maintenance = Mutex(MaintenancePlan())
    /// The workers of this process, as they have made themselves known.
    let registrations = Mutex<[String: WorkerRegistration]>([:])

    /// Opens the queue, and first brings its schema up to date.
    ///
    /// - Parameters:
    ///   - host: which machine and process this is; workers of the same host can be seen to be dead.
    ///   - clock: what run windows and schedules go by.
    ///   - random: gives numbers in 0..<1 that spread the waits of retries.
    ///   - readDocument: reads the files that schedules name.
    /// - Throws: `JobStoreError`; the cases say what can be wrong with a file.
    public init(
        path: String, mode: Mode = .openExisting, settings: QueueSettings = QueueSettings(),
        host: HostIdentity = .current, clock: WallClock = .system,
        random: @escaping @Sendable () -> Double = { .random(in: 0..<1) },
        readDocument: @escaping @Sendable (_ path: String) throws -> NewDocument = {
            throw NoDocumentReader(path: $0)
        }
    ) throws {
        // Absolute, since other processes read the paths of worker locks from the table.
        let path = URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
        self.path = path
        self.settings = settings
        self.host = host
        self.clock = clock
        self.random = random
        self.readDocument = readDocument
        try Self.checkLibrary()
        try Self.checkPlace(path, mode: mode)
        try Migrator(path: path).migrate()
        (pool, observer) = try translatingErrors(path: path) {
            // Opening a pool writes to the file, which may meet another process that does the same.
            let pool = try Patience.whileBusy { try DatabasePool(path: path, configuration: Self.poolConfiguration) }
            // The pool's own set-up prefers speed; a text that took minutes must survive a power cut.
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
            }
            return (pool, try DatabaseQueue(path: path, configuration: Self.poolConfiguration))
        }
        identity = FileIdentity(path: path)
    }

    /// Where this queue's workers keep their lock files: beside the database, so that whoever can open the one sees the
    /// other.
    public var workerLockFolder: String { path + "-workers" }

    /// Closes the connections. SQLite writes the log back into the file if this was the last process: then the file is all
    /// there is, to be copied or sent.
    public func close() throws {
        try translatingErrors(path: path) {
            // The pool's own readers close last of its connections, so this one closes after them.
            try pool.close()
            try observer.close()
        }
    }

    private static func checkLibrary() throws {
        let number = Int(Database.sqliteLibVersionNumber)
        func dotted(_ number: Int) -> String { "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)" }
        guard number >= Migrator.requiredSQLite else {
            throw JobStoreError.sqliteTooOld(found: dotted(number), required: dotted(Migrator.requiredSQLite))
        }
    }

    private static func checkPlace(_ path: String, mode: Mode) throws {
        let files = FileManager.default
        var isDirectory: ObjCBool = false
        let exists = files.fileExists(atPath: path, isDirectory: &isDirectory)
        if exists && isDirectory.boolValue {
            throw JobStoreError.cannotOpen(path: path, reason: "it is a folder; name a file in it, such as queue.db")
        }
        if !exists && mode == .openExisting { throw JobStoreError.notFound(path: path) }
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        if !exists {
            do {
                try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw JobStoreError.cannotOpen(path: path, reason: "the folder \(folder) cannot be made")
            }
        }
        if let kind = FileSystemKind.unsuitableKind(at: folder) {
            throw JobStoreError.networkFileSystem(path: path, kind: kind)
        }
    }

    private static var poolConfiguration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { db in
            guard !db.configuration.readonly else { return }
            // Checkpoints are made in one place only, see `checkpoint`.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864")
            // The pages of a thousand long texts: of fewer, some would be written to the log again and again.
            try db.execute(sql: "PRAGMA cache_size = -24576")
        }
        return configuration
    }
}

extension JobStore {
    /// One writing transaction that has the write lock from its start, so that it can't fail half-way for want of it. Where
    /// the disk is full, or soon will be, the log is written back: the room it takes up may be all that is wanted.
    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        let value: T
        do {
            value = try await transaction(body)
        } catch JobStoreError.diskFull(let path) {
            guard await makeRoom(isFull: true) else { throw JobStoreError.diskFull(path: path) }
            value = try await transaction(body)
        }
        await makeRoom()
        return value
    }

    private func transaction<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await writeWithoutTransaction { db in
            var value: T?
            try db.inTransaction(.immediate) {
                value = try body(db)
                return .commit
            }
            guard let value else { preconditionFailure("a transaction that did not throw ran its body") }
            return value
        }
    }

    /// Runs `body` on the writing connection's own queue. Unlike GRDB's async methods it isn't abandoned when the calling
    /// task is cancelled: a worker that is told to stop still has a result to write.
    func writeWithoutTransaction<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        let path = path
        return try await withCheckedThrowingContinuation { continuation in
            pool.asyncWriteWithoutTransaction { db in
                continuation.resume(with: Result { try translatingErrors(path: path) { try body(db) } })
            }
        }
    }

    /// Reads from one consistent state of the file without hindering any writer.
    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        let path = path
        return try await withCheckedThrowingContinuation { continuation in
            pool.asyncRead { access in
                continuation.resume(with: Result { try translatingErrors(path: path) { try body(access.get()) } })
            }
        }
    }
}

extension JobStore {
    /// Runs SQL as a hand at the sqlite3 prompt would, for tests.
    package func execute(_ sql: String) async throws {
        try await write { try $0.execute(sql: sql) }
    }

    /// Reads by SQL as a hand at the sqlite3 prompt would, for tests: the columns of each row as texts, NULL as an empty one.
    package func query(_ sql: String) async throws -> [[String]] {
        try await read { db in
            try Row.fetchAll(db, sql: sql).map { row in
                row.databaseValues.map { String.fromDatabaseValue($0) ?? ($0.isNull ? "" : "\($0)") }
            }
        }
    }

    /// A setting of the writing connection, for tests.
    package func pragma(_ name: String) async throws -> Int? {
        try await writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA \(name)") }
    }

    public func changeCounter() async throws -> Int64 {
        try checkFile()
        let path = path
        return try await withCheckedThrowingContinuation { continuation in
            observer.asyncWriteWithoutTransaction { db in
                continuation.resume(
                    with: Result {
                        try translatingErrors(path: path) { try Int64.fetchOne(db, sql: "PRAGMA data_version") ?? 0 }
                    })
            }
        }
    }
}
