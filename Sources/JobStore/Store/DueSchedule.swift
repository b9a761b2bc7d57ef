import Foundation
import GRDB
import JSONText

/// What the files of schedules hold just now, by their paths.
typealias ScheduledDocuments = [String: Result<NewDocument, any Error>]

/// A path that nobody can read here.
public struct NoDocumentReader: Error, CustomStringConvertible {
    public var path: String

    public init(path: String) { self.path = path }

    public var description: String { "\(path): whoever opened the queue reads no files" }
}

/// A schedule whose time has come, within one transaction.
struct DueSchedule {
    private static let condition = """
        enabled = 1 AND (next_run_at IS NULL OR strftime('%Y-%m-%dT%H:%M:%fZ', next_run_at) IS NULL
          OR strftime('%Y-%m-%dT%H:%M:%fZ', next_run_at) <= ?)
        """
    /// The next run of a schedule that can't be understood: it is looked at again when a hand has changed it.
    private static let never = "9999-12-31T23:59:59.999Z"
    /// The most jobs that a schedule which catches up adds at once.
    private static let mostOccurrences = 100

    let db: Database
    let name: String
    let cron: String
    let timezone: String
    let catchesUp: Bool
    /// When it should have run; `nil` for a new schedule, which runs from now on.
    let due: Date?
    /// The file that its jobs are about, as it is when they are added; `nil` where its job has a text of its own.
    let path: String?
    let documents: ScheduledDocuments

    static func some(in db: Database, now: String) throws -> Bool {
        try Bool.fetchOne(
            db, cached: "SELECT EXISTS (SELECT 1 FROM schedules WHERE \(condition))", arguments: [now]) ?? false
    }

    /// The files that are to be read for schedules whose time has come.
    static func paths(in db: Database, now: String) throws -> [String] {
        try String.fetchAll(
            db,
            cached: """
                SELECT DISTINCT job->>'$.path' FROM schedules
                WHERE next_run_at IS NOT NULL AND job->>'$.path' IS NOT NULL AND \(condition)
                """, arguments: [now])
    }

    /// Adds the jobs of all schedules whose time has come.
    ///
    /// - Parameters:
    ///   - local: the clock that the time zone `local` means.
    ///   - documents: what ``paths(in:now:)`` has named, as it is now. A schedule whose file isn't among them is left for the
    ///     next call: a hand has changed it meanwhile.
    /// - Returns: the ids of the jobs.
    static func runAll(
        in db: Database, now: Date, local: WallClock, documents: ScheduledDocuments = [:]
    ) throws -> [Int64] {
        let rows = try Row.fetchAll(
            db,
            cached: """
                SELECT name, cron, timezone, catch_up, job->>'$.path' AS path,
                  CAST(round((julianday(next_run_at) - 2440587.5) * 86400000) AS INTEGER) AS due
                FROM schedules WHERE \(condition) ORDER BY name
                """, arguments: [Timestamp.text(now)])
        return try rows.flatMap { row -> [Int64] in
            let schedule = DueSchedule(
                db: db, name: try row.value("name"), cron: try row.value("cron"), timezone: try row.value("timezone"),
                catchesUp: try row.value("catch_up"),
                due: (try row.optional("due") as Int64?).map(Timestamp.date(milliseconds:)),
                path: try row.optional("path"), documents: documents)
            if schedule.due != nil, let path = schedule.path, documents[path] == nil { return [] }
            return try schedule.run(now: now, local: local)
        }
    }

