import Foundation
import JSONText
import JobStore
import Testing

/// What the tests need beside `JobQueue`, of the store and of its twin in memory.
protocol EditableQueue: JobQueue {
    func add(_ jobs: [NewJob], now: Date) async throws -> [Int64]
    func cancelJob(_ id: Int64) async throws
    func retryJob(_ id: Int64) async throws
    func deleteJob(_ id: Int64) async throws
    func setQueuePaused(_ isPaused: Bool, _ queue: String) async throws
    func setHeld(_ isHeld: Bool, job id: Int64) async throws
    func changeQueue(_ queue: String, _ change: QueueChange) async throws
    func look(_ id: Int64) async throws -> JobSnapshot?
}

extension InMemoryJobQueue: EditableQueue {
    func add(_ jobs: [NewJob], now: Date) async throws -> [Int64] { try await enqueue(jobs, now: now).map(\.id) }
    func cancelJob(_ id: Int64) async throws { await cancel(id) }
    func retryJob(_ id: Int64) async throws { await retry(id) }
    func deleteJob(_ id: Int64) async throws { await delete(id) }
    func setQueuePaused(_ isPaused: Bool, _ queue: String) async throws { await setPaused(isPaused, queue: queue) }
    func setHeld(_ isHeld: Bool, job id: Int64) async throws { await setHeld(isHeld, id) }
    func changeQueue(_ queue: String, _ change: QueueChange) async throws { await self.change(queue: queue, change) }
    func look(_ id: Int64) async throws -> JobSnapshot? { await snapshot(id) }
}

extension JobStore: EditableQueue {
    func add(_ jobs: [NewJob], now: Date) async throws -> [Int64] { try await enqueue(jobs, now: now).map(\.id) }
    func cancelJob(_ id: Int64) async throws { try await cancel(JobSelection(ids: [id])) }
    func retryJob(_ id: Int64) async throws { try await retry(JobSelection(ids: [id])) }
    func deleteJob(_ id: Int64) async throws { try await execute("DELETE FROM jobs WHERE id = \(id)") }
    func setQueuePaused(_ isPaused: Bool, _ queue: String) async throws {
        if isPaused { try await pause(queue: queue, now: start) } else { try await resume(queue: queue) }
    }
    func setHeld(_ isHeld: Bool, job id: Int64) async throws {
        let job = JobSelection(ids: [id])
        if isHeld { try await hold(job, now: start) } else { try await release(job) }
    }
    func changeQueue(_ queue: String, _ change: QueueChange) async throws {
        try await self.change(queue: queue, change)
    }
    func look(_ id: Int64) async throws -> JobSnapshot? {
        guard let detail = try await job(id) else { return nil }
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return JobSnapshot(
            state: try #require(JobState(rawValue: detail.job.state)), attempt: detail.job.attempt,
            maxAttempts: detail.job.maxAttempts, error: detail.job.error,
            scheduledAt: Timestamp.date(milliseconds: Timestamp.milliseconds(try format.parse(detail.job.scheduledAt))),
            result: detail.result?.text,
            outcomes: try detail.attempts.map { try #require(AttemptOutcome(rawValue: $0.outcome)) },
            lateTexts: detail.attempts.map(\.lateText),
            quotations: detail.quotations.map { Quotation(begin: $0.begin, end: $0.end, text: $0.text) })
    }
}

/// The queues that must all behave alike.
enum Route: String, CaseIterable, Sendable {
    case sqlite, memory

    func with(
        settings: QueueSettings = QueueSettings(), clock: WallClock = .system,
        random: @escaping @Sendable () -> Double = { 0.5 }, _ body: (any EditableQueue) async throws -> Void
    ) async throws {
        switch self {
        case .memory:
            try await body(InMemoryJobQueue(settings: settings, clock: clock, random: random))
        case .sqlite:
            let test = try TestStore(settings: settings, clock: clock, random: random)
            try await body(test.store)
            #expect(try await test.store.integrityCheck().isEmpty)
        }
    }
}

@Suite("Every queue keeps the same promises")
struct QueueConformanceTests {
    private func claimOne(_ queue: any JobQueue, worker: String = "a", now: Date = start) async throws -> ClaimedJob {
        try #require(try await queue.claim(limit: 1, queues: nil, worker: worker, now: now).first)
    }

