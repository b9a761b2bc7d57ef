public import Foundation

/// What a worker works on, and when it ends.
public struct WorkerOptions: Sendable {
    /// The queues to serve; `nil` for all.
    public var queues: [String]?
    /// Jobs held at once; enough to keep the engine's batch full.
    public var concurrency: Int
    /// Ends when nothing is due and nothing runs, instead of waiting for more.
    public var drains: Bool
    /// Claims nothing after this many jobs; `nil` for no limit.
    public var maximumJobs: Int?
    /// Claims nothing from then on; what runs is finished within `graceSeconds` or handed back.
    public var deadline: Date?
    /// How long running jobs may go on after a stop was asked for, or the deadline has come.
    public var graceSeconds: Double
    /// How often the worker looks whether anything has changed.
    public var pollSeconds: Double
    /// How often it looks for jobs whose worker has died.
    public var reclaimSeconds: Double

    public init(
        queues: [String]? = nil, concurrency: Int = 32, drains: Bool = false, maximumJobs: Int? = nil,
        deadline: Date? = nil, graceSeconds: Double = 30, pollSeconds: Double = 0.1, reclaimSeconds: Double = 1
    ) {
        precondition(concurrency >= 1 && pollSeconds > 0 && reclaimSeconds > 0 && graceSeconds >= 0)
        self.queues = queues
        self.concurrency = concurrency
        self.drains = drains
        self.maximumJobs = maximumJobs
        self.deadline = deadline
        self.graceSeconds = graceSeconds
        self.pollSeconds = pollSeconds
        self.reclaimSeconds = reclaimSeconds
    }
}

/// What a worker did, when it has ended.
public struct WorkerReport: Sendable, Equatable {
    public enum End: Sendable, Equatable {
        /// Nothing was due any more.
        case drained
        /// `maximumJobs` were done.
        case jobLimit
        /// The deadline came.
        case deadline
        /// Somebody asked for it.
        case stopped
    }

    public var end = End.drained
    public var completed = 0
    /// Attempts that failed; the job may be tried again later.
    public var failedAttempts = 0
    /// Jobs that were given up.
    public var discarded = 0
    public var cancelled = 0
    /// Jobs handed back unfinished.
    public var interrupted = 0
    /// Results that came too late: somebody else had the job by then.
    public var lost = 0

    public init() {}
}

/// What happens while a worker works, for whoever shows it.
public enum WorkerEvent: Sendable {
    case started(workerID: String)
    case claimed(jobID: Int64, kind: String, attempt: Int)
    /// `seconds`: from claim to finish.
    case completed(jobID: Int64, kind: String, seconds: Double, promptTokens: Int, completionTokens: Int)
    /// `isFinal`: the job was given up.
    case failed(jobID: Int64, kind: String, code: String, message: String, isFinal: Bool)
    case cancelled(jobID: Int64, kind: String)
    case interrupted(jobID: Int64, kind: String)
    case lost(jobID: Int64, kind: String)
    case reclaimed(jobID: Int64, from: String)
    /// Claims no more; `running` jobs are being finished.
    case stopping(running: Int)
}
