/// What an attempt that ended took of its machine, as a forecast needs it. Times are milliseconds since 1970.
public struct AttemptTiming: Sendable, Hashable, Codable {
    public var kind: String
    public var worker: String
    /// Model, quantisation, instruction set, threads and version.
    public var engine: String
    public var outcome: String
    public var claimedAt: Int64
    public var finishedAt: Int64
    public var promptMilliseconds: Int?
    public var generateMilliseconds: Int?
    public var promptTokens: Int
    /// Of the prompt's tokens, those that weren't read for this job.
    public var cachedTokens: Int
    public var completionTokens: Int

    public init(
        kind: String, worker: String, engine: String, outcome: String = "completed", claimedAt: Int64,
        finishedAt: Int64, promptMilliseconds: Int?, generateMilliseconds: Int?, promptTokens: Int,
        cachedTokens: Int = 0, completionTokens: Int
    ) {
        self.kind = kind
        self.worker = worker
        self.engine = engine
        self.outcome = outcome
        self.claimedAt = claimedAt
        self.finishedAt = finishedAt
        self.promptMilliseconds = promptMilliseconds
        self.generateMilliseconds = generateMilliseconds
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.completionTokens = completionTokens
    }

    enum CodingKeys: String, CodingKey {
        case kind
        case worker = "worker_id"
        case engine, outcome
        case claimedAt = "claimed_at"
        case finishedAt = "finished_at"
        case promptMilliseconds = "prompt_ms"
        case generateMilliseconds = "generate_ms"
        case promptTokens = "prompt_tokens"
        case cachedTokens = "cached_tokens"
        case completionTokens = "completion_tokens"
    }
}
