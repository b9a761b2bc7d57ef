import Crypto
package import Foundation
import GRDB
package import Migrations

/// Brings a queue file to this program's schema, or says why it won't.
///
/// A foreign file is only ever read. Steps are applied inside one exclusive transaction that looks at the version again
/// once it has the lock, so any number of processes may open a new or old file at once.
package struct Migrator: Sendable {
    /// 'NSHT' in the header of every queue file.
    package static let applicationID = 0x4E53_4854
    package static let requiredSQLite = 3_038_000

    package let path: String
    package let migrations: [Migration]

    package init(path: String, migrations: [Migration] = Migrations.all) {
        self.path = path
        self.migrations = migrations
    }

    private var latest: Int { migrations.last?.version ?? 0 }

    /// The names of the steps the file lacks, in order; every one where there is no file. Changes nothing.
    ///
    /// - Throws: where `migrate` would refuse the file.
    package func pending() throws -> [Migration] {
        guard FileManager.default.fileExists(atPath: path) else { return migrations }
        return try translatingErrors(path: path) {
            var configuration = Self.configuration
            configuration.readonly = true
            let database = try DatabaseQueue(path: path, configuration: configuration)
            return try database.read { try pending(in: $0) }
        }
    }

    /// The same for people who only want to know: not even SQLite's own files appear beside one that nobody works on.
    package func foreseen() throws -> [Migration] {
        guard FileManager.default.fileExists(atPath: path) else { throw JobStoreError.notFound(path: path) }
        return try UndisturbedDatabase(path: path).read { try pending(in: $0) }
    }

    /// What a migration has done.
    package struct Outcome: Sendable, Equatable {
        /// The versions that were applied; none where another process was faster.
        package var applied: [Int] = []
        /// The copy that was made before.
        package var backup: String?
    }

    /// Applies what is missing, after a backup beside the file where there is work in it to lose.
    ///
    /// - Parameters:
    ///   - makesBackup: false for people who have one.
    ///   - now: what the backup's name tells.
    @discardableResult
    package func migrate(makesBackup: Bool = true, now: Date = Date()) throws -> Outcome {
        guard try !pending().isEmpty else { return Outcome() }
        return try translatingErrors(path: path) {
            // Switching a new file to WAL needs it alone and doesn't wait for that by itself.
            try Patience.whileBusy { try migrateOnce(makesBackup: makesBackup, now: now) }
        }
    }

    private func migrateOnce(makesBackup: Bool, now: Date) throws -> Outcome {
        let database = try DatabaseQueue(path: path, configuration: Self.configuration)
        return try database.inDatabase { db in
            // These can't be changed inside a transaction, and the first two only while there is no table.
            try db.execute(sql: "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL")
            _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            var outcome = Outcome()
            try db.inTransaction(.immediate) {
                let missing = try pending(in: db)
                if let first = missing.first, makesBackup, try holdsWork(db) {
                    outcome.backup = try backUp(version: first.version - 1, now: now)
                }
                for migration in missing {
                    try apply(migration, to: db)
                    outcome.applied.append(migration.version)
                }
                return .commit
            }
            return outcome
        }
    }

    private func apply(_ migration: Migration, to db: Database) throws {
        try db.execute(sql: String(decoding: migration.sql, as: UTF8.self))
        try db.execute(
            sql: "INSERT INTO schema_migrations (version, name, sha256) VALUES (?, ?, ?)",
            arguments: [migration.version, migration.name, Self.checksum(migration)])
        try db.execute(sql: "PRAGMA application_id = \(Self.applicationID); PRAGMA user_version = \(migration.version)")
    }

    /// Which steps the open file lacks, or why it can't be used.
    func pending(in db: Database) throws -> [Migration] {
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let applicationID = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0
        guard applicationID == Self.applicationID else {
            if isEmpty && applicationID == 0 && version == 0 { return migrations }
            throw JobStoreError.foreignDatabase(path: path, applicationID: applicationID)
        }
        guard version <= latest else {
            throw JobStoreError.newerSchema(path: path, found: version, supported: latest)
        }
        guard try db.tableExists("schema_migrations") else {
            throw JobStoreError.damagedSchema(path: path, detail: "it has no table schema_migrations")
        }
        let recorded = try Row.fetchAll(db, sql: "SELECT version, name, sha256 FROM schema_migrations ORDER BY version")
        guard try recorded.map({ try $0.decode(Int.self, forColumn: "version") }) == Array(1..<(version + 1)) else {
            throw JobStoreError.damagedSchema(
                path: path, detail: "its user_version \(version) is not what its schema_migrations records")
        }
        for (row, migration) in zip(recorded, migrations) {
            // A file that was made by feeding the SQL to sqlite3 has no checksum, which is no contradiction.
            guard let checksum = try row.decode(String?.self, forColumn: "sha256") else { continue }
            let embedded = Self.checksum(migration)
            guard checksum == embedded else {
                throw JobStoreError.changedMigration(
                    path: path, version: migration.version, name: migration.name, recorded: checksum, embedded: embedded
                )
            }
        }
        return migrations.filter { $0.version > version }
    }

    private func holdsWork(_ db: Database) throws -> Bool {
        guard try db.tableExists("jobs") else { return false }
        return try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM jobs)") ?? false
    }

    /// Copies the file while this process holds its write lock: another connection reads what is committed.
    ///
    /// - Returns: the copy's path, which tells the version of its schema and the time.
    private func backUp(version: Int, now: Date) throws -> String {
        let stem = "\(path).v\(version)-\(BackupName.stamp(now))"
        let candidates = [stem] + (2...99).map { "\(stem)-\($0)" }
        guard let free = candidates.first(where: { !FileManager.default.fileExists(atPath: $0 + ".bak") }) else {
            throw JobStoreError.cannotOpen(path: stem + ".bak", reason: "this and 98 more backups exist; remove some")
        }
        let backup = try QueueBackup(of: path, to: free + ".bak", replaces: false, now: now)
        _ = try backup.run()
        return backup.destination
    }

    package static func checksum(_ migration: Migration) -> String {
        hexadecimal(SHA256.hash(data: migration.sql))
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        return configuration
    }
}

/// A digest as the database stores it.
func hexadecimal(_ digest: SHA256.Digest) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in digest { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
}
