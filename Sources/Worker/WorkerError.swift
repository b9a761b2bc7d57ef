/// Why a worker gave up though its queue is well.
public enum WorkerError: Error, Sendable, Equatable {
    /// The engine is in the same step for `seconds` and can't be stopped; `jobs` were in it.
    case engineStuck(seconds: Double, jobs: [Int64])
}

extension WorkerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .engineStuck(let seconds, let jobs):
            """
            the engine has not finished a step for \(Int(seconds)) s, so this worker ends; it had in it: job \
            \(jobs.map(String.init).joined(separator: ", ")). They count as crashed, and each runs alone next time. \
            Start the worker again, or let a service manager do it
            """
        }
    }
}
