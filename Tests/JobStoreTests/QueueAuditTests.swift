import Foundation
import JobStore
import TestSupport
import Testing

/// An audit is worth what it finds: each kind of damage is done to a sound queue, and must be found.
@Suite("The audit of a queue's rows", .enabled(if: SQLitePrompt.isInstalled))
struct QueueAuditTests {
    /// Damage by SQL, with no trigger in the way, and what is to be said of it.
    struct Damage: Sendable, CustomTestStringConvertible {
        let what: String
        let sql: String
        let finding: String
        var testDescription: String { what }

        init(_ what: String, _ sql: String, _ finding: String) {
            (self.what, self.sql, self.finding) = (what, sql, finding)
        }

        static let lost = [
            Damage(
                "a result is lost", "DELETE FROM results WHERE job_id = 1",
                "a completed job has a result: not so for [1]"),
            Damage(
                "a job that runs again has lost its first result", "DELETE FROM results WHERE job_id = 6",
                "a job that was completed keeps its result until it has another one: not so for [6]"),
            Damage(
                "a job is lost", "DELETE FROM jobs WHERE id = 1", "2 rows refer to rows that aren't there"),
            Damage(
                "a past attempt is lost", "DELETE FROM attempts WHERE job_id = 3 AND attempt = 1",
                "whatever was started is on record, and completed where it was: not so for [3]"),
            Damage(
                "the attempt of a running job is lost", "DELETE FROM attempts WHERE job_id = 2",
                "a running job has its attempt, that of its worker: not so for [2]"),
            Damage(
                "a completion is lost",
                "UPDATE jobs SET state = 'available', finalized_at = NULL WHERE id = 1; DELETE FROM results WHERE job_id = 1",
                "a job that was completed keeps its result until it has another one: not so for [1]"),
            Damage(
                "a running job has no lease, so that nobody would release it",
                "UPDATE jobs SET lease_expires_at = NULL WHERE id = 2", "only a running job has a lease: not so for [2]"
            ),
            Damage(
                "a job that has ended doesn't say when, so that nobody would remove it",
                "UPDATE jobs SET finalized_at = NULL WHERE id = 1",
                "only a job that has ended has the time of its end: not so for [1]"),
            Damage(
                "a job waits for nothing", "DELETE FROM job_dependencies",
                "a pending job is held or waits for something: not so for [4]"),
            Damage(
                "a batch is called finished", "UPDATE batches SET finished_at = '2026-11-22'",
                "a batch is finished when none of its jobs is open: not so for [1]"),
            Damage(
                "a part has no whole", "UPDATE jobs SET parent_id = 99 WHERE id = 5",
                "a part has a whole that it is a part of: not so for [5]"),
            Damage(
                "a part is open still", "UPDATE jobs SET parent_id = 1 WHERE id = 5",
                "an open part has a whole that is open: not so for [5]"),
        ]

        static let doubled = [
            Damage(
                "a worker has done a job again",
                "INSERT INTO attempts (job_id, attempt, worker_id, outcome, finished_at) VALUES (1, 2, 'w', 'completed', '2026')",
                "a job is completed once, unless it is made to run again: not so for [1]"),
            Damage(
                "a worker whom nobody knows has done a job again",
                "INSERT INTO attempts (job_id, attempt, worker_id, outcome, finished_at) VALUES (1, 2, 'x', 'completed', '2026')",
                "a job is completed once, unless it is made to run again: not so for [1]"),
            Damage(
                "a job that ran again was done three times",
                "INSERT INTO attempts (job_id, attempt, worker_id, outcome, finished_at) VALUES (7, 3, 'w', 'completed', '2026')",
                "a job is completed once, unless it is made to run again: not so for [7]"),
            Damage(
                "an attempt was completed twice",
                "INSERT INTO events (job_id, from_state, to_state, attempt) VALUES (1, 'running', 'completed', 1)",
                "no attempt is completed twice: not so for [1]"),
            Damage(
                "two workers run a job",
                "INSERT INTO attempts (job_id, attempt, worker_id) VALUES (2, 2, 'v')",
                "only a running job has a running attempt, and only one: not so for [2]"),
            Damage(
                "somebody else runs a job", "UPDATE jobs SET attempted_by = 'v' WHERE id = 2",
                "a running job has its attempt, that of its worker: not so for [2]"),
            Damage(
                "a job that is done runs",
                "UPDATE attempts SET outcome = 'running', finished_at = NULL WHERE job_id = 1",
                "only a running job has a running attempt, and only one: not so for [1]"),
            Damage(
                "a result is that of an attempt that failed", "UPDATE attempts SET outcome = 'failed' WHERE job_id = 1",
                "a result is that of an attempt that was completed: not so for [1]"),
            Damage(
                "a job has a result that nobody made", "INSERT INTO results (job_id, attempt, text) VALUES (5, 1, 'x')",
                "a job that isn't completed has no result, unless it was and runs again: not so for [5]"),
            Damage(
                "an attempt has ended and doesn't say when", "UPDATE attempts SET finished_at = NULL WHERE job_id = 1",
                "an attempt has an end once it has an outcome: not so for [1]"),
            Damage(
                "a change is missing in the trail", "DELETE FROM events WHERE job_id = 1 AND to_state = 'running'",
                "each change in the audit trail goes on from the one before: not so for [1]"),
            Damage(
                "the last change is missing in the trail",
                "DELETE FROM events WHERE id = (SELECT max(id) FROM events WHERE job_id = 1)",
                "the audit trail ends with the state that a job has: not so for [1]"),
        ]
    }

