import Foundation
import GRDB
import JSONText

/// What a job that was given out says in its metadata, under `shard`, at home and in the shard: which split, which shard.
struct ShardMark: Hashable {
    static let key = "shard"
    /// The column expression that reads a job's mark.
    static let column = "metadata->>'$.shard'"

    /// Names the split; never the same twice.
    let split: String
    /// From 0.
    let number: Int

    var text: String { "\(split):\(number)" }

    init(split: String, number: Int) {
        self.split = split
        self.number = number
    }

    init?(_ text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let number = Int(parts[1]), number >= 0 else { return nil }
        self.init(split: String(parts[0]), number: number)
    }
}

/// The row of the table `settings` that says of which queue a file is a shard, or which queue this is.
enum QueueStamp {
    static let ownKey = "queue_id"
    static let homeKey = "shard_of"
    static let markKey = "shard"

    /// The queue's own name for itself, which its first split gives it.
    static func make(in db: Database) throws -> String {
        try db.execute(
            sql:
                "INSERT OR IGNORE INTO settings (key, value, meaning) VALUES (?, ?, 'by this its shards know the queue')",
            arguments: [ownKey, UUID().uuidString.lowercased()])
        return try value(ownKey, in: db) ?? ""
    }

    static func value(_ key: String, in db: Database) throws -> String? {
        try String.fetchOne(db, sql: "SELECT value FROM settings WHERE key = ?", arguments: [key])
    }

    static func set(_ key: String, _ value: String, _ meaning: String, in db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO settings (key, value, meaning) VALUES (?, ?, ?)
                ON CONFLICT (key) DO UPDATE SET value = excluded.value
                """, arguments: [key, value, meaning])
    }
}

/// A split as the table `settings` remembers it, by its folder: so that the same command again goes on with it.
struct SplitRecord: Codable {
    var split: String
    var shards: Int
    /// Every job of the split has its mark; before, an interrupted command goes on marking.
    var isMarked = false
    /// The shards whose file has been made. One that is missing all the same was taken elsewhere, not forgotten.
    var made: [Int] = []

    static func key(folder: String) -> String { "split:\(folder)" }

    static func read(folder: String, in db: Database) throws -> SplitRecord? {
        guard let text = try QueueStamp.value(key(folder: folder), in: db) else { return nil }
        return try? JSONDecoder().decode(Self.self, from: Data(text.utf8))
    }

    func write(folder: String, in db: Database) throws {
        let text = String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
        try QueueStamp.set(Self.key(folder: folder), text, "the shards in this folder", in: db)
    }
}

extension JobStore {
    /// What the metadata of jobs that were given out to a shard say under `shard`.
    ///
    /// - Parameter path: as `split` made it. Where the file was moved, it is asked itself.
    /// - Throws: `refusedShard` for a path that is none of this queue's shards.
    public func shardMark(of path: String) async throws -> String {
        let path = URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false).withoutFinalSlash
        let (record, home) = try await read {
            (try SplitRecord.read(folder: folder, in: $0), try QueueStamp.value(QueueStamp.ownKey, in: $0))
        }
        if let record,
            let number = (0..<record.shards).first(where: { ShardBuilder.path(of: $0, in: folder) == path })
        {
            return ShardMark(split: record.split, number: number).text
        }
        guard FileIdentity(path: path) != nil else {
            throw JobStoreError.refusedShard(
                path: path, reason: "no split of this queue has made it, and there is no such file")
        }
        return try ShardReader(path: path, homeID: home).mark.text
    }
}
