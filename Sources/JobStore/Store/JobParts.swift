import Foundation
import GRDB

/// The parts of divided jobs, within one transaction. What follows from the end of a part, or of a whole, is the triggers'
/// work: migration 7.
enum JobParts {
    /// A job's parts of the highest level, in their order, with what came of them.
    static func highest(of id: Int64, in db: Database) throws -> [ClaimedJob.Part] {
        let query = try db.cachedStatement(
            sql: """
                SELECT c.id, c.part, c.part_level, c.part_begin, c.part_end, c.state, r.text, coalesce(r.truncated, 0) AS cut
                FROM jobs c LEFT JOIN results r ON r.job_id = c.id AND c.state = 'completed'
                WHERE c.parent_id = ?1
                  AND c.part_level = (SELECT max(part_level) FROM jobs INDEXED BY jobs_parts WHERE parent_id = ?1)
                ORDER BY c.part
                """)
        let rows = try Row.fetchAll(query, arguments: [id])
        guard !rows.isEmpty else { return [] }
        let quotations = try quotations(ofPartsOf: id, in: db)
        return try rows.map { row in
            let part: Int64 = try row.value("id")
            return ClaimedJob.Part(
                id: part, number: try row.optional("part") ?? 0, level: try row.value("part_level"),
                begin: try row.optional("part_begin") ?? 0, end: try row.optional("part_end") ?? 0,
                state: try row.named("state"), result: try row.optional("text"), isTruncated: try row.value("cut"),
                quotations: quotations[part] ?? [])
        }
    }

    private static func quotations(ofPartsOf id: Int64, in db: Database) throws -> [Int64: [Quotation]] {
        let query = try db.cachedStatement(
            sql: """
                SELECT q.job_id, q.begin, q.end, substr(c.input, q.begin + 1, q.end - q.begin) AS text
                FROM jobs c JOIN quotations q ON q.job_id = c.id WHERE c.parent_id = ? ORDER BY q.job_id, q.position
                """)
        var found: [Int64: [Quotation]] = [:]
        for row in try Row.fetchAll(query, arguments: [id]) {
            found[try row.value("job_id"), default: []].append(
                Quotation(
                    begin: try row.value("begin"), end: try row.value("end"), text: try row.optional("text") ?? ""))
        }
        return found
    }

    /// Makes the parts of a running job, and lets it wait for them from the moment it isn't running any more.
    static func divide(_ id: Int64, into division: JobDivision, in db: Database, now: Date) throws {
        if !division.parts.isEmpty {
            try removeOthers(of: id, than: division, in: db)
            let inserter = try db.cachedStatement(sql: insertion)
            let query = try db.cachedStatement(
                sql:
                    "SELECT id, part_begin, part_end, input FROM jobs WHERE parent_id = ? AND part_level = ? AND part = ?"
            )
            for (index, part) in division.parts.enumerated() {
                if let row = try Row.fetchOne(query, arguments: [id, division.level, index + 1]) {
                    if try isSame(row, part) { continue }
                    try db.execute(cached: "DELETE FROM jobs WHERE id = ?", arguments: [try row.value("id") as Int64])
                }
                try inserter.execute(arguments: [
                    id, division.level, index + 1, part.begin, part.end, withoutNUL(part.text),
                    part.isCut ? "end" : nil, Timestamp.text(now),
                ])
            }
        }
        // What was cancelled while the job was made to run by a hand, or whose result a hand has removed.
        try db.cachedStatement(
            sql: """
                UPDATE jobs SET state = 'available' WHERE parent_id = ? AND (state IN ('cancelled','discarded')
                  OR state = 'completed' AND NOT EXISTS (SELECT 1 FROM results r WHERE r.job_id = jobs.id))
                """
        ).execute(arguments: [id])
        try db.cachedStatement(
            sql: """
                INSERT OR IGNORE INTO end_dependencies (job_id, depends_on)
                SELECT ?1, id FROM jobs INDEXED BY jobs_part_states
                 WHERE parent_id = ?1 AND state IN ('available','running','pending') LIMIT 1
                """
        ).execute(arguments: [id])
    }

    private static func removeOthers(of id: Int64, than division: JobDivision, in db: Database) throws {
        try db.execute(
            cached: """
                DELETE FROM jobs WHERE parent_id = ?1
                  AND (part_level > ?2 OR (part_level = ?2 AND (part IS NULL OR part < 1 OR part > ?3)))
                """, arguments: [id, division.level, division.parts.count])
    }

    private static func isSame(_ row: Row, _ part: JobDivision.Part) throws -> Bool {
        try row.optional("part_begin") == part.begin && row.optional("part_end") == part.end
            && row.optional("input") == withoutNUL(part.text)
    }

    /// As many tries as the whole has left; due as early, so that what was begun goes on before what was added later.
    private static let insertion = """
        INSERT INTO jobs (kind, queue, priority, scheduled_at, max_attempts, question, options, metadata, template_id,
          timeout_seconds, parent_id, part_level, part, part_begin, part_end, created_at, input)
        SELECT p.kind, p.queue, p.priority, p.scheduled_at, max(1, p.max_attempts - p.attempt + 1), p.question, p.options,
          json_patch('{}', json_object('document', coalesce(p.metadata->>'$.document', d.title, d.source), 'cut', ?7)),
          p.template_id, p.timeout_seconds, ?1, ?2, ?3, ?4, ?5, ?8, ?6
        FROM jobs p LEFT JOIN documents d ON d.id = p.document_id WHERE p.id = ?1
        """
}

extension JobStore {
    public func partResult(cacheKey: String) async throws -> JobResult? {
        try await read { db in
            let query = try db.cachedStatement(
                sql: """
                    SELECT job_id, format, truncated, model, mean_logprob, grounding, repetition, text, stopped_by, no_answer,
                      answer_margin, reused_from FROM results WHERE cache_key = ? ORDER BY job_id LIMIT 1
                    """)
            guard let row = try Row.fetchOne(query, arguments: [cacheKey]) else { return nil }
            let job: Int64 = try row.value("job_id")
            let places = try Row.fetchAll(
                db, cached: "SELECT begin, end, text FROM quoted_texts WHERE job_id = ? ORDER BY position",
                arguments: [job])
            var result = JobResult(
                text: try row.value("text"), format: try row.named("format"), truncated: try row.value("truncated"),
                model: try row.optional("model"), meanLogprob: try row.optional("mean_logprob"),
                grounding: try row.optional("grounding"), repetition: try row.optional("repetition"),
                stoppedBy: try row.optional("stopped_by"),
                quotations: try places.map {
                    Quotation(begin: try $0.value("begin"), end: try $0.value("end"), text: try $0.value("text"))
                },
                isNoAnswer: try row.value("no_answer"), answerMargin: try row.optional("answer_margin"))
            (result.cacheKey, result.reusedFrom) = (cacheKey, try row.optional("reused_from") ?? job)
            return result
        }
    }
}
