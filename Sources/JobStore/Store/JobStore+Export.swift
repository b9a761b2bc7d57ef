import GRDB

/// A job with everything an export tells of it.
public struct ExportedJob: Sendable, Equatable {
    public var id: Int64
    public var kind: String
    public var queue: String
    public var state: JobState
    public var priority: Int
    public var maxAttempts: Int
    public var customID: String?
    public var batch: String?
    public var question: String?
    public var optionsJSON: String
    public var metadataJSON: String
    public var timeoutSeconds: Double?
    /// When it was due, and when it ended, as stored.
    public var scheduledAt: String
    public var finalizedAt: String?
    public var error: String?
    /// The job that this one is a part of.
    public var parentID: Int64?
    public var documentID: Int64?
    public var documentTitle: String?
    public var documentSource: String?
    /// The text in the job's own row, and the document's; only where they were asked for.
    public var input: String?
    public var documentText: String?
    /// What came out; only of completed jobs.
    public var text: String?
    public var isTruncated: Bool
    /// The fingerprint of the weights that wrote it.
    public var model: String?
    /// Milliseconds since 1970.
    public var resultAt: Int64?
    public var finishReason: String?
    public var promptTokens: Int?
    public var cachedTokens: Int?
    public var completionTokens: Int?
    public var seed: Int64?
    public var errorCode: String?
}

/// Which jobs to export, in which order.
public struct ExportFilter: Sendable {
    public enum Order: Sendable {
        case byID
        /// Jobs on documents, document by document, each document's jobs by id.
        case byDocument
        /// Jobs without a document, by id.
        case withoutDocument
    }

    public var selection: JobSelection
    public var order: Order
    /// Also reads the texts that the jobs work on.
    public var readsInputs: Bool

    public init(selection: JobSelection, order: Order = .byID, readsInputs: Bool = false) {
        self.selection = selection
        self.order = order
        self.readsInputs = readsInputs
    }
}

extension JobStore {
    /// Whichever is reached first ends a page.
    private static let exportRows = 1000
    private static let exportBytes = 16 << 20

    /// Every job that the filter leaves, page by page: a million neither fill the memory nor hold one read open, which
    /// would keep the log from being written back. What changes meanwhile is seen by those pages that come after it.
    public func forEachExported(_ filter: ExportFilter, _ body: (ExportedJob) throws -> Void) async throws {
        var last = (document: Int64.min, id: Int64.min)
        while true {
            let page = try await exportPage(filter, after: last)
            for job in page { try body(job) }
            guard let end = page.last else { return }
            last = (end.documentID ?? 0, end.id)
        }
    }

    private func exportPage(
        _ filter: ExportFilter, after last: (document: Int64, id: Int64)
    ) async throws -> [ExportedJob] {
        var condition = Condition(filter.selection)
        let source: String
        let order: String
        // Along the table, or along the index of documents: all pages together read either once, whatever is selected.
        switch filter.order {
        case .byID:
            (source, order) = ("jobs j NOT INDEXED", "j.id")
            condition.add("j.id > ?", last.id)
        case .byDocument:
            (source, order) = ("jobs j INDEXED BY jobs_document", "j.document_id, j.id")
            condition.add("j.document_id IS NOT NULL AND (j.document_id, j.id) > (?, ?)", last.document, last.id)
        case .withoutDocument:
            (source, order) = ("jobs j NOT INDEXED", "j.id")
            condition.add("j.document_id IS NULL AND j.id > ?", last.id)
        }
        let inputs =
            filter.readsInputs ? "j.input AS input, d.text AS document_text" : "NULL AS input, NULL AS document_text"
        let sql = """
            SELECT j.id, j.kind, j.queue, j.state, j.priority, j.max_attempts, j.custom_id, j.question, j.options, j.metadata,
              j.timeout_seconds, j.scheduled_at, j.finalized_at, j.error, j.parent_id, j.document_id, b.name AS batch,
              d.title, d.source, \(inputs), r.text, coalesce(r.truncated, 0) AS truncated, r.model,
              CAST(round((julianday(r.created_at) - 2440587.5) * 86400000) AS INTEGER) AS result_at,
              a.finish_reason, a.prompt_tokens, a.cached_tokens, a.completion_tokens, a.seed, a.error_code
            FROM \(source)
            LEFT JOIN results r ON r.job_id = j.id AND j.state = 'completed'
            LEFT JOIN attempts a ON a.job_id = j.id AND a.attempt = coalesce(r.attempt, j.attempt)
            LEFT JOIN documents d ON d.id = j.document_id LEFT JOIN batches b ON b.id = j.batch_id
            WHERE \(condition.sql) ORDER BY \(order) LIMIT \(Self.exportRows)
            """
        let arguments = condition.arguments
        return try await read { db in
            var jobs: [ExportedJob] = []
            var bytes = 0
            let rows = try Row.fetchCursor(db, sql: sql, arguments: arguments)
            while bytes < Self.exportBytes, let row = try rows.next() {
                let job = try ExportedJob(row)
                bytes += job.size
                jobs.append(job)
            }
            return jobs
        }
    }
}

extension ExportedJob {
    fileprivate init(_ row: Row) throws {
        self.init(
            id: try row.value("id"), kind: try row.value("kind"), queue: try row.value("queue"),
            state: try row.named("state"), priority: try row.value("priority"),
            maxAttempts: try row.value("max_attempts"), customID: try row.optional("custom_id"),
            batch: try row.optional("batch"), question: try row.optional("question"),
            optionsJSON: try row.value("options"), metadataJSON: try row.value("metadata"),
            timeoutSeconds: try row.optional("timeout_seconds"), scheduledAt: try row.value("scheduled_at"),
            finalizedAt: try row.optional("finalized_at"), error: try row.optional("error"),
            parentID: try row.optional("parent_id"),
            documentID: try row.optional("document_id"), documentTitle: try row.optional("title"),
            documentSource: try row.optional("source"), input: try row.optional("input"),
            documentText: try row.optional("document_text"), text: try row.optional("text"),
            isTruncated: try row.value("truncated"), model: try row.optional("model"),
            resultAt: try row.optional("result_at"),
            finishReason: try row.optional("finish_reason"), promptTokens: try row.optional("prompt_tokens"),
            cachedTokens: try row.optional("cached_tokens"), completionTokens: try row.optional("completion_tokens"),
            seed: try row.optional("seed"), errorCode: try row.optional("error_code"))
    }

    /// Bytes of its texts, roughly.
    fileprivate var size: Int {
        [text, input, documentText, question, metadataJSON, optionsJSON].reduce(200) { $0 + ($1?.utf8.count ?? 0) }
    }
}
