/// A job with what came of it, as a report shows it. The properties are columns.
public struct ReportedJob: Sendable, Hashable, Codable {
    public var id: Int64
    public var kind: String
    public var queue: String
    public var batch: String?
    public var state: String
    /// Jobs that this one was split into.
    public var parts: Int
    public var question: String?
    public var documentID: Int64?
    /// The name it was queued under, its title or its source; of a text without a document, its beginning.
    public var document: String?
    public var source: String?
    public var error: String?
    public var errorCode: String?
    /// UTC, as stored.
    public var finalizedAt: String?
    /// What came out; `nil` where nothing did.
    public var text: String?
    public var format: String?
    public var truncated: Bool
    public var meanLogprob: Double?
    public var grounding: Double?
    public var repetition: Double?
    public var stoppedBy: String?
    public var noAnswer: Bool
    /// What a person thinks of it, where the queue keeps such a thing.
    public var verdict: String?
    public var correction: String?
    public var model: String?
    public var promptTokens: Int?
    public var cachedTokens: Int?
    public var completionTokens: Int?
    public var milliseconds: Int?

    public init(
        id: Int64, kind: String, queue: String = "default", batch: String? = nil, state: String = "completed",
        parts: Int = 0, question: String? = nil, documentID: Int64? = nil, document: String? = nil,
        source: String? = nil, error: String? = nil, errorCode: String? = nil, finalizedAt: String? = nil,
        text: String? = nil, format: String? = "text", truncated: Bool = false, meanLogprob: Double? = nil,
        grounding: Double? = nil, repetition: Double? = nil, stoppedBy: String? = nil, noAnswer: Bool = false,
        verdict: String? = nil, correction: String? = nil, model: String? = nil, promptTokens: Int? = nil,
        cachedTokens: Int? = nil, completionTokens: Int? = nil, milliseconds: Int? = nil
    ) {
        self.id = id
        self.kind = kind
        self.queue = queue
        self.batch = batch
        self.state = state
        self.parts = parts
        self.question = question
        self.documentID = documentID
        self.document = document
        self.source = source
        self.error = error
        self.errorCode = errorCode
        self.finalizedAt = finalizedAt
        self.text = text
        self.format = format
        self.truncated = truncated
        self.meanLogprob = meanLogprob
        self.grounding = grounding
        self.repetition = repetition
        self.stoppedBy = stoppedBy
        self.noAnswer = noAnswer
        self.verdict = verdict
        self.correction = correction
        self.model = model
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.completionTokens = completionTokens
        self.milliseconds = milliseconds
    }

    enum CodingKeys: String, CodingKey {
        case id, kind, queue, batch, state, parts, question
        case documentID = "document_id"
        case document, source, error
        case errorCode = "error_code"
        case finalizedAt = "finalized_at"
        case text, format, truncated
        case meanLogprob = "mean_logprob"
        case grounding, repetition
        case stoppedBy = "stopped_by"
        case noAnswer = "no_answer"
        case verdict, correction, model
        case promptTokens = "prompt_tokens"
        case cachedTokens = "cached_tokens"
        case completionTokens = "completion_tokens"
        case milliseconds = "total_ms"
    }
}

/// A quotation with what stands before and after it in its text.
public struct QuotedPassage: Sendable, Hashable, Codable {
    public var jobID: Int64
    public var begin: Int
    public var before: String
    public var text: String
    public var after: String
    /// Whether the text begins with `before`, and ends with `after`.
    public var isAtStart: Bool
    public var isAtEnd: Bool

    public init(
        jobID: Int64, begin: Int, before: String, text: String, after: String, isAtStart: Bool = false,
        isAtEnd: Bool = false
    ) {
        self.jobID = jobID
        self.begin = begin
        self.before = before
        self.text = text
        self.after = after
        self.isAtStart = isAtStart
        self.isAtEnd = isAtEnd
    }

    enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
        case begin, before, text, after
        case isAtStart = "is_at_start"
        case isAtEnd = "is_at_end"
    }
}

/// The beginning of a text that jobs work on.
public struct TextExcerpt: Sendable, Hashable {
    public var text: String
    /// Characters of the whole.
    public var length: Int

    public init(text: String, length: Int) {
        self.text = text
        self.length = length
    }
}

/// How the jobs of a report ended.
public struct ReportCounts: Sendable, Hashable {
    /// Jobs of one kind that ended in one way.
    public struct Group: Sendable, Hashable, Codable {
        public var kind: String
        public var state: String
        public var errorCode: String?
        /// One of their errors.
        public var error: String?
        public var count: Int

        enum CodingKeys: String, CodingKey {
            case kind, state
            case errorCode = "error_code"
            case error, count
        }
    }

    public var groups: [Group] = []
    public var documents = 0
    /// Jobs that haven't ended.
    public var open = 0
}
