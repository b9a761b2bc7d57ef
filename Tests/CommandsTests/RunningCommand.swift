import ChildProcesses
import Foundation
import Synchronization
import TestSupport
import Testing

/// A command that was started: to be watched, signalled and waited for.
final class RunningCommand {
    private let process: ChildProcess
    private let name: String
    private let output: PipeReader
    private let errors: PipeReader

    /// - parameter input: written to the command's standard input, which is closed then.
    init(
        _ path: String, _ arguments: [String], environment: [String: String], folder: String, input: String
    ) throws {
        // A command that ends before it has read its input must not end the tests.
        signal(SIGPIPE, SIG_IGN)
        name = arguments.joined(separator: " ")
        var stdin = try ChildPipe()
        var stdout = try ChildPipe()
        var stderr = try ChildPipe()
        process = try ChildProcess(
            path, arguments, environment: environment, folder: folder, input: .descriptor(stdin.readEnd),
            output: .descriptor(stdout.writeEnd), errors: .descriptor(stderr.writeEnd))
        stdin.closeReadEnd()
        stdout.closeWriteEnd()
        stderr.closeWriteEnd()
        // All three pipes at once: a full one would stop the command.
        output = PipeReader(stdout.takeReadEnd())
        errors = PipeReader(stderr.takeReadEnd())
        let keyboard = FileHandle(fileDescriptor: stdin.takeWriteEnd(), closeOnDealloc: true)
        Thread.detachNewThread {
            try? keyboard.write(contentsOf: Data(input.utf8))
            try? keyboard.close()
        }
    }

    func send(_ signal: Int32) { process.send(signal) }

    /// Waits for the end. The status of a command that a signal has killed is the shell's: 128 and the signal's number.
    func wait() -> CommandLine.Outcome {
        if process.waitOrKill(seconds: TestProgram.patience) == nil {
            Issue.record("not at its end after \(TestProgram.patience) s: \(name)\n\(output.text)\(errors.text)")
        }
        return CommandLine.Outcome(
            status: process.wait().status, output: output.wholeText, errors: errors.wholeText)
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
    private let data = Mutex(Data())
    private let ended = DispatchGroup()

    /// - parameter descriptor: closed at the end.
    init(_ descriptor: Int32) {
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        ended.enter()
        Thread.detachNewThread { [self] in
            while case let piece = file.availableData, !piece.isEmpty { data.withLock { $0 += piece } }
            ended.leave()
        }
    }

    /// What has come so far.
    var text: String { String(decoding: data.withLock { $0 }, as: UTF8.self) }

    /// All that came; waits for the end, which whatever the command has left behind may put off.
    var wholeText: String {
        _ = ended.wait(timeout: .now() + TestProgram.patience)
        return text
    }
}
