import Foundation
import JobStore
import TestSupport
import Testing

@Suite("Dependencies, batches and holds, by SQL", .enabled(if: SQLitePrompt.isInstalled, "needs the sqlite3 tool"))
struct WaitingTests {
    private let test: TestStore
    private var store: JobStore { test.store }

    init() throws { test = try TestStore() }

    private func sql(_ statement: String) throws -> String { try SQLitePrompt.run(test.path, statement) }
    private func states() throws -> String { try sql("SELECT group_concat(state) FROM jobs") }

    @Test("nobody waits for himself, nor for what isn't there")
    func cycles() async throws {
        let batch = try await store.batch(named: "b", now: start)
        try await store.enqueue((0..<4).map { _ in .text() }, now: start)
        _ = try sql("INSERT INTO job_dependencies(job_id, depends_on) VALUES (2,1), (3,2)")
        let itself = "a job would wait for itself, directly or through others"
        #expect(try sql("INSERT INTO job_dependencies(job_id, depends_on) VALUES (1,3)").contains(itself))
        #expect(try sql("INSERT INTO job_dependencies(job_id, depends_on) VALUES (1,99)").contains("names no job"))
        _ = try sql("UPDATE jobs SET batch_id = \(batch) WHERE id IN (3,4)")
        #expect(try sql("INSERT INTO batch_dependencies VALUES (1, \(batch))").contains(itself))
        #expect(try sql("INSERT INTO batch_dependencies VALUES (4, \(batch))").contains(itself))
        #expect(try sql("INSERT INTO batch_dependencies VALUES (4, 99)").contains("names no batch"))
        #expect(try states() == "available,pending,pending,available")
        #expect(try sql("SELECT job_id, job FROM unmet_dependencies ORDER BY 1") == "2|1\n3|2")
    }

    @Test("what a job waits for is found by seeking, however many others wait", arguments: ["jobs", "ends", "batches"])
    func plan(view: String) throws {
        let plan = try sql(
            "EXPLAIN QUERY PLAN UPDATE jobs SET priority = 5 WHERE EXISTS (SELECT 1 FROM unmet_\(view) u WHERE u.job_id = jobs.id)"
        )
        #expect(plan.contains(/SEARCH [db] USING PRIMARY KEY \(job_id=\?\)/))
        #expect(!plan.contains("AUTOMATIC"))
    }

    @Test("a condition that is deleted is met")
    func deletedCondition() async throws {
        try await store.enqueue([.text(), .text()], now: start)
        _ = try sql("INSERT INTO job_dependencies(job_id, depends_on) VALUES (2,1); DELETE FROM job_dependencies")
        #expect(try states() == "available,available")
    }

