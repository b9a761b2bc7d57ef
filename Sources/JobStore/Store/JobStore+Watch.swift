import GRDB

extension JobStore {
    private static let name = "coalesce(j.metadata->>'$.document', d.title, d.source, substr(j.input, 1, 200))"

    /// The jobs in hand, those that run longest first.
    public func running(limit: Int) async throws -> [RunningRow] {
        try await all(
            """
            SELECT j.id, j.kind, \(Self.name) AS document, j.progress, j.attempted_at, j.part
            FROM jobs j INDEXED BY jobs_lease LEFT JOIN documents d ON d.id = j.document_id
            WHERE j.state = 'running' ORDER BY j.attempted_at, j.id LIMIT ?
            """, [limit])
    }

    /// The jobs that ended last, the latest first.
    ///
    /// - Parameter failedOnly: those that were given up.
    public func lastEnded(limit: Int, failedOnly: Bool = false) async throws -> [EndedRow] {
        try await all(
            """
            SELECT j.id, j.kind, j.state, \(Self.name) AS document, substr(r.text, 1, 400) AS text, j.error, a.total_ms
            FROM jobs j INDEXED BY jobs_final LEFT JOIN documents d ON d.id = j.document_id
            LEFT JOIN results r ON r.job_id = j.id AND j.state = 'completed'
            LEFT JOIN attempts a ON a.job_id = j.id AND a.attempt = j.attempt
            WHERE j.finalized_at IS NOT NULL \(failedOnly ? "AND j.state = 'discarded'" : "")
            ORDER BY j.finalized_at DESC, j.id DESC LIMIT ?
            """, [limit])
    }
}
