import GRDB

/// Ranks the passages of a text by how well they match some words: BM25, by SQLite's FTS5, in a database in memory.
///
/// English words match whatever their endings (Porter's stems), and accents don't matter.
package final class PassageRanking: Sendable {
    private let database: DatabaseQueue

    /// O(characters).
    ///
    /// - Parameter passages: words parted by anything but letters and digits.
    package init(_ passages: [String]) throws {
        database = try DatabaseQueue()
        try database.write { db in
            try db.execute(
                sql: """
                    CREATE VIRTUAL TABLE passages
                    USING fts5(text, content = '', tokenize = 'porter unicode61 remove_diacritics 2')
                    """)
            let insert = try db.makeStatement(sql: "INSERT INTO passages (rowid, text) VALUES (?, ?)")
            for (index, passage) in passages.enumerated() { try insert.execute(arguments: [index, passage]) }
        }
    }

    /// - Parameter phrases: each one or more words that follow each other; any of them makes a passage match.
    /// - Returns: the scores of the passages that match, by their position: the higher the better.
    package func scores(for phrases: [String]) throws -> [Int: Double] {
        // In quotation marks nothing is an operator.
        let query = phrases.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: " OR ")
        guard !query.isEmpty else { return [:] }
        return try database.read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT rowid, -bm25(passages) AS score FROM passages WHERE passages MATCH ?",
                arguments: [query])
            return try Dictionary(uniqueKeysWithValues: rows.map { (try $0.value("rowid"), try $0.value("score")) })
        }
    }
}
