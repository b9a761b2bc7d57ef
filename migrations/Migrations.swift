/// One step of the schema: a numbered SQL file beside this one, embedded in the executable.
public struct Migration: Sendable {
    /// Counts from 1 without gaps; the file's `user_version` once this step is applied.
    public let version: Int
    /// The file's name without number and ending.
    public let name: String
    /// The file's bytes: what the recorded checksum covers.
    public let sql: [UInt8]

    public init(version: Int, name: String, sql: [UInt8]) {
        self.version = version
        self.name = name
        self.sql = sql
    }
}

/// The SQL files beside this one. An applied file is never edited: its checksum is recorded in every database.
public enum Migrations {
    /// Every step, in the order they are applied.
    public static var all: [Migration] {
        [
            Migration(version: 1, name: "initial", sql: PackageResources._001_initial_sql),
            Migration(version: 2, name: "worker", sql: PackageResources._002_worker_sql),
            Migration(version: 3, name: "queue", sql: PackageResources._003_queue_sql),
            Migration(version: 4, name: "audit", sql: PackageResources._004_audit_sql),
            Migration(version: 5, name: "guards", sql: PackageResources._005_guards_sql),
            Migration(version: 6, name: "quotations", sql: PackageResources._006_quotations_sql),
            Migration(version: 7, name: "cluster", sql: PackageResources._007_cluster_sql),
            Migration(version: 8, name: "conversations", sql: PackageResources._008_conversations_sql),
            Migration(version: 9, name: "parts", sql: PackageResources._009_parts_sql),
            Migration(version: 10, name: "reviews", sql: PackageResources._010_reviews_sql),
        ]
    }
}
