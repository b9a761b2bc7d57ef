import Foundation
import JobStore
package import Worker

/// A line on standard error for whatever happens to a job.
package struct WorkJournal: Sendable {
    package init() {}

    func write(_ event: WorkerEvent) {
        switch event {
        case .started(let id, let engine):
            Console.note("worker \(id) is at work" + (engine.map { ": \($0)" } ?? ""))
        case .claimed, .began: break
        case .completed(let id, let kind, let seconds, let prompt, let cached, let tokens):
            let time = seconds.formatted(.number.precision(.fractionLength(1)).grouping(.never))
            Console.noteForeign(
                "job \(id) (\(kind)) completed in \(time) s: \(counted(prompt - cached, "token")) read"
                    + (cached > 0 ? " and \(cached) shared" : "") + ", \(tokens) written")
        case .divided(_, _, 0, _): break
        case .divided(let id, let kind, let parts, let level):
            let what = level == 0 ? "its text is" : "what the parts have brought is"
            Console.noteForeign(
                "job \(id) (\(kind)) waits for \(counted(parts, "part")): \(what) too long for one prompt")
        case .failed(let id, let kind, _, let message, let isFinal):
            let fate = isFinal ? "given up" : "failed, will be tried again"
            Console.noteForeign("job \(id) (\(kind)) \(fate): \(message)")
        case .cancelled(let id, let kind): Console.noteForeign("job \(id) (\(kind)) cancelled")
        case .interrupted(let id, let kind): Console.noteForeign("job \(id) (\(kind)) handed back unfinished")
        case .lost(let id, let kind):
            Console.noteForeign("job \(id) (\(kind)) was taken from this worker; its text is kept with the attempt")
        case .deleted(let id, let kind): Console.noteForeign("job \(id) (\(kind)) was deleted while it ran")
        case .reclaimed(let id, let worker, let isFinal):
            let fate = isFinal ? "given up: too many workers have died in it, last" : "taken back from"
            Console.noteForeign("job \(id) \(fate) \(worker)\(isFinal ? "" : ", which is gone or silent")")
        case .timed(let changes):
            if changes.missedDeadlines > 0 {
                Console.note("\(counted(changes.missedDeadlines, "job")) given up: the deadline has passed")
            }
            if !changes.scheduledJobs.isEmpty {
                let ids = changes.scheduledJobs.map(String.init).joined(separator: ", ")
                Console.note("added by schedule: job \(ids)")
            }
        case .noted(let note): Console.noteForeign("nightshift: \(note)")
        case .stopping(let end, let running):
            let why = end == .deadline ? "the time is up" : "stopping"
            let rest = running == 0 ? "" : "; finishing \(counted(running, "running job"))"
            Console.note("\(why): no more jobs are claimed\(rest)")
        }
    }
}

extension WorkerReport {
    /// One line that says how the work ended and counts what failed.
    package var summary: String {
        let why =
            switch end {
            case .drained: "nothing is due any more"
            case .windowClosed: "nothing is left but what waits for the run window of its queue"
            case .claimedOnce: "the jobs of one claim are done"
            case .jobLimit: "the number of jobs is reached"
            case .deadline: "the time is up"
            case .stopped: "stopped"
            }
        let parts = [
            (completed, "completed"), (completedParts, "parts of jobs completed"), (discarded, "given up"),
            (failedAttempts - discarded, "to be tried again"),
            (cancelled, "cancelled"), (interrupted, "handed back"), (lost, "taken away"), (deleted, "deleted"),
        ].filter { $0.0 > 0 || $0.1 == "completed" }
        return "\(why): " + parts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
            + (leftWork ? "; work is left" : "")
    }

    /// - throws: ``CommandError`` without a text of its own: 75 when a stop or the deadline left work undone, 1 when jobs
    ///   failed.
    package func throwUnlessClean() throws {
        if leftWork { throw CommandError(.temporary, "") }
        if failedAttempts > 0 { throw CommandError(.someFailed, "") }
    }
}
