/// What the view `job_status` says of a job: its state, or what that comes to now. A job has one status at a time, so that
/// `available` leaves out what is due later, `pending` what is held, and `running` what is stalled.
public enum JobStatus: String, Sendable, CaseIterable {
    case pending
    /// Kept from running by a hand.
    case held
    case available
    /// Not due yet.
    case scheduled
    /// Failed, and not due again yet.
    case retryable
    case running
    /// Its worker has gone silent.
    case stalled
    case completed, cancelled, discarded

    /// The state behind it.
    public var state: JobState {
        switch self {
        case .pending, .held: .pending
        case .available, .scheduled, .retryable: .available
        case .running, .stalled: .running
        case .completed: .completed
        case .cancelled: .cancelled
        case .discarded: .discarded
        }
    }

    /// What tells it from the other statuses of the state, on the table `jobs` under the name `j`; `nil` where it is the
    /// only one.
    var condition: String? {
        let now = "strftime('%Y-%m-%dT%H:%M:%fZ')"
        return switch self {
        case .pending: "j.held_at IS NULL"
        case .held: "j.held_at IS NOT NULL"
        case .available: "j.scheduled_at <= \(now)"
        case .scheduled: "j.scheduled_at > \(now) AND j.attempt = 0"
        case .retryable: "j.scheduled_at > \(now) AND j.attempt > 0"
        case .running: "j.lease_expires_at >= \(now)"
        case .stalled: "j.lease_expires_at < \(now)"
        case .completed, .cancelled, .discarded: nil
        }
    }
}
