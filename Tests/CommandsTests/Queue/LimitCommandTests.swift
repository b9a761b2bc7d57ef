import Foundation
import JSONText
import Testing

@Suite("queue set, hold, release, reprioritize, batch and schedule")
struct LimitCommandTests {
    let queue: TestQueue

    init() throws { queue = try TestQueue() }

    private func add(_ arguments: String...) throws -> CommandLine.Outcome {
        try queue.commandLine.run(["add", "generate", "--text", "Once upon a time"] + arguments)
    }

    private func statuses() throws -> String { try queue.sql("SELECT group_concat(status) FROM job_status") }

    @Test("queue set writes what the table says, and takes it away again")
    func settings() throws {
        let outcome = try queue.run(
            "queue", "set", "night", "--window", "22:00-6:00", "--days", "mon-fri", "--at-end", "interrupt", "--rate",
            "10/m", "--concurrency", "4", "--timeout", "30m")
        #expect(outcome.status == 0)
        #expect(
            outcome.errors
                == "queue 'night': runs 22:00-06:00 mon-fri, then jobs are handed back; 4 at once; starts 10/m; "
                + "1800 s a job at most\n")
        #expect(
            try queue.sql(
                """
                SELECT window_start, window_end, window_days, window_end_policy, rate_count, rate_seconds, concurrency,
                  timeout_seconds FROM queues WHERE name = 'night'
                """) == "22:00|06:00|12345|interrupt|10|60|4|1800.0")
        let cleared = try queue.run(
            "queue", "set", "night", "--window", "none", "--days", "all", "--rate", "none", "--concurrency", "none",
            "--timeout", "none", "--at-end", "finish", "--json")
        #expect(
            try cleared.objects == [
                [
                    "queue": "night", "concurrency": .null, "rate": .null, "window": .null, "days": "0123456",
                    "at_end": "finish", "timeout": .null, "paused": false,
                ]
            ])
    }

    @Test(
        "what isn't a limit is refused, and nothing is changed",
        arguments: [
            ["--window", "22-6"], ["--window", "25:00-06:00"], ["--window", "06:00-06:00"], ["--days", "someday"],
            ["--rate", "10"], ["--rate", "0/m"], ["--rate", "1/9d"], ["--concurrency", "0"], ["--timeout", "0s"], [],
        ])
    func refusals(arguments: [String]) throws {
        let outcome = try queue.commandLine.run(["queue", "set", "night"] + arguments)
        #expect(outcome.status == 64, "\(arguments)")
        #expect(try queue.sql("SELECT count(*) FROM queues") == "1")
    }

    @Test("held jobs wait for release, and those that wait for others go on waiting")
    func holding() throws {
        _ = try add("--hold")
        _ = try add()
        _ = try add("--after", "1")
        #expect(try statuses() == "held,available,pending")
        #expect(try queue.run("hold", "2", "3").errors == "2 jobs held\n")
        #expect(try statuses() == "held,held,held")
        #expect(try queue.run("list", "--state", "held", "--jsonl").lines.count == 3)
        #expect(try queue.run("release", "--state", "held").errors == "3 jobs released\n")
        #expect(try statuses() == "available,available,pending")
        let outcome = try queue.run("reprioritize", "1", "2", "--priority", "0", "--json")
        #expect(try outcome.objects == [["changed": 2, "unchanged": 0, "unknown": []]])
        #expect(try queue.sql("SELECT group_concat(priority) FROM jobs") == "0,0,5")
        #expect(try queue.run("reprioritize", "1", "--priority", "10").status == 64)
    }

    @Test("add --after and its like wait, and refuse what could never begin")
    func waiting() throws {
        _ = try add("--batch", "b")
        _ = try add("--after", "1", "--deadline", "2099-01-01", "--timeout", "90s")
        _ = try add("--after-end", "1")
        _ = try add("--after-batch", "b")
        #expect(try statuses() == "available,pending,pending,pending")
        #expect(
            try queue.sql("SELECT deadline_at, timeout_seconds FROM jobs WHERE id = 2")
                == "2098-12-31T23:00:00.000Z|90.0")
        let shown = try queue.run("show", "4").output
        #expect(shown.contains("waits for  batch b\n"))
        #expect(try queue.json("show", "2", "--json")["waits_for"] == ["job 1"])
        #expect(try queue.run("cancel", "1").status == 0)
        #expect(try statuses() == "cancelled,cancelled,available,available")
        let hopeless = try add("--after", "1")
        #expect(hopeless.status == 65)
        #expect(hopeless.errors.contains("that job is cancelled, so this one could never begin"))
        #expect(try add("--after-end", "77").status == 66)
        #expect(try add("--after-batch", "c").status == 66)
    }

    @Test("batch list says when a batch is complete; a sealed one takes no more")
    func batches() throws {
        _ = try add("--batch", "b")
        #expect(try queue.json("batch", "list", "--json").array.map { $0["complete"] } == [false])
        try queue.complete(1, text: "Done.")
        let row = try #require(try queue.json("batch", "list", "--json").array.first)
        #expect(row["complete"] == true && row["percent"] == 100.0 && row["remaining"] == 0)
        #expect(try queue.run("batch", "seal", "b").status == 0)
        #expect(try queue.run("batch", "seal", "c").status == 66)
        let refused = try add("--batch", "b")
        #expect(refused.status == 65)
        #expect(refused.errors.contains("the batch is sealed: no more jobs can be added to it"))
    }

    @Test("schedules are added, listed, paused, resumed and removed")
    func schedules() throws {
        try queue.write("Bees make honey.", to: "bees.txt")
        let added = try queue.run("schedule", "add", "bees", "0 22 * * mon-fri", "summarize", "bees.txt", "-q", "night")
        #expect(added.status == 0)
        let path = queue.path("bees.txt")
        #expect(added.errors.hasSuffix(":00:00, if a worker runs; it reads \(path) then\n"))
        let row = try #require(try queue.json("schedule", "list", "--json").array.first)
        #expect(
            row["name"] == "bees" && row["kind"] == "summarize" && row["queue"] == "night" && row["enabled"] == true)
        #expect(try queue.sql("SELECT job->>'$.path', job->>'$.input' FROM schedules") == "\(path)|")
        #expect(try queue.run("schedule", "pause", "bees").status == 0)
        #expect(try queue.json("schedule", "list", "--json").array.map { $0["next_run_at"] } == [.null])
        #expect(try queue.run("schedule", "resume", "bees").errors == "schedule 'bees' goes on\n")
        #expect(try queue.run("schedule", "rm", "bees").status == 0)
        #expect(try queue.run("schedule", "rm", "bees").status == 66)
    }

    @Test("a schedule keeps the text of a document where it is told to")
    func keptText() throws {
        try queue.write("Bees make honey.", to: "bees.txt")
        let added = try queue.run("schedule", "add", "bees", "@daily", "summarize", "bees.txt", "--keep-text")
        #expect(added.errors.hasSuffix(":00:00, if a worker runs\n"))
        #expect(try queue.sql("SELECT job->>'$.path', job->>'$.input' FROM schedules") == "|Bees make honey.")
    }

    @Test(
        "a schedule that would come to nothing is refused",
        arguments: [
            (["0 22 * *", "generate", "--text", "x"], 64, "has 4 fields"),
            (["0 25 * * *", "generate", "--text", "x"], 64, "no hour"),
            (["@daily", "generate", "--text", "x", "--timezone", "Mars"], 65, "no time zone 'Mars'"),
            (["@daily", "answer", "--text", "x"], 64, "question"),
            (["@daily", "generate", "missing.txt"], 65, "missing.txt"),
            (["@daily", "nonsense", "--text", "x"], 64, "nonsense"),
        ])
    func refusedSchedules(arguments: [String], status: Int32, message: String) throws {
        let outcome = try queue.commandLine.run(["schedule", "add", "s"] + arguments)
        #expect(outcome.status == status)
        #expect(outcome.errors.contains(message))
        #expect(try queue.sql("SELECT count(*) FROM schedules") == "0")
    }
}
