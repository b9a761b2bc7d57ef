import Foundation
import JSONText
import Testing

@Suite("status, list, show and results")
struct LookingTests {
    let queue: TestQueue

    init() throws {
        queue = try TestQueue()
        try queue.write("The cat sat.\n", to: "cat.txt")
        try queue.write("\u{1B}[2JThe dog, \"Rex\", ran.\n", to: "dog.txt")
        try queue.run("add", "summarize", "cat.txt", "dog.txt")
        try queue.run("add", "answer", "cat.txt", "--question", "Who sat?", "-q", "night", "--in", "1d", "--batch", "b")
        try queue.complete(1, text: "A cat sat.\nThen, it\tslept.")
    }

    @Test("status counts the jobs of each queue")
    func status() throws {
        let outcome = try queue.run("status")
        #expect(outcome.lines.count == 3)
        #expect(outcome.lines[1].hasPrefix("default\tno\tyes\t1\t0\t0\t0\t1\t0\t0\t20"))
        #expect(outcome.lines[2].hasPrefix("night\tno\tyes\t0\t1\t0"))
        let object = try queue.json("status", "--json")
        #expect(object["totals"]?["available"] == 1)
        #expect(object["totals"]?["completed"] == 1)
        #expect(object["queues"]?.array.map { $0["queue"] } == ["default", "night"])
        #expect(object["workers"] == [])
    }

    @Test("a worker counts as alive while its heart beats")
    func workers() throws {
        try queue.sql(
            """
            INSERT INTO workers(id,hostname,pid,version) VALUES ('w1','h',7,'1'), ('w2','h',8,'1'), ('w3','h',9,'1');
            UPDATE workers SET heartbeat_at = strftime('%Y-%m-%dT%H:%M:%fZ','now','-10 minutes') WHERE id='w2';
            UPDATE workers SET stopped_at = heartbeat_at WHERE id='w3';
            """)
        #expect(try queue.json("status", "--json")["workers"]?.array.map { $0["id"] } == ["w1"])
    }

    @Test("list has the view's columns, in every form")
    func forms() throws {
        let names = [
            "id", "kind", "queue", "status", "priority", "tries", "progress", "scheduled", "started", "finished",
            "input", "error", "parent_id", "part",
        ]
        #expect(try queue.run("list").lines.first == names.joined(separator: "\t"))
        #expect(try queue.run("list", "--csv").lines.first == names.joined(separator: ","))
        guard case .object(let object)? = try queue.json("list", "--json").array.first else {
            Issue.record("no object")
            return
        }
        #expect(object.names == names)
        #expect(object["id"] == 1 && object["status"] == "completed" && object["error"] == .null)
        let lines = try queue.run("list", "--jsonl").objects
        #expect(lines.map { $0["id"] } == [1, 2, 3])
        #expect(try queue.run("list", "--plain", "--no-header").lines.count == 3)
        #expect(try queue.run("list", "--json", "--csv").status == 64)
    }

    @Test(
        "list chooses by status, kind, queue and batch, and from either end",
        arguments: [
            (["--state", "scheduled"], [3]), (["--state", "available"], [2]), (["--kind", "summarize"], [1, 2]),
            (["--queue", "night"], [3]), (["--batch", "b"], [3]), (["--limit", "2"], [1, 2]),
            (["--newest", "--limit", "2"], [3, 2]),
            (["--state", "discarded"], []), (["--limit", "0"], [1, 2, 3]),
        ] as [([String], [JSONValue])])
    func choosing(arguments: [String], expected: [JSONValue]) throws {
        let outcome = try queue.commandLine.run(["list", "--jsonl"] + arguments)
        #expect(try outcome.objects.map { $0["id"] } == expected)
    }

    @Test("an unknown batch is an error, not an empty list")
    func unknownBatch() throws {
        let outcome = try queue.run("list", "--batch", "nope")
        #expect(outcome.status == 66)
        #expect(outcome.errors == "nightshift: there is no batch 'nope'\n")
    }

    @Test("no escape sequence of a document's title gets into plain output")
    func hostileTitle() throws {
        let output = try queue.run("list").output
        #expect(!output.contains("\u{1B}"))
        #expect(output.contains("[2JThe dog"))
    }

    @Test("show tells everything about a job")
    func show() throws {
        let text = try queue.run("show", "1", "--prompt", "--text").output
        for part in [
            "job 1  summarize  completed", "cat.txt", "attempts", "events", "A cat sat.", "<|summarize|>",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        let object = try queue.json("show", "1", "--json")
        #expect(object["job"]?["kind"] == "summarize")
        #expect(object["result"]?["text"] == "A cat sat.\nThen, it\tslept.")
        #expect(object["attempts"]?.array.first?["completion_tokens"] == 8)
        #expect(object["events"]?.array.last?["to_state"] == "completed")
        #expect(object["document_source"] == "cat.txt")
        let missing = try queue.run("show", "99")
        #expect(missing.status == 66)
        #expect(missing.errors == "nightshift: there is no job 99\n")
    }

    @Test("a result's text comes out as it is")
    func result() throws {
        #expect(try queue.run("result", "1").output == "A cat sat.\nThen, it\tslept.\n")
        let none = try queue.run("result", "2")
        #expect(none.status == 1)
        #expect(none.errors == "nightshift: job 2 has no result: it is available\n")
    }

    @Test("results come in the form that is asked for")
    func results() throws {
        #expect(try queue.json("results", "--json").array[0]["tokens_per_second"] == 4.0)
        #expect(try queue.run("results", "--format", "text").output == "A cat sat.\nThen, it\tslept.\n")
        #expect(try queue.run("results", "--format", "md").output.hasPrefix("## The cat sat.\n\nA cat sat.\n"))
        #expect(try queue.run("results", "--csv").output.contains(",\"A cat sat.\nThen, it\tslept.\","))
        #expect(try queue.run("results", "--plain").lines[1].contains("\tA cat sat.\\nThen, it\\tslept.\t"))
        #expect(try queue.run("results", "--kind", "answer", "--no-header").output == "")
    }

    @Test("jobs without a result are named")
    func missingResults() throws {
        let outcome = try queue.run("results", "1", "2", "99", "--jsonl")
        #expect(outcome.status == 1)
        #expect(try outcome.objects.map { $0["id"] } == [1])
        #expect(outcome.errors.contains("job 2 has no result: it is available"))
        #expect(outcome.errors.contains("there is no job 99"))
    }
}
