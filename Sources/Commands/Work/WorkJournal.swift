import Foundation
import Logging
import Worker

/// A line on standard error for whatever happens to a job.
struct WorkJournal: Sendable {
    func write(_ event: WorkerEvent) {
        switch event {
        case .started(let id): Console.note("worker \(id) is at work")
        case .claimed: break
        case .completed(let id, let kind, let seconds, let prompt, let tokens):
            let time = seconds.formatted(.number.precision(.fractionLength(1)).grouping(.never))
            Console.note("job \(id) (\(kind)) completed in \(time) s: \(prompt) tokens read, \(tokens) written")
        case .failed(let id, let kind, let code, let message, let isFinal):
            let fate = isFinal ? "given up" : "will be tried again"
            Console.noteForeign("job \(id) (\(kind)) failed, \(fate): \(code): \(message)")
        case .cancelled(let id, let kind): Console.note("job \(id) (\(kind)) cancelled")
        case .interrupted(let id, let kind): Console.note("job \(id) (\(kind)) handed back unfinished")
        case .lost(let id, let kind):
            Console.note("job \(id) (\(kind)) went to somebody else meanwhile; the text is kept with the attempt")
        case .reclaimed(let id, let worker): Console.note("job \(id) taken back from \(worker), which is gone")
        case .stopping(let running):
            Console.note("stopping: claiming no more, \(running) running \(running == 1 ? "job" : "jobs") to finish")
        }
    }
}

extension WorkerReport {
    /// One line that says how the work ended and counts what failed.
    var summary: String {
        let why =
            switch end {
            case .drained: "nothing is due any more"
            case .jobLimit: "the number of jobs is reached"
            case .deadline: "the time is up"
            case .stopped: "stopped"
            }
        let parts = [
            (completed, "completed"), (discarded, "given up"), (failedAttempts - discarded, "to be tried again"),
            (cancelled, "cancelled"), (interrupted, "handed back"), (lost, "lost"),
        ].filter { $0.0 > 0 || $0.1 == "completed" }
        return "\(why): " + parts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    /// - throws: ``CommandError`` without a text of its own: 75 when the work was cut short, 1 when jobs failed.
    func throwUnlessClean() throws {
        if end == .stopped || end == .deadline { throw CommandError(.temporary, "") }
        if failedAttempts > 0 { throw CommandError(.someFailed, "") }
    }
}

extension Console {
    /// Warnings and errors of the modules, on standard error.
    static var logger: Logger {
        var logger = Logger(label: "nightshift") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return logger
    }
}
