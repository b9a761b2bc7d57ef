import Foundation
import Testing

@Suite("Working within limits")
struct LimitedWorkTests {
    @Test("outside the run window nothing begins, and 75 tells that work is left")
    func closedWindow() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(2, tokens: "3")
        // A window on no day.
        try queue.sql("UPDATE queues SET window_start = '00:00', window_end = '23:59', window_days = ''")
        let outcome = try queue.work("--drain")
        #expect(outcome.status == 75)
        #expect(
            outcome.errors.hasSuffix(
                "\nnothing is left but what waits for the run window of its queue: 0 completed; work is left\n"))
        #expect(try queue.states() == "2 available")
    }

    @Test("a window that a hand closes interrupts running jobs where the queue says so")
    func interruptedByWindow() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(1)
        let worker = try queue.startWorker("--drain")
        try queue.waitUntil("SELECT state FROM jobs", is: "running")
        try queue.sql(
            """
            UPDATE queues SET window_start = '00:00', window_end = '23:59', window_days = '',
              window_end_policy = 'interrupt'
            """)
        #expect(worker.wait().status == 75)
        #expect(try queue.outcomes() == "1 interrupted")
        try queue.expectSound()
    }

    @Test("a running job is stopped at its deadline, and one that takes too long at its timeout")
    func deadlineAndTimeout() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(2)
        try queue.sql("UPDATE jobs SET timeout_seconds = 0.5, max_attempts = 1 WHERE id = 2")
        let worker = try queue.startWorker("--drain")
        try queue.waitUntil("SELECT state FROM jobs WHERE id = 1", is: "running")
        try queue.sql("UPDATE jobs SET deadline_at = datetime('now') WHERE id = 1")
        let outcome = worker.wait()
        #expect(outcome.status == 1)
        #expect(try queue.states() == "2 discarded")
        #expect(
            try queue.sql("SELECT outcome, error_code FROM attempts ORDER BY job_id")
                == "timed_out|deadline_missed\ntimed_out|timed_out")
    }

    @Test("a queue that is deleted while its jobs run stops them; the worker goes on")
    func deletedQueue() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(1)
        let worker = try queue.startWorker("--drain")
        try queue.waitUntil("SELECT state FROM jobs", is: "running")
        try queue.sql("DELETE FROM queues")
        #expect(worker.wait().status == 0)
        #expect(try queue.sql("SELECT state, error FROM jobs") == "cancelled|its queue was deleted")
        #expect(try queue.outcomes() == "1 cancelled")
    }

    @Test("a schedule's job is added by the worker and done")
    func schedule() throws {
        let queue = try TestQueue.withModel()
        try queue.sql(
            """
            INSERT INTO schedules(name, cron, job, next_run_at) VALUES ('s', '0 0 1 1 *',
              '{"kind":"generate","input":"Once","options":{"max_new_tokens":3}}', datetime('now', '-1 hour'))
            """)
        let worker = try queue.startWorker("--max-jobs", "1")
        #expect(worker.wait().status == 0)
        #expect(try queue.states() == "1 completed")
        #expect(try queue.sql("SELECT count(*) FROM schedule_runs WHERE job_id = 1") == "1")
    }

    @Test("a schedule's file is read when its time comes, and a missing one is told")
    func scheduledFile() throws {
        let queue = try TestQueue.withModel()
        try queue.write("Yesterday's news.", to: "news.txt")
        for (name, file) in [("news", "news.txt"), ("gone", "gone.txt")] {
            try queue.write("Soon to be changed.", to: file)
            let options = ["-o", "max_new_tokens=3"]
            let added = try queue.commandLine.run(["schedule", "add", name, "@yearly", "generate", file] + options)
            #expect(added.status == 0)
        }
        try queue.write("Today's news.", to: "news.txt")
        try FileManager.default.removeItem(atPath: queue.path("gone.txt"))
        try queue.sql("UPDATE schedules SET next_run_at = datetime('now', '-1 hour')")
        let worker = try queue.startWorker("--max-jobs", "1")
        #expect(worker.wait().status == 0)
        #expect(try queue.states() == "1 completed, 1 discarded")
        let text = "SELECT d.text FROM jobs j JOIN documents d ON d.id = j.document_id WHERE j.state = 'completed'"
        #expect(try queue.sql(text) == "Today's news.")
        let error = try queue.sql("SELECT error FROM jobs WHERE state = 'discarded'")
        #expect(error.hasPrefix("unreadable_document: ") && error.contains("gone.txt"))
        #expect(try queue.sql("SELECT count(*) FROM schedule_runs WHERE job_id IS NOT NULL") == "2")
    }

    @Test("a queue's file that is deleted under a worker ends it with 74, and nothing that was done is lost")
    func deletedFile() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(1, tokens: "3")
        try queue.insertLongTexts(1)
        let worker = try queue.startWorker("-j", "2")
        try queue.waitUntil("SELECT state FROM jobs WHERE id = 1", is: "completed")
        try FileManager.default.removeItem(atPath: queue.database)
        let outcome = worker.wait()
        #expect(outcome.status == 74)
        #expect(outcome.errors.contains("was deleted or replaced while this worker had it open"))
        let folder = URL(filePath: queue.database).deletingLastPathComponent()
        let copy = try #require(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).first { $0.contains(".rescued-") })
        for leftover in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: queue.database + leftover) }
        try FileManager.default.moveItem(atPath: folder.appending(path: copy).path, toPath: queue.database)
        #expect(try queue.states() == "1 available, 1 completed")
        #expect(try queue.outcomes() == "1 completed, 1 interrupted")
        try queue.expectSound()
    }

    @Test("SIGUSR1 stops like SIGTERM, as batch systems send it before the time is up")
    func userSignal() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(1)
        let worker = try queue.startWorker("--grace", "0s")
        try queue.waitUntil("SELECT state FROM jobs", is: "running")
        worker.send(SIGUSR1)
        #expect(worker.wait().status == 75)
        #expect(try queue.outcomes() == "1 interrupted")
    }
}
