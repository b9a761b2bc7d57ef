import Foundation
import Testing

@Suite("Changes while a worker works")
struct ChangesMeanwhileTests {
    @Test("a running job that is cancelled, by SQL or by command, stops and leaves no result")
    func cancel() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(2)
        try queue.insertTexts(1)
        let worker = try queue.startWorker("--drain")
        try queue.waitUntil("SELECT state FROM jobs WHERE id = 3", is: "completed")
        try queue.sql("UPDATE jobs SET state = 'cancelled' WHERE id = 1")
        #expect(try queue.run("cancel", "2").status == 0)
        let outcome = worker.wait()
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("\njob 1 (generate) cancelled\n"))
        #expect(outcome.errors.hasSuffix("\nnothing is due any more: 1 completed, 2 cancelled\n"))
        #expect(try queue.states() == "2 cancelled, 1 completed")
        #expect(
            try queue.sql(
                "SELECT DISTINCT finish_reason, length(late_text) > 0 FROM attempts WHERE outcome = 'cancelled'")
                == "cancelled|1")
        try queue.expectSound()
    }

    @Test("a running job may be deleted; the worker goes on with the others")
    func delete() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(1)
        try queue.insertTexts(2)
        let worker = try queue.startWorker("--drain", "-j", "2")
        try queue.waitUntil("SELECT state FROM jobs WHERE id = 2", is: "completed")
        try queue.sql("DELETE FROM jobs WHERE id = 1")
        let outcome = worker.wait()
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("\njob 1 (generate) was deleted while it ran\n"))
        #expect(try queue.states() == "2 completed")
        #expect(try queue.sql("SELECT count(*) FROM attempts WHERE job_id = 1") == "0")
        try queue.expectSound()
    }

    @Test("a running job that is released by hand is begun anew")
    func release() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(1)
        let worker = try queue.startWorker("--drain")
        try queue.waitUntil("SELECT state FROM jobs", is: "running")
        try queue.sql("UPDATE jobs SET state = 'available'")
        let outcome = worker.wait()
        #expect(outcome.status == 0)
        #expect(
            outcome.errors.contains(
                "\njob 1 (generate) was taken from this worker; its text is kept with the attempt\n"))
        #expect(try queue.sql("SELECT attempt, outcome FROM attempts ORDER BY attempt") == "1|interrupted\n2|completed")
        #expect(try queue.sql("SELECT attempt FROM results") == "2")
    }

    @Test("a paused queue's running jobs are finished and the others left, until it's resumed")
    func pause() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(8, tokens: "600")
        let worker = try queue.startWorker("--drain", "-j", "2")
        try queue.waitUntil("SELECT count(*) FROM jobs WHERE state = 'running'", is: "2")
        try queue.sql("UPDATE queues SET paused_at = datetime('now') WHERE name = 'default'")
        #expect(worker.wait().status == 0)
        #expect(try queue.states() == "6 available, 2 completed")
        try queue.sql("UPDATE queues SET paused_at = NULL")
        #expect(try queue.work("--drain").status == 0)
        #expect(try queue.states() == "8 completed")
        try queue.expectSound()
    }

    @Test("a discarded job that is mended and retried is done")
    func retry() throws {
        let queue = try TestQueue.withModel()
        try queue.sql(
            "INSERT INTO jobs(kind, input, max_attempts) VALUES ('summarise', 'Bees make honey, and bears eat it.', 1)")
        #expect(try queue.work("--drain").status == 1)
        #expect(try queue.states() == "1 discarded")
        try queue.sql("UPDATE jobs SET kind = 'summarize'")
        #expect(try queue.run("retry", "1").status == 0)
        #expect(try queue.work("--drain").status == 0)
        #expect(try queue.sql("SELECT state, error IS NULL FROM jobs") == "completed|1")
        #expect(try queue.outcomes() == "1 completed, 1 failed")
    }
}
