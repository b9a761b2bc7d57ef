internal import CChildProcess
internal import Foundation
internal import Synchronization

/// A program that was started, to be signalled and waited for; it is killed with its owner.
///
/// In place of Foundation's `Process`, whose children may hold each other's pipes open, and which learns of an end only when
/// whatever the child has started has ended too.
package final class ChildProcess: Sendable {
    /// How a process ended.
    package enum End: Equatable, Sendable {
        case exited(Int32)
        /// By a signal.
        case killed(Int32)

        /// As a shell tells it: 128 and the signal's number for what a signal has killed.
        package var status: Int32 {
            switch self {
            case .exited(let status): status
            case .killed(let signal): 128 + signal
            }
        }

        /// From wait(2), whose macros aren't imported.
        fileprivate init(word: Int32) {
            self = word & 0x7F == 0 ? .exited(word >> 8 & 0xFF) : .killed(word & 0x7F)
        }
    }

    /// What one of a program's standard streams is.
    package enum Stream: Sendable {
        /// This process's own.
        case inherited
        /// /dev/null.
        case nothing
        /// Not closed here.
        case descriptor(Int32)
    }

    /// Why a program could not be started.
    package struct StartError: Error, CustomStringConvertible {
        package let path: String
        /// An error number of the system.
        package let code: Int32
        package var description: String { "can't start \(path): \(String(cString: strerror(code)))" }
    }

    package let id: Int32
    private let leadsGroup: Bool
    /// Set once it has ended and its number may be another's.
    private let ended = Mutex<End?>(nil)

    /// Starts the program at `path`.
    ///
    /// - parameters:
    ///   - environment: in place of this process's own.
    ///   - folder: where it runs, in place of this process's own.
    ///   - leadsGroup: whether it and what it starts are a process group, which is signalled as one. A group of its own hears
    ///     nothing of a terminal's keys.
    package init(
        _ path: String, _ arguments: [String], environment: [String: String]? = nil, folder: String? = nil,
        input: Stream = .nothing, output: Stream = .inherited, errors: Stream = .inherited, leadsGroup: Bool = false
    ) throws(StartError) {
        let variables = environment ?? ProcessInfo.processInfo.environment
        var words = ([path] + arguments).map { strdup($0) }
        var settings = variables.map { strdup("\($0)=\($1)") }
        defer { for word in words + settings { free(word) } }
        words.append(nil)
        settings.append(nil)
        var id = pid_t()
        let streams = [input, output, errors].map(\.number)
        let code = nightshift_spawn(&id, path, words, settings, folder, streams, leadsGroup ? 1 : 0)
        guard code == 0 else { throw StartError(path: path, code: code) }
        self.id = id
        self.leadsGroup = leadsGroup
    }

    deinit { killNow() }

    /// Signals it, and its group where it leads one; nothing happens once it has ended.
    package func send(_ signal: Int32) {
        ended.withLock { end in
            if end == nil { kill(leadsGroup ? -id : id, signal) }
        }
    }

    /// How it ended; `nil` while it runs.
    package var end: End? {
        ended.withLock { end in
            var word: Int32 = 0
            if end == nil, waitpid(id, &word, WNOHANG) == id { end = End(word: word) }
            return end
        }
    }

    package var isRunning: Bool { end == nil }

    /// Waits for the end.
    @discardableResult
    package func wait() -> End {
        while true {
            if let end { return end }
            // Left to be found by `end`, so that its number stays its own until then.
            var information = siginfo_t()
            _ = waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT)
        }
    }

    /// Waits for the end as long as that.
    ///
    /// - returns: `nil` where it still runs.
    package func wait(seconds: Double) -> End? {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            if let end { return end }
            guard ContinuousClock.now < deadline else { return nil }
            usleep(2000)
        }
    }

    /// Waits for the end as long as that, and kills it then.
    ///
    /// - returns: `nil` where it had to be killed.
    package func waitOrKill(seconds: Double) -> End? {
        if let end = wait(seconds: seconds) { return end }
        killNow()
        return nil
    }

    /// Kills it and its group, whatever they do, and returns once it is gone.
    package func killNow() {
        send(SIGKILL)
        wait()
    }
}

extension ChildProcess.Stream {
    fileprivate var number: Int32 {
        switch self {
        case .inherited: NIGHTSHIFT_STREAM_INHERITED
        case .nothing: NIGHTSHIFT_STREAM_NULL
        case .descriptor(let number): number
        }
    }
}
