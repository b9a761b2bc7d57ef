public import Foundation
public import JobStore

/// What a worker works on, and when it ends.
public struct WorkerOptions: Sendable {
    /// The queues to serve; `nil` for all.
    public var queues: [String]?
    /// Jobs held at once: more than the engine's batch takes, so that it can plan which of them run together.
    public var concurrency: Int
    /// Ends when nothing is due and nothing runs, instead of waiting for more.
    public var drains: Bool
    /// When it drains: it also waits for jobs that fall due within so many seconds, such as those to be tried again.
    public var drainPatience = 0.0
    /// Claims a single time, does those jobs, and ends.
    public var claimsOnce: Bool
    /// Claims nothing after this many jobs; `nil` for no limit.
    public var maximumJobs: Int?
    /// Claims nothing from then on; what runs is finished within `graceSeconds` or handed back.
    public var deadline: Date?
    /// How long running jobs may go on after a stop was asked for, or the deadline has come.
    public var graceSeconds: Double
    /// How often the worker looks whether anything has changed.
    public var pollSeconds: Double
    /// How often it looks for jobs that have fallen due without anybody having changed anything.
    public var claimSeconds: Double
    /// How often it looks for jobs whose worker has died.
    public var reclaimSeconds: Double
    /// How long a step of the engine may take before the worker takes it to hang: far longer than the slowest machine
    /// needs to read the weights once.
    public var stallSeconds: Double

    public init(
        queues: [String]? = nil, concurrency: Int = 64, drains: Bool = false, claimsOnce: Bool = false,
        maximumJobs: Int? = nil, deadline: Date? = nil, graceSeconds: Double = 30, pollSeconds: Double = 0.1,
        claimSeconds: Double = 0.5, reclaimSeconds: Double = 1, stallSeconds: Double = 900
    ) {
        precondition(concurrency >= 1 && pollSeconds > 0 && claimSeconds > 0 && reclaimSeconds > 0 && graceSeconds >= 0)
        precondition(stallSeconds > 0)
        self.queues = queues
        self.concurrency = concurrency
        self.drains = drains
        self.claimsOnce = claimsOnce
        self.maximumJobs = maximumJobs
        self.deadline = deadline
        self.graceSeconds = graceSeconds
        self.pollSeconds = pollSeconds
        self.claimSeconds = claimSeconds
        self.reclaimSeconds = reclaimSeconds
        self.stallSeconds = stallSeconds
    }
}

/// What a worker did, when it has ended.
public struct WorkerReport: Sendable, Equatable {
    public enum End: Sendable, Equatable {
        /// Nothing was due any more.
        case drained
        /// Nothing was left but what waits for the run window of its queue.
        case windowClosed
        /// The jobs of a single claim were done.
        case claimedOnce
        /// `maximumJobs` were done.
        case jobLimit
        /// The deadline came.
        case deadline
        /// Somebody asked for it.
        case stopped
    }

    public var end = End.drained
    /// Stopped, or out of time, with jobs handed back or due ones not begun: another run would find work.
    public var leftWork = false
    public var completed = 0
    /// Parts of jobs, which ``completed`` doesn't count.
    public var completedParts = 0
    /// Attempts that failed; the job may be tried again later.
    public var failedAttempts = 0
    /// Jobs that were given up.
    public var discarded = 0
    public var cancelled = 0
    /// Jobs handed back unfinished.
    public var interrupted = 0
    /// Jobs that somebody released or took over while they ran.
    public var lost = 0
    /// Jobs that somebody deleted while they ran.
    public var deleted = 0

    public init() {}
}

/// What happens while a worker works, for whoever shows it.
public enum WorkerEvent: Sendable {
    case started(workerID: String, engine: String?)
    case claimed(jobID: Int64, kind: String, attempt: Int)
    /// The engine waits no more with it.
    case began(jobID: Int64, kind: String)
    /// `seconds`: from claim to finish. `cachedTokens`: of the prompt's, those that were not read for this job.
    case completed(
        jobID: Int64, kind: String, seconds: Double, promptTokens: Int, cachedTokens: Int, completionTokens: Int)
    /// `isFinal`: the job was given up.
    case failed(jobID: Int64, kind: String, code: String, message: String, isFinal: Bool)
    /// Its text is too long for one prompt: it waits for so many parts, none where it has them already. `level`: 0 for parts
    /// of the text, 1 for parts of the results of level 0, and so on.
    case divided(jobID: Int64, kind: String, parts: Int, level: Int)
    case cancelled(jobID: Int64, kind: String)
    case interrupted(jobID: Int64, kind: String)
    case lost(jobID: Int64, kind: String)
    case deleted(jobID: Int64, kind: String)
    /// `isFinal`: too many workers have died in the job, and it was given up.
    case reclaimed(jobID: Int64, from: String, isFinal: Bool)
    /// Deadlines have passed, or schedules have added jobs.
    case timed(TimedChanges)
    /// Something about the queue's file that somebody should know.
    case noted(MaintenanceNote)
    /// Claims no more; `running` jobs are being finished.
    case stopping(WorkerReport.End, running: Int)
}
