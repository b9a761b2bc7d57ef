import ArgumentParser
import JobStore

/// A status of the view `job_status`: a state, or what a state comes to now.
enum StatusName: String, CaseIterable, ExpressibleByArgument {
    case pending, held, available, scheduled, retryable, running, stalled, completed, cancelled, discarded

    /// The stored state, where it is one.
    var state: JobState? { JobState(rawValue: rawValue) }
}
