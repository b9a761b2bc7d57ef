import Foundation
import Glibc
import JobStore
import Testing

@Suite("A million finished jobs slow nothing down", .serialized)
struct ScaleTests {
    private func milliseconds(_ body: () async throws -> Void) async rethrows -> Double {
        let time = try await ContinuousClock().measure { try await body() }
        return Double(time.components.seconds) * 1000 + Double(time.components.attoseconds) / 1e15
    }

    @Test("the claim seeks in its index")
    func plan() async throws {
        let test = try TestStore()
        let plan = try await test.store.claimPlan()
        #expect(plan.contains("USING COVERING INDEX jobs_claim (queue=? AND priority=? AND scheduled_at<?)"))
        #expect(!plan.contains("TEMP B-TREE"))
    }

    @Test("beside a hundred thousand finished jobs, claims and counts are right; their times are printed")
    func pace() async throws {
        let test = try TestStore()
        let store = test.store
        let text = String(repeating: "Bees make honey. ", count: 120)
        let processorTime = clock()
        let inserting = try await milliseconds {
            try await store.enqueue((0..<20_000).lazy.map { _ in NewJob.text(text) }, now: start)
        }
        let insertingProcessorTime = Double(clock() - processorTime) / Double(CLOCKS_PER_SEC) * 1000
        // Finished jobs by the shortest way, with what a real one leaves behind.
        let finished = ProcessInfo.processInfo.environment["NIGHTSHIFT_FINISHED_JOBS"].flatMap(Int.init) ?? 100_000
        try await store.execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(finished))
            INSERT INTO jobs(kind, input, state, attempt, finalized_at) SELECT 'summarize', 'x', 'completed', 1, '2026-11-22' FROM n
            """)
        try await store.execute(
            """
            INSERT INTO attempts(job_id, attempt, worker_id, outcome, finished_at)
              SELECT id, 1, 'w', 'completed', '2026-11-22' FROM jobs WHERE state = 'completed'
            """)
        _ = try await store.checkpoint()
        var claimTimes: [Double] = []
        var finishTimes: [Double] = []
        for _ in 0..<500 {
            var jobs: [ClaimedJob] = []
            claimTimes.append(
                try await milliseconds {
                    jobs = try await store.claim(limit: 1, queues: nil, worker: "w", now: seconds(1))
                })
            let claim = try #require(jobs.first?.claim)
            finishTimes.append(
                try await milliseconds {
                    _ = try await store.complete(claim, with: JobResult(text: text), now: seconds(2))
                })
        }
        claimTimes.sort()
        finishTimes.sort()
        var counts: [StateCount] = []
        let counting = try await milliseconds { counts = try await store.stateCounts() }
        let viewing = try await milliseconds { _ = try await store.queues() }
        let listing = try await milliseconds { _ = try await store.list(newestFirst: true, limit: 50) }
        let failing = try await milliseconds { _ = try await store.failures(limit: 10) }
        print(
            """
            jobs finished before: \(finished); inserts/s: \(Int(20_000_000 / inserting)), \
            of processor time \(Int(20_000_000 / insertingProcessorTime)); \
            claim ms p50 \(claimTimes[250]) p99 \(claimTimes[495]); finish ms p50 \(finishTimes[250]) p99 \(finishTimes[495]); \
            ms to count \(counting), queue_status \(viewing), list \(listing), failures \(failing)
            """)
        #expect(counts.contains(StateCount(queue: "default", state: .completed, count: finished + 500)))
        // Times are printed, not tested: they say more about what else the machine does. `plan` tests that claims seek.
    }
}
