import Foundation
import GRDB
import JSONText

/// Inserts jobs within one transaction, several rows to a statement: a statement that sets off triggers costs as much by
/// itself as a row does.
struct JobInserter {
    /// Of jobs that wait for nothing; whoever else has to be told of a job's id inserts it alone.
    private static let rowsAtOnce = 10
    /// Texts of a statement are held twice.
    private static let bytesAtOnce = 1 << 20

    private let db: Database
    private let now: String
    private let firstIndex: Int
    private var outcomes: [Result<EnqueuedJob, JobStoreError>?]
    /// Jobs whose rows are ready.
    private var page: [Row] = []
    private var pageBytes = 0
    private var pageKeys: Set<String> = []

    /// A row to insert.
    private struct Row {
        let position: Int
        let job: NewJob
        let values: [(any DatabaseValueConvertible)?]
    }

    /// - Parameter firstIndex: the position of the first job among all that the caller was given, for messages.
    /// - Returns: what became of each job.
    /// - Throws: what isn't about a single job.
    static func insert(
        _ jobs: [NewJob], firstIndex: Int, in db: Database, now: Date
    ) throws -> [Result<EnqueuedJob, JobStoreError>] {
        var inserter = JobInserter(db: db, now: now, firstIndex: firstIndex, count: jobs.count)
        for (position, job) in jobs.enumerated() { try inserter.take(job, at: position) }
        try inserter.flush()
        return inserter.outcomes.compactMap(\.self)
    }

    private init(db: Database, now: Date, firstIndex: Int, count: Int) {
        self.db = db
        self.now = Timestamp.text(now)
        self.firstIndex = firstIndex
        outcomes = Array(repeating: nil, count: count)
    }

    private mutating func take(_ job: NewJob, at position: Int) throws {
        do {
            if let key = job.uniqueKey {
                // The one that has it may be on its way.
                if pageKeys.contains(key) { try flush() }
                if let existing = try Self.job(withKey: key, in: db) {
                    outcomes[position] = .success(EnqueuedJob(id: existing, isNew: false))
                    return
                }
            }
            let row = try row(job, at: position)
            guard job.dependsOn.isEmpty, job.afterEndOf.isEmpty, job.afterBatches.isEmpty else {
                try flush()
                return try insertAlone(row)
            }
            page.append(row)
            if let key = job.uniqueKey { pageKeys.insert(key) }
            pageBytes += job.input.inlineSize
            if page.count == Self.rowsAtOnce || pageBytes > Self.bytesAtOnce { try flush() }
        } catch let error as JobStoreError where error.isAboutOneJob {
            outcomes[position] = .failure(error)
        }
    }

    // MARK: - Rows

    private static let columns = """
        kind, queue, priority, scheduled_at, max_attempts, question, options, metadata, batch_id, custom_id, unique_key, \
        template_id, parent_id, part, created_at, deadline_at, timeout_seconds, held_at, continues, document_id, input
        """

    private static func insertion(rows: Int) -> String {
        let row = "(" + Array(repeating: "?", count: 21).joined(separator: ",") + ")"
        return
            "INSERT INTO jobs (\(columns)) VALUES \(Array(repeating: row, count: rows).joined(separator: ",")) RETURNING id"
    }

    private static let single = insertion(rows: 1)
    private static let several = insertion(rows: rowsAtOnce)

    private func row(_ job: NewJob, at position: Int) throws -> Row {
        let index = firstIndex + position
        var job = job
        try refuseNUL(in: job.question, "question", index)
        var input: String?
        var documentID: Int64?
        switch job.input {
        case .none: break
        case .documentID(let id): documentID = id
        case .inline(let text):
            try refuseNUL(in: text, "input", index)
            input = text
        case .document(let document):
            try refuseNUL(in: document.text, "document", index)
            let stored = try DocumentStorage.store(document, in: db, now: now)
            documentID = stored.id
            if let name = stored.otherName, job.metadata["document"] == nil { job.metadata["document"] = .string(name) }
        }
        return Row(
            position: position, job: job,
            values: [
                job.kind, job.queue, job.priority, job.scheduledAt.map(Timestamp.text) ?? now, job.maxAttempts,
                job.question, json(job.options), json(job.metadata), job.batchID, job.customID, job.uniqueKey,
                job.templateID, job.parentID, job.part, now, job.deadlineAt.map(Timestamp.text), job.timeoutSeconds,
                job.isHeld ? now : nil, job.continues, documentID, input,
            ])
    }

