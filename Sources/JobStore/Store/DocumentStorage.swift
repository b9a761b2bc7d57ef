import Crypto
import Foundation
import GRDB

/// The table `documents`: each text once, however many files and jobs have it.
enum DocumentStorage {
    /// Stores a text, unless it is there.
    ///
    /// - Returns: its id; and the document's name where the text is stored under another one. That name goes into the
    ///   metadata of the document's jobs, where the views look first.
    static func store(_ document: NewDocument, in db: Database, now: String) throws -> (id: Int64, otherName: String?) {
        let sha256 = hexadecimal(SHA256.hash(data: Data(document.text.utf8)))
        let insertion = try db.cachedStatement(
            sql: """
                INSERT INTO documents (sha256, source, media_type, title, created_at, text) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (sha256) DO NOTHING
                """)
        try insertion.execute(arguments: [
            sha256, document.source, document.mediaType, document.title, now, document.text,
        ])
        if db.changesCount == 1 { return (db.lastInsertedRowID, nil) }
        let query = try db.cachedStatement(
            sql: "SELECT id, coalesce(title, source) AS name FROM documents WHERE sha256 = ?")
        guard let stored = try Row.fetchOne(query, arguments: [sha256]) else {
            throw JobStoreError.constraint(message: "the document was refused by a trigger")
        }
        let name = document.title ?? document.source
        return (try stored.value("id"), try stored.optional("name") == name ? nil : name)
    }
}
