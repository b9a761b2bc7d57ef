import GRDB

/// Reads the jobs that a job goes on with.
enum Conversation {
    /// The job, and all that it goes on with, oldest first.
    static func read(from last: Int64, in db: Database) throws -> [ClaimedJob.EarlierJob] {
        let query = try db.cachedStatement(
            sql: """
                WITH RECURSIVE chain(id, place) AS (
                  SELECT ?1, 1 UNION ALL SELECT j.continues, place + 1 FROM chain c JOIN jobs j ON j.id = c.id
                    WHERE j.continues IS NOT NULL AND place < 5000)
                SELECT c.id, coalesce(d.text, j.input) AS text, r.text AS reply, coalesce(j.options, '{}') AS options
                FROM chain c LEFT JOIN jobs j ON j.id = c.id LEFT JOIN documents d ON d.id = j.document_id
                LEFT JOIN results r ON r.job_id = c.id ORDER BY c.place DESC
                """)
        return try Row.fetchAll(query, arguments: [last]).map { row in
            ClaimedJob.EarlierJob(
                id: try row.value("id"), text: try row.optional("text"), reply: try row.optional("reply"),
                optionsJSON: try row.value("options"))
        }
    }
}

extension JobStore {
    /// What a job goes on with, oldest first; empty for one that stands alone.
    public func conversation(beforeJob id: Int64) async throws -> [ClaimedJob.EarlierJob] {
        try await read { db in
            let last = try Int64.fetchOne(db, cached: "SELECT continues FROM jobs WHERE id = ?", arguments: [id])
            return try last.map { try Conversation.read(from: $0, in: db) } ?? []
        }
    }
}
