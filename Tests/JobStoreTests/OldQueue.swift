import Migrations
import TestSupport

/// A queue as the first version made it.
enum OldQueue {
    /// Makes the file, with a job in it.
    static func make(at path: String) throws {
        let schema = String(decoding: Migrations.all[0].sql, as: UTF8.self)
        _ = try SQLitePrompt.run(
            path,
            """
            PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
            \(schema)
            PRAGMA application_id = 0x4E534854; PRAGMA user_version = 1;
            INSERT INTO schema_migrations(version,name) VALUES (1,'initial');
            INSERT INTO jobs(kind,input) VALUES ('summarize','x');
            """)
    }
}
