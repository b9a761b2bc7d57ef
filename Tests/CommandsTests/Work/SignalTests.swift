import Foundation
import Testing

@Suite("Signals")
struct SignalTests {
    @Test(
        "after a signal what runs is finished, nothing else is begun, and 75 tells that work is left",
        arguments: [SIGTERM, SIGINT, SIGHUP])
    func once(signal: Int32) throws {
        let queue = try TestQueue.withModel()
        // Long enough for the signal to come before the first is done.
        try queue.insertTexts(8, tokens: "1500")
        let worker = try queue.startWorker("-j", "2")
        try queue.waitUntil("SELECT count(*) FROM jobs WHERE state = 'running'", is: "2")
        worker.send(signal)
        let outcome = worker.wait()
        #expect(outcome.status == 75)
        // A job that was claimed just before the signal, and that the engine hadn't begun, is handed back.
        let begun = outcome.errors.contains("\nstopping: no more jobs are claimed; finishing 2 running jobs\n") ? 2 : 1
        if begun == 1 {
            #expect(outcome.errors.contains("\nstopping: no more jobs are claimed; finishing 1 running job\n"))
        }
        let handedBack = begun == 1 ? ", 1 handed back" : ""
        #expect(outcome.errors.hasSuffix("\nstopped: \(begun) completed\(handedBack); work is left\n"))
        #expect(try queue.states() == "\(8 - begun) available, \(begun) completed")
        #expect(try queue.count("state = 'available' AND attempt > 0") == 2 - begun)
        #expect(try queue.count("state = 'available' AND max_attempts - attempt <> 3") == 0)
        #expect(try queue.sql("SELECT count(*) FROM workers WHERE stopping_at IS NOT NULL") == "1")
        try queue.expectSound()
    }

    @Test("what isn't finished within the grace is handed back as if it had not been tried")
    func grace() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(3)
        let worker = try queue.startWorker("-j", "2", "--grace", "1s")
        try queue.waitUntil("SELECT count(*) FROM jobs WHERE state = 'running'", is: "2")
        worker.send(SIGTERM)
        let outcome = worker.wait()
        #expect(outcome.status == 75)
        #expect(outcome.errors.hasSuffix("\nstopped: 0 completed, 2 handed back; work is left\n"))
        try expectHandedBack(queue)
    }

    @Test("a second signal hands back at once")
    func twice() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(3)
        let worker = try queue.startWorker("-j", "2", "--grace", "1h")
        try queue.waitUntil("SELECT count(*) FROM jobs WHERE state = 'running'", is: "2")
        worker.send(SIGTERM)
        worker.waitForErrors(containing: "stopping")
        worker.send(SIGTERM)
        #expect(worker.wait().status == 75)
        try expectHandedBack(queue)
    }

    /// Two of three jobs were.
    private func expectHandedBack(_ queue: TestQueue) throws {
        #expect(try queue.states() == "3 available")
        #expect(try queue.outcomes() == "2 interrupted")
        #expect(try queue.count("max_attempts - attempt = 3") == 3)
        #expect(try queue.sql("SELECT count(*) FROM results") == "0")
        // What was paid for is kept with the attempt.
        #expect(
            try queue.sql(
                """
                SELECT DISTINCT completion_tokens > 0, length(late_text) > 0, finish_reason, engine IS NOT NULL FROM attempts
                """) == "1|1|cancelled|1")
        try queue.expectSound()
    }

    @Test("an idle worker picks up what is inserted, and stops with 0 when nothing is left")
    func idle() throws {
        let queue = try TestQueue.withModel()
        let worker = try queue.startWorker()
        worker.waitForErrors(containing: "is at work")
        try queue.insertTexts(1, tokens: "3")
        try queue.waitUntil("SELECT state FROM jobs", is: "completed")
        // Something for tomorrow is no work that was left.
        try queue.sql("INSERT INTO jobs(kind, input, scheduled_at) VALUES ('generate', 'x', datetime('now', '+1 day'))")
        worker.send(SIGTERM)
        let outcome = worker.wait()
        #expect(outcome.status == 0)
        #expect(outcome.errors.hasSuffix("\nstopping: no more jobs are claimed\nstopped: 1 completed\n"))
    }

    @Test("nobody reading the messages doesn't end the work", arguments: ["2>&1 | true", "2>/dev/full", "2>&-"])
    func unreadMessages(redirection: String) throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(3, tokens: "5")
        var shell = queue.commandLine
        shell.executable = URL(filePath: "/bin/bash")
        // The tests ignore SIGPIPE, and what they start would as well.
        let outcome = try shell.run([
            "-c", "env --default-signal=PIPE \(CommandLine.executable.path) work --drain --threads 1 \(redirection)",
        ])
        #expect(outcome.status == 0)
        #expect(try queue.states() == "3 completed")
    }
}
