import Foundation
import JSONText
import TestSupport
import Testing

/// Documents that don't fit one prompt, by the commands and at the sqlite3 prompt, with the small model.
@Suite("Long documents")
struct LongDocumentTests {
    private static let story = (1...300).map { number in
        "On day \(number) the ferry crossed the river at noon and came back with \(number) goats."
            + (number % 6 == 0 ? "\n\n" : " ")
    }.joined()

    private func queue() throws -> TestQueue {
        let queue = try TestQueue.withModel()
        try queue.write(Self.story, to: "story.txt")
        return queue
    }

    @Test("a long story is summarized by its parts, whoever adds it, and shown as one job")
    func summary() throws {
        let queue = try queue()
        #expect(try queue.run("add", "summarize", "story.txt").status == 0)
        try queue.sql("INSERT INTO jobs(kind, input) SELECT 'summarize', text || 'The end.' FROM documents")
        let outcome = try queue.work("--drain")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.errors.contains(/job 1 \(summarize\) waits for \d parts: its text is too long for one prompt\n/))
        #expect(outcome.errors.contains(/job \d \(summarize, part 2 of job 1\) completed in \d/))
        #expect(outcome.errors.contains(/nothing is due any more: 2 completed, \d+ parts of jobs completed\n/))
        try queue.expectSound()
        #expect(try queue.count("parent_id IS NULL") == 2)
        #expect(try queue.sql("SELECT count(*) FROM result_texts") == "2")
        #expect(
            try queue.sql(
                "SELECT group_concat(text, '') = (SELECT text FROM documents) FROM (SELECT text FROM part_texts WHERE job = 1 AND level = 0 ORDER BY part)"
            )
                == "1")
        #expect(
            try queue.sql(
                "SELECT truncated, parts = (SELECT count(*) FROM jobs WHERE parent_id = 1) FROM results WHERE job_id = 1"
            ) == "0|1")
        // The second text begins as the first one does: those parts were known.
        #expect(try Int(queue.sql("SELECT count(*) FROM results WHERE reused_from IS NOT NULL")) ?? 0 > 0)

        #expect(try queue.run("list", "--plain", "--no-header").lines.count == 2)
        let parts = try queue.run("list", "--parent", "1", "--json")
        let rows = try JSONParser.parse(Array(parts.output.utf8)).array
        #expect(rows.count > 2 && rows.allSatisfy { $0["parent_id"] == 1 && $0["status"] == "completed" })
        #expect(try queue.run("results", "--jsonl").objects.map { $0["id"] } == [1, 2])
        #expect(try queue.run("results", "--parent", "1", "--jsonl").objects.count == rows.count)
        let part = try queue.sql("SELECT min(id) FROM jobs WHERE parent_id = 1")
        #expect(try queue.run("results", part, "--jsonl").objects.first?["part"] == 1)
        let page = try queue.run("show", "1").output
        #expect(page.contains(/parts +\d of \d done\n/) && page.contains(/result, .*from \d parts/))
        #expect(try queue.run("show", part).output.contains(/part +1 of job 1, characters 0 to \d+\n/))
        #expect(try queue.json("status", "--json")["totals"]?["completed"] == 2)
        #expect(try queue.run("export").lines.count == 2)
        #expect(try queue.run("prune", "--older", "0s", "--yes").errors.contains("2 jobs (2 completed)"))
        #expect(try queue.sql("SELECT count(*) FROM jobs") == "0")
    }

    @Test("'run' does a long document, without a queue and with one")
    func run() throws {
        let queue = try queue()
        let alone = try queue.run("run", "summarize", "story.txt", "--threads", "1")
        #expect(alone.status == 0 && !alone.output.isEmpty, "\(alone.errors)")
        let kept = try queue.run("run", "summarize", "story.txt", "--threads", "1", "--db", queue.database)
        #expect(kept.status == 0 && kept.output == alone.output)
    }

    @Test("a worker that is killed while parts are done costs none of them")
    func kill() throws {
        let queue = try queue()
        try queue.write(String(repeating: Self.story, count: 4), to: "long.txt")
        #expect(try queue.run("add", "summarize", "long.txt", "-o", "min_new_tokens=60").status == 0)
        for done in [1, 4] {
            let worker = try queue.startWorker("-j", "2")
            try queue.waitUntil(
                "SELECT count(*) >= \(done) FROM jobs WHERE parent_id = 1 AND state = 'completed'", is: "1")
            worker.send(SIGKILL)
            _ = worker.wait()
        }
        #expect(try queue.work("--drain").status == 0)
        try queue.expectSound()
        #expect(
            try queue.sql("SELECT count(*) - count(DISTINCT job_id) FROM attempts WHERE outcome = 'completed'") == "0")
        #expect(
            try queue.sql("SELECT count(*) = max(part), min(part) FROM jobs WHERE parent_id = 1 AND part_level = 0")
                == "1|1")
    }

    @Test("each question of a file is asked of each document, and the document is read once")
    func questions() throws {
        let queue = try TestQueue.withModel()
        let text = String(Self.story.prefix(5000))
        try queue.write(text, to: "a.txt")
        try queue.write("Bees make honey.", to: "b.txt")
        try queue.write("question,id\nWho crossed?,q1\n\"When, exactly?\",q2\n", to: "two.csv")
        try queue.write("\n" + (1...10).map { "What came on day \($0)?\n" }.joined(), to: "ten.txt")
        let added = try queue.run("add", "answer", "a.txt", "b.txt", "--questions", "two.csv", "-o", "max_new_tokens=4")
        #expect(added.status == 0 && added.lines == ["1", "2", "3", "4"])
        #expect(
            try queue.sql("SELECT question, custom_id, document_id, metadata->>'$.question_id' FROM jobs ORDER BY id")
                == "Who crossed?|a.txt:q1|1|q1\nWhen, exactly?|a.txt:q2|1|q2\nWho crossed?|b.txt:q1|2|q1\nWhen, exactly?|b.txt:q2|2|q2"
        )
        #expect(try queue.work("--drain").status == 0)
        try queue.sql("DELETE FROM jobs")
        #expect(try queue.run("add", "answer", "a.txt", "--question", "Who?", "-o", "max_new_tokens=4").status == 0)
        #expect(try queue.work("--drain").status == 0)
        let one = try Int(queue.sql("SELECT sum(prompt_tokens - cached_tokens) FROM attempts")) ?? 0
        try queue.sql("DELETE FROM jobs")
        #expect(try queue.run("add", "answer", "a.txt", "--questions", "ten.txt", "-o", "max_new_tokens=4").status == 0)
        #expect(try queue.work("--drain").status == 0)
        let ten = try Int(queue.sql("SELECT sum(prompt_tokens - cached_tokens) FROM attempts")) ?? 0
        #expect(one > 1000 && ten < 2 * one, "one question read \(one) tokens, ten \(ten)")
        print("one question read \(one) tokens, ten read \(ten)")
    }

    @Test(
        "a file of questions that can't be understood is refused with its line",
        arguments: [
            (
                "q.jsonl", #"{"question":"Who?","id":1}\#n{"id":2}"#,
                "q.jsonl, line 2: there is no 'question' with a text"
            ),
            ("q.jsonl", #"{"question":"Who?","id":[]}"#, "q.jsonl, line 1: 'id' is neither a text nor a whole number"),
            ("q.csv", "text\nWho?\n", "q.csv, line 1: no column of the header is one that jobs have"),
            ("q.txt", " \n\n", "q.txt: there is no question in it"),
            ("q.csv", "question,id\nWho?,a\nWhy?,a\n", "q.csv: the id 'a' stands twice in it"),
        ])
    func wrongQuestions(name: String, text: String, message: String) throws {
        let queue = try TestQueue()
        try queue.write("Bees make honey.", to: "a.txt")
        try queue.write(text, to: name)
        let outcome = try queue.run("add", "answer", "a.txt", "--questions", name)
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(try queue.run("add", "answer", "a.txt", "--questions", "none.txt").status == 66)
        #expect(try queue.run("add", "summarize", "a.txt", "--questions", name).status != 0)
    }

    @Test("a dry run says tokens, parts and levels, and kinds test does, too")
    func forecast() throws {
        let queue = try queue()
        let dry = try queue.run("add", "summarize", "story.txt", "--dry-run")
        #expect(dry.status == 0)
        #expect(
            dry.errors.contains(
                /the prompt above: \d{4} tokens; with 64 kept for the output, up to 1984 fit into the context of 2048; \d parts, whose results are joined in at most 1 level\n/
            ),
            "\(dry.errors)")
        #expect(dry.errors.contains(/in all up to \d+ tokens to read in \d parts,/))
        let object = try queue.json("add", "summarize", "story.txt", "--dry-run", "--json")
        let parts = object["parts"]
        #expect(object["levels"] == 1 && object["long"]?.array.first?["overflow"] == "map-reduce")
        #expect(try queue.run("kinds", "test", "summarize", "story.txt").errors.contains(/; \d parts, whose results/))
        let paraphrase = try queue.run("kinds", "test", "paraphrase", "story.txt")
        #expect(paraphrase.status == 0 && paraphrase.errors.contains(/; \d+ sections, put together in order\n/))
        #expect(try queue.run("add", "summarize", "story.txt").status == 0)
        #expect(try queue.work("--drain").status == 0)
        #expect(try queue.sql("SELECT count(*) FROM part_texts WHERE level = 0") == parts?.plain)
    }

    @Test("an answer from a long document names the passages that were read")
    func evidence() throws {
        let queue = try TestQueue.withModel()
        try queue.write(
            Self.story + "The keeper of the lighthouse was called Ada Quillfeather.\n\n" + Self.story, to: "a.txt")
        #expect(
            try queue.run(
                "add", "answer", "a.txt", "--question", "What was the lighthouse keeper called?", "-o",
                "max_new_tokens=6"
            )
            .status == 0)
        #expect(try queue.work("--drain").status == 0)
        #expect(try queue.sql("SELECT count(*) >= 1, max(text LIKE '%Ada Quillfeather%') FROM evidence_texts") == "1|1")
        #expect(
            try queue.sql(
                """
                SELECT min(e.text = substr(d.text, e.begin + 1, e.end - e.begin)) FROM evidence_texts e, documents d
                """) == "1")
        let result = try queue.json("result", "1", "--json")
        #expect(result["evidence"]?.array.count ?? 0 >= 1)
        #expect(try queue.run("show", "1").output.contains("read of the text, by characters"))
        // Gone with what it is about.
        try queue.sql("UPDATE documents SET text = 'Other.'")
        #expect(try queue.sql("SELECT count(*) FROM evidence") == "0")
    }
}

extension JSONValue {
    fileprivate var plain: String? { if case .integer(let number) = self { String(number) } else { nil } }
}