    @Test("jobs come by priority, then time, then id", arguments: Route.allCases)
    func claimOrder(route: Route) async throws {
        try await route.with { queue in
            var urgent = NewJob.text()
            urgent.priority = 0
            var late = NewJob.text()
            late.scheduledAt = seconds(-5)
            var earliest = NewJob.text()
            earliest.scheduledAt = seconds(-60)
            var other = NewJob.text()
            other.queue = "night"
            other.scheduledAt = seconds(-30)
            let ids = try await queue.add([.text(), urgent, late, earliest, other, .text()], now: start)
            let claimed = try await queue.claim(limit: 10, queues: nil, worker: "a", now: start)
            #expect(claimed.map(\.id) == [ids[1], ids[3], ids[4], ids[2], ids[0], ids[5]])
            #expect(claimed[1].waitMilliseconds == 60_000)
            #expect(try await queue.claim(limit: 10, queues: nil, worker: "b", now: start).isEmpty)
        }
    }

    @Test("a claim takes no more than its limit, from its queues, of what is due", arguments: Route.allCases)
    func claimLimits(route: Route) async throws {
        try await route.with { queue in
            var night = NewJob.text()
            night.queue = "night"
            var future = NewJob.text()
            future.scheduledAt = seconds(100)
            let ids = try await queue.add([.text(), .text(), night, future], now: start)
            #expect(try await queue.claim(limit: 0, queues: nil, worker: "a", now: start).isEmpty)
            #expect(try await queue.claim(limit: 9, queues: ["night"], worker: "a", now: start).map(\.id) == [ids[2]])
            #expect(try await queue.claim(limit: 1, queues: ["default"], worker: "a", now: start).map(\.id) == [ids[0]])
            #expect(
                try await queue.outlook(queues: nil, now: start)
                    == QueueOutlook(hasDue: true, nextDue: seconds(100), hasRunning: true))
            #expect(try await queue.claim(limit: 9, queues: nil, worker: "a", now: start).map(\.id) == [ids[1]])
            #expect(try await queue.claim(limit: 9, queues: nil, worker: "a", now: seconds(100)).map(\.id) == [ids[3]])
            #expect(try await queue.claim(limit: 9, queues: ["nowhere"], worker: "a", now: start).isEmpty)
        }
    }

    @Test("a paused queue gives nothing until it is resumed", arguments: Route.allCases)
    func pausing(route: Route) async throws {
        try await route.with { queue in
            _ = try await queue.add([.text()], now: start)
            try await queue.setQueuePaused(true, "default")
            #expect(try await queue.claim(limit: 1, queues: nil, worker: "a", now: start).isEmpty)
            #expect(try await queue.outlook(queues: nil, now: start).hasDue == false)
            try await queue.setQueuePaused(false, "default")
            #expect(try await queue.claim(limit: 1, queues: nil, worker: "a", now: start).count == 1)
        }
    }

    @Test("a claimed job carries what its worker needs", arguments: Route.allCases)
    func claimedJob(route: Route) async throws {
        try await route.with { queue in
            let document = NewDocument(text: "Bees make honey.", title: "Bees", source: "bees.txt")
            let new = NewJob(
                kind: "answer", input: .document(document), question: "Who?", options: ["max_tokens": .integer(9)])
            _ = try await queue.add([new, new], now: start)
            let jobs = try await queue.claim(limit: 2, queues: nil, worker: "a", now: start)
            #expect(jobs.map(\.text) == ["Bees make honey.", "Bees make honey."])
            #expect(jobs[0].document?.id == jobs[1].document?.id)
            #expect(jobs[0].document?.title == "Bees")
            #expect(jobs[0].question == "Who?")
            #expect(try jobs[0].options() == ["max_tokens": .integer(9)])
            #expect(jobs[0].claim == JobClaim(jobID: jobs[0].id, attempt: 1, worker: "a"))
        }
    }

