import Foundation
import Testing

@Suite("Workers that are killed")
struct KillTests {
    /// Lengths that differ, so that some job is running at any moment.
    private static let tokens = "20 + 9 * (i % 7)"

    @Test("kill -9: the next worker takes the jobs back at once and finishes the rest, each exactly once")
    func kill() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(24, tokens: Self.tokens)
        let first = try queue.startWorker("--drain", "-j", "4")
        try queue.waitUntil(
            "SELECT sum(state = 'completed') >= 4 AND sum(state = 'running') = 4 FROM jobs", is: "1")
        first.send(SIGKILL)
        #expect(first.wait().status == 128 + SIGKILL)
        let orphans = try #require(try queue.count("state = 'running'"))
        #expect(orphans > 0)

        let second = try queue.work("--drain")
        #expect(second.status == 0)
        #expect(try queue.states() == "24 completed")
        #expect(try queue.outcomes() == "24 completed, \(orphans) lost")
        #expect(
            try queue.sql(
                "SELECT DISTINCT error_code, error LIKE 'worker_lost: % died%' FROM attempts WHERE outcome = 'lost'")
                == "worker_lost|1")
        try queue.expectSound()

        // At once: before the second worker claimed anything.
        let lines = second.errors.split(separator: "\n")
        #expect(lines.dropFirst().prefix(orphans).allSatisfy { $0.contains("taken back from") })
        #expect(lines.count { $0.contains("taken back from") } == orphans)
        // The audit trail tells of the crash, too.
        #expect(
            try queue.sql("SELECT count(*) FROM events WHERE from_state = 'running' AND to_state = 'available'")
                == "\(orphans)")
    }

    @Test("a worker beside the one that is killed takes over its jobs")
    func killOneOfTwo() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(30, tokens: Self.tokens)
        let doomed = try queue.startWorker("--drain", "-j", "4")
        try queue.waitUntil("SELECT count(*) > 0 FROM jobs WHERE state = 'running'", is: "1")
        let survivor = try queue.startWorker("--drain", "-j", "4")
        try queue.waitUntil("SELECT count(DISTINCT attempted_by) FROM jobs WHERE state = 'running'", is: "2")
        doomed.send(SIGKILL)
        #expect(doomed.wait().status == 128 + SIGKILL)

        let outcome = survivor.wait()
        #expect(outcome.status == 0)
        #expect(try queue.states() == "30 completed")
        #expect(try queue.sql("SELECT count(DISTINCT worker_id) FROM attempts") == "2")
        let lost = try #require(Int(try queue.sql("SELECT count(*) FROM attempts WHERE outcome = 'lost'")))
        #expect(lost > 0)
        #expect(outcome.errors.split(separator: "\n").count { $0.contains("taken back from") } == lost)
        try queue.expectSound()
    }

    @Test("a job in which worker after worker dies is given up, and the rest are done")
    func poison() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(1)
        for death in 1...3 {
            let worker = try queue.startWorker("--drain")
            try queue.waitUntil("SELECT state, attempt FROM jobs", is: "running|\(death)")
            worker.send(SIGKILL)
            _ = worker.wait()
        }
        try queue.insertTexts(1)
        let outcome = try queue.work("--drain")
        #expect(outcome.errors.contains("\njob 1 given up: too many workers have died in it"))
        #expect(try queue.sql("SELECT state FROM jobs ORDER BY id") == "discarded\ncompleted")
        #expect(try queue.outcomes() == "1 completed, 3 lost")
    }
}
