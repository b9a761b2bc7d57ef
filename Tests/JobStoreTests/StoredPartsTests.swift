import Foundation
import JSONText
import JobStore
import Proofs
import Testing

@Suite("Parts of divided jobs, in the file")
struct StoredPartsTests: PartsOfJobs {
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
