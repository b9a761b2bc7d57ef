import Foundation
import Synchronization
import Testing

/// A command that was started: to be watched, signalled and waited for.
final class RunningCommand {
    private let process: Process
    private let output = PipeReader()
    private let errors = PipeReader()

    /// - parameter input: written to the command's standard input, which is closed then.
    init(_ process: Process, input: String) throws {
        // A command that ends before it has read its input must not end the tests.
        signal(SIGPIPE, SIG_IGN)
        self.process = process
        let stdin = Pipe()
        (process.standardInput, process.standardOutput, process.standardError) = (stdin, output.pipe, errors.pipe)
        try process.run()
        // All three pipes at once: a full one would stop the command.
        output.start()
        errors.start()
        DispatchQueue.global().async {
            try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try? stdin.fileHandleForWriting.close()
        }
    }

    deinit {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end. The status of a command that a signal has killed is the shell's: 128 and the signal's number.
    func wait() -> CommandLine.Outcome {
        process.waitUntilExit()
        let isKilled = process.terminationReason == .uncaughtSignal
        return CommandLine.Outcome(
            status: process.terminationStatus + (isKilled ? 128 : 0), output: output.wholeText, errors: errors.wholeText
        )
    }

    /// Waits until the command has written `text` to standard error.
    func waitForErrors(containing text: String, sourceLocation: SourceLocation = #_sourceLocation) {
        waitUntil("\(text)", sourceLocation: sourceLocation) { errors.text.contains(text) || !process.isRunning }
    }

    /// Waits until the command has written `text` to standard output.
    func waitForOutput(containing text: String, sourceLocation: SourceLocation = #_sourceLocation) {
        waitUntil("\(text)", sourceLocation: sourceLocation) { output.text.contains(text) || !process.isRunning }
    }
}

/// Waits until something is so, for a minute at most.
func waitUntil(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ isSo: () throws -> Bool
) rethrows {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
        if try isSo() { return }
        Thread.sleep(forTimeInterval: 0.01)
    }
    Issue.record("waited in vain: \(what)", sourceLocation: sourceLocation)
}

/// Gathers what comes through a pipe, on a thread of its own.
private final class PipeReader: Sendable {
    let pipe = Pipe()
    private let data = Mutex(Data())
    private let ended = DispatchGroup()

    func start() {
        DispatchQueue.global().async(group: ended) {
            while true {
                let piece = self.pipe.fileHandleForReading.availableData
                if piece.isEmpty { return }
                self.data.withLock { $0 += piece }
            }
        }
    }

    /// What has come so far.
    var text: String { String(decoding: data.withLock { $0 }, as: UTF8.self) }

    /// All that came; waits for the end.
    var wholeText: String {
        ended.wait()
        return text
    }
}
