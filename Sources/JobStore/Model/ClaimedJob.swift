public import Foundation
public import JSONText

/// The right to finish one attempt of one job. Whoever edits the job takes it away: a finish under a claim that is no
/// longer good changes neither the job nor its result.
public struct JobClaim: Sendable, Hashable {
    public var jobID: Int64
    /// Counts from 1.
    public var attempt: Int
    /// `workers.id`.
    public var worker: String

    public init(jobID: Int64, attempt: Int, worker: String) {
        self.jobID = jobID
        self.attempt = attempt
        self.worker = worker
    }
}

/// A job with everything a worker needs to do it.
public struct ClaimedJob: Sendable {
    /// The job's document; jobs of one claim that share it share its storage.
    public struct Document: Sendable {
        public var id: Int64
        public var title: String?
        public var source: String?
        public var mediaType: String
        public var text: String
    }

    /// The stored template the job names instead of its kind's own.
    public struct Template: Sendable {
        public var name: String
        public var version: Int
        public var body: String
        /// A JSON text, usually an object.
        public var optionsJSON: String
    }

    /// A job of the conversation that this one goes on with.
    public struct EarlierJob: Sendable {
        public var id: Int64
        /// `nil` where the job is gone, or its document.
        public var text: String?
        /// `nil` where the result is gone.
        public var reply: String?
        /// A JSON text.
        public var optionsJSON: String
    }

    public var claim: JobClaim
    public var kind: String
    public var queue: String
    public var priority: Int
    public var maxAttempts: Int
    public var question: String?
    /// The text in the job's own row.
    public var input: String?
    public var document: Document?
    public var template: Template?
    /// A JSON text; `options()` reads it.
    public var optionsJSON: String
    /// A JSON text.
    public var metadataJSON: String
    public var batchID: Int64?
    public var customID: String?
    public var parentID: Int64?
    public var part: Int?
    /// The longest an attempt may take; `nil` for no limit.
    public var timeoutSeconds: Double?
    /// From the time the job was due to its claim.
    public var waitMilliseconds: Int
    /// Oldest first.
    public var conversation: [EarlierJob] = []
    /// Of a job that was divided: its parts of the highest level, in their order.
    public var parts: [Part] = []

    public var id: Int64 { claim.jobID }

    /// The text to work on; `nil` for a job that combines its parts, and where a row made by hand names a document that
    /// isn't there.
    public var text: String? { document?.text ?? input }

    /// The job's options.
    ///
    /// - Throws: `JobStoreError.optionsNotAnObject` where a row made by hand holds other JSON: a permanent failure.
    public func options() throws -> [String: JSONValue] {
        guard case .object(let object)? = try? JSONParser.parse(optionsJSON) else {
            throw JobStoreError.optionsNotAnObject(jobID: id, options: optionsJSON)
        }
        return object.dictionary
    }
}

/// How far a running job is, for its heartbeat.
public struct JobProgress: Sendable {
    public var claim: JobClaim
    /// 0...1; `nil` leaves what the row says.
    public var fraction: Double?

    public init(claim: JobClaim, fraction: Double? = nil) {
        self.claim = claim
        self.fraction = fraction
    }
}

/// A job that was taken from a dead or silent worker.
public struct ReclaimedJob: Sendable, Hashable {
    public var claim: JobClaim
    /// `available` again, or `discarded` where too many workers have died in it.
    public var state: JobState

    public init(claim: JobClaim, state: JobState) {
        self.claim = claim
        self.state = state
    }
}

/// Why a running job must stop though nobody has changed it.
public enum JobRecall: String, Sendable, Hashable {
    /// The run window of its queue has closed, and its jobs are to be interrupted then.
    case windowClosed
    /// It wasn't done by its deadline.
    case deadlineMissed
}

/// What time has brought about.
public struct TimedChanges: Sendable, Equatable {
    /// Waiting jobs that were given up, since their deadline has passed.
    public var missedDeadlines: Int
    /// Jobs that schedules have added.
    public var scheduledJobs: [Int64]

    public init(missedDeadlines: Int = 0, scheduledJobs: [Int64] = []) {
        self.missedDeadlines = missedDeadlines
        self.scheduledJobs = scheduledJobs
    }
}

/// What lies ahead in the queues a worker serves.
public struct QueueOutlook: Sendable, Equatable {
    /// A claim now would return something.
    public var hasDue: Bool
    /// When the next job that isn't due yet will be, in a queue that isn't paused.
    public var nextDue: Date?
    /// Some worker is at work.
    public var hasRunning: Bool
    /// Due jobs wait for no more than the rate of their queue: they will start by themselves.
    public var waitsForRate = false
    /// Due jobs wait for their queue's window to open.
    public var waitsForWindow = false

    public init(
        hasDue: Bool, nextDue: Date?, hasRunning: Bool, waitsForRate: Bool = false, waitsForWindow: Bool = false
    ) {
        self.hasDue = hasDue
        self.nextDue = nextDue
        self.hasRunning = hasRunning
        self.waitsForRate = waitsForRate
        self.waitsForWindow = waitsForWindow
    }
}
