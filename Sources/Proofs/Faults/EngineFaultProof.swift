import ChildProcesses
import Foundation
import JobStore

/// Jobs that make the engine hang, crash, answer nonsense or run out of memory, among jobs that are well. A service manager
/// starts the worker again when it ends. The sick jobs are given up with a reason, all others are done.
package struct EngineFaultProof {
    package var jobs: Int
    package init(jobs: Int) { self.jobs = jobs }

    package func run(_ report: ProofReport) async throws {
        let queue = try ProvenQueue()
        try await queue.add(jobs / 2, tokens: 20)
        var sick: [EngineFault: Int64] = [:]
        for fault in EngineFault.allCases {
            sick[fault] = try await queue.add(1, tokens: 20, beginning: fault.rawValue).first
        }
        try await queue.add(jobs - jobs / 2, tokens: 20)
        var ends: [String: Int] = [:]
        let deadline = ContinuousClock.now + .seconds(180)
        while ContinuousClock.now < deadline {
            // A crash that is wanted needs no backtrace, which takes longer than all else.
            let worker = try queue.start(
                "--drain", "--stall", "1", "--faults", environment: ["SWIFT_BACKTRACE": "enable=no"])
            ends["\(try worker.end(within: 120))", default: 0] += 1
            // A failed attempt waits before the next one; nobody wants to wait here.
            try await queue.store.execute("UPDATE jobs SET scheduled_at = '2026-01-01' WHERE state = 'available'")
            if try await queue.count("finalized_at IS NULL") == 0 { break }
        }
        let completed = try await queue.count("state = 'completed'")
        report.expect(completed == jobs, "\(completed) of \(jobs) jobs that are well were completed")
        for violation in try await queue.store.audit() { report.find(violation) }
        for fault in EngineFault.allCases {
            let id = sick[fault] ?? 0
            let row =
                try await queue.store.query(
                    """
                    SELECT state, (SELECT group_concat(outcome) FROM attempts WHERE job_id = jobs.id AND outcome <> 'interrupted'),
                      error FROM jobs WHERE id = \(id)
                    """
                ).first ?? []
            // The first may be lost by a neighbour's fault; then each runs alone.
            let outcomes = row.count == 3 ? row[1].split(separator: ",") : []
            let isRight =
                fault.endsProcess
                ? outcomes == ["lost", "lost", "lost"]
                : outcomes.last == "failed" && outcomes.count { $0 == "lost" } <= 1
            report.expect(row.first == "discarded" && isRight, "\(fault): \(row)")
            report.note("\(fault): \(row.joined(separator: "; "))")
        }
        let text = ends.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        report.note("\(jobs) jobs beside them, \(completed) completed; workers: \(text)")
    }
}

extension EngineFault {
    /// Whether its worker doesn't survive it, by its own will or not.
    fileprivate var endsProcess: Bool {
        switch self {
        case .hang, .crash, .outOfMemory: true
        case .notANumber, .error: false
        }
    }
}
