import ChildProcesses
import Foundation
import JobStore

/// Worker processes race for the jobs of a queue with a rate and a concurrency, and some are killed: never more than either
/// allows.
package struct RateProof {
    package var jobs: Int
    package var workers: Int
    private let kills = 4

    package init(jobs: Int, workers: Int) {
        self.jobs = jobs
        self.workers = workers
    }

    package func run(_ report: ProofReport) async throws {
        let (concurrency, count, seconds) = (3, 10, 2)
        let queue = try ProvenQueue()
        var change = QueueChange()
        change.concurrency = .set(concurrency)
        change.rate = .set(RateLimit(count: count, seconds: seconds))
        try await queue.store.change(queue: "default", change)
        try await queue.add(jobs, tokens: 12)
        // Those that are killed leave jobs that still count as running.
        try await queue.store.execute("UPDATE settings SET value = '1000' WHERE key = 'maximum_crashes'")
        var processes = try (0..<workers).map { _ in try queue.start("-j", "4", "--drain") }
        for kill in 1...kills {
            try await queue.wait(
                seconds: 600, until: "count(*) >= \(kill * jobs / (kills + 1)) FROM jobs WHERE state = 'completed'")
            processes.removeFirst().killNow()
            processes.append(try queue.start("-j", "4", "--drain"))
        }
        for process in processes { try process.end(within: 600) }
        try queue.start("--drain").end(within: 600)
        try await queue.expectDone(jobs, "rates", report)

        // The audit trail is in the order of the transactions, whatever the clocks of the processes said.
        var (running, most) = (0, 0)
        for event in try await queue.store.query("SELECT coalesce(from_state, ''), to_state FROM events ORDER BY id") {
            if event[1] == "running" { running += 1 }
            if event[0] == "running" { running -= 1 }
            most = max(most, running)
        }
        report.expect(most <= concurrency, "\(most) jobs ran at once, \(concurrency) may")
        let starts = try await queue.store.query(
            "SELECT CAST(round((julianday(started_at) - 2440587.5) * 86400000) AS INTEGER) FROM attempts ORDER BY 1"
        ).compactMap { Int($0[0]) }
        var fullest = 0
        for (index, start) in starts.enumerated() {
            fullest = max(fullest, starts[index...].prefix { $0 < start + seconds * 1000 }.count)
        }
        report.expect(fullest <= count, "\(fullest) jobs started within \(seconds) s, \(count) may")
        report.note(
            """
            \(workers) processes, \(kills) of them killed, \(jobs) jobs: at most \(most) ran at once (\(concurrency) may), at most \(fullest) \
            started in any \(seconds) s (\(count) may)
            """)
    }
}