    private mutating func flush() throws {
        let rows = page
        page.removeAll(keepingCapacity: true)
        pageKeys.removeAll(keepingCapacity: true)
        pageBytes = 0
        if rows.count == Self.rowsAtOnce, let ids = try insertTogether(rows) {
            for (row, id) in zip(rows, ids) { outcomes[row.position] = .success(EnqueuedJob(id: id, isNew: true)) }
        } else {
            for row in rows { try insertAlone(row) }
        }
    }

    /// - Returns: the ids in the order of the rows; `nil` where one of the rows was refused, and so none is there.
    private func insertTogether(_ rows: [Row]) throws -> [Int64]? {
        let statement = try db.cachedStatement(sql: Self.several)
        var ids: [Int64] = []
        do {
            try db.inSavepoint {
                let values = StatementArguments(rows.flatMap(\.values))
                // Each row gets a higher id than the one before, and the rows come in no promised order.
                ids = try Int64.fetchAll(statement, arguments: values).sorted()
                // A trigger of somebody's own may have left out a row without a word.
                return ids.count == rows.count ? .commit : .rollback
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            return nil
        }
        return ids.count == rows.count ? ids : nil
    }

    private mutating func insertAlone(_ row: Row) throws {
        let statement = try db.cachedStatement(sql: Self.single)
        var id: Int64?
        do {
            // What a job waits for belongs to it: where that is refused, so is the job.
            try db.inSavepoint {
                id = try Int64.fetchAll(statement, arguments: StatementArguments(row.values)).first
                if let id { try makeWait(id, for: row.job) }
                return .commit
            }
            outcomes[row.position] =
                if let id {
                    .success(EnqueuedJob(id: id, isNew: true))
                } else {
                    .failure(
                        .refusedJob(
                            index: firstIndex + row.position, constraint: "a trigger of the database left it out"))
                }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            outcomes[row.position] = .failure(refusal(of: row.job, index: firstIndex + row.position, error))
        }
    }

    private func makeWait(_ id: Int64, for job: NewJob) throws {
        func insert(into table: String, _ column: String, _ others: [Int64]) throws {
            guard !others.isEmpty else { return }
            let statement = try db.cachedStatement(
                sql: "INSERT OR IGNORE INTO \(table) (job_id, \(column)) VALUES (?, ?)")
            for other in others { try statement.execute(arguments: [id, other]) }
        }
        try insert(into: "job_dependencies", "depends_on", job.dependsOn)
        try insert(into: "end_dependencies", "depends_on", job.afterEndOf)
        try insert(into: "batch_dependencies", "batch_id", job.afterBatches)
    }

    // MARK: - What is there already

    /// The open or completed job that has the key already. Asked first, since an insert that gives way to it would use up
    /// an id.
    static func job(withKey key: String, in db: Database) throws -> Int64? {
        let query = try db.cachedStatement(
            sql: """
                SELECT id FROM jobs
                WHERE unique_key = ? AND unique_key IS NOT NULL AND state NOT IN ('cancelled','discarded')
                """)
        return try Int64.fetchOne(query, arguments: [key])
    }

    private func json(_ values: [String: JSONValue]) -> String {
        values.isEmpty ? "{}" : JSONValue.object(JSONObject(values)).text
    }

    // MARK: - Refusals

    private func refuseNUL(in text: String?, _ field: String, _ index: Int) throws {
        if let text, holdsNUL(text) { throw JobStoreError.nulCharacter(index: index, field: field) }
    }

    private func refusal(of job: NewJob, index: Int, _ error: DatabaseError) -> JobStoreError {
        let message = error.message ?? ""
        if message.contains("jobs.custom_id"), let batchID = job.batchID, let customID = job.customID {
            return .duplicateCustomID(index: index, customID: customID, batchID: batchID)
        }
        if error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY {
            return .refusedJob(
                index: index,
                constraint: "a batch, template, document, parent or other job that it names does not exist")
        }
        return .refusedJob(index: index, constraint: JobStoreError.rule(in: message))
    }
}

extension NewJob.Input {
    /// Bytes of a text in the job's own row.
    fileprivate var inlineSize: Int { if case .inline(let text) = self { text.utf8.count } else { 0 } }
}

/// Byte by byte over the text's storage: every text that is stored passes through here.
func holdsNUL(_ text: String) -> Bool {
    text.utf8.withContiguousStorageIfAvailable { $0.contains(0) } ?? text.utf8.contains(0)
}
