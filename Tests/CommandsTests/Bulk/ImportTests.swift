import Foundation
import JSONText
import Testing

@Suite("nightshift import")
struct ImportTests {
    private func completion(_ id: String, _ prompt: String = "Once") -> String {
        #"{"custom_id":"\#(id)","method":"POST","url":"/v1/completions","body":{"prompt":"\#(prompt)","max_tokens":8}}"#
            + "\n"
    }

    @Test("an OpenAI batch file becomes a batch; the same import again adds nothing")
    func twice() throws {
        let queue = try TestQueue()
        try queue.write((1...5).map { completion("c\($0)") }.joined(), to: "b.jsonl")
        let first = try queue.run("import", "b.jsonl", "--batch", "night")
        #expect(first.status == 0)
        #expect(first.errors == "b.jsonl: 5 lines read, 5 jobs added (1 to 5)\n")
        let second = try queue.run("import", "b.jsonl", "--batch", "night")
        #expect(second.status == 0)
        #expect(second.errors == "b.jsonl: 5 lines read, 0 jobs added, 5 there already\n")
        #expect(
            try queue.sql(
                "SELECT group_concat(custom_id) FROM jobs JOIN batches b ON b.id = batch_id WHERE name = 'night'")
                == "c1,c2,c3,c4,c5")
        // Edited: a line more at the start shifts all others, and changes nothing about them.
        try queue.write(completion("c0") + (1...5).map { completion("c\($0)") }.joined(), to: "b.jsonl")
        #expect(
            try queue.run("import", "b.jsonl", "--batch", "night").errors.hasSuffix(
                "1 job added (6), 5 there already\n"))
    }

    @Test("wrong lines are named, the rest goes in; errors are written in OpenAI's form")
    func wrongLines() throws {
        let queue = try TestQueue()
        let text =
            completion("a") + "nonsense\n\n" + completion("a", "Twice")
            + #"{"custom_id":"b","body":{"prompt":"x","n":3}}"# + "\n" + completion("c")
        try queue.write(text, to: "b.jsonl")
        let outcome = try queue.run("import", "b.jsonl", "--batch", "x", "--errors", "wrong.jsonl")
        #expect(outcome.status == 1)
        #expect(
            outcome.errors
                == "b.jsonl: 5 lines read, 2 jobs added (1 to 2), 3 refused\nnightshift: 3 lines refused, see wrong.jsonl\n"
        )
        let lines = try String(contentsOfFile: queue.path("wrong.jsonl"), encoding: .utf8).split(separator: "\n")
        let objects = try lines.map { try JSONParser.parse(String($0)) }
        #expect(objects.map { $0["error"]?["code"] } == ["invalid_json", "duplicate_custom_id", "unsupported"])
        #expect(objects[1]["error"]?["message"] == "line 4: the custom_id 'a' stands on line 1 already")
        #expect(objects[2]["custom_id"] == "b" && objects[2]["response"] == .null)

        let unnamed = try queue.run("import", "b.jsonl", "--batch", "x")
        #expect(unnamed.errors.contains("nightshift: b.jsonl, line 4: the custom_id 'a' stands on line 1 already\n"))
    }

    @Test("a custom_id that the batch has already is named with the line it came from")
    func clash() throws {
        let queue = try TestQueue()
        try queue.write(completion("a"), to: "one.jsonl")
        try queue.write("\n" + completion("a", "Another"), to: "two.jsonl")
        try queue.run("import", "one.jsonl", "--batch", "x")
        let outcome = try queue.run("import", "two.jsonl", "--batch", "x")
        #expect(outcome.status == 65)
        #expect(
            outcome.errors.hasPrefix(
                "nightshift: two.jsonl, line 2: the custom_id 'a' is taken in the batch by job 1 (from one.jsonl:1), which asks for something else"
            ))
        #expect(try queue.run("import", "two.jsonl", "--batch", "y").status == 0)
    }

    @Test("with --strict nothing goes in unless all does, from standard input too")
    func strict() throws {
        let queue = try TestQueue()
        let refused = try queue.run("import", "-", "--strict", input: completion("a") + "nonsense\n")
        #expect(refused.status == 65)
        #expect(refused.errors.contains("1 line refused; nothing was added, because of --strict"))
        #expect(try queue.sql("SELECT count(*) FROM jobs") == "0")
        let taken = try queue.run("import", "-", "--strict", input: completion("a") + completion("b"))
        #expect(taken.status == 0)
        #expect(try queue.sql("SELECT count(*) FROM jobs") == "2")
    }

    @Test("a CSV file, its columns under other names; rows that repeat are jobs of their own")
    func csv() throws {
        let queue = try TestQueue()
        try queue.write(
            "\u{FEFF}id,body,stars\r\n1,\"good,\r\n\"\"very\"\" good\",5\r\n2,bad,1\r\n2b,bad,1\r\n", to: "r.csv")
        let refused = try queue.run("import", "r.csv", "--kind", "summarize", "--column", "input=body")
        #expect(refused.status == 65)
        #expect(refused.errors.contains("the column 'id' is none that jobs have"))
        let arguments = [
            "import", "r.csv", "--kind", "summarize", "--column", "input=body", "--ignore-unknown", "-q", "stars", "-p",
            "3",
        ]
        #expect(try queue.commandLine.run(arguments).errors == "r.csv: 3 lines read, 3 jobs added (1 to 3)\n")
        #expect(try queue.commandLine.run(arguments).errors == "r.csv: 3 lines read, 0 jobs added, 3 there already\n")
        #expect(
            try queue.sql("SELECT quote(input), queue, priority FROM jobs WHERE id = 1")
                == "'good,\r\n\"very\" good'|stars|3")
    }

    @Test("--dry-run adds nothing and says what would be; --json counts")
    func dryRun() throws {
        let queue = try TestQueue()
        let outcome = try queue.run(
            "import", "-", "--batch", "x", "--dry-run", "--json", input: completion("a") + completion("b"))
        #expect(outcome.status == 0)
        let object = try #require(try outcome.objects.first)
        #expect(object["lines"] == 2 && object["added"] == 2 && object["dry_run"] == true)
        #expect(try queue.sql("SELECT count(*) FROM jobs") == "0")
        #expect(try queue.sql("SELECT count(*) FROM batches") == "0")
    }

    @Test("an import that is killed is completed by the same import again")
    func killed() throws {
        let queue = try TestQueue()
        let lines = (1...20_000).map { completion("c\($0)", "Number \($0)") }.joined()
        try queue.write(lines, to: "b.jsonl")
        let running = try queue.commandLine.start(["import", "b.jsonl", "--batch", "x"])
        try queue.waitUntil("SELECT count(*) > 0 FROM jobs", is: "1")
        running.send(SIGKILL)
        _ = running.wait()
        let before = try #require(Int(try queue.sql("SELECT count(*) FROM jobs")))
        let outcome = try queue.run("import", "b.jsonl", "--batch", "x")
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("20000 lines read, \(20_000 - before) jobs added"))
        #expect(outcome.errors.contains("\(before) there already"))
        #expect(try queue.sql("SELECT count(DISTINCT custom_id), count(*) FROM jobs") == "20000|20000")
    }

    @Test("what isn't there or can't be is refused with the right code")
    func codes() throws {
        let queue = try TestQueue()
        #expect(try queue.run("import", "none.jsonl").status == 66)
        #expect(try queue.run("import", ".").status == 65)
        #expect(try queue.run("import", "-", "--kind", "sumarize").status == 64)
        #expect(try queue.run("import", "-", "--delimiter", "ab").status == 64)
        #expect(try queue.run("import", "-", "--format", "csv", input: "").status == 65)
        #expect(try queue.run("import", "-", input: "").errors == "standard input: 0 lines read, 0 jobs added\n")
    }
}