    @Test("a hand that makes a waiting or held job available is obeyed")
    func releaseByHand() async throws {
        try await store.enqueue([.text(), .text(), .text()], now: start)
        _ = try sql("INSERT INTO job_dependencies(job_id, depends_on) VALUES (2,1)")
        _ = try sql("UPDATE jobs SET held_at = datetime('now') WHERE id = 3")
        #expect(try sql("SELECT group_concat(status) FROM job_status") == "available,pending,held")
        _ = try sql("UPDATE jobs SET state = 'available' WHERE id > 1")
        #expect(
            try sql(
                "SELECT group_concat(status), sum(held_at IS NOT NULL) FROM (SELECT s.status, j.held_at FROM job_status s JOIN jobs j ON j.id = s.id)"
            ) == "available,available,available|0")
        #expect(try sql("SELECT count(*) FROM job_status WHERE status = 'held'") == "0")
    }

    @Test("a batch is complete once all its jobs have ended, and what comes after it begins then")
    func batches() async throws {
        let batch = try await store.batch(named: "b", now: start)
        var part = NewJob.text()
        part.batchID = batch
        try await store.enqueue([part, part, part], now: start)
        var after = NewJob.text()
        after.afterBatches = [batch]
        let id = try await store.enqueue([after], now: start)[0].id
        #expect(try states() == "available,available,available,pending")
        let jobs = try await store.claim(limit: 9, queues: nil, worker: "w", now: start)
        _ = try await store.complete(jobs[0].claim, with: JobResult(text: "t"), now: start)
        let failure = JobFailure(code: "x", message: "x", isPermanent: true)
        _ = try await store.fail(jobs[1].claim, with: failure, now: start)
        #expect(try await store.batches().map(\.complete) == [false])
        #expect(try await store.job(id)?.job.state == "pending")
        // The last one is cancelled by hand, or its row is deleted: both end the batch.
        _ = try sql("DELETE FROM jobs WHERE id = 3")
        let row = try #require(try await store.batches().first)
        #expect(row.complete && row.total == 2 && row.completed == 1 && row.failed == 1 && row.finished != nil)
        #expect(try await store.job(id)?.job.state == "available")
        // A retry opens it again.
        _ = try sql("UPDATE jobs SET state = 'available' WHERE id = 2")
        #expect(try await store.batches().map(\.complete) == [false])
        #expect(try sql("SELECT finished_at IS NULL FROM batches") == "1")
        _ = try sql("UPDATE jobs SET state = 'cancelled' WHERE id = 2")
        #expect(try sql("SELECT finished_at IS NULL FROM batches") == "0")
    }

    @Test("a sealed batch takes no more jobs")
    func sealing() async throws {
        let batch = try await store.batch(named: "b", now: start)
        var part = NewJob.text()
        part.batchID = batch
        try await store.enqueue([part, .text()], now: start)
        #expect(try await store.sealBatch(named: "b", now: start))
        #expect(try await !store.sealBatch(named: "c", now: start))
        await #expect(throws: JobStoreError.self) { try await store.enqueue([part], now: start) }
        #expect(try sql("UPDATE jobs SET batch_id = \(batch) WHERE id = 2").contains("the batch is sealed"))
        #expect(try sql("UPDATE jobs SET priority = 1, batch_id = batch_id") == "")
    }

    @Test("deleting a queue cancels its jobs, and renaming it takes them along")
    func queues() async throws {
        var night = NewJob.text()
        night.queue = "night"
        try await store.enqueue([night, night, .text()], now: start)
        let job = try #require(try await store.claim(limit: 1, queues: ["night"], worker: "w", now: start).first)
        #expect(try sql("DELETE FROM queues WHERE name = 'night'") == "")
        #expect(try states() == "cancelled,cancelled,available")
        #expect(try await store.job(2)?.job.error == "its queue was deleted")
        #expect(try await store.claims(of: "w").isEmpty)
        #expect(
            try await store.complete(job.claim, with: JobResult(text: "late"), now: start) == .refused(.cancelled))
        // A retried job brings its queue back, lest it waits for nobody.
        #expect(try sql("UPDATE jobs SET state = 'available' WHERE id = 2") == "")
        #expect(try await store.claim(limit: 9, queues: ["night"], worker: "w", now: start).map(\.id) == [2])
        #expect(try sql("UPDATE queues SET name = 'day' WHERE name = 'night'") == "")
        #expect(try sql("SELECT group_concat(queue) FROM jobs") == "day,day,default")
        #expect(try sql("PRAGMA foreign_key_check") == "")
    }

    @Test(
        "limits and settings that make no sense are refused by name",
        arguments: [
            ("UPDATE queues SET window_end_policy = 'stop'", "window_end_policy is finish or interrupt"),
            ("UPDATE queues SET rate_count = 0", "rate_count must be above 0"),
            ("UPDATE queues SET rate_seconds = 0", "rate_seconds goes from 1"),
            ("UPDATE queues SET timeout_seconds = -1", "timeout_seconds must be above 0"),
            ("UPDATE jobs SET deadline_at = 'soon'", "deadline_at must be a time"),
            ("UPDATE settings SET value = 'long'", "a retention is a whole number of days"),
            ("UPDATE settings SET value = -1", "a retention is a whole number of days"),
        ])
    func refusals(statement: String, message: String) async throws {
        try await store.enqueue([.text()], now: start)
        #expect(try sql(statement).contains(message))
    }

    @Test("a hand-typed deadline is stored in the form that sorts, and obeyed")
    func deadline() async throws {
        try await store.enqueue([.text()], now: start)
        #expect(
            try sql("UPDATE jobs SET deadline_at = '2026-11-22 20:00'; SELECT deadline_at FROM jobs")
                == "2026-11-22T20:00:00.000Z")
        #expect(try await store.keepTime(now: start).missedDeadlines == 1)
        #expect(try states() == "discarded")
    }

    @Test("a worker whose row is deleted makes itself known again")
    func deletedWorker() async throws {
        let worker = WorkerRegistration(id: "w", hostname: "h", processID: 1, version: "1")
        try await store.register(worker, now: start)
        _ = try sql("DELETE FROM workers")
        _ = try await store.heartbeat(worker: "w", running: [], now: seconds(5))
        #expect(try await store.liveWorkers(now: seconds(6)).map(\.id) == ["w"])
    }
}
