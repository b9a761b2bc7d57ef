import Crypto
public import Foundation
import GRDB

extension JobStore {
    public func finish(_ claim: JobClaim, as ending: JobEnding, now: Date) async throws -> FinishOutcome {
        let random = random()
        let retry = settings.retry
        return try await write { db in
            try Finisher(db: db, claim: claim, ending: ending, now: now).finish(retry: retry, random: random)
        }
    }
}

/// Ends one attempt within one transaction.
private struct Finisher {
    let db: Database
    let claim: JobClaim
    let ending: JobEnding
    let now: Date

    func finish(retry: RetryPolicy, random: Double) throws -> FinishOutcome {
        let row = try Row.fetchOne(
            db,
            cached: """
                SELECT state, attempt, attempted_by, max_attempts,
                  (SELECT count(*) FROM attempts a WHERE a.job_id = jobs.id AND a.outcome IN ('failed','timed_out')
                     AND a.attempt < jobs.attempt) AS failures
                FROM jobs WHERE id = ?
                """, arguments: [claim.jobID])
        guard let row else {
            // Without foreign keys, at a prompt, the attempt may have outlived its job.
            try keepLateText(outcome: .lost)
            return .refused(.deleted)
        }
        let state: JobState = try row.named("state")
        let attempt: Int = try row.value("attempt")
        let effect = EndingEffect(
            of: ending, attempt: attempt, maxAttempts: try row.value("max_attempts"),
            failuresBefore: try row.value("failures"), retry: retry, random: random)
        if state == .running, attempt == claim.attempt, try row.optional("attempted_by") == claim.worker {
            try store(effect)
            return .stored(effect.state)
        }
        if attempt == claim.attempt, try wasStored(effect, state: state) {
            if case .divided = ending { return .stored(effect.state) }
            return .stored(state)
        }
        let refusal: FinishOutcome.Refusal = state == .cancelled && attempt == claim.attempt ? .cancelled : .lost
        try keepLateText(outcome: refusal == .cancelled ? .cancelled : .lost)
        if case .cancelled = ending, refusal == .cancelled { return .stored(.cancelled) }
        return .refused(refusal)
    }

    /// The attempt first: the trigger that ends the attempt of a job taken away by hand must find this one ended.
    private func store(_ effect: EndingEffect) throws {
        try recordAttempt(effect.outcome, effect: effect, lateText: isResult ? nil : ending.lateText, overwriting: true)
        if case .completed(let result) = ending { try store(result) }
        if case .divided(let division) = ending { try JobParts.divide(claim.jobID, into: division, in: db, now: now) }
        let due = effect.delaySeconds.map { Timestamp.text(now.addingTimeInterval($0)) }
        try db.cachedStatement(
            sql: """
                UPDATE jobs SET state = ?, scheduled_at = coalesce(?, scheduled_at), finalized_at = ?, error = ?,
                  max_attempts = max_attempts + ? WHERE id = ?
                """
        ).execute(arguments: [
            effect.state.rawValue, due, effect.state.isFinal ? Timestamp.text(now) : nil,
            effect.error.map(withoutNUL), effect.handsAttemptBack ? 1 : 0, claim.jobID,
        ])
    }

