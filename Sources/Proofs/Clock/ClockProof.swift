import ChildProcesses
import Foundation
import JobStore

/// Clocks that are set while workers work, and workers that are asleep past their leases.
package struct ClockProof {
    package init() {}

    package func run(_ report: ProofReport) async throws {
        try await sleepers(report)
        try await steps(report)
        try await NightProof().run(report)
    }

    /// A worker that was stopped for longer than its lease comes back: its jobs are somebody else's by then.
    private func sleepers(_ report: ProofReport) async throws {
        let queue = try ProvenQueue()
        try await queue.add(2, tokens: 400)
        let sleeper = try queue.start("-j", "2", "--lease", "2", "--drain")
        try await queue.wait(until: "count(*) = 2 FROM jobs WHERE state = 'running' AND progress > 0.05")
        sleeper.send(SIGSTOP)
        let other = try queue.start("-j", "2", "--lease", "2")
        try await queue.wait(until: "count(*) = 1 FROM attempts WHERE outcome = 'running' AND attempt = 2")
        sleeper.send(SIGCONT)
        try await queue.wait(until: "count(*) = 2 FROM jobs WHERE state = 'completed'")
        other.send(SIGTERM)
        let ends = [try other.end(within: 120), try sleeper.end(within: 120)]
        report.expect(ends == [.exited(0), .exited(0)], "a worker past its lease: the workers ended with \(ends)")
        try await queue.expectDone(2, "a worker past its lease", report)
        let attempts = try await queue.store.query(
            "SELECT job_id, attempt, outcome, coalesce(length(late_text), 0) FROM attempts ORDER BY job_id, attempt")
        let late = attempts.filter { $0[1] == "1" }
        report.expect(late.allSatisfy { $0[2] == "lost" && $0[3] != "0" }, "the late texts aren't kept: \(attempts)")
        let results = try await queue.number("SELECT count(*) FROM results WHERE attempt > 1")
        report.expect(results == 2, "the results aren't those of the worker that had the jobs: \(attempts)")
        report.note(
            "a worker asleep past its lease: refused on waking, its texts kept in attempts; others did the jobs")
    }

    /// The clock of all workers is set by an hour, back and forth, while they work.
    private func steps(_ report: ProofReport) async throws {
        let queue = try ProvenQueue()
        guard let faults = try SystemFaults(in: queue.folder) else {
            report.note("a clock that is set: skipped, since there is no C compiler")
            return
        }
        let clock = try FakeClock(in: queue.folder)
        let environment = faults.setting(clock)
        try await queue.add(120, tokens: 40)
        let workers = try (0..<3).map { _ in try queue.start("-j", "4", "--drain", environment: environment) }
        for step in [3600.0, 0, -3600, 0, 3600, 7200] {
            try await Task.sleep(for: .milliseconds(700))
            try clock.set(step)
        }
        let ends = try workers.map { try $0.end(within: 120) }
        report.expect(ends.allSatisfy { $0 == .exited(0) }, "a clock that is set: the workers ended with \(ends)")
        // Who was asked to end while others' jobs ran may leave some for the next.
        try queue.start("--drain", environment: environment).end(within: 120)
        try await queue.expectDone(120, "a clock that is set", report)
        let others = try await queue.number("SELECT count(*) FROM attempts WHERE outcome <> 'completed'")
        report.expect(others == 0, "a clock that is set: \(others) attempts of workers that were well are lost")
        report.note("a clock set by an hour six times: 120 jobs, each done at its first try")
    }
}
