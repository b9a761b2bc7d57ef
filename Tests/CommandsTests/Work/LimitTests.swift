import Foundation
import Testing

@Suite("Limits of a worker")
struct LimitTests {
    @Test("two workers share a queue: each job is done once, and --max-jobs ends each")
    func twoWorkers() throws {
        let queue = try TestQueue.withModel()
        let workers = try (0..<2).map { _ in try queue.startWorker("--max-jobs", "20", "-j", "3") }
        for worker in workers { worker.waitForErrors(containing: "is at work") }
        try queue.insertTexts(40, tokens: "4 + i % 5")
        for worker in workers {
            let outcome = worker.wait()
            #expect(outcome.status == 0)
            #expect(outcome.errors.hasSuffix("\nthe number of jobs is reached: 20 completed\n"))
        }
        #expect(try queue.states() == "40 completed")
        #expect(try queue.outcomes() == "40 completed")
        #expect(try queue.sql("SELECT count(DISTINCT worker_id) FROM attempts") == "2")
        try queue.expectSound()
    }

    @Test("--once claims a single time")
    func once() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(5, tokens: "i * 3")
        let outcome = try queue.work("--once", "-j", "2")
        #expect(outcome.status == 0)
        #expect(outcome.errors.hasSuffix("\nthe jobs of one claim are done: 2 completed\n"))
        #expect(try queue.states() == "3 available, 2 completed")
        // With nothing to claim it doesn't wait.
        try queue.sql("DELETE FROM jobs WHERE state = 'available'")
        #expect(try queue.work("--once").status == 0)
    }

    @Test("a time that has passed claims nothing; 75 only if there was something to do")
    func pastDeadline() throws {
        let queue = try TestQueue.withModel()
        let idle = try queue.work("--until", "2020-01-01 00:00")
        #expect(idle.status == 0)
        #expect(idle.errors.hasSuffix("\nthe time is up: no more jobs are claimed\nthe time is up: 0 completed\n"))
        try queue.insertTexts(1)
        #expect(try queue.work("--until", "2020-01-01 00:00").status == 75)
        #expect(try queue.count("state = 'available' AND attempt = 0") == 1)
    }

    @Test("when the time is up, what runs gets its grace and is handed back")
    func maximumTime() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(2)
        // A busy machine may begin nothing within a second; then the worker is given twice the time.
        var seconds = 1
        var outcome: CommandLine.Outcome
        repeat {
            outcome = try queue.work("--max-time", "\(seconds)s", "--grace", "0s", "-j", "1")
            #expect(outcome.status == 75)
            seconds *= 2
        } while outcome.errors.hasSuffix("\nthe time is up: 0 completed; work is left\n") && seconds <= 64
        #expect(outcome.errors.hasSuffix("\nthe time is up: 0 completed, 1 handed back; work is left\n"))
        #expect(try queue.states() == "2 available")
        try queue.expectSound()
    }

    @Test("--quiet says nothing, whatever happens to the jobs")
    func quiet() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(2, tokens: "3")
        try queue.sql("INSERT INTO jobs(kind, input) VALUES ('sumarize', 'x')")
        let outcome = try queue.work("--drain", "--quiet")
        #expect(outcome.status == 1)
        #expect(outcome.output == "")
        #expect(outcome.errors == "")
    }

    @Test("only the named queues are served, and a name that isn't there is pointed out")
    func queues() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(2, tokens: "3")
        try queue.sql("UPDATE jobs SET queue = 'night' WHERE id = 2")
        let outcome = try queue.work("--drain", "-q", "nigth", "-q", "night")
        #expect(outcome.status == 0)
        #expect(outcome.errors.hasPrefix("nightshift: there is no queue 'nigth' yet (queues: default, night)\n"))
        #expect(try queue.sql("SELECT state FROM jobs ORDER BY id") == "available\ncompleted")
    }

    @Test("what is wrong with the command line, the queue or the model is said before anything is claimed")
    func refusals() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(1)
        let wrong: [([String], Int32, String)] = [
            (["--until", "noon"], 64, "'noon' is no time"), (["--max-time", "5"], 64, "'5' is no duration"),
            (["--grace", "x"], 64, "'x' is no duration"), (["-j", "0"], 64, "--jobs takes 1 to 4096"),
            (["--max-jobs", "0"], 64, "--max-jobs takes at least 1"), (["--db", "none.db"], 66, "none.db"),
            (["--model", "nowhere"], 66, "nowhere"),
        ]
        for (arguments, status, message) in wrong {
            let outcome = try queue.commandLine.run(["work", "--drain"] + arguments)
            #expect(outcome.status == status, "\(arguments)")
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
        }
        #expect(try queue.count("state = 'available' AND attempt = 0") == 1)
        #expect(try queue.sql("SELECT count(*) FROM workers") == "0")
    }
}