    @Test("a finished job has its result", arguments: Route.allCases)
    func completion(route: Route) async throws {
        try await route.with { queue in
            _ = try await queue.add([.text()], now: start)
            let job = try await claimOne(queue)
            #expect(
                try await queue.complete(job.claim, with: JobResult(text: "Honey."), now: seconds(2))
                    == .stored(.completed))
            let snapshot = try #require(try await queue.look(job.id))
            #expect(snapshot.state == .completed)
            #expect(snapshot.result == "Honey.")
            #expect(snapshot.outcomes == [.completed])
            #expect(snapshot.lateTexts == [nil])
        }
    }

    @Test("a repeated finish is recognized and changes nothing", arguments: Route.allCases)
    func repeatedFinish(route: Route) async throws {
        try await route.with { queue in
            _ = try await queue.add([.text(), .text()], now: start)
            let job = try await claimOne(queue)
            for _ in 0..<2 {
                #expect(
                    try await queue.complete(job.claim, with: JobResult(text: "Once."), now: start)
                        == .stored(.completed))
            }
            #expect(try await queue.look(job.id)?.lateTexts == [nil])
            let other = try await claimOne(queue)
            for _ in 0..<2 {
                #expect(
                    try await queue.fail(other.claim, with: JobFailure(code: "x", message: "x"), now: start)
                        == .stored(.available))
            }
            #expect(try await queue.look(other.id)?.outcomes == [.failed])
        }
    }

    @Test("failures wait 15 s, 60 s, then discard the job", arguments: Route.allCases)
    func backoff(route: Route) async throws {
        try await route.with { queue in
            let id = try await queue.add([.text()], now: start)[0]
            var now = start
            let failure = JobFailure(code: "engine", message: "the engine\n  broke")
            for wait in [15.0, 60.0] {
                let job = try await claimOne(queue, now: now)
                #expect(try await queue.fail(job.claim, with: failure, now: now) == .stored(.available))
                let snapshot = try #require(try await queue.look(id))
                #expect(snapshot.scheduledAt == now.addingTimeInterval(wait))
                #expect(snapshot.error == "the engine broke")
                #expect(try await queue.claim(limit: 1, queues: nil, worker: "a", now: now).isEmpty)
                now = snapshot.scheduledAt
            }
            let job = try await claimOne(queue, now: now)
            #expect(try await queue.fail(job.claim, with: failure, now: now) == .stored(.discarded))
            #expect(try await queue.look(id)?.outcomes == [.failed, .failed, .failed])
        }
    }

    @Test("a permanent failure discards the job at once", arguments: Route.allCases)
    func permanentFailure(route: Route) async throws {
        try await route.with { queue in
            let id = try await queue.add([.text()], now: start)[0]
            let job = try await claimOne(queue)
            let failure = JobFailure(code: "unknown_kind", message: "no kind 'x'", isPermanent: true)
            #expect(try await queue.fail(job.claim, with: failure, now: start) == .stored(.discarded))
            #expect(try await queue.look(id)?.error == "no kind 'x'")
        }
    }

    @Test("retrying a discarded job gives it another attempt", arguments: Route.allCases)
    func retrying(route: Route) async throws {
        try await route.with { queue in
            var once = NewJob.text()
            once.maxAttempts = 1
            let id = try await queue.add([once], now: start)[0]
            let job = try await claimOne(queue)
            _ = try await queue.fail(job.claim, with: JobFailure(code: "x", message: "x"), now: start)
            try await queue.retryJob(id)
            #expect(try await queue.look(id)?.maxAttempts == 2)
            let again = try await claimOne(queue)
            #expect(again.claim.attempt == 2)
            #expect(
                try await queue.complete(again.claim, with: JobResult(text: "t"), now: start) == .stored(.completed))
        }
    }

    @Test("an interrupted attempt is handed back and due at once", arguments: Route.allCases)
    func interruption(route: Route) async throws {
        try await route.with { queue in
            let id = try await queue.add([.text()], now: start)[0]
            for round in 1...5 {
                let job = try await claimOne(queue)
                #expect(job.claim.attempt == round)
                #expect(try await queue.interrupt(job.claim, partialText: "half", now: start) == .stored(.available))
            }
            let snapshot = try #require(try await queue.look(id))
            #expect(snapshot.attempt == 5)
            #expect(snapshot.maxAttempts == 8)
            #expect(snapshot.lateTexts == Array(repeating: "half", count: 5))
            // Three failures are still needed to discard it, and the first waits as a first failure does.
            let job = try await claimOne(queue)
            _ = try await queue.fail(job.claim, with: JobFailure(code: "x", message: "x"), now: start)
            #expect(try await queue.look(id)?.scheduledAt == seconds(15))
        }
    }

    @Test("a lease that runs out gives the job to another worker, and the late text is kept", arguments: Route.allCases)
    func leaseExpiry(route: Route) async throws {
        try await route.with { queue in
            let id = try await queue.add([.text()], now: start)[0]
            let slow = try await claimOne(queue, worker: "slow")
            #expect(try await queue.reclaim(now: seconds(60)).isEmpty)
            #expect(
                try await queue.reclaim(now: seconds(60.5)) == [ReclaimedJob(claim: slow.claim, state: .available)])
            let quick = try await claimOne(queue, worker: "quick", now: seconds(61))
            #expect(quick.claim.attempt == 2)
            #expect(
                try await queue.complete(slow.claim, with: JobResult(text: "late"), now: seconds(62)) == .refused(.lost)
            )
            #expect(
                try await queue.complete(quick.claim, with: JobResult(text: "in time"), now: seconds(63))
                    == .stored(.completed))
            #expect(
                try await queue.complete(slow.claim, with: JobResult(text: "later"), now: seconds(64))
                    == .refused(.lost))
            let snapshot = try #require(try await queue.look(id))
            #expect(snapshot.result == "in time")
            #expect(snapshot.outcomes == [.lost, .completed])
            #expect(snapshot.lateTexts == ["later", nil])
        }
    }

    @Test(
        "a heartbeat renews the leases of the jobs it names, and names those that are still good",
        arguments: Route.allCases)
    func heartbeat(route: Route) async throws {
        try await route.with { queue in
            let ids = try await queue.add([.text(), .text(), .text()], now: start)
            let jobs = try await queue.claim(limit: 3, queues: nil, worker: "a", now: start)
            try await queue.cancelJob(ids[1])
            let progress = jobs.prefix(2).map { JobProgress(claim: $0.claim, fraction: 0.5) }
            #expect(try await queue.heartbeat(worker: "a", running: progress, now: seconds(50)) == [jobs[0].claim])
            #expect(try await queue.claims(of: "a") == [jobs[0].claim, jobs[2].claim])
            #expect(try await queue.reclaim(now: seconds(61)).map(\.claim) == [jobs[2].claim])
            #expect(try await queue.reclaim(now: seconds(110)).isEmpty)
            #expect(try await queue.heartbeat(worker: "b", running: progress, now: seconds(60)).isEmpty)
        }
    }

    @Test("the third crash discards the job, failures or not", arguments: Route.allCases)
    func crashes(route: Route) async throws {
        try await route.with { queue in
            let id = try await queue.add([.text()], now: start)[0]
            var now = start
            for crash in 1...3 {
                _ = try await claimOne(queue, now: now)
                now = now.addingTimeInterval(61)
                #expect(try await queue.reclaim(now: now).map(\.state) == [crash < 3 ? .available : .discarded])
            }
            let snapshot = try #require(try await queue.look(id))
            #expect(snapshot.outcomes == [.lost, .lost, .lost])
            #expect(snapshot.error?.hasPrefix("worker_lost") == true)
        }
    }

    @Test("a cancelled job refuses its result and keeps the text", arguments: Route.allCases)
    func cancellation(route: Route) async throws {
        try await route.with { queue in
            let ids = try await queue.add([.text(), .text()], now: start)
            let job = try await claimOne(queue)
            try await queue.cancelJob(ids[0])
            try await queue.cancelJob(ids[1])
            #expect(try await queue.claims(of: "a").isEmpty)
            #expect(try await queue.complete(job.claim, with: JobResult(text: "t"), now: start) == .refused(.cancelled))
            #expect(
                try await queue.finish(job.claim, as: .cancelled(partialText: "half"), now: start)
                    == .stored(.cancelled))
            let snapshot = try #require(try await queue.look(ids[0]))
            #expect(snapshot.state == .cancelled)
            #expect(snapshot.result == nil)
            #expect(snapshot.outcomes == [.cancelled])
            #expect(snapshot.lateTexts == ["half"])
            #expect(try await queue.claim(limit: 1, queues: nil, worker: "a", now: start).isEmpty)
        }
    }

    @Test("a job deleted while it runs is no more than a refused finish", arguments: Route.allCases)
    func deletion(route: Route) async throws {
        try await route.with { queue in
            let id = try await queue.add([.text()], now: start)[0]
            let job = try await claimOne(queue)
            try await queue.deleteJob(id)
            #expect(
                try await queue.heartbeat(worker: "a", running: [JobProgress(claim: job.claim)], now: start).isEmpty)
            #expect(try await queue.complete(job.claim, with: JobResult(text: "t"), now: start) == .refused(.deleted))
            #expect(try await queue.look(id) == nil)
        }
    }

    @Test("a retired worker's jobs are free before their lease ends", arguments: Route.allCases)
    func retirement(route: Route) async throws {
        try await route.with { queue in
            _ = try await queue.add([.text()], now: start)
            let worker = WorkerRegistration(id: "a", hostname: "h", processID: 1, version: "1")
            try await queue.register(worker, now: start)
            let job = try await claimOne(queue)
            try await queue.retire(worker: "a", now: seconds(1))
            #expect(try await queue.reclaim(now: seconds(1)).map(\.claim) == [job.claim])
        }
    }

    @Test("at most one open or completed job has a unique key", arguments: Route.allCases)
    func uniqueKeys(route: Route) async throws {
        try await route.with { queue in
            var job = NewJob.text()
            job.uniqueKey = "k"
            let ids = try await queue.add([job, job], now: start)
            #expect(ids[0] == ids[1])
            try await queue.cancelJob(ids[0])
            #expect(try await queue.add([job], now: start)[0] != ids[0])
        }
    }

    @Test("a job waits for those it depends on", arguments: Route.allCases)
    func dependencies(route: Route) async throws {
        try await route.with { queue in
            let parts = try await queue.add([.text(), .text()], now: start)
            let whole = NewJob(kind: "summarize", input: .inline("x"), dependsOn: parts)
            let id = try await queue.add([whole], now: start)[0]
            #expect(try await queue.look(id)?.state == .pending)
            for part in parts {
                let job = try await claimOne(queue)
                #expect(job.id == part)
                #expect(try await queue.look(id)?.state == .pending)
                _ = try await queue.complete(job.claim, with: JobResult(text: "t"), now: start)
            }
            #expect(try await queue.look(id)?.state == .available)
        }
    }

    @Test("the change counter moves with every change", arguments: Route.allCases)
    func changeCounter(route: Route) async throws {
        try await route.with { queue in
            let before = try await queue.changeCounter()
            let id = try await queue.add([.text()], now: start)[0]
            let after = try await queue.changeCounter()
            #expect(before != after)
            #expect(try await queue.changeCounter() == after)
            try await queue.cancelJob(id)
            #expect(try await queue.changeCounter() != after)
        }
    }
}
