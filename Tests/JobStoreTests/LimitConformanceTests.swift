import Foundation
import JobStore
import Testing

@Suite("Every queue keeps the same limits")
struct LimitConformanceTests {
    private func claim(_ queue: any JobQueue, _ limit: Int, worker: String = "a", now: Date = start) async throws
        -> [ClaimedJob]
    {
        try await queue.claim(limit: limit, queues: nil, worker: worker, now: now)
    }

    // MARK: - Queues

    @Test("no more jobs of a queue run at once than its concurrency, whoever runs them", arguments: Route.allCases)
    func concurrency(route: Route) async throws {
        try await route.with { queue in
            _ = try await queue.add((0..<5).map { _ in .text() }, now: start)
            var change = QueueChange()
            change.concurrency = .set(2)
            try await queue.changeQueue("default", change)
            let first = try #require(try await claim(queue, 1).first)
            #expect(try await claim(queue, 9, worker: "b").count == 1)
            #expect(try await claim(queue, 9).isEmpty)
            #expect(try await queue.outlook(queues: nil, now: start).hasDue == false)
            _ = try await queue.complete(first.claim, with: JobResult(text: "t"), now: start)
            #expect(try await claim(queue, 9).count == 1)
            change.concurrency = .clear
            try await queue.changeQueue("default", change)
            #expect(try await claim(queue, 9).count == 2)
        }
    }

    @Test("no more jobs of a queue start in any stretch of time than its rate", arguments: Route.allCases)
    func rate(route: Route) async throws {
        try await route.with { queue in
            _ = try await queue.add((0..<9).map { _ in .text() }, now: start)
            var change = QueueChange()
            change.rate = .set(RateLimit(count: 3, seconds: 60))
            try await queue.changeQueue("default", change)
            #expect(try await claim(queue, 2).count == 2)
            #expect(try await claim(queue, 9, now: seconds(30)).count == 1)
            #expect(try await claim(queue, 9, now: seconds(59)).isEmpty)
            let outlook = try await queue.outlook(queues: nil, now: seconds(59))
            #expect(!outlook.hasDue && outlook.waitsForRate)
            // The first two starts are a minute old, the third isn't.
            #expect(try await claim(queue, 9, now: seconds(60)).count == 2)
            #expect(try await claim(queue, 9, now: seconds(89)).isEmpty)
            #expect(try await claim(queue, 9, now: seconds(90)).count == 1)
        }
    }

    @Test("a clock that is set back by an hour doesn't stop a queue with a rate", arguments: Route.allCases)
    func rateAndClock(route: Route) async throws {
        try await route.with { queue in
            _ = try await queue.add((0..<9).map { _ in .text() }, now: seconds(-9000))
            var change = QueueChange()
            change.rate = .set(RateLimit(count: 2, seconds: 60))
            try await queue.changeQueue("default", change)
            #expect(try await claim(queue, 9).count == 2)
            #expect(try await claim(queue, 9, now: seconds(-3600)).count == 2)
            #expect(try await claim(queue, 9, now: seconds(-3590)).isEmpty)
            #expect(try await claim(queue, 9, now: seconds(-3540)).count == 2)
        }
    }

    @Test("a job carries its timeout, its own before its queue's", arguments: Route.allCases)
    func timeouts(route: Route) async throws {
        try await route.with { queue in
            var own = NewJob.text()
            own.timeoutSeconds = 5
            _ = try await queue.add([.text(), own], now: start)
            var change = QueueChange()
            change.timeoutSeconds = .set(60)
            try await queue.changeQueue("default", change)
            #expect(try await claim(queue, 2).map(\.timeoutSeconds) == [60, 5])
        }
    }

    // MARK: - Deadlines

