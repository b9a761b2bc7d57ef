/// Exit codes: those of BSD's sysexits, and 1 for work that was done but partly failed.
enum ExitStatus: Int32 {
    case success = 0
    /// Finished; some jobs or lines failed.
    case someFailed = 1
    case usage = 64
    case badData = 65
    case noInput = 66
    /// The model or the engine isn't available.
    case unavailable = 69
    /// A bug of ours.
    case software = 70
    case cannotCreate = 73
    case ioError = 74
    /// Try again later: a locked database, a stop before the work was done.
    case temporary = 75
    case noPermission = 77
    /// Wrong or newer schema, wrong configuration.
    case configuration = 78
}

/// An error that says everything it has to: what, where, what to do next.
struct CommandError: Error, CustomStringConvertible {
    let status: ExitStatus
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}
