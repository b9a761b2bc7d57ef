import Foundation
import GRDB

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Makes one shard: a queue file that appears under its name when it is whole.
struct ShardBuilder {
    /// The queue's own file.
    let home: String
    let homeID: String
    let mark: ShardMark
    let folder: String

    var destination: String { Self.path(of: mark.number, in: folder) }

    static func path(of number: Int, in folder: String) -> String { "\(folder)/shard-\(number).db" }

    private static let jobsAtOnce = 2000

    /// - Parameter ids: the jobs to copy, with what they need.
    func build(_ ids: [Int64]) throws {
        let temporary = "\(folder)/.nightshift-shard-\(mark.number).partial"
        // What a split that was killed has left; the folder's lock keeps others from being at it.
        remove(temporary)
        do {
            try Migrator(path: temporary).migrate()
            try translatingErrors(path: temporary) { try copy(ids, to: temporary) }
            try QueueBackup.synchronize(temporary)
        } catch {
            remove(temporary)
            throw error
        }
        // The database is closed and its log is gone: to rename it is safe.
        guard rename(temporary, destination) == 0 else {
            let reason = String(cString: strerror(errno))
            remove(temporary)
            throw JobStoreError.cannotOpen(path: destination, reason: reason)
        }
        // Before the queue notes that it is made: who has noted it doesn't make it again.
        try QueueBackup.synchronize(folder)
    }

    private func remove(_ path: String) {
        for ending in ["", "-wal", "-shm", "-journal"] { unlink(path + ending) }
    }

    private func copy(_ ids: [Int64], to path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA wal_autocheckpoint = 0") }
        let database = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? database.close() }
        try database.writeWithoutTransaction { db in
            try db.execute(sql: "ATTACH DATABASE ? AS home", arguments: [home])
            try db.inTransaction {
                try describe(in: db)
                return .commit
            }
            for start in stride(from: 0, to: ids.count, by: Self.jobsAtOnce) {
                let page = ids[start..<min(start + Self.jobsAtOnce, ids.count)]
                try db.inTransaction {
                    try copy("[" + page.map(String.init).joined(separator: ",") + "]", in: db)
                    return .commit
                }
                // Nobody else has the file open.
                try db.execute(sql: "PRAGMA main.wal_checkpoint(TRUNCATE)")
            }
            try db.inTransaction {
                try db.execute(
                    sql: """
                        UPDATE batches SET sealed_at = (SELECT h.sealed_at FROM home.batches h WHERE h.id = batches.id)
                        """)
                return .commit
            }
            try db.execute(sql: "DETACH DATABASE home")
            // So that the file is all there is of it: it will be carried about. Its first worker switches it back.
            _ = try String.fetchOne(db, sql: "PRAGMA main.journal_mode = DELETE")
        }
    }

    /// Whose shard it is; and that nothing is removed from it before it is merged.
    private func describe(in db: Database) throws {
        try QueueStamp.set(QueueStamp.homeKey, homeID, "the queue that this is a shard of", in: db)
        try QueueStamp.set(QueueStamp.markKey, mark.text, "which split, and which shard of it", in: db)
        try db.execute(sql: "UPDATE settings SET value = NULL WHERE key GLOB 'retain_*'")
        try db.execute(
            sql: """
                UPDATE settings SET value = (SELECT value FROM home.settings WHERE key = 'maximum_crashes')
                WHERE key = 'maximum_crashes'
                """)
    }

    /// Copies jobs and what they refer to.
    ///
    /// - Parameter ids: a JSON list.
    private func copy(_ ids: String, in db: Database) throws {
        let listed = "(SELECT value FROM json_each(?1))"
        func insert(_ table: String, _ replaced: [String: String] = [:], where condition: String) throws {
            let columns = try columnNames(of: table, in: db)
            let values = columns.map { replaced[$0] ?? "h.\(quoted($0))" }
            try db.execute(
                sql: """
                    INSERT OR IGNORE INTO main.\(table) (\(columns.map(quoted).joined(separator: ", ")))
                    SELECT \(values.joined(separator: ", ")) FROM home.\(table) h WHERE \(condition)
                    """, arguments: [ids])
        }
        func used(_ column: String) -> String { "h.id IN (SELECT \(column) FROM home.jobs WHERE id IN \(listed))" }
        try db.execute(
            sql: """
                INSERT INTO main.queues (name, timeout_seconds)
                SELECT name, timeout_seconds FROM home.queues WHERE name IN (SELECT queue FROM home.jobs WHERE id IN \(listed))
                ON CONFLICT (name) DO UPDATE SET timeout_seconds = excluded.timeout_seconds
                """, arguments: [ids])
        try insert("templates", where: used("template_id"))
        try insert("documents", where: used("document_id"))
        // A sealed batch takes no jobs: it is sealed when they are in.
        try insert("batches", ["sealed_at": "NULL", "finished_at": "NULL"], where: used("batch_id"))
        try insert(
            "jobs",
            [
                "state": "'available'", "held_at": "NULL", "lease_expires_at": "NULL", "finalized_at": "NULL",
                "progress": "NULL",
            ],
            where: "h.id IN \(listed) AND h.state = 'pending' AND h.held_at IS NOT NULL")
        try insert("attempts", where: "h.job_id IN (SELECT id FROM main.jobs WHERE id IN \(listed))")
    }
}

/// The columns of a table that can be written, in their order.
func columnNames(of table: String, in db: Database) throws -> [String] {
    try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info(?) ORDER BY cid", arguments: [table])
}

/// A name as SQL writes it.
func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }
