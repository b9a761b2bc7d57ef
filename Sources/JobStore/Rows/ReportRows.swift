// What commands and people look at. The properties are the columns of the views of the same names, and so are the keys
// when they are encoded.

/// A line of the view `job_status`. Times are local, as text.
public struct JobStatusRow: Sendable, Hashable, Codable {
    public var id: Int64
    public var kind: String
    public var queue: String
    /// A `JobState`, or what it comes to now: `scheduled`, `retryable` or `stalled`.
    public var status: String
    public var priority: Int
    /// Attempts so far and the most allowed: `1/3`.
    public var tries: String
    /// Percent, of running jobs.
    public var progress: String?
    public var scheduled: String?
    public var started: String?
    public var finished: String?
    /// The document's name, or the beginning of the text.
    public var input: String?
    public var error: String?
    /// Of a part: the job that it is a part of, and its place among the parts.
    public var parentID: Int64?
    public var part: Int?

    enum CodingKeys: String, CodingKey {
        case id, kind, queue, status, priority, tries, progress, scheduled, started, finished, input, error
        case parentID = "parent_id"
        case part
    }
}

/// A line of the view `result_texts`.
public struct ResultRow: Sendable, Hashable, Codable {
    public var id: Int64
    public var kind: String
    public var document: String?
    public var question: String?
    public var text: String
    public var promptTokens: Int?
    public var completionTokens: Int?
    public var finishReason: String?
    public var seconds: Double?
    public var tokensPerSecond: Double?
    public var finished: String?
    public var batch: String?
    /// What ended the text before it came to an end of its own, such as `repetition`.
    public var stoppedBy: String?
    /// The input did not fit whole.
    public var truncated: Bool
    /// Of how many parts of the text it was made; `nil` for a text in one piece.
    public var parts: Int?
    /// Of a part: the job that it is a part of, and its place among the parts.
    public var parentID: Int64?
    public var part: Int?

    enum CodingKeys: String, CodingKey {
        case id, kind, document, question, text
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case finishReason = "finish_reason"
        case seconds
        case tokensPerSecond = "tokens_per_second"
        case finished, batch
        case stoppedBy = "stopped_by"
        case truncated, parts
        case parentID = "parent_id"
        case part
    }
}

/// A line of the view `failures`.
public struct FailureRow: Sendable, Hashable, Codable {
    public var id: Int64
    public var kind: String
    /// The job's state now.
    public var state: String
    public var attempt: Int
    public var outcome: String
    public var errorCode: String?
    public var error: String?
    public var at: String?

    enum CodingKeys: String, CodingKey {
        case id, kind, state, attempt, outcome
        case errorCode = "error_code"
        case error, at
    }
}

/// A line of the view `queue_status`.
public struct QueueStatusRow: Sendable, Hashable, Codable {
    public var queue: String
    public var paused: Bool
    public var openNow: Bool
    public var available: Int
    public var scheduled: Int
    public var running: Int
    public var pending: Int
    public var completed: Int
    public var discarded: Int
    public var cancelled: Int
    /// When the longest due job was due, as stored.
    public var oldest: String?
    /// Parts of jobs that are to be done; the other figures count whole jobs.
    public var parts: Int

    public init(
        queue: String, paused: Bool = false, openNow: Bool = true, available: Int = 0, scheduled: Int = 0,
        running: Int = 0, pending: Int = 0, completed: Int = 0, discarded: Int = 0, cancelled: Int = 0,
        oldest: String? = nil, parts: Int = 0
    ) {
        self.queue = queue
        self.paused = paused
        self.openNow = openNow
        self.available = available
        self.scheduled = scheduled
        self.running = running
        self.pending = pending
        self.completed = completed
        self.discarded = discarded
        self.cancelled = cancelled
        self.oldest = oldest
        self.parts = parts
    }

    enum CodingKeys: String, CodingKey {
        case queue, paused
        case openNow = "open_now"
        case available, scheduled, running, pending, completed, discarded, cancelled, oldest, parts
    }
}

/// A line of the view `timing_by_kind`.
public struct TimingRow: Sendable, Hashable, Codable {
    public var kind: String
    public var count: Int
    public var averageWaitSeconds: Double?
    public var averageFirstTokenSeconds: Double?
    public var averageTotalSeconds: Double?
    public var longestTotalSeconds: Double?
    public var promptTokens: Int?
    public var completionTokens: Int?
    public var tokensPerSecond: Double?

    enum CodingKeys: String, CodingKey {
        case kind
        case count = "n"
        case averageWaitSeconds = "avg_wait_s"
        case averageFirstTokenSeconds = "avg_first_token_s"
        case averageTotalSeconds = "avg_total_s"
        case longestTotalSeconds = "max_total_s"
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case tokensPerSecond = "tokens_per_second"
    }
}

/// A line of the view `batch_progress`.
public struct BatchRow: Sendable, Hashable, Codable {
    public var id: Int64
    public var name: String?
    public var total: Int
    public var completed: Int?
    public var failed: Int?
    public var cancelled: Int?
    public var remaining: Int?
    public var percent: Double?
    /// Every job of it has ended.
    public var complete: Bool
    /// No more jobs will be added.
    public var sealed: Bool
    /// Local time.
    public var finished: String?
}

/// A line of the table `attempts`. Times are UTC, as stored.
public struct AttemptRow: Sendable, Hashable, Codable {
    public var attempt: Int
    public var workerID: String
    public var outcome: String
    public var startedAt: String
    public var finishedAt: String?
    public var waitMilliseconds: Int?
    public var loadMilliseconds: Int?
    public var promptMilliseconds: Int?
    public var generateMilliseconds: Int?
    public var totalMilliseconds: Int?
    public var promptTokens: Int?
    public var cachedTokens: Int?
    public var completionTokens: Int?
    public var tokensPerSecond: Double?
    public var finishReason: String?
    public var peakRSSMegabytes: Double?
    public var engine: String?
    public var seed: Int64?
    public var errorCode: String?
    public var error: String?
    /// The text of an attempt that came too late to be the job's result.
    public var lateText: String?

    enum CodingKeys: String, CodingKey {
        case attempt
        case workerID = "worker_id"
        case outcome
        case startedAt = "started_at"
        case finishedAt = "finished_at"
        case waitMilliseconds = "wait_ms"
        case loadMilliseconds = "load_ms"
        case promptMilliseconds = "prompt_ms"
        case generateMilliseconds = "generate_ms"
        case totalMilliseconds = "total_ms"
        case promptTokens = "prompt_tokens"
        case cachedTokens = "cached_tokens"
        case completionTokens = "completion_tokens"
        case tokensPerSecond = "tokens_per_second"
        case finishReason = "finish_reason"
        case peakRSSMegabytes = "peak_rss_mb"
        case engine, seed
        case errorCode = "error_code"
        case error
        case lateText = "late_text"
    }
}

/// A line of the table `events`.
public struct EventRow: Sendable, Hashable, Codable {
    public var at: String
    public var fromState: String?
    public var toState: String
    public var attempt: Int?
    public var by: String?

    enum CodingKeys: String, CodingKey {
        case at
        case fromState = "from_state"
        case toState = "to_state"
        case attempt, by
    }
}
