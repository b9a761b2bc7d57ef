import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A process that was started to be signalled, killed, or waited for.
final class ChildProcess {
    let id: pid_t
    private var status: Int32?

    /// How a process ended.
    enum End: Equatable {
        case exited(Int32)
        case killed(Int32)
    }

    /// Starts `executable`; what it prints on both streams is appended to the file `output`.
    ///
    /// - parameter environment: in place of this process's own.
    init(
        _ executable: String, _ arguments: [String], output: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let words = ([executable] + arguments).map { strdup($0) }
        let variables = environment.map { strdup("\($0)=\($1)") }
        defer { for word in words + variables { free(word) } }
        var id = pid_t()
        let code = posix_spawn(&id, executable, &actions, nil, words + [nil], variables + [nil])
        guard code == 0 else { throw ProofError("can't start \(executable): \(String(cString: strerror(code)))") }
        self.id = id
    }

    func send(_ signal: Int32) { if status == nil { kill(id, signal) } }

    /// How it ended; `nil` while it runs.
    var end: End? {
        if status == nil {
            var word: Int32 = 0
            if waitpid(id, &word, WNOHANG) == id { status = word }
        }
        return status.map(Self.end)
    }

    /// Waits for the end.
    ///
    /// - throws: ``ProofError`` when it takes longer than `seconds`; the process is killed then.
    @discardableResult
    func wait(seconds: Double = 120) throws -> End {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            if let end { return end }
            if ContinuousClock.now > deadline {
                send(SIGKILL)
                throw ProofError("process \(id) did not end within \(seconds) s")
            }
            Thread.sleep(forTimeInterval: 0.002)
        }
    }

    /// Kills it, whatever it does, and returns once it's gone.
    func killNow() {
        send(SIGKILL)
        _ = try? wait()
    }

    deinit { killNow() }

    /// The macros of wait(2) aren't imported.
    private static func end(_ status: Int32) -> End {
        status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(status & 0x7f)
    }
}
