internal import Foundation
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Another program that converts a document: bounded in time, memory and output, without access to the terminal, and ended
/// whatever happens.
struct ChildProcess {
    /// Why it brought nothing.
    enum Failure: Error, Equatable {
        case notInstalled
        case cannotStart(String)
        case tooSlow(seconds: Double)
        case tooMuchOutput
        /// It ended by itself: what it wrote on standard error, and its exit status.
        case failed(message: String, status: Int32)
    }

    private static let starting = Mutex(())

    let command: String
    let arguments: [String]
    let limits: ReadingOptions

    /// Runs the program to its end.
    ///
    /// - parameter input: what it has as standard input, and may open as `/dev/stdin`.
    /// - returns: what it wrote on standard output, and on standard error.
    func run(input: Int32) throws(Failure) -> (output: [UInt8], messages: String) {
        guard let path = Self.path(of: command) else { throw .notInstalled }
        // One at a time, so that no child inherits the pipes of another before they are marked.
        let started = Self.starting.withLock { _ -> (child: Int32, outputs: Int32, messages: Int32)? in
            guard let outputs = Self.pipe() else { return nil }
            defer { close(outputs.write) }
            guard let messages = Self.pipe() else {
                close(outputs.read)
                return nil
            }
            defer { close(messages.write) }
            let child = start(path, input: input, output: outputs.write, messages: messages.write)
            return (child, outputs.read, messages.read)
        }
        guard let (child, outputs, messages) = started else { throw .cannotStart(String(cString: strerror(errno))) }
        defer { for descriptor in [outputs, messages] { close(descriptor) } }
        guard child > 0 else { throw .cannotStart(String(cString: strerror(-child))) }
        var collected = Collected(limit: limits.maximumTextBytes, seconds: limits.converterSeconds)
        let problem = collected.collect(output: outputs, messages: messages)
        // Its own children, if it has any, are in its group.
        if problem != nil { kill(-child, SIGKILL) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        if let problem { throw problem }
        let message = String(decoding: collected.messages, as: UTF8.self)
        guard status == 0 else {
            let code = status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
            throw .failed(message: message, status: code)
        }
        return (collected.output, message)
    }

    /// The process's number, or a negative error number.
    ///
    /// The shell sets the limits, which hold for what it then becomes: `ulimit -v` is in KiB, `-t` in seconds of computing.
    private func start(_ path: String, input: Int32, output: Int32, messages: Int32) -> Int32 {
        let script = """
            ulimit -v \(limits.converterMemoryBytes >> 10) -t \(Int(limits.converterSeconds.rounded(.up))) 2>/dev/null
            ulimit -c 0 2>/dev/null
            exec "$0" "$@"
            """
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, messages, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, and the signals as they are by default.
        var all = sigset_t()
        sigfillset(&all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var words: [UnsafeMutablePointer<CChar>?] = (["sh", "-c", script, path] + arguments).map { word in strdup(word)
        }
        words.append(nil)
        let settings: [String] = ["PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"]
        var environment: [UnsafeMutablePointer<CChar>?] = settings.map { word in strdup(word) }
        environment.append(nil)
        defer { for word in words + environment { free(word) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, "/bin/sh", &actions, &attributes, &words, &environment)
        return code == 0 ? child : -code
    }

    /// Where the program is on the PATH.
    static func path(of command: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.lazy.map { "\($0)/\(command)" }.first { access($0, X_OK) == 0 }
    }

    private static func pipe() -> (read: Int32, write: Int32)? {
        var ends: [Int32] = [0, 0]
        #if canImport(Glibc)
        guard Glibc.pipe(&ends) == 0 else { return nil }
        #elseif canImport(Musl)
        guard Musl.pipe(&ends) == 0 else { return nil }
        #else
        guard Darwin.pipe(&ends) == 0 else { return nil }
        #endif
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}

/// What a child writes, until it ends or is beyond a limit.
private struct Collected {
    var output: [UInt8] = []
    var messages: [UInt8] = []
    private let limit: Int
    private let seconds: Double
    private let deadline: ContinuousClock.Instant

    private static let maximumMessages = 16 << 10

    init(limit: Int, seconds: Double) {
        self.limit = limit
        self.seconds = seconds
        deadline = .now + .seconds(seconds)
    }

    mutating func collect(output: Int32, messages: Int32) -> ChildProcess.Failure? {
        var open = [
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: messages, events: Int16(POLLIN), revents: 0),
        ]
        while open.contains(where: { $0.fd >= 0 }) {
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            guard left > 0 else { return .tooSlow(seconds: seconds) }
            let ready = poll(&open, nfds_t(open.count), Int32(min(left, 1000)) + 1)
            if ready < 0, errno != EINTR { return .cannotStart(String(cString: strerror(errno))) }
            guard ready > 0 else { continue }
            for index in open.indices where open[index].fd >= 0 && open[index].revents != 0 {
                let piece = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
                    count = max(0, read(open[index].fd, buffer.baseAddress, buffer.count))
                }
                if piece.isEmpty {
                    open[index].fd = -1
                } else if index == 0 {
                    self.output += piece
                    if self.output.count > limit { return .tooMuchOutput }
                } else if self.messages.count < Self.maximumMessages {
                    self.messages += piece
                }
            }
        }
        return nil
    }
}