    @Test("a job that isn't done by its deadline is discarded, or called back if it runs", arguments: Route.allCases)
    func deadlines(route: Route) async throws {
        try await route.with { queue in
            var late = NewJob.text()
            late.deadlineAt = seconds(100)
            let ids = try await queue.add([late, late, late, .text()], now: start)
            let running = try #require(try await claim(queue, 1).first)
            #expect(try await queue.recalls(of: "a", now: seconds(99)).isEmpty)
            #expect(try await queue.keepTime(now: seconds(99)) == TimedChanges())
            #expect(try await queue.recalls(of: "a", now: seconds(100)) == [running.claim: .deadlineMissed])
            // A claim that comes first gives up what is late as well.
            #expect(try await claim(queue, 9, worker: "b", now: seconds(100)).map(\.id) == [ids[3]])
            #expect(try await queue.look(ids[1])?.state == .discarded)
            #expect(
                try await queue.look(ids[2])?.error == "deadline_missed: not done by \(Timestamp.text(seconds(100)))")
            #expect(try await queue.keepTime(now: seconds(100)) == TimedChanges())
            let failure = JobFailure(code: "deadline_missed", message: "m", isPermanent: true, timedOut: true)
            #expect(try await queue.fail(running.claim, with: failure, now: seconds(101)) == .stored(.discarded))
            #expect(try await queue.look(ids[0])?.outcomes == [.timedOut])
            // Who retries it doesn't mean the deadline.
            try await queue.retryJob(ids[1])
            #expect(try await queue.keepTime(now: seconds(200)) == TimedChanges())
            #expect(try await claim(queue, 9, now: seconds(200)).map(\.id) == [ids[1]])
        }
    }

    @Test("a waiting job past its deadline takes those that need it with it", arguments: Route.allCases)
    func deadlineOfParent(route: Route) async throws {
        try await route.with { queue in
            var late = NewJob.text()
            late.deadlineAt = seconds(10)
            let parent = try await queue.add([late], now: start)[0]
            var child = NewJob(kind: "summarize", input: .inline("x"), dependsOn: [parent])
            child.deadlineAt = seconds(10)
            let id = try await queue.add([child], now: start)[0]
            #expect(try await queue.keepTime(now: seconds(10)).missedDeadlines == 1)
            #expect(try await queue.look(id)?.state == .cancelled)
            #expect(try await queue.look(id)?.error == "job \(parent), which this one depends on, was discarded")
        }
    }

    // MARK: - Waiting

    @Test("a held job isn't claimed until it is released", arguments: Route.allCases)
    func holding(route: Route) async throws {
        try await route.with { queue in
            var held = NewJob.text()
            held.isHeld = true
            let ids = try await queue.add([.text(), held], now: start)
            #expect(try await queue.look(ids[1])?.state == .pending)
            let job = try #require(try await claim(queue, 9).first)
            // A running job goes on, and is held when it comes back.
            try await queue.setHeld(true, job: ids[0])
            #expect(try await queue.claims(of: "a") == [job.claim])
            _ = try await queue.interrupt(job.claim, now: start)
            #expect(try await queue.look(ids[0])?.state == .pending)
            #expect(try await claim(queue, 9).isEmpty)
            for id in ids { try await queue.setHeld(false, job: id) }
            #expect(try await claim(queue, 9).map(\.id) == ids)
        }
    }

    @Test("what requires a job that failed is cancelled, through all generations", arguments: Route.allCases)
    func cascade(route: Route) async throws {
        try await route.with { queue in
            let parent = try await queue.add([.text()], now: start)[0]
            let child = try await queue.add([NewJob(kind: "s", input: .inline("x"), dependsOn: [parent])], now: start)[
                0]
            let grandchild = try await queue.add(
                [NewJob(kind: "s", input: .inline("x"), dependsOn: [child])], now: start)[0]
            var anyway = NewJob.text()
            anyway.afterEndOf = [grandchild]
            let last = try await queue.add([anyway], now: start)[0]
            #expect(try await queue.look(last)?.state == .pending)
            let job = try #require(try await claim(queue, 9).first)
            let failure = JobFailure(code: "x", message: "x", isPermanent: true)
            _ = try await queue.fail(job.claim, with: failure, now: start)
            for id in [child, grandchild] {
                #expect(try await queue.look(id)?.state == .cancelled)
                #expect(try await queue.look(id)?.error == "job \(parent), which this one depends on, was discarded")
            }
            // It asked for no more than an end.
            #expect(try await queue.look(last)?.state == .available)
            // A job added now has no hope either; one that is retried before its parent neither.
            let tooLate = try await queue.add(
                [NewJob(kind: "s", input: .inline("x"), dependsOn: [parent])], now: start)[0]
            #expect(try await queue.look(tooLate)?.state == .cancelled)
            try await queue.retryJob(child)
            #expect(try await queue.look(child)?.state == .cancelled)
            #expect(try await queue.look(child)?.error?.contains("retry that one first") == true)
            // In the right order everything goes on.
            for id in [parent, child, grandchild] { try await queue.retryJob(id) }
            #expect(try await queue.look(parent)?.state == .available)
            #expect(try await queue.look(child)?.state == .pending)
            #expect(try await queue.look(grandchild)?.state == .pending)
        }
    }

    @Test("a job that waits for an end runs after a cancelled job too", arguments: Route.allCases)
    func afterEnd(route: Route) async throws {
        try await route.with { queue in
            let parents = try await queue.add([.text(), .text()], now: start)
            var job = NewJob.text()
            job.afterEndOf = parents
            let id = try await queue.add([job], now: start)[0]
            try await queue.cancelJob(parents[0])
            #expect(try await queue.look(id)?.state == .pending)
            try await queue.deleteJob(parents[1])
            #expect(try await queue.look(id)?.state == .available)
        }
    }

    // MARK: - Crashes

    @Test("a job in which a worker died runs alone next time", arguments: Route.allCases)
    func isolation(route: Route) async throws {
        try await route.with { queue in
            let ids = try await queue.add([.text(), .text()], now: start)
            #expect(try await claim(queue, 2, worker: "dead").count == 2)
            #expect(try await queue.reclaim(now: seconds(61)).count == 2)
            let others = try await queue.add([.text(), .text()], now: seconds(-10))
            // Those that were due earlier than the suspects may be taken; the suspects not in company.
            let now = seconds(62)
            #expect(try await claim(queue, 9, now: now).map(\.id) == others)
            #expect(try await claim(queue, 9, now: now).isEmpty, "a busy worker comes to rest first")
            let alone = try await claim(queue, 9, worker: "b", now: now)
            #expect(alone.map(\.id) == [ids[0]])
            _ = try await queue.add([.text()], now: seconds(-20))
            #expect(try await claim(queue, 9, worker: "b", now: now).isEmpty, "nothing joins it")
            #expect(try await claim(queue, 1, worker: "c", now: now).count == 1, "others go on")
            // An interruption proves nothing, a failure clears it of the crash.
            _ = try await queue.interrupt(alone[0].claim, now: now)
            let again = try await claim(queue, 9, worker: "b", now: now)
            #expect(again.map(\.id) == [ids[0]])
            _ = try await queue.fail(again[0].claim, with: JobFailure(code: "x", message: "x"), now: now)
            #expect(try await claim(queue, 9, worker: "d", now: now).map(\.id) == [ids[1]])
            let later = seconds(200)
            _ = try await queue.add([.text()], now: later)
            #expect(try await claim(queue, 9, worker: "e", now: later).count == 2)
        }
    }
}
