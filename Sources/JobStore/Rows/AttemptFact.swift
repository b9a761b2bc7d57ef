/// What one attempt that ended cost, and how it went. Times are milliseconds; moments are since 1970.
public struct AttemptFact: Sendable, Hashable, Codable {
    public var jobID: Int64
    public var attempt: Int
    public var kind: String
    public var queue: String
    /// The job that is counted: the whole one where ``jobID`` is a part of it.
    public var wholeJobID: Int64
    public var worker: String
    public var engine: String?
    public var outcome: String
    public var errorCode: String?
    public var claimedAt: Int64
    public var finishedAt: Int64
    public var waitMilliseconds: Int
    public var loadMilliseconds: Int
    public var promptMilliseconds: Int
    public var generateMilliseconds: Int
    public var promptTokens: Int
    public var cachedTokens: Int
    public var completionTokens: Int

    /// Of a job that is a part of another one.
    public var isPart: Bool { wholeJobID != jobID }

    public init(
        jobID: Int64, attempt: Int = 1, kind: String, queue: String = "default", wholeJobID: Int64? = nil,
        worker: String = "w", engine: String? = nil, outcome: String = "completed", errorCode: String? = nil,
        claimedAt: Int64, finishedAt: Int64, waitMilliseconds: Int = 0, loadMilliseconds: Int = 0,
        promptMilliseconds: Int = 0, generateMilliseconds: Int = 0, promptTokens: Int = 0, cachedTokens: Int = 0,
        completionTokens: Int = 0
    ) {
        self.jobID = jobID
        self.attempt = attempt
        self.kind = kind
        self.queue = queue
        self.wholeJobID = wholeJobID ?? jobID
        self.worker = worker
        self.engine = engine
        self.outcome = outcome
        self.errorCode = errorCode
        self.claimedAt = claimedAt
        self.finishedAt = finishedAt
        self.waitMilliseconds = waitMilliseconds
        self.loadMilliseconds = loadMilliseconds
        self.promptMilliseconds = promptMilliseconds
        self.generateMilliseconds = generateMilliseconds
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.completionTokens = completionTokens
    }

    enum CodingKeys: String, CodingKey {
        case jobID = "job_id"
        case attempt, kind, queue
        case wholeJobID = "whole_job_id"
        case worker = "worker_id"
        case engine, outcome
        case errorCode = "error_code"
        case claimedAt = "claimed_at"
        case finishedAt = "finished_at_ms"
        case waitMilliseconds = "wait_ms"
        case loadMilliseconds = "load_ms"
        case promptMilliseconds = "prompt_ms"
        case generateMilliseconds = "generate_ms"
        case promptTokens = "prompt_tokens"
        case cachedTokens = "cached_tokens"
        case completionTokens = "completion_tokens"
    }

    public var failed: Bool { ["failed", "timed_out", "lost"].contains(outcome) }
}
