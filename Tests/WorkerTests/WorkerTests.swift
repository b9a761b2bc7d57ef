import Foundation
import Generation
import JSONText
import JobCatalog
import JobStore
import TestSupport
import Testing
import Worker

@Suite("Worker")
struct WorkerTests {
    let queue = InMemoryJobQueue(settings: QueueSettings(leaseSeconds: 3600))
    let start = Date(timeIntervalSince1970: 1_800_000_000)

    private func text(_ index: Int) -> NewJob {
        NewJob(
            kind: "summarize", input: .inline("Text number \(index). The ferry crossed the river at noon."),
            options: ["max_new_tokens": .integer(3 + index % 5), "num_beams": .integer(1 + index % 3)])
    }

    private func snapshot(_ id: Int64) async throws -> JobSnapshot { try #require(await queue.snapshot(id)) }

    @Test("every job is done once, with its figures, and the worker ends when nothing is due")
    func drains() async throws {
        let jobs = try await queue.enqueue((0..<40).map(text), now: Date())
        let test = try TestWorker()
        let report = try await test.make(on: queue, WorkerOptions(concurrency: 8, drains: true)).run()
        #expect(report.end == .drained)
        #expect(report.completed == 40)
        for job in jobs {
            let state = try await snapshot(job.id)
            #expect(state.state == .completed)
            #expect(state.attempt == 1)
            #expect(state.outcomes == [.completed])
        }
        let tokens = test.events.all.compactMap { event -> Int? in
            if case .completed(_, _, _, _, _, let tokens) = event { tokens } else { nil }
        }
        #expect(tokens.count == 40 && tokens.allSatisfy { (3...7).contains($0) })
    }

    @Test("a job's text doesn't depend on the company it was generated in")
    func companyDoesNotMatter() async throws {
        var texts: [[String?]] = []
        for (concurrency, rows) in [(1, 1), (7, 3), (32, 32)] {
            let queue = InMemoryJobQueue(settings: QueueSettings(leaseSeconds: 3600))
            let jobs = try await queue.enqueue((0..<12).map(text), now: Date())
            let worker = try TestWorker(rows: rows)
                .make(on: queue, WorkerOptions(concurrency: concurrency, drains: true))
            _ = try await worker.run()
            var own: [String?] = []
            for job in jobs { own.append(await queue.snapshot(job.id)?.result) }
            texts.append(own)
        }
        #expect(texts[0] == texts[1] && texts[1] == texts[2])
        #expect(texts[0].allSatisfy { $0?.isEmpty == false })
    }

    @Test("what can't be done is discarded at the first try, with a reason; the rest go on")
    func refusals() async throws {
        let long = String(repeating: "The river rises in the hills and falls to the sea. ", count: 400)
        let jobs = try await queue.enqueue(
            [
                NewJob(kind: "sumarize", input: .inline("x")),
                NewJob(kind: "summarize", input: .inline(long), options: ["overflow": .string("refuse")]),
                NewJob(kind: "summarize", input: .inline("x"), options: ["temprature": .integer(1)]),
                NewJob(
                    kind: "summarize", input: .inline("x"),
                    options: ["num_beams": .integer(4), "do_sample": .bool(true)]),
                NewJob(kind: "answer", input: .inline("x")),
                text(1),
            ], now: Date())
        let report = try await TestWorker().make(on: queue, WorkerOptions(drains: true)).run()
        #expect(report.completed == 1)
        #expect(report.discarded == 5)
        var errors: [String] = []
        for job in jobs { errors.append(try await snapshot(job.id).error ?? "") }
        #expect(errors[0].contains("there is no kind 'sumarize'") && errors[0].contains("summarize"))
        #expect(errors[1].contains("tokens") && errors[1].contains("context of 2048"))
        #expect(errors[2].contains("'temprature'"))
        #expect(errors[3].contains("'num_beams'") && errors[3].contains("found '4'"))
        #expect(errors[4].contains("needs a question"))
        for job in jobs.dropLast() {
            #expect(try await snapshot(job.id).state == .discarded)
            #expect(try await snapshot(job.id).attempt == 1)
        }
    }

    @Test("a job that asks for it is cut to fit, and marked")
    func truncation() async throws {
        let long = String(repeating: "The river rises in the hills and falls to the sea. ", count: 400)
        let job = try await queue.enqueue(
            [NewJob(kind: "summarize", input: .inline(long), options: ["overflow": .string("truncate")])], now: Date())[
                0]
        let report = try await TestWorker().make(on: queue, WorkerOptions(drains: true)).run()
        #expect(report.completed == 1)
        #expect(try await snapshot(job.id).state == .completed)
    }

    @Test("a running job that is cancelled stops within the next looks, and its slot is free")
    func cancellation() async throws {
        let slow = NewJob(
            kind: "summarize", input: .inline("A long day."), options: ["max_new_tokens": .integer(1000)])
        let job = try await queue.enqueue([slow], now: Date())[0]
        let test = try TestWorker(secondsPerStep: 0.01)
        let worker = test.make(on: queue, WorkerOptions(drains: true, pollSeconds: 0.02))
        async let report = worker.run()
        try await test.events.wait { if case .claimed = $0 { true } else { false } }
        await queue.cancel(job.id)
        #expect(try await report.cancelled == 1)
        #expect(try await snapshot(job.id).state == .cancelled)
        #expect(try await snapshot(job.id).outcomes == [.cancelled])
        #expect(try await snapshot(job.id).result == nil)
    }

    @Test("a stop hands unfinished jobs back as if they had not been tried")
    func stop() async throws {
        let slow = NewJob(
            kind: "summarize", input: .inline("A long day."), options: ["max_new_tokens": .integer(1000)])
        let jobs = try await queue.enqueue(Array(repeating: slow, count: 3), now: Date())
        let test = try TestWorker(secondsPerStep: 0.01)
        let worker = test.make(on: queue, WorkerOptions(concurrency: 2, graceSeconds: 0.1, pollSeconds: 0.02))
        async let report = worker.run()
        try await test.events.wait { if case .claimed = $0 { true } else { false } }
        await worker.requestStop()
        let done = try await report
        #expect(done.end == .stopped)
        #expect(done.interrupted == 2)
        #expect(done.leftWork)
        for job in jobs {
            let state = try await snapshot(job.id)
            #expect(state.state == .available)
            #expect(state.result == nil)
            #expect(state.maxAttempts - state.attempt == 3)
        }
    }

    @Test("within the grace running jobs are finished, and nothing new is claimed")
    func grace() async throws {
        let job = NewJob(
            kind: "summarize", input: .inline("A long day."), options: ["max_new_tokens": .integer(60)])
        let jobs = try await queue.enqueue(Array(repeating: job, count: 6), now: Date())
        let test = try TestWorker(secondsPerStep: 0.02)
        let worker = test.make(on: queue, WorkerOptions(concurrency: 2, graceSeconds: 900, pollSeconds: 0.02))
        async let report = worker.run()
        try await test.events.wait(count: 2) { if case .began = $0 { true } else { false } }
        await worker.requestStop()
        let done = try await report
        #expect(done.interrupted == 0)
        #expect(done.completed >= 1)
        var states: [JobState] = []
        for job in jobs { states.append(try await snapshot(job.id).state) }
        #expect(states.count { $0 == .completed } == done.completed)
        #expect(states.contains(.available))
    }

    @Test(
        "jobs that wait for the engine are handed back when a stop is asked for; those that it has begun are finished")
    func stopWithJobsWaiting() async throws {
        let job = NewJob(
            kind: "summarize", input: .inline("A long day."), options: ["max_new_tokens": .integer(60)])
        let jobs = try await queue.enqueue(Array(repeating: job, count: 9), now: Date())
        let test = try TestWorker(secondsPerStep: 0.02, rows: 2)
        let worker = test.make(on: queue, WorkerOptions(graceSeconds: 900, pollSeconds: 0.02))
        async let report = worker.run()
        try await test.events.wait(count: 2) { if case .began = $0 { true } else { false } }
        await worker.requestStop()
        let done = try await report
        #expect(done.completed == 2 && done.interrupted == 7)
        #expect(done.end == .stopped && done.leftWork)
        let running = test.events.all.compactMap { event -> Int? in
            if case .stopping(_, let running) = event { running } else { nil }
        }
        #expect(running == [2])
        var states: [JobState] = []
        for job in jobs { states.append(try await snapshot(job.id).state) }
        #expect(states.count { $0 == .available } == 7)
    }

    @Test("a worker whose task is cancelled hands back what runs, and ends")
    func cancelledTask() async throws {
        let job = NewJob(
            kind: "summarize", input: .inline("A long day."), options: ["max_new_tokens": .integer(1900)])
        let jobs = try await queue.enqueue([job, job, job], now: Date())
        let test = try TestWorker(secondsPerStep: 0.02, rows: 2)
        let worker = test.make(on: queue, WorkerOptions(graceSeconds: 900, pollSeconds: 0.02))
        let work = Task { try await worker.run() }
        try await test.events.wait(count: 2) { if case .began = $0 { true } else { false } }
        work.cancel()
        let done = try await work.value
        #expect(done.end == .stopped && done.leftWork)
        #expect(done.completed == 0 && done.interrupted == 3)
        for job in jobs {
            #expect(try await snapshot(job.id).state == .available)
            #expect(try await snapshot(job.id).outcomes == [.interrupted])
        }
    }

    @Test("a job's priority is its request's")
    func priority() async throws {
        let engine = try TestWorker().engine
        let preparation = JobPreparation(
            catalog: JobCatalog(), tokenizer: engine.tokenizer, contextLength: 100, endTokens: [], style: .pocket)
        var job = text(1)
        job.priority = 3
        _ = try await queue.enqueue([job], now: start)
        let claimed = try await queue.claim(limit: 1, queues: nil, worker: "w", now: start)
        #expect(try preparation.prepare(#require(claimed.first)).request.priority == 3)
    }

    @Test("limits end the worker: jobs, and the deadline")
    func limits() async throws {
        _ = try await queue.enqueue((0..<10).map(text), now: Date())
        let byJobs = try await TestWorker().make(on: queue, WorkerOptions(concurrency: 2, maximumJobs: 3)).run()
        #expect(byJobs.end == .jobLimit && byJobs.completed == 3)
        let byTime = try await TestWorker().make(
            on: queue, id: "host:1:boot:2", WorkerOptions(deadline: Date(timeIntervalSinceNow: -1))
        ).run()
        #expect(byTime.end == .deadline && byTime.completed == 0 && byTime.leftWork)
        let byClaim = try await TestWorker().make(
            on: queue, id: "host:1:boot:3", WorkerOptions(concurrency: 2, claimsOnce: true)
        ).run()
        #expect(byClaim.end == .claimedOnce && byClaim.completed == 2)
        let rest = try await TestWorker().make(
            on: queue, id: "host:1:boot:4", WorkerOptions(concurrency: 2, drains: true)
        ).run()
        #expect(rest.completed == 5)
        let idle = try await TestWorker().make(
            on: queue, id: "host:1:boot:5", WorkerOptions(deadline: Date(timeIntervalSinceNow: 0.05))
        ).run()
        #expect(idle.end == .deadline && !idle.leftWork)
    }

    @Test("a clock that is set back delays nothing", .timeLimit(.minutes(15)))
    func clockSetBack() async throws {
        let clock = TestClock(start)
        let test = try TestWorker()
        _ = try await queue.enqueue([text(1)], now: start)
        let worker = test.make(on: queue, now: { clock.now }, WorkerOptions(maximumJobs: 2, pollSeconds: 0.01))
        async let report = worker.run()
        try await test.events.wait { if case .completed = $0 { true } else { false } }
        clock.now = start.addingTimeInterval(-3600)
        _ = try await queue.enqueue([text(2)], now: clock.now)
        #expect(try await report.completed == 2)
    }
}

extension TestWorker.EventLog {
    /// Waits until something has happened, `count` times.
    func wait(count: Int = 1, until matches: @escaping @Sendable (WorkerEvent) -> Bool) async throws {
        for _ in 0..<3000 {
            if all.count(where: matches) >= count { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("it did not happen within 30 seconds")
    }
}
