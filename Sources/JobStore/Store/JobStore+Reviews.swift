import GRDB

extension JobStore {
    /// Reviews that one transaction writes at most, so that nobody waits long.
    private static let reviewsAtOnce = 500

    /// Writes verdicts down, each taking the place of the job's earlier one; those that can't be are told, and the rest
    /// are written.
    ///
    /// - Returns: one outcome for each, in order.
    public func review(_ reviews: [NewReview]) async throws -> [ReviewOutcome] {
        var outcomes: [ReviewOutcome] = []
        for start in stride(from: 0, to: reviews.count, by: Self.reviewsAtOnce) {
            let part = reviews[start..<min(start + Self.reviewsAtOnce, reviews.count)]
            outcomes += try await write { db in try part.map { try Self.store($0, in: db) } }
        }
        return outcomes
    }

    private static func store(_ review: NewReview, in db: Database) throws -> ReviewOutcome {
        let row = try Row.fetchOne(
            db,
            sql: "SELECT state, EXISTS (SELECT 1 FROM results WHERE job_id = jobs.id) AS done FROM jobs WHERE id = ?",
            arguments: [review.jobID])
        guard let row else { return .noJob }
        guard try row.value("done") as Bool else { return .noResult(try row.named("state")) }
        var refusal: String?
        try db.inSavepoint {
            do {
                try db.cachedStatement(
                    sql: """
                        INSERT INTO reviews (job_id, verdict, correction, note, by) VALUES (?1, ?2, ?3, ?4, ?5)
                        ON CONFLICT (job_id) DO UPDATE SET verdict = ?2, correction = ?3, note = ?4, by = ?5
                        """
                ).execute(arguments: [
                    review.jobID, review.verdict.rawValue, review.correction, review.note, review.by,
                ])
                return .commit
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                refusal = error.message ?? "a rule of the table reviews"
                return .rollback
            }
        }
        return refusal.map { .refused($0) } ?? .stored
    }

    /// The jobs of a custom id, of which each batch may have one; no more than ten.
    public func jobs(withCustomID customID: String) async throws -> [Int64] {
        try await read { db in
            try Int64.fetchAll(
                db, sql: "SELECT id FROM jobs WHERE custom_id = ? ORDER BY id LIMIT 10", arguments: [customID])
        }
    }

    /// Takes verdicts back.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public func removeReviews(_ selection: JobSelection) async throws -> Int {
        let condition = Condition(selection)
        let (sql, arguments) = (condition.sql, condition.arguments)
        return try await write { db in
            try db.execute(
                sql: "DELETE FROM reviews WHERE job_id IN (SELECT j.id FROM jobs j WHERE \(sql))", arguments: arguments)
            return db.changesCount
        }
    }

    /// A page of reviews.
    public func reviews(
        _ filter: ResultFilter = ResultFilter(), verdict: Verdict? = nil, limit: Int
    ) async throws -> [ReviewRow] {
        var condition = Condition(filter.selection)
        if let verdict { condition.add("s.verdict = ?", verdict.rawValue) }
        if filter.afterID > 0 { condition.add(filter.newestFirst ? "j.id < ?" : "j.id > ?", filter.afterID) }
        return try await all(
            """
            SELECT s.* FROM reviews v JOIN jobs j ON j.id = v.job_id JOIN review_texts s ON s.id = j.id
            WHERE \(condition.sql) ORDER BY j.id \(filter.newestFirst ? "DESC" : "ASC") LIMIT \(limit)
            """, condition.arguments)
    }

    /// How many of the selected jobs' results have which verdict.
    public func reviewTally(_ selection: JobSelection = JobSelection()) async throws -> ReviewTally {
        let condition = Condition(selection)
        let rows: [ReviewTally] = try await all(
            """
            SELECT count(*) FILTER (WHERE v.verdict = 'accepted') AS accepted,
              count(*) FILTER (WHERE v.verdict = 'corrected') AS corrected,
              count(*) FILTER (WHERE v.verdict = 'rejected') AS rejected,
              count(*) FILTER (WHERE v.verdict IS NULL AND r.job_id IS NOT NULL) AS unreviewed,
              count(*) FILTER (WHERE v.verdict IN ('accepted','corrected') AND coalesce(d.text, j.input) IS NULL)
                AS withoutInput
            FROM jobs j LEFT JOIN reviews v ON v.job_id = j.id LEFT JOIN results r ON r.job_id = j.id
            LEFT JOIN documents d ON d.id = j.document_id WHERE \(condition.sql)
            """, condition.arguments)
        return rows[0]
    }

    /// Every accepted or corrected result, page by page: documents are long, so that pages are short.
    public func forEachReviewed(
        _ selection: JobSelection = JobSelection(), _ body: (ReviewedJob) throws -> Void
    ) async throws {
        var after: Int64 = 0
        while true {
            var condition = Condition(selection)
            condition.add("j.id > ?", after)
            let page: [ReviewedJob] = try await all(
                """
                SELECT j.id, j.kind, v.verdict, coalesce(v.correction, v.text) AS completion, j.question, j.options, d.title,
                  coalesce(d.text, j.input) AS document, f.text AS definition, v.style
                FROM reviews v JOIN jobs j ON j.id = v.job_id LEFT JOIN documents d ON d.id = j.document_id
                LEFT JOIN definitions f ON f.sha256 = v.definition
                WHERE v.verdict IN ('accepted','corrected') AND coalesce(v.correction, v.text) IS NOT NULL
                  AND coalesce(d.text, j.input) IS NOT NULL AND \(condition.sql) ORDER BY j.id LIMIT 50
                """, condition.arguments)
            for job in page { try body(job) }
            guard let last = page.last else { return }
            after = last.id
        }
    }
}
