import Foundation
import JSONText
import TestSupport
import Testing

@Suite("cancel, retry and queue")
struct ChangeCommandTests {
    let queue: TestQueue

    init() throws {
        queue = try TestQueue()
        for index in 1...4 {
            try queue.run("add", "generate", "--text", "Text \(index)", "-q", index == 4 ? "night" : "default")
        }
        try queue.complete(1, text: "Done.")
    }

    private func states() throws -> [String] {
        try queue.sql("SELECT state FROM jobs ORDER BY id").split(separator: "\n").map(String.init)
    }

    @Test("cancel changes what it can and counts the rest")
    func cancel() throws {
        let outcome = try queue.run("cancel", "1", "2")
        #expect(outcome.status == 0)
        #expect(outcome.errors == "1 job cancelled; 1 left as it is (1 completed)\n")
        #expect(try states() == ["completed", "cancelled", "available", "available"])
    }

    @Test("an id that isn't there is named, and the others are changed")
    func unknown() throws {
        let outcome = try queue.run("cancel", "2", "77", "--json")
        #expect(outcome.status == 1)
        #expect(try outcome.objects == [["changed": 1, "unchanged": 0, "unknown": [77]]])
        #expect(outcome.errors.contains("there is no job 77"))
        #expect(try states()[1] == "cancelled")
    }

    @Test("jobs are chosen by what they have in common")
    func choosing() throws {
        try queue.run("cancel", "--queue", "night")
        #expect(try states() == ["completed", "available", "available", "cancelled"])
        try queue.run("add", "generate", "--text", "later", "--in", "1d")
        for (status, count) in [("available", 2), ("scheduled", 1), ("held", 0)] {
            #expect(try queue.run("list", "--state", status, "--jsonl").lines.count == count)
            #expect(try queue.run("export", "--jobs", "--state", status).lines.count == count)
        }
        #expect(try queue.run("cancel", "--state", "available").errors == "2 jobs cancelled\n")
        #expect(try queue.run("cancel", "--state", "scheduled").errors == "1 job cancelled\n")
        #expect(
            try queue.run("cancel", "--all").errors
                == "0 jobs cancelled; 5 left as they are (4 cancelled, 1 completed)\n")
    }

    @Test("nothing named changes nothing")
    func nothing() throws {
        let outcome = try queue.run("cancel")
        #expect(outcome.status == 64)
        #expect(try states() == ["completed", "available", "available", "available"])
    }

    @Test("retry makes cancelled and discarded jobs available again")
    func retry() throws {
        try queue.run("cancel", "2")
        try queue.sql("UPDATE jobs SET state='discarded', attempt=3 WHERE id=3")
        #expect(try queue.run("retry", "--state", "discarded").errors == "1 job made available again\n")
        #expect(
            try queue.run("retry", "1", "2").errors == "1 job made available again; 1 left as it is (1 completed)\n")
        #expect(try states() == ["completed", "available", "available", "available"])
        #expect(try queue.sql("SELECT max_attempts FROM jobs WHERE id=3") == "4")
    }

    @Test("a queue is paused and goes on")
    func pause() throws {
        #expect(try queue.run("queue", "pause", "night").status == 0)
        #expect(try queue.run("queue", "list", "--jsonl").objects.map { $0["paused"] } == [false, true])
        #expect(try queue.run("queue", "resume", "night").status == 0)
        #expect(try queue.sql("SELECT paused_at IS NULL FROM queues WHERE name='night'") == "1")
        let unknown = try queue.run("queue", "pause", "nope")
        #expect(unknown.status == 66)
        #expect(unknown.errors.contains("There is no queue 'nope'. Queues: default, night"))
    }

    @Test("a locked database is a reason to try again")
    func locked() throws {
        let holder = try OpenPrompt(queue.database, "BEGIN IMMEDIATE; SELECT 'held';")
        let outcome = try queue.run("cancel", "2")
        holder.end()
        #expect(outcome.status == 75)
        #expect(outcome.errors.contains("is locked by another process"))
    }
}