    /// 1 is completed, 2 runs, 3 was given up after two tries, 4 waits for 2, 5 is available, 6 was completed and is to run
    /// again, 7 has done so.
    private func soundQueue() async throws -> TestStore {
        let test = try TestStore()
        let store = test.store
        let worker = WorkerRegistration(id: "w", hostname: "h", processID: 1, version: "1")
        try await store.register(worker, now: start)
        let batch = try await store.batch(named: "b", now: start)
        var jobs = (0..<7).map { _ in NewJob.text() }
        jobs[4].batchID = batch
        jobs[4].priority = 9
        try await store.enqueue(jobs, now: start)
        func claim(_ id: Int64) async throws -> JobClaim {
            try await store.execute("UPDATE jobs SET priority = (id <> \(id)) + 1 WHERE state = 'available'")
            let claimed = try await store.claim(limit: 1, queues: nil, worker: "w", now: seconds(3600))
            #expect(claimed.map(\.id) == [id])
            return try #require(claimed.first).claim
        }
        let outcome = try await store.complete(try await claim(1), with: JobResult(text: "Honey."), now: seconds(3601))
        #expect(outcome == .stored(.completed))
        for (code, isPermanent) in [("slow", false), ("broken", true)] {
            let failure = JobFailure(code: code, message: "no", isPermanent: isPermanent)
            _ = try await store.fail(try await claim(3), with: failure, now: seconds(0))
        }
        for _ in 0..<2 {
            for id in [6, 7] as [Int64] where try await store.job(id)?.job.state == "available" {
                _ = try await store.complete(try await claim(id), with: JobResult(text: "Wax."), now: seconds(3602))
            }
            try await store.execute("UPDATE jobs SET state = 'available' WHERE id IN (6, 7) AND attempt = 1")
            try await store.execute("UPDATE jobs SET held_at = '2026-11-22' WHERE id = 6 AND state = 'available'")
        }
        _ = try await claim(2)
        try await store.execute("INSERT INTO job_dependencies (job_id, depends_on) VALUES (4, 2)")
        return test
    }

    private func damage(_ test: TestStore, _ sql: String) throws {
        let triggers = try SQLitePrompt.run(test.path, "SELECT name FROM sqlite_master WHERE type = 'trigger'")
        let drops = triggers.split(separator: "\n").map { "DROP TRIGGER \($0);" }.joined(separator: "\n")
        // Constraints, too, stand in the way.
        #expect(try SQLitePrompt.run(test.path, "PRAGMA ignore_check_constraints = 1; \(drops) \(sql)") == "")
    }

    @Test("finds nothing wrong with a sound queue")
    func sound() async throws {
        let test = try await soundQueue()
        #expect(try await test.store.audit() == [])
        #expect(
            try SQLitePrompt.run(test.path, "SELECT group_concat(state) FROM jobs")
                == "completed,running,discarded,pending,available,pending,completed")
    }

    @Test("finds what is lost", arguments: Damage.lost)
    func lost(_ damage: Damage) async throws {
        let test = try await soundQueue()
        try self.damage(test, damage.sql)
        #expect(try await test.store.audit().contains(damage.finding))
    }

    @Test("finds what was done twice, or by nobody", arguments: Damage.doubled)
    func doubled(_ damage: Damage) async throws {
        let test = try await soundQueue()
        try self.damage(test, damage.sql)
        #expect(try await test.store.audit().contains(damage.finding))
    }

    @Test("lets two machines that had the same shard both have done a job, and nobody else")
    func shards() async throws {
        let test = try await soundQueue()
        let attempt =
            "INSERT INTO attempts (job_id, attempt, worker_id, outcome, finished_at) VALUES (1, 2, '%', 'completed', '2026');"
        try damage(
            test, "INSERT INTO settings (key, value) VALUES ('queue_id', 'q'); " + attempt.replacing("%", with: "x"))
        #expect(try await test.store.audit() == [])
        try damage(test, "UPDATE attempts SET worker_id = 'w' WHERE job_id = 1")
        #expect(
            try await test.store.audit() == ["a job is completed once, unless it is made to run again: not so for [1]"])
    }
}