    private func store(_ result: JobResult) throws {
        let definition = try result.source.map { try store($0) }
        func share(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? min(max($0, 0), 1) : nil } }
        try db.cachedStatement(
            sql: """
                INSERT INTO results (job_id, attempt, created_at, format, truncated, model, mean_logprob, grounding,
                  repetition, text, stopped_by, no_answer, answer_margin, left_out, parts, cache_key, reused_from,
                  definition, style)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, coalesce(nullif((SELECT count(*)
                  FROM jobs WHERE parent_id = ?1 AND part_level = 0), 0), ?15), ?16, ?17, ?18, ?19)
                ON CONFLICT (job_id) DO UPDATE SET attempt = ?2, created_at = ?3, format = ?4, truncated = ?5, model = ?6,
                  mean_logprob = ?7, grounding = ?8, repetition = ?9, text = ?10, stopped_by = ?11, no_answer = ?12,
                  answer_margin = ?13, left_out = ?14, parts = excluded.parts, cache_key = ?16, reused_from = ?17, definition = ?18,
                  style = ?19
                """
        ).execute(arguments: [
            claim.jobID, claim.attempt, Timestamp.text(now), result.format.rawValue, result.truncated, result.model,
            result.meanLogprob.flatMap { $0.isFinite ? $0 : nil }, share(result.grounding), share(result.repetition),
            withoutNUL(result.text), result.stoppedBy, result.isNoAnswer,
            result.answerMargin.flatMap { $0.isFinite ? $0 : nil }, result.leftOut, result.partCount, result.cacheKey,
            result.reusedFrom, definition, result.source?.style,
        ])
        try store(result.quotations.map { ($0, nil) }, in: "quotations")
        try store(result.evidence.map { ($0.place, $0.score) }, in: "evidence")
    }

    /// Keeps the definition that a text was made by, once; returns its name.
    private func store(_ source: JobResult.Source) throws -> String {
        let name = hexadecimal(SHA256.hash(data: Array(source.definition.utf8)))
        try db.cachedStatement(
            sql: """
                INSERT INTO definitions (sha256, kind, created_at, text)
                SELECT ?1, kind, ?2, ?3 FROM jobs WHERE id = ?4 ON CONFLICT DO NOTHING
                """
        ).execute(arguments: [name, Timestamp.text(now), withoutNUL(source.definition), claim.jobID])
        return name
    }

    /// Writes places that give the quoted texts back, and no others: the text may have been edited since the claim, and
    /// bytes that aren't UTF-8 were something else to the worker.
    private func store(_ places: [(place: Quotation, score: Double?)], in table: String) throws {
        try db.cachedStatement(sql: "DELETE FROM \(table) WHERE job_id = ?").execute(arguments: [claim.jobID])
        let hasScore = table == "evidence"
        let insert = try db.cachedStatement(
            sql: """
                INSERT INTO \(table) (job_id, position, document_id, begin, end\(hasScore ? ", score" : ""))
                SELECT ?1, ?2, document_id, place - 1, place - 1 + length(?4)\(hasScore ? ", ?5" : "") FROM (
                  SELECT document_id, text, CASE WHEN substr(text, ?3 + 1, length(?4)) = ?4 THEN ?3 + 1
                                                 ELSE instr(text, ?4) END AS place
                  FROM (SELECT j.document_id, coalesce(d.text, j.input) AS text
                        FROM jobs j LEFT JOIN documents d ON d.id = j.document_id WHERE j.id = ?1))
                WHERE place > 0 AND substr(text, place, length(?4)) = ?4
                """)
        for (index, found) in places.enumerated() {
            let arguments: StatementArguments = [claim.jobID, index + 1, found.place.begin, found.place.text]
            try insert.execute(arguments: hasScore ? arguments + [found.score] : arguments)
        }
    }

    /// Whether this very ending is what stands there: a finish repeated because its answer was lost on the way.
    private func wasStored(_ effect: EndingEffect, state: JobState) throws -> Bool {
        let row = try Row.fetchOne(
            db, cached: "SELECT outcome, error_code FROM attempts WHERE job_id = ? AND attempt = ? AND worker_id = ?",
            arguments: [claim.jobID, claim.attempt, claim.worker])
        guard let row, try row.value("outcome") == effect.outcome.rawValue else { return false }
        switch ending {
        case .divided: return try row.optional("error_code") == EndingEffect.dividedCode
        case .completed:
            return try Bool.fetchOne(
                db, cached: "SELECT EXISTS (SELECT 1 FROM results WHERE job_id = ? AND attempt = ?)",
                arguments: [claim.jobID, claim.attempt]) ?? false
        case .failed: return true
        case .interrupted, .cancelled: return false
        }
    }

    /// What was paid for is kept with the attempt; an outcome somebody else has set stands.
    private func keepLateText(outcome: AttemptOutcome) throws {
        try recordAttempt(outcome, effect: nil, lateText: ending.lateText, overwriting: false)
    }

    private func recordAttempt(
        _ outcome: AttemptOutcome, effect: EndingEffect?, lateText: String?, overwriting: Bool
    ) throws {
        let figures = ending.figures
        try db.cachedStatement(
            sql: """
                UPDATE attempts SET
                  outcome = CASE WHEN :overwriting OR outcome = 'running' THEN :outcome ELSE outcome END,
                  finished_at = CASE WHEN :overwriting THEN :now ELSE coalesce(finished_at, :now) END,
                  load_ms = :load, prompt_ms = :prompt, generate_ms = :generate,
                  total_ms = coalesce(:total, CAST(round((julianday(:now) - julianday(started_at)) * 86400000) AS INTEGER)),
                  prompt_tokens = :promptTokens, cached_tokens = :cachedTokens, completion_tokens = :completionTokens,
                  finish_reason = :finishReason, peak_rss_mb = :peak, engine = :engine, seed = :seed,
                  error_code = coalesce(:code, error_code), error = coalesce(:error, error),
                  late_text = coalesce(:late, late_text)
                WHERE job_id = :job AND attempt = :attempt AND worker_id = :worker
                """
        ).execute(arguments: [
            "overwriting": overwriting, "outcome": outcome.rawValue, "now": Timestamp.text(now),
            "load": figures.loadMilliseconds, "prompt": figures.promptMilliseconds,
            "generate": figures.generateMilliseconds, "total": figures.totalMilliseconds,
            "promptTokens": figures.promptTokens, "cachedTokens": figures.cachedTokens,
            "completionTokens": figures.completionTokens, "finishReason": figures.finishReason?.rawValue,
            "peak": figures.peakRSSMegabytes.flatMap { $0.isFinite ? $0 : nil }, "engine": figures.engine,
            "seed": figures.seed, "code": effect?.errorCode, "error": effect?.error.map(withoutNUL),
            "late": lateText.map(withoutNUL), "job": claim.jobID, "attempt": claim.attempt, "worker": claim.worker,
        ])
    }

    private var isResult: Bool {
        if case .completed = ending { true } else { false }
    }
}

/// A model may well generate a NUL, at which SQLite would cut the text off; its sign takes its place.
func withoutNUL(_ text: String) -> String {
    holdsNUL(text) ? String(text.map { $0 == "\0" ? "\u{2400}" : $0 }) : text
}
