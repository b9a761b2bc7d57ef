internal import Foundation

/// A program that is run to its end while what it writes is gathered, within limits.
package struct ProgramRun: Sendable {
    package struct Outcome: Sendable {
        package let end: ChildProcess.End
        package let output: [UInt8]
        package let errors: [UInt8]
    }

    /// Why there is no outcome.
    package enum Failure: Error, Sendable {
        case cannotStart(String)
        /// It was killed, with what it had started; what it wrote until then.
        case tooSlow(seconds: Double, output: [UInt8], errors: [UInt8])
        /// It was killed, with what it had started.
        case tooMuchOutput
    }

    package var path: String
    package var arguments: [String]
    /// In place of this process's own.
    package var environment: [String: String]?
    package var folder: String?
    package var input: ChildProcess.Stream = .nothing
    /// Whether what it writes on standard error counts as its output.
    package var joinsErrors = false
    package var seconds: Double?
    /// More is a failure.
    package var maximumOutputBytes = Int.max
    /// More is passed over.
    package var maximumErrorBytes = 1 << 20

    package init(_ path: String, _ arguments: [String]) {
        self.path = path
        self.arguments = arguments
    }

    /// Where a program is on the PATH; `nil` where it isn't.
    package static func path(of command: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.lazy.map { "\($0)/\(command)" }.first(where: FileManager.default.isExecutableFile)
    }

    /// Runs it.
    package func run() throws(Failure) -> Outcome {
        let child: ChildProcess
        var (output, errors): (Int32, Int32)
        do throws(ChildProcess.StartError) {
            var outputs = try ChildPipe()
            var messages = try ChildPipe()
            // It and what it starts are killed as one; without a limit it hears the terminal's keys, as any command does.
            child = try ChildProcess(
                path, arguments, environment: environment, folder: folder, input: input,
                output: .descriptor(outputs.writeEnd),
                errors: .descriptor(joinsErrors ? outputs.writeEnd : messages.writeEnd),
                leadsGroup: seconds != nil || maximumOutputBytes < .max)
            outputs.closeWriteEnd()
            messages.closeWriteEnd()
            (output, errors) = (outputs.takeReadEnd(), messages.takeReadEnd())
        } catch {
            throw .cannotStart(String(cString: strerror(error.code)))
        }
        defer { for descriptor in [output, errors] { close(descriptor) } }
        var gathered = Gathered(self)
        do {
            try gathered.gather(output: output, errors: errors)
            return Outcome(end: try gathered.wait(for: child), output: gathered.output, errors: gathered.errors)
        } catch {
            child.killNow()
            throw error
        }
    }
}

/// What a program writes, until it has closed both streams or is beyond a limit.
private struct Gathered {
    private(set) var output: [UInt8] = []
    private(set) var errors: [UInt8] = []
    private let limits: ProgramRun
    private let deadline: ContinuousClock.Instant?

    init(_ limits: ProgramRun) {
        self.limits = limits
        deadline = limits.seconds.map { .now + .seconds($0) }
    }

    private var tooSlow: ProgramRun.Failure {
        .tooSlow(seconds: limits.seconds ?? 0, output: output, errors: errors)
    }

    /// Milliseconds to the deadline, at most a second.
    private func patience() throws(ProgramRun.Failure) -> Int32 {
        guard let deadline else { return 1000 }
        let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
        guard left > 0 else { throw tooSlow }
        return Int32(min(left, 1000)) + 1
    }

    mutating func gather(output: Int32, errors: Int32) throws(ProgramRun.Failure) {
        var open = [output, errors].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while open.contains(where: { $0.fd >= 0 }) {
            let ready = poll(&open, nfds_t(open.count), try patience())
            if ready < 0, errno != EINTR { throw .cannotStart(String(cString: strerror(errno))) }
            guard ready > 0 else { continue }
            for index in open.indices where open[index].fd >= 0 && open[index].revents != 0 {
                let piece = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
                    count = max(0, read(open[index].fd, buffer.baseAddress, buffer.count))
                }
                if piece.isEmpty {
                    open[index].fd = -1
                } else if index == 0 {
                    self.output += piece
                    if self.output.count > limits.maximumOutputBytes { throw .tooMuchOutput }
                } else if self.errors.count < limits.maximumErrorBytes {
                    self.errors += piece
                }
            }
        }
    }

    /// A program may go on after it has closed its streams.
    func wait(for child: ChildProcess) throws(ProgramRun.Failure) -> ChildProcess.End {
        guard let deadline else { return child.wait() }
        let left = ContinuousClock.now.duration(to: deadline) / .seconds(1)
        guard let end = child.wait(seconds: max(left, 0)) else { throw tooSlow }
        return end
    }
}
