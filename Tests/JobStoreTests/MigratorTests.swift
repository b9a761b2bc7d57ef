import Foundation
import GRDB
import JobStore
import Migrations
import Testing

@Suite("A queue file is brought to this program's schema, or refused")
struct MigratorTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("queue.db")
    }

    private func open() throws -> JobStore { try JobStore(path: path) }

    /// Another program's connection to the file.
    private func connect(_ file: String? = nil) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        return try DatabaseQueue(path: file ?? path, configuration: configuration)
    }

    private func edit(_ sql: String) throws {
        let database = try connect()
        try database.writeWithoutTransaction { try $0.execute(sql: sql) }
        try database.close()
    }

    private func number(_ sql: String, in file: String? = nil) throws -> Int? {
        try connect(file).read { try Int.fetchOne($0, sql: sql) }
    }

    @Test("a new file gets its identity, its settings and every migration with its checksum")
    func newFile() throws {
        try JobStore(path: path, mode: .create).close()
        #expect(try number("PRAGMA application_id") == 0x4E53_4854)
        #expect(try number("PRAGMA user_version") == Migrations.all.count)
        #expect(try number("PRAGMA page_size") == 8192)
        #expect(try number("PRAGMA auto_vacuum") == 2)
        #expect(try number("SELECT count(*) FROM schema_migrations WHERE length(sha256) = 64") == Migrations.all.count)
        #expect(try connect().read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
        #expect(Migrations.all.map(\.version) == Array(1...Migrations.all.count))
    }

    @Test("connections write through to the disk and leave checkpoints to their one place")
    func connectionSettings() async throws {
        let store = try JobStore(path: path, mode: .create)
        #expect(try await store.pragma("synchronous") == 2)
        #expect(try await store.pragma("foreign_keys") == 1)
        #expect(try await store.pragma("busy_timeout") == 10_000)
        #expect(try await store.pragma("wal_autocheckpoint") == 0)
        #expect(try await store.pragma("journal_size_limit") == 67_108_864)
    }

    @Test("a missing file is only made when asked to")
    func missingFile() throws {
        #expect(throws: JobStoreError.notFound(path: path)) { try open() }
        #expect(!FileManager.default.fileExists(atPath: path))
        let deep = folder.path("a/b/queue.db")
        try JobStore(path: deep, mode: .create).close()
        #expect(FileManager.default.fileExists(atPath: deep))
    }

    @Test("another program's database is refused and not changed")
    func foreignFile() throws {
        try edit("CREATE TABLE notes (text)")
        let before = try Data(contentsOf: URL(filePath: path))
        #expect(throws: JobStoreError.foreignDatabase(path: path, applicationID: 0)) {
            try JobStore(path: path, mode: .create)
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
        try edit("PRAGMA application_id = 7")
        #expect(throws: JobStoreError.foreignDatabase(path: path, applicationID: 7)) { try open() }
    }

    @Test("a newer schema is refused")
    func newerSchema() throws {
        try JobStore(path: path, mode: .create).close()
        try edit("PRAGMA user_version = 99")
        #expect(throws: JobStoreError.newerSchema(path: path, found: 99, supported: Migrations.all.count)) {
            try open()
        }
    }

    @Test("a file whose applied migration differs from this program's is refused")
    func changedChecksum() throws {
        try JobStore(path: path, mode: .create).close()
        let other = String(repeating: "0", count: 64)
        try edit("UPDATE schema_migrations SET sha256 = '\(other)' WHERE version = 2")
        let embedded = Migrator.checksum(Migrations.all[1])
        #expect(
            throws: JobStoreError.changedMigration(
                path: path, version: 2, name: "worker", recorded: other, embedded: embedded)
        ) { try open() }
    }

    @Test(
        "a header that contradicts the tables is refused",
        arguments: ["DELETE FROM schema_migrations", "DROP TABLE schema_migrations"])
    func contradiction(statement: String) throws {
        try JobStore(path: path, mode: .create).close()
        try edit(statement)
        let error = #expect(throws: JobStoreError.self) { try open() }
        guard case .damagedSchema? = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
    }

    @Test("a file that isn't SQLite's is refused by name")
    func garbage() throws {
        try Data("This is a letter, not a database. ".utf8 + [UInt8](repeating: 120, count: 5000)).write(
            to: URL(filePath: path))
        #expect(throws: JobStoreError.notADatabase(path: path)) { try open() }
        #expect(throws: JobStoreError.notADatabase(path: path)) { try JobStore(path: path, mode: .create) }
    }

    @Test("a file that is cut off is refused")
    func truncated() throws {
        try JobStore(path: path, mode: .create).close()
        let whole = try Data(contentsOf: URL(filePath: path))
        try whole.prefix(whole.count / 2).write(to: URL(filePath: path))
        #expect(throws: JobStoreError.self) { try open() }
    }

    @Test("a folder is refused as a file")
    func folderAsFile() throws {
        #expect(throws: JobStoreError.self) { try JobStore(path: folder.path("."), mode: .create) }
    }

    @Test("a file without write permission is refused", .enabled(if: getuid() != 0, "root may write anything"))
    func readOnly() throws {
        try JobStore(path: path, mode: .create).close()
        try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
        #expect(throws: JobStoreError.notWritable(path: path)) { try open() }
    }

    @Test("many processes may open a new file at once, and each migration is applied once")
    func concurrentFirstOpens() async throws {
        for round in 0..<10 {
            let path = folder.path("queue\(round).db")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let store = try JobStore(path: path, mode: .create)
                        try await store.enqueue([.text()], now: start)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try number("SELECT count(*) FROM schema_migrations", in: path) == Migrations.all.count)
            #expect(try number("SELECT count(*) FROM jobs", in: path) == 8)
            #expect(try number("PRAGMA auto_vacuum", in: path) == 2)
        }
    }

    @Test("a file of version 1 made by hand is migrated, after a backup of the work in it")
    func upgrade() async throws {
        try edit("PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL")
        try edit(String(decoding: Migrations.all[0].sql, as: UTF8.self))
        try edit("PRAGMA application_id = 0x4E534854; PRAGMA user_version = 1")
        try edit("INSERT INTO schema_migrations(version,name) VALUES (1,'initial')")
        try edit("INSERT INTO jobs(kind,input) VALUES ('summarize','x')")
        #expect(try Migrator(path: path).pending().map(\.version) == Array(2...Migrations.all.count))
        let store = try open()
        #expect(try await store.stateCounts() == [StateCount(queue: "default", state: .available, count: 1)])
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        let backup = folder.path(
            try #require(names.first { $0.wholeMatch(of: /queue\.db\.v1-\d{8}-\d{6}\.bak/) != nil }))
        #expect(try number("PRAGMA user_version", in: backup) == 1)
        #expect(try number("SELECT count(*) FROM jobs", in: backup) == 1)
        #expect(try Migrator(path: path).migrate().applied == [])
    }

    @Test("a migration that fails leaves the file as it was")
    func failedMigration() throws {
        try JobStore(path: path, mode: .create).close()
        let broken = Migration(
            version: Migrations.all.count + 1, name: "broken",
            sql: Array("CREATE TABLE x (a); CREATE TABLE x (a);".utf8))
        #expect(throws: JobStoreError.self) {
            try Migrator(path: path, migrations: Migrations.all + [broken]).migrate()
        }
        #expect(try number("PRAGMA user_version") == Migrations.all.count)
        #expect(try number("SELECT count(*) FROM sqlite_master WHERE name = 'x'") == 0)
        try open().close()
    }

    @Test("network file systems are known by the system's list of mounts")
    func fileSystems() {
        let mounts = """
            24 1 8:1 / / rw - ext4 /dev/sda1 rw
            31 24 0:52 / /home rw,relatime shared:1 - nfs4 server:/home rw
            32 24 0:53 / /mnt/x rw shared:2 - fuse.sshfs me@there: rw
            33 24 8:17 / /mnt/y rw - fuseblk /dev/sdb1 rw
            """
        #expect(FileSystemKind.unsuitableKind(device: 8 << 8 | 1, mounts: mounts) == nil)
        #expect(FileSystemKind.unsuitableKind(device: 52, mounts: mounts) == "nfs4")
        #expect(FileSystemKind.unsuitableKind(device: 53, mounts: mounts) == "fuse.sshfs")
        #expect(FileSystemKind.unsuitableKind(device: 8 << 8 | 17, mounts: mounts) == nil)
        #expect(FileSystemKind.unsuitableKind(device: 99, mounts: mounts) == nil)
        #expect(FileSystemKind.unsuitableKind(at: "/") == nil)
    }
}