    private func run(now: Date, local: WallClock) throws -> [Int64] {
        let expression: CronExpression
        do {
            expression = try CronExpression(cron)
        } catch {
            try update(next: nil, error: error.description)
            return []
        }
        guard let clock = WallClock.named(timezone, local: local) else {
            try update(
                next: nil, error: "there is no time zone '\(timezone)'; write local, or one such as Europe/Berlin")
            return []
        }
        var error: String?
        var jobs: [Int64] = []
        var last: Date?
        if let due {
            let later = expression.occurrences(
                after: due, through: now, latest: catchesUp ? Self.mostOccurrences : 1, on: clock)
            let occurrences = catchesUp ? [due] + later : [later.last ?? due]
            for occurrence in occurrences {
                do {
                    if let job = try addJob(for: occurrence) { jobs.append(job) }
                } catch let refusal as DatabaseError where refusal.resultCode == .SQLITE_CONSTRAINT {
                    error = "the job was refused: " + JobStoreError.rule(in: refusal.message ?? "")
                }
            }
            last = occurrences.last
        }
        try update(next: expression.next(after: now, on: clock), last: last, error: error)
        return jobs
    }

    /// The job for an occurrence, or `nil` where it has had one.
    private func addJob(for occurrence: Date) throws -> Int64? {
        let time = Timestamp.text(occurrence)
        try db.execute(
            cached: "INSERT OR IGNORE INTO schedule_runs (schedule, occurrence) VALUES (?, ?)", arguments: [name, time])
        guard db.changesCount == 1 else { return nil }
        let document = try document(for: time)
        try db.execute(
            cached: """
                INSERT INTO jobs (kind, queue, priority, scheduled_at, max_attempts, question, options, metadata, batch_id,
                  unique_key, timeout_seconds, document_id, input, state, error)
                SELECT job->>'$.kind', coalesce(job->>'$.queue', 'default'), coalesce(job->>'$.priority', 5), ?2,
                  coalesce(job->>'$.max_attempts', 3), job->>'$.question', coalesce(job->'$.options', '{}'),
                  json_patch(json_set(coalesce(job->'$.metadata', '{}'), '$.schedule', name, '$.occurrence', ?2), ?3),
                  job->>'$.batch_id', job->>'$.unique_key', job->>'$.timeout_seconds',
                  coalesce(?4, CASE WHEN job->>'$.path' IS NULL THEN job->>'$.document_id' END),
                  CASE WHEN job->>'$.path' IS NULL THEN job->>'$.input' WHEN ?4 IS NULL THEN '' END,
                  CASE WHEN ?5 IS NULL THEN 'available' ELSE 'discarded' END, ?5
                FROM schedules WHERE name = ?1
                """, arguments: [name, time, document.metadata, document.id, document.problem])
        let job = db.lastInsertedRowID
        try db.execute(
            cached: "UPDATE schedule_runs SET job_id = ? WHERE schedule = ? AND occurrence = ?",
            arguments: [job, name, time])
        return job
    }

    /// What a job about the schedule's file is given.
    private struct JobDocument {
        var id: Int64?
        /// JSON, to be merged into the job's.
        var metadata = "{}"
        /// Why there is none. The job is there all the same, and given up: who looks in the morning must find it.
        var problem: String?
    }

    private func document(for occurrence: String) throws -> JobDocument {
        guard let path else { return JobDocument() }
        switch documents[path] {
        case .success(let document)? where !holdsNUL(document.text):
            let (id, name) = try DocumentStorage.store(document, in: db, now: occurrence)
            let metadata = name.map { JSONValue.object(["document": .string($0)]).text }
            return JobDocument(id: id, metadata: metadata ?? "{}")
        case .success?:
            return JobDocument(problem: "unreadable_document: \(path): holds a NUL character, so it is not text")
        case .failure(let error)?: return JobDocument(problem: "unreadable_document: \(error)")
        case nil: return JobDocument(problem: "unreadable_document: \(path)")
        }
    }

    private func update(next: Date?, last: Date? = nil, error: String?) throws {
        try db.execute(
            cached: """
                UPDATE schedules SET next_run_at = ?, last_run_at = coalesce(?, last_run_at), error = ? WHERE name = ?
                """, arguments: [next.map(Timestamp.text) ?? Self.never, last.map(Timestamp.text), error, name])
    }
}
