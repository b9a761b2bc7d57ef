import Foundation
import JSONText
import JobStore
import Testing
import Worker

@Suite("Worker, hanging engines and clocks that jump", .timeLimit(.minutes(15)))
struct StallTests {
    private func text(tokens: Int) -> NewJob {
        NewJob(kind: "generate", input: .inline("A day."), options: ["max_new_tokens": .integer(tokens)])
    }

    @Test("an engine that hangs ends the worker; what was in it counts as crashed, what waited is handed back")
    func hang() async throws {
        let queue = InMemoryJobQueue()
        let ids = try await queue.enqueue((0..<3).map { _ in text(tokens: 5) }, now: Date()).map(\.id)
        let worker = try TestWorker(secondsPerStep: 600, rows: 1).make(
            on: queue, WorkerOptions(concurrency: 3, drains: true, pollSeconds: 0.01, stallSeconds: 0.3))
        let error = await #expect(throws: WorkerError.self) { try await worker.run() }
        guard case .engineStuck(_, let jobs)? = error else { return }
        #expect(jobs == [ids[0]])
        // The worker has signed off: its job needn't wait for the end of the lease.
        #expect(try await queue.reclaim(now: Date()).map(\.claim.jobID) == [ids[0]])
        #expect(await queue.snapshot(ids[0])?.outcomes == [.lost])
        for id in ids.dropFirst() { #expect(await queue.snapshot(id)?.outcomes == [.interrupted]) }
    }

    @Test(
        "after a jump of the clock others get the time to beat before their jobs are taken from them",
        .timeLimit(.minutes(15)))
    func jump() async throws {
        let start = Date(timeIntervalSince1970: 1_795_381_200)
        let clock = TestClock(start)
        let queue = InMemoryJobQueue()
        _ = try await queue.enqueue([text(tokens: 5)], now: start)
        let other = try #require(try await queue.claim(limit: 1, queues: nil, worker: "other", now: start).first)
        let test = try TestWorker()
        let worker = test.make(on: queue, now: { clock.now }, WorkerOptions(pollSeconds: 0.01))
        async let report = worker.run()
        /// Adds a job and lets time go on, without which the worker doesn't look for it, until it is done.
        func doAnother() async throws {
            let id = try await queue.enqueue([text(tokens: 2)], now: clock.now)[0].id
            while !test.events.all.contains(where: {
                if case .completed(id, _, _, _, _, _) = $0 { true } else { false }
            }) {
                try await Task.sleep(for: .milliseconds(10))
                clock.now += 0.011
            }
        }
        try await doAnother()
        clock.now += 3600
        try await doAnother()
        // The other's lease has run out by the new time, and still it has its job.
        #expect(await queue.snapshot(other.id)?.outcomes == [.running])
        // It was silent for longer than a worker is: now it's taken for dead. In steps, which are no jumps.
        for _ in 0..<6 {
            clock.now += 4
            try await doAnother()
        }
        #expect(await queue.snapshot(other.id)?.outcomes.first == .lost)
        await worker.requestStop()
        _ = try await report
    }
}
