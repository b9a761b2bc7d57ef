/// The states a job is stored in. What the view `job_status` shows beside them (`scheduled`, `retryable`, `stalled`)
/// follows from the times in the row.
public enum JobState: String, Sendable, Hashable, CaseIterable, Codable {
    /// Waits for other jobs.
    case pending
    /// May be claimed once it is due.
    case available
    /// Belongs to a worker until its lease expires.
    case running
    case completed, cancelled
    /// Given up: failed for good, or too often.
    case discarded

    /// Whether nothing more will happen to the job by itself.
    public var isFinal: Bool {
        switch self {
        case .completed, .cancelled, .discarded: true
        case .pending, .available, .running: false
        }
    }
}

/// How an attempt ended, as `attempts.outcome` stores it.
public enum AttemptOutcome: String, Sendable, Hashable, CaseIterable, Codable {
    case running, completed, failed, cancelled
    case timedOut = "timed_out"
    /// Handed back by a worker that stopped, or taken from it by hand; doesn't count as a failure.
    case interrupted
    /// The worker died or fell silent.
    case lost
}
