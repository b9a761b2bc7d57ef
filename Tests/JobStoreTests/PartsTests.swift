import Foundation
import JSONText
import JobStore
import Proofs
import Testing

@Suite("Parts of divided jobs")
struct PartsTests {
    private let text = "One two. Three four. Five six."

    private func division(level: Int = 0) -> JobDivision {
        JobDivision(
            level: level,
            parts: [
                .init(text: "One two. ", begin: 0, end: 9), .init(text: "Three four. ", begin: 9, end: 21),
                .init(text: "Five six.", begin: 21, end: 30, isCut: true),
            ])
    }

    /// A job that waits for its three parts.
    private func divided(_ queue: any EditableQueue, _ job: NewJob? = nil) async throws -> Int64 {
        let id = try await queue.add([job ?? .text(text)], now: start)[0]
        let claim = try #require(try await queue.claim(limit: 1, queues: nil, worker: "a", now: start).first).claim
        #expect(try await queue.finish(claim, as: .divided(division()), now: start) == .stored(.available))
        // The answer may have been lost on the way.
        #expect(try await queue.finish(claim, as: .divided(division()), now: start) == .stored(.available))
        return id
    }

    private func claim(_ queue: any EditableQueue, _ limit: Int = 9, after delay: Double = 1) async throws
        -> [ClaimedJob]
    {
        try await queue.claim(limit: limit, queues: nil, worker: "a", now: seconds(delay))
    }

    private func complete(_ jobs: [ClaimedJob], _ queue: any EditableQueue) async throws {
        for job in jobs {
            _ = try await queue.complete(job.claim, with: JobResult(text: "<\(job.text ?? "")>"), now: seconds(2))
        }
    }

    @Test("the whole waits until all are done, and gets what they have brought, in order", arguments: Route.allCases)
    func waits(route: Route) async throws {
        try await route.with { queue in
            var job = NewJob.text(text)
            (job.priority, job.question, job.timeoutSeconds) = (3, "Why?", 60)
            job.options = ["seed": 4]
            let id = try await divided(queue, job)
            #expect(try await queue.look(id)?.state == .pending)
            #expect(try await queue.look(id)?.maxAttempts == 4)
            let parts = try await claim(queue)
            #expect(parts.map(\.part) == [1, 2, 3] && parts.allSatisfy { $0.parentID == id && $0.parts.isEmpty })
            #expect(parts.map(\.text) == ["One two. ", "Three four. ", "Five six."])
            #expect(parts.allSatisfy { $0.priority == 3 && $0.question == "Why?" && $0.timeoutSeconds == 60 })
            #expect(parts.allSatisfy { $0.optionsJSON == #"{"seed":4}"# && $0.maxAttempts == 3 })
            try await complete([parts[2], parts[0]], queue)
            #expect(try await queue.look(id)?.state == .pending)
            #expect(try await claim(queue).isEmpty)
            try await complete([parts[1]], queue)
            #expect(try await queue.look(id)?.state == .available)
            let whole = try #require(try await claim(queue).first)
            #expect(whole.id == id && whole.parts.map(\.result) == ["<One two. >", "<Three four. >", "<Five six.>"])
            #expect(whole.parts.map(\.begin) == [0, 9, 21] && whole.parts.allSatisfy { $0.state == .completed })
            var second = division(level: 1)
            second.parts.removeLast()
            #expect(try await queue.finish(whole.claim, as: .divided(second), now: seconds(3)) == .stored(.available))
            let higher = try await claim(queue, after: 3)
            #expect(higher.count == 2)
            try await complete(higher, queue)
            let last = try #require(try await claim(queue, after: 3).first)
            #expect(last.parts.map(\.level) == [1, 1])
            try await complete([last], queue)
            #expect(try await queue.look(id)?.outcomes == [.interrupted, .interrupted, .completed])
        }
    }

