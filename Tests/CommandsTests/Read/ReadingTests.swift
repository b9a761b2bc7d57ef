import Foundation
import JSONText
import Testing

@Suite("report and results")
struct ReadingTests {
    let queue: TestQueue

    init() throws {
        queue = try TestQueue()
        try queue.write("The cat sat on the mat.\n", to: "cat.txt")
        try queue.write("Ein Hund läuft.\n", to: "Über uns.txt")
        try queue.run("add", "summarize", "cat.txt", "Über uns.txt", "--batch", "b")
        try queue.run("add", "answer", "cat.txt", "--question", "Who sat?")
        try queue.run("add", "generate", "--text", "Once upon")
        try queue.complete(1, text: "A cat <b>sat</b>.")
        try queue.complete(2, text: "Ein Café am Hafen.")
        try queue.complete(3, text: "The cat")
        try queue.sql(
            "INSERT INTO quotations(job_id, position, document_id, begin, end) SELECT 3, 1, document_id, 0, 7 FROM jobs WHERE id = 3"
        )
        try queue.sql("UPDATE jobs SET state = 'discarded', error = 'too_long: 9 tokens' WHERE id = 4")
    }

    @Test("a report is a page with every document, its results and the passages they quote")
    func report() throws {
        let outcome = try queue.run("report", "--html", "r.html")
        #expect(outcome.status == 0 && outcome.errors.hasPrefix("wrote r.html: 4 jobs, "))
        let html = try String(contentsOf: queue.folder.appending(path: "r.html"), encoding: .utf8)
        #expect(html.contains("A cat &lt;b&gt;sat&lt;/b&gt;."))
        #expect(html.contains("<mark>The cat</mark> sat on the mat."))
        #expect(html.contains("Failed: <bdi>too_long: 9 tokens</bdi>"))
        // The two jobs on one document stand in one article.
        #expect(html.components(separatedBy: "<article").count == 4)
        #expect(html.contains("3 of 4 jobs on 2 documents were completed and 1 failed."))
    }

    @Test("a report replaces an earlier one, and nothing else")
    func replacing() throws {
        try queue.run("report", "--html", "r.html")
        #expect(try queue.run("report", "--html", "r.html").status == 0)
        try queue.write("My notes", to: "notes.html")
        let refused = try queue.run("report", "--html", "notes.html")
        #expect(refused.status == 73)
        #expect(refused.errors == "nightshift: notes.html: is there already, and is no report; --force replaces it\n")
        #expect(try queue.run("report", "--html", "notes.html", "--force").status == 0)
        #expect(try queue.run("report", "--html", "no/such/folder.html").status == 73)
    }

    @Test("a report is of a batch, a kind or a time where that is asked for")
    func selection() throws {
        let batch = try queue.run("report", "--html", "-", "--batch", "b").output
        #expect(batch.contains("<p class=\"soft\">batch b</p>") && !batch.contains("Who sat?"))
        let none = try queue.run("report", "--html", "-", "--until", "2020-01-01").output
        #expect(none.contains("Nothing was done in this time."))
        #expect(try queue.run("report", "--html", "-", "--all", "--since", "8h").status == 64)
    }

    @Test("parts of a long document are no documents of their own")
    func parts() throws {
        try queue.sql("INSERT INTO jobs(kind, parent_id, part, input) VALUES ('summarize', 1, 1, 'A part')")
        try queue.complete(5, text: "Part one.")
        #expect(
            try queue.run("results", "--format", "text").output == "A cat <b>sat</b>.\nEin Café am Hafen.\nThe cat\n")
        #expect(try queue.run("results", "5", "--format", "text").output == "Part one.\n")
        #expect(try queue.run("results", "--parts", "--format", "text").output.hasSuffix("Part one.\n"))
        let html = try queue.run("report", "--html", "-").output
        #expect(!html.contains("Part one.") && html.contains("from 1 part</li>"))
        // What they cost is what their job has cost, and so its batch.
        try queue.sql("UPDATE attempts SET finished_at = started_at")
        let stats = try queue.json("stats", "--batch", "b", "--json").array
        #expect(stats.map { $0["completed"] } == [3])
    }

    @Test("words are found whatever their case and accents, in text, question and document")
    func search() throws {
        func ids(_ arguments: String...) throws -> [JSONValue?] {
            let outcome = try queue.commandLine.run(["results", "--json"] + arguments)
            return try JSONParser.parse(Array(outcome.output.utf8)).array.map { $0["id"] }
        }
        #expect(try ids("--search", "CAFE") == [2])
        #expect(try ids("--search", "cat who") == [3])
        #expect(try ids("--search", "<B>SAT</b>.") == [1])
        #expect(try ids("--document", "hund LAUFT") == [2])
        #expect(try ids("--search", "nothing") == [])
        #expect(try ids("--since", "1h") == [1, 2, 3])
        #expect(try ids("--until", "2020-01-01") == [])
        #expect(try ids("--state", "discarded") == [])
        #expect(try ids("--search", "cat", "--limit", "1", "--newest") == [3])
    }

    @Test("each document becomes a file with a safe name, and none is overwritten by accident")
    func files() throws {
        let outcome = try queue.run("results", "-o", "out", "--format", "md")
        #expect(outcome.errors == "wrote 3 results into 2 files in out\n")
        let names = try FileManager.default.contentsOfDirectory(atPath: queue.path("out")).sorted()
        #expect(names.count == 2 && names.allSatisfy { $0.hasSuffix(".md") && !$0.contains(" ") })
        #expect(try queue.run("results", "-o", "out", "--format", "md").status == 73)
        #expect(try queue.run("results", "-o", "out", "--format", "md", "--force").status == 0)
        #expect(try queue.run("results", "-o", "out", "--format", "csv").status == 64)
    }
}
