import Foundation
import JSONText
import Testing

@Suite("nightshift export")
struct ExportTests {
    private func makeQueue() throws -> TestQueue {
        let queue = try TestQueue()
        let lines = """
            {"custom_id":"a","url":"/v1/completions","body":{"model":"m","prompt":"Once"}}
            {"custom_id":"b","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"Hi"}]}}
            {"custom_id":"c","kind":"answer","document":"Bees make honey.","title":"../Bees","question":"Who?"}
            {"custom_id":"d","kind":"summarize","document":"Bees make honey.","title":"../Bees"}
            {"custom_id":"e","kind":"summarize","input":"Nothing."}

            """
        #expect(try queue.run("import", "-", "--batch", "x", input: lines).status == 0)
        for (id, text) in [(1, " upon, a \"time\"\nthere"), (2, "Hello"), (3, "bees"), (4, "Honey.")] {
            try queue.complete(id, text: text)
        }
        return queue
    }

    @Test("answers are lines of OpenAI's batch output, by custom_id; what is undone is told")
    func lines() throws {
        let queue = try makeQueue()
        let outcome = try queue.run("export", "--batch", "x")
        #expect(outcome.status == 0)
        #expect(outcome.errors == "4 jobs; 1 not done yet\n")
        let lines = try outcome.objects
        #expect(lines.map { $0["custom_id"] } == ["a", "b", "c", "d"])
        let first = try #require(lines[0]["response"])
        #expect(first["status_code"] == 200)
        #expect(first["body"]?["object"] == "text_completion" && first["body"]?["model"] == "m")
        #expect(first["body"]?["choices"]?.array.first?["text"] == " upon, a \"time\"\nthere")
        #expect(first["body"]?["usage"]?["total_tokens"] == 48)
        #expect(lines[0]["error"] == .null)
        #expect(lines[1]["response"]?["body"]?["choices"]?.array.first?["message"]?["content"] == "Hello")
    }

    @Test("failed jobs are lines with an error, in a file of their own where one is named, and count")
    func failures() throws {
        let queue = try makeQueue()
        try queue.sql("UPDATE jobs SET state='cancelled', error='no time' WHERE id=5")
        let outcome = try queue.run("export", "-o", "out.jsonl", "--errors", "err.jsonl")
        #expect(outcome.status == 1)
        #expect(outcome.errors == "5 jobs to out.jsonl; 1 of them failed or cancelled, in err.jsonl\n")
        let error = try JSONParser.parse(String(contentsOfFile: queue.path("err.jsonl"), encoding: .utf8))
        #expect(error["custom_id"] == "e" && error["response"] == .null)
        #expect(error["error"] == ["code": "cancelled", "message": "no time"])
        #expect(try String(contentsOfFile: queue.path("out.jsonl"), encoding: .utf8).split(separator: "\n").count == 4)
        // Nothing is replaced unasked.
        #expect(try queue.run("export", "-o", "out.jsonl").status == 73)
        #expect(try queue.run("export", "-o", "out.jsonl", "--force").status == 1)
        #expect(try String(contentsOfFile: queue.path("out.jsonl"), encoding: .utf8).split(separator: "\n").count == 5)
    }

    @Test("CSV is what RFC 4180 says")
    func csv() throws {
        let queue = try makeQueue()
        let outcome = try queue.run("export", "--format", "csv", "--kind", "generate")
        #expect(outcome.output.hasPrefix("id,custom_id,batch,kind,queue,state,document,question,text,finish_reason,"))
        #expect(
            outcome.output.contains("\r\n1,a,x,generate,default,completed,,,\" upon, a \"\"time\"\"\nthere\",,40,8,,"))
        #expect(outcome.output.hasSuffix("\r\n"))
    }

    @Test("Markdown and text are a file a document, never outside the folder")
    func documents() throws {
        let queue = try makeQueue()
        #expect(try queue.run("export", "--format", "txt").status == 64)
        let outcome = try queue.run("export", "--format", "md", "-o", "out")
        #expect(outcome.status == 0)
        #expect(outcome.errors == "4 jobs to out in 3 files; 1 not done yet\n")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: queue.path("out")).sorted() == [
                "Bees-3.md", "a-1.md", "b-2.md",
            ])
        let text = try String(contentsOfFile: queue.path("out/Bees-3.md"), encoding: .utf8)
        #expect(text.hasPrefix("# ../Bees\n\n> Who?\n\nbees\n\n*job 3, answer,"))
        #expect(text.contains("\n\nHoney.\n\n*job 4, summarize,") || text.contains("\nHoney.\n\n*job 4, summarize,"))
        #expect(try queue.run("export", "--format", "md", "-o", "out").status == 73)
        #expect(try queue.run("export", "--format", "md", "-o", "out", "--force").status == 0)
    }

    @Test("exported jobs can be imported again: the same jobs, and the same file")
    func roundTrip() throws {
        let queue = try makeQueue()
        #expect(try queue.run("export", "--jobs", "-o", "jobs.jsonl").status == 0)
        let other = try TestQueue()
        let text = try String(contentsOfFile: queue.path("jobs.jsonl"), encoding: .utf8)
        #expect(try other.run("import", "-", "--batch", "x", input: text).status == 0)
        let columns =
            "SELECT kind, custom_id, coalesce(input, text), question, options, json_remove(metadata, '$.imported_from') FROM jobs j LEFT JOIN documents d ON d.id = document_id ORDER BY j.id"
        #expect(try other.sql(columns) == queue.sql(columns))
        #expect(try other.run("export", "--jobs").output == text)
    }

    @Test("a folder of results has each of many jobs once, page by page")
    func pages() throws {
        let queue = try TestQueue()
        try queue.sql(
            """
            INSERT INTO documents(id, title, text) SELECT value, 't' || value, 'x' FROM generate_series(1, 40);
            INSERT INTO jobs(kind, document_id, state) SELECT 'summarize', 1 + value % 40, 'completed' FROM generate_series(1, 2500);
            INSERT INTO results(job_id, attempt, text) SELECT id, 1, 'r' || id FROM jobs
            """)
        let outcome = try queue.run("export", "--format", "txt", "-o", "out")
        #expect(outcome.errors == "2500 jobs to out in 40 files\n")
        let files = try FileManager.default.contentsOfDirectory(atPath: queue.path("out"))
        let lines = try files.flatMap {
            try String(contentsOfFile: queue.path("out/\($0)"), encoding: .utf8).split(separator: "\n")
        }
        #expect(Set(lines).count == 2500 && lines.count == 2500)
        #expect(try queue.run("export").lines.count == 2500)
    }
}
