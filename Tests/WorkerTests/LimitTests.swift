import Foundation
import JSONText
import JobStore
import Testing
import Worker

@Suite("Worker and the limits of jobs and queues", .timeLimit(.minutes(15)))
struct LimitTests {
    private let start = Date(timeIntervalSince1970: 1_795_381_200)
    private let queue = InMemoryJobQueue(
        settings: QueueSettings(leaseSeconds: 36_000), clock: WallClock(.gmt), random: { 0.5 })

    private func endless() -> NewJob {
        NewJob(kind: "summarize", input: .inline("A long day."), options: ["max_new_tokens": .integer(1900)])
    }

    private func short() -> NewJob {
        NewJob(kind: "generate", input: .inline("A day."), options: ["max_new_tokens": .integer(2)])
    }

    /// A worker at work on a clock that stands until it is set.
    private func withWorker(
        _ options: WorkerOptions, _ body: (Worker, TestWorker, TestClock) async throws -> Void
    ) async throws -> WorkerReport {
        let test = try TestWorker(secondsPerStep: 0.01)
        let clock = TestClock(start)
        var options = options
        options.pollSeconds = 0.01
        let worker = test.make(on: queue, now: { clock.now }, options)
        async let report = worker.run()
        // The time of an attempt begins when the engine does.
        try await test.events.wait { if case .began = $0 { true } else { false } }
        try await body(worker, test, clock)
        return try await report
    }

    @Test("a job that takes too long fails its attempt, and is tried again later")
    func timeout() async throws {
        var slow = endless()
        slow.timeoutSeconds = 4
        let id = try await queue.enqueue([slow], now: start)[0].id
        let report = try await withWorker(WorkerOptions(drains: true)) { _, _, clock in
            clock.now = start.addingTimeInterval(5)
        }
        #expect(report.failedAttempts == 1)
        let snapshot = try #require(await queue.snapshot(id))
        #expect(snapshot.outcomes == [.timedOut] && snapshot.state == .available)
        #expect(snapshot.error == "timed_out: took longer than 4.0 s")
        #expect(snapshot.scheduledAt == start.addingTimeInterval(20))
    }

    @Test("an hour by which the clock is set forward, or the machine sleeps, uses up no job's time")
    func timeoutAndClock() async throws {
        var slow = NewJob(kind: "generate", input: .inline("A day."), options: ["max_new_tokens": .integer(60)])
        slow.timeoutSeconds = 30
        let id = try await queue.enqueue([slow], now: start)[0].id
        let report = try await withWorker(WorkerOptions(drains: true)) { _, _, clock in
            clock.now = start.addingTimeInterval(3600)
        }
        #expect(report.completed == 1)
        #expect(await queue.snapshot(id)?.outcomes == [.completed])
    }

    @Test("a running job is given up at its deadline, with what it has")
    func deadline() async throws {
        var late = endless()
        late.deadlineAt = start.addingTimeInterval(60)
        let id = try await queue.enqueue([late], now: start)[0].id
        let report = try await withWorker(WorkerOptions(drains: true)) { _, _, clock in
            clock.now = start.addingTimeInterval(61)
        }
        #expect(report.discarded == 1)
        let snapshot = try #require(await queue.snapshot(id))
        #expect(snapshot.state == .discarded && snapshot.outcomes == [.timedOut])
        #expect(snapshot.error?.hasPrefix("deadline_missed") == true)
        // It may have been stopped before its first token; an empty text is kept too.
        #expect(snapshot.lateTexts.count == 1 && snapshot.lateTexts[0] != nil)
    }

    @Test(
        "when the window closes, jobs are handed back where the queue says so, and a draining worker ends with work left"
    )
    func windowEnd() async throws {
        var change = QueueChange()
        // `start` is 21:00.
        change.window = .set(QueueChange.Window(start: "20:00", end: "22:00"))
        change.interruptsAtEnd = true
        await queue.change(queue: "default", change)
        let ids = try await queue.enqueue([endless(), endless()], now: start).map(\.id)
        let report = try await withWorker(WorkerOptions(concurrency: 1, drains: true)) { _, _, clock in
            clock.now = start.addingTimeInterval(3600)
        }
        #expect(report.end == .windowClosed && report.leftWork)
        #expect(report.interrupted == 1)
        let snapshot = try #require(await queue.snapshot(ids[0]))
        #expect(snapshot.state == .available && snapshot.maxAttempts - snapshot.attempt == 3)
        #expect(await queue.snapshot(ids[1])?.attempt == 0)
    }

    @Test("where the queue doesn't say so, running jobs are finished after the window has closed")
    func windowFinish() async throws {
        var change = QueueChange()
        change.window = .set(QueueChange.Window(start: "20:00", end: "22:00"))
        await queue.change(queue: "default", change)
        let long = NewJob(kind: "generate", input: .inline("A day."), options: ["max_new_tokens": .integer(60)])
        _ = try await queue.enqueue([long, short()], now: start)
        let report = try await withWorker(WorkerOptions(concurrency: 1, drains: true)) { _, _, clock in
            clock.now = start.addingTimeInterval(3600)
        }
        #expect(report.completed == 1 && report.interrupted == 0)
        #expect(report.end == .windowClosed && report.leftWork)
    }

    @Test("a draining worker waits for a rate")
    func rate() async throws {
        var change = QueueChange()
        change.rate = .set(RateLimit(count: 1, seconds: 60))
        await queue.change(queue: "default", change)
        _ = try await queue.enqueue([short(), short()], now: start)
        let report = try await withWorker(WorkerOptions(drains: true)) { _, test, clock in
            try await test.events.wait { if case .completed = $0 { true } else { false } }
            clock.now = start.addingTimeInterval(61)
        }
        #expect(report.completed == 2 && report.end == .drained && !report.leftWork)
    }

    @Test("suspects of a crash are done one by one, others side by side")
    func isolation() async throws {
        let ids = try await queue.enqueue((0..<3).map { _ in short() }, now: start).map(\.id)
        _ = try await queue.claim(limit: 3, queues: nil, worker: "dead", now: start)
        try await queue.retire(worker: "dead", now: start)
        _ = try await queue.reclaim(now: start)
        _ = try await queue.enqueue((0..<3).map { _ in short() }, now: start)
        let test = try TestWorker()
        let worker = test.make(on: queue, now: { [start] in start }, WorkerOptions(drains: true, pollSeconds: 0.01))
        #expect(try await worker.run().completed == 6)
        var running: Set<Int64> = []
        for event in test.events.all {
            switch event {
            case .claimed(let id, _, _):
                running.insert(id)
                #expect(running.isDisjoint(with: ids) || running.count == 1, "\(running)")
            case .completed(let id, _, _, _, _, _): running.remove(id)
            default: break
            }
        }
    }
}