    @Test("a part that is given up gives up the whole, by name, and cancels the others", arguments: Route.allCases)
    func failure(route: Route) async throws {
        try await route.with { queue in
            let id = try await divided(queue)
            let parts = try await claim(queue)
            try await complete([parts[0]], queue)
            _ = try await queue.fail(
                parts[1].claim, with: JobFailure(code: "x", message: "no luck", isPermanent: true), now: seconds(2))
            #expect(try await queue.look(id)?.state == .discarded)
            #expect(try await queue.look(id)?.error == "part 2 of it (job \(parts[1].id)) was given up: no luck")
            #expect(try await queue.look(parts[2].id)?.state == .cancelled)
            #expect(try await queue.look(parts[2].id)?.outcomes == [.cancelled])
            #expect(
                try await queue.complete(parts[2].claim, with: JobResult(text: "late"), now: seconds(2))
                    == .refused(.cancelled))
            // A retry of the whole does what is missing.
            try await queue.retryJob(id)
            #expect(try await queue.look(id)?.state == .pending)
            #expect(try await queue.look(id)?.error == nil)
            let again = try await claim(queue)
            #expect(again.map(\.id) == [parts[1].id, parts[2].id])
            try await complete(again, queue)
            #expect(try await claim(queue).first?.parts.compactMap(\.result).count == 3)
        }
    }

    @Test("a part that fails for now is tried again, and the whole goes on waiting", arguments: Route.allCases)
    func failureForNow(route: Route) async throws {
        try await route.with { queue in
            let id = try await divided(queue)
            let parts = try await claim(queue)
            _ = try await queue.fail(parts[0].claim, with: JobFailure(code: "x", message: "busy"), now: seconds(2))
            #expect(try await queue.look(parts[0].id)?.state == .available)
            try await complete([parts[1], parts[2]], queue)
            #expect(try await queue.look(id)?.state == .pending)
        }
    }

    @Test(
        "cancelling the whole cancels its parts, cancelling a part the whole; retrying a part retries both",
        arguments: Route.allCases)
    func cancellation(route: Route) async throws {
        try await route.with { queue in
            let id = try await divided(queue)
            let parts = try await claim(queue)
            try await complete([parts[0]], queue)
            try await queue.cancelJob(id)
            #expect(try await queue.look(parts[0].id)?.state == .completed)
            #expect(try await queue.look(parts[1].id)?.state == .cancelled)
            #expect(try await queue.look(parts[1].id)?.error == "job \(id), of which this is a part, was cancelled")
            try await queue.retryJob(parts[2].id)
            #expect(try await queue.look(id)?.state == .pending)
            for part in parts[1...] { #expect(try await queue.look(part.id)?.state == .available) }
            try await queue.cancelJob(parts[1].id)
            #expect(try await queue.look(id)?.state == .cancelled)
            #expect(try await queue.look(id)?.error == "part 2 of it (job \(parts[1].id)) was cancelled")
            #expect(try await queue.look(parts[2].id)?.state == .cancelled)
        }
    }

    @Test("a part isn't retried where another job has its whole's key by now", arguments: Route.allCases)
    func keyTaken(route: Route) async throws {
        try await route.with { queue in
            var job = NewJob.text(text)
            job.uniqueKey = "bees"
            let id = try await divided(queue, job)
            let parts = try await claim(queue)
            try await queue.cancelJob(id)
            let other = try #require(try await queue.add([job], now: start).first)
            #expect(other != id)
            try await queue.retryJob(parts[2].id)
            #expect(try await queue.look(parts[2].id)?.state == .cancelled)
            #expect(try await queue.look(id)?.state == .cancelled)
            try await queue.cancelJob(other)
            try await queue.retryJob(parts[2].id)
            #expect(try await queue.look(parts[2].id)?.state == .available)
            #expect(try await queue.look(id)?.state == .pending)
        }
    }

    @Test("a held job's parts are held, and a deleted job's parts are gone", arguments: Route.allCases)
    func follow(route: Route) async throws {
        try await route.with { queue in
            let id = try await divided(queue)
            try await queue.setHeld(true, job: id)
            #expect(try await claim(queue).isEmpty)
            try await queue.setHeld(false, job: id)
            let parts = try await claim(queue, 1)
            #expect(parts.count == 1)
            try await queue.deleteJob(id)
            for part in 0..<3 { #expect(try await queue.look(parts[0].id + Int64(part)) == nil) }
            #expect(try await claim(queue).isEmpty)
        }
    }

    @Test("a division that comes too late makes no parts", arguments: Route.allCases)
    func late(route: Route) async throws {
        try await route.with { queue in
            let id = try await queue.add([.text(text)], now: start)[0]
            let job = try #require(try await claim(queue).first)
            try await queue.cancelJob(id)
            #expect(
                try await queue.finish(job.claim, as: .divided(division()), now: seconds(1)) == .refused(.cancelled))
            try await queue.retryJob(id)
            #expect(try await claim(queue).map(\.id) == [id])
        }
    }

    // MARK: - In the file

    private func store() async throws -> (test: TestStore, id: Int64) {
        let test = try TestStore()
        return (test, try await divided(test.store))
    }

    @Test("a division that is cut off leaves no part: it is one transaction")
    func atomic() async throws {
        let test = try TestStore()
        let store = test.store
        _ = try await store.enqueue([.text(text)], now: start)
        let job = try #require(try await claim(store).first)
        try await store.execute(
            """
            CREATE TRIGGER cut BEFORE INSERT ON jobs WHEN new.part = 3 BEGIN SELECT RAISE(ABORT, 'cut off'); END
            """)
        await #expect(throws: JobStoreError.self) {
            try await store.finish(job.claim, as: .divided(self.division()), now: seconds(1))
        }
        #expect(try await store.query("SELECT count(*), max(state) FROM jobs") == [["1", "running"]])
        try await store.execute("DROP TRIGGER cut")
        #expect(try await store.finish(job.claim, as: .divided(division()), now: seconds(1)) == .stored(.available))
        #expect(try await store.query("SELECT count(*), count(DISTINCT part) FROM jobs") == [["4", "3"]])
        #expect(try await store.audit() == [])
    }

    @Test("lists, counts, results and the views show whole jobs, and parts where they're meant")
    func views() async throws {
        let (test, id) = try await store()
        let store = test.store
        #expect(try await store.list(limit: 9).map(\.id) == [id])
        #expect(try await store.stateCounts() == [StateCount(queue: "default", state: .pending, count: 1)])
        var row = try #require(try await store.queues().first)
        #expect(row.pending == 1 && row.available == 0 && row.parts == 3)
        let parts = try await claim(store)
        try await complete(Array(parts.prefix(2)), store)
        row = try #require(try await store.queues().first)
        #expect(row.pending == 1 && row.running == 0 && row.completed == 0 && row.parts == 1)
        #expect(try await store.results(limit: 9).isEmpty)
        var selection = JobSelection()
        selection.parentID = id
        #expect(try await store.list(selection, limit: 9).map(\.part) == [1, 2, 3])
        #expect(try await store.results(ResultFilter(selection: selection), limit: 9).map(\.part) == [1, 2])
        #expect(try await store.list(limit: 9).first?.progress == " 50%")
        let detail = try #require(try await store.job(id))
        #expect(detail.job.progress == 0.5)
        let count = try #require(detail.parts.first)
        #expect(detail.parts.count == 1 && count.level == 0 && count.total == 3)
        #expect(count.completed == 2 && count.running == 1 && count.failed == 0 && count.reused == 0)
        #expect(
            try await store.query("SELECT part, begin, end, cut, result FROM part_texts ORDER BY part")
                == [
                    ["1", "0", "9", "", "<One two. >"], ["2", "9", "21", "", "<Three four. >"],
                    ["3", "21", "30", "end", ""],
                ])
        _ = try await store.heartbeat(worker: "a", running: [JobProgress(claim: parts[2].claim)], now: seconds(3))
        #expect(try await store.query("SELECT progress FROM jobs WHERE id = \(id)") == [["0.5"]])
        #expect(try await store.audit() == [])
    }

    @Test("a change of the text or the order divides anew; a hand's priority goes to the parts")
    func changes() async throws {
        let (test, id) = try await store()
        let store = test.store
        try await store.execute("UPDATE jobs SET priority = 1, queue = 'fast' WHERE id = \(id)")
        #expect(
            try await store.query("SELECT DISTINCT priority, queue FROM jobs") == [["1", "fast"]])
        try await store.execute("UPDATE jobs SET options = '{\"length\":\"medium\"}' WHERE id = \(id)")
        #expect(try await store.query("SELECT id, state FROM jobs") == [["\(id)", "available"]])
        #expect(try await store.query("SELECT count(*) FROM events WHERE job_id <> \(id)") == [["0"]])
        #expect(try await store.audit() == [])
    }

    @Test("who retries a part of a completed job has it, and all that was made of it, made anew")
    func partAgain() async throws {
        let (test, id) = try await store()
        let store = test.store
        let parts = try await claim(store)
        try await complete(parts, store)
        let whole = try #require(try await claim(store).first)
        var second = division(level: 1)
        second.parts.removeLast()
        _ = try await store.finish(whole.claim, as: .divided(second), now: seconds(3))
        try await complete(try await claim(store, after: 3), store)
        try await complete(try await claim(store, after: 3), store)
        #expect(try await store.job(id)?.job.state == "completed")
        try await store.execute("UPDATE jobs SET state = 'available' WHERE id = \(parts[1].id)")
        #expect(try await store.job(id)?.job.state == "pending")
        #expect(try await store.query("SELECT max(part_level) FROM jobs") == [["0"]])
        #expect(try await store.audit() == [])
        try await complete(try await claim(store, after: 3), store)
        #expect(try await claim(store, after: 3).first?.parts.count == 3)
    }

    @Test("what a part has brought is found again by its key, however often it was copied")
    func cache() async throws {
        let (test, _) = try await store()
        let store = test.store
        let parts = try await claim(store)
        var result = JobResult(text: "short", truncated: false, model: "m", meanLogprob: -1)
        result.cacheKey = "key"
        result.quotations = [Quotation(begin: 0, end: 3, text: "One")]
        _ = try await store.complete(parts[0].claim, with: result, now: seconds(2))
        let known = try #require(try await store.partResult(cacheKey: "key"))
        #expect(known.text == "short" && known.reusedFrom == parts[0].id && known.quotations == result.quotations)
        #expect(known.figures == AttemptFigures())
        _ = try await store.complete(parts[1].claim, with: known, now: seconds(2))
        #expect(
            try await store.query("SELECT reused_from FROM results WHERE job_id = \(parts[1].id)") == [
                ["\(parts[0].id)"]
            ])
        #expect(try await store.partResult(cacheKey: "other") == nil)
        try await store.execute("DELETE FROM jobs WHERE id = \(parts[0].id)")
        #expect(try await store.partResult(cacheKey: "key")?.reusedFrom == parts[0].id)
    }

    @Test("parts are pruned with the job that they are parts of, and not before")
    func pruning() async throws {
        let (test, id) = try await store()
        let store = test.store
        let all = PruneSelection(states: [.completed, .cancelled], before: seconds(500))
        let parts = try await claim(store)
        try await complete(parts, store)
        #expect(try await store.prune(all, limit: 9, now: seconds(600)) == PruneReport())
        try await complete(try await claim(store), store)
        #expect(try await store.pruneCounts(all) == [.completed: 1])
        _ = try await store.enqueue([.text()], now: start)
        try await complete(try await claim(store), store)
        let first = try await store.prune(all, limit: 2, now: seconds(600))
        #expect(first.jobs == 1 && first.parts == 3 && first.isCutShort)
        #expect(try await store.audit() == [])
        let second = try await store.prune(all, limit: 2, now: seconds(600))
        #expect(second.jobs == 1 && second.parts == 0 && !second.isCutShort)
        #expect(
            try await store.query(
                "SELECT count(*) FROM jobs UNION ALL SELECT count(*) FROM events WHERE job_id IN (\(id), \(parts[0].id))"
            ) == [["0"], ["0"]])
    }

    @Test("ten thousand parts are made, done and counted by looking things up, never by reading through them all")
    func scale() async throws {
        let test = try TestStore()
        let store = test.store
        let count = 10_000
        let id = try await store.enqueue([.text(String(repeating: "x", count: count))], now: start)[0].id
        let job = try #require(try await claim(store).first)
        let clock = ContinuousClock()
        let parts = (0..<count).map { JobDivision.Part(text: "x", begin: $0, end: $0 + 1) }
        let dividing = try await clock.measure {
            _ = try await store.finish(job.claim, as: .divided(JobDivision(parts: parts)), now: seconds(1))
        }
        func fiveHundred() async throws -> Duration {
            try await clock.measure {
                for _ in 0..<5 {
                    for part in try await claim(store, 100) {
                        _ = try await store.complete(part.claim, with: JobResult(text: "y"), now: seconds(2))
                    }
                }
            }
        }
        let first = try await fiveHundred()
        try await store.execute(
            """
            UPDATE jobs SET state = 'running', attempt = 1, attempted_at = '2026-11-22T21:00:01.000Z', attempted_by = 'b',
              lease_expires_at = '2026-11-22T22:00:00.000Z' WHERE state = 'available' AND part <= 9000;
            INSERT INTO attempts (job_id, attempt, worker_id, outcome, finished_at)
              SELECT id, 1, 'b', 'completed', '2026-11-22T21:00:02.000Z' FROM jobs WHERE state = 'running';
            INSERT INTO results (job_id, attempt, text) SELECT id, 1, 'y' FROM jobs WHERE state = 'running';
            UPDATE jobs SET state = 'completed' WHERE state = 'running'
            """)
        let later = try await fiveHundred()
        print("\(count) parts: divided in \(dividing), 500 done in \(first), when 9,000 are done in \(later)")
        #expect(try await store.list(limit: 9).first?.progress == " 95%")
        #expect(try await store.queues().first?.parts == 500)
        #expect(try await store.query("SELECT count(*) FROM end_dependencies") == [["1"]])
        let plan = try await store.query(
            """
            EXPLAIN QUERY PLAN SELECT id FROM jobs INDEXED BY jobs_part_states
              WHERE parent_id = 1 AND state IN ('available','running','pending') LIMIT 1
            """
        ).compactMap(\.last)
        #expect(plan == ["SEARCH jobs USING COVERING INDEX jobs_part_states (parent_id=? AND state=?)"])
        try await store.cancel(JobSelection(ids: [id]))
        #expect(try await store.query("SELECT count(*) FROM jobs WHERE state = 'cancelled'") == [["501"]])
        #expect(try await store.audit() == [])
    }

    @Test("a job with parts stays at home when its queue is split, and so do its parts")
    func split() async throws {
        let (test, id) = try await store()
        let store = test.store
        let other = try await store.enqueue([.text("short")], now: start)[0].id
        let report = try await store.split(JobSelection(), into: 2, folder: test.folder.path("shards"), now: start)
        #expect(report.given == 1)
        #expect(try await store.query("SELECT id FROM jobs WHERE held_at IS NOT NULL") == [["\(other)"]])
        #expect(try await store.job(id)?.job.state == "pending")
    }

    @Test("a long document that is given out is divided in its shard, and comes home as one result")
    func shard() async throws {
        let test = try TestStore()
        let home = test.store
        let id = try await home.enqueue([.text(text)], now: start)[0].id
        let report = try await home.split(JobSelection(), into: 1, folder: test.folder.path("shards"), now: start)
        // Numbers that the parts will have in the shard are taken here.
        let others = try await home.enqueue([.text("a"), .text("b"), .text("c")], now: start).map(\.id)
        let shard = try JobStore(path: report.shards[0].path, random: { 0.5 })
        let job = try #require(try await claim(shard).first)
        _ = try await shard.finish(job.claim, as: .divided(division()), now: seconds(1))
        let parts = try await claim(shard)
        #expect(Set(parts.map(\.id)) == Set(others))
        try await complete(parts, shard)
        // Attempts are told apart by the moment of their start.
        try await complete(try await claim(shard, after: 3), shard)
        #expect(try await shard.audit() == [])
        try shard.close()
        _ = try await home.merge(shardAt: report.shards[0].path)
        #expect(try await home.job(id)?.job.state == "completed")
        for other in others { #expect(try await home.job(other)?.attempts == []) }
        let violations = try await home.audit()
        #expect(violations == [])
    }
}
