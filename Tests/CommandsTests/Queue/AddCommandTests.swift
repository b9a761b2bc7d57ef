import Foundation
import JSONText
import Testing

@Suite("add")
struct AddCommandTests {
    let queue: TestQueue

    init() throws {
        queue = try TestQueue()
        try queue.write("The cat sat.\nIt slept.\n", to: "docs/cat.txt")
        try queue.write("# Dogs\n\nThe dog ran.\n", to: "docs/dog.md")
        try queue.write("1,2\n", to: "docs/table.csv")
        try queue.write("a\u{0}b", to: "broken.txt")
    }

    @Test("a folder makes a job for each document, and prints their ids")
    func folder() throws {
        let outcome = try queue.run("add", "summarize", "docs")
        #expect(outcome.status == 0)
        #expect(outcome.output == "1\n2\n")
        #expect(
            outcome.errors == """
                skipped docs/table.csv: rows of texts, of which --column names the one to read
                added 2 jobs of kind summarize to queue 'default', 1 file skipped

                """)
        let rows = try queue.sql(
            "SELECT j.id, kind, state, title, source, media_type FROM jobs j JOIN documents d ON d.id = document_id")
        #expect(
            rows == """
                1|summarize|available|The cat sat.|docs/cat.txt|text/plain
                2|summarize|available|Dogs|docs/dog.md|text/markdown
                """)
    }

    @Test("a constraint lands in the job's row; a malformed one is refused, and nothing is added")
    func constraint() throws {
        let good = try queue.run("add", "generate", "docs/cat.txt", "-o", "constraint={\"choices\":[\"yes\",\"no\"]}")
        #expect(good.status == 0, "\(good.errors)")
        #expect(try queue.sql("SELECT options->>'$.constraint.choices[1]' FROM jobs") == "no")
        let bad = try queue.run("add", "generate", "docs/cat.txt", "-o", "constraint={\"json\":{\"oneOf\":[]}}")
        #expect(bad.status == 64)
        #expect(bad.errors.contains("json: the keyword 'oneOf' isn't supported"))
        #expect(try queue.sql("SELECT count(*) FROM jobs") == "1")
    }

    @Test("decoding parameters that can't go together are refused, and nothing is added")
    func decodingParameters() throws {
        for (options, message) in [
            (["num_beams=4", "do_sample=true"], "option 'num_beams' of kind 'generate': expected 1 beside sampling"),
            (["num_beams=4", "eta_cutoff=0.01"], "option 'num_beams' of kind 'generate': expected 1 beside sampling"),
            (["min_new_tokens=9", "max_new_tokens=8"], "option 'min_new_tokens' of kind 'generate': expected at most"),
            (["length_penalty=33"], "option 'length_penalty' of kind 'generate': expected a number from -32 to 32"),
            (["epsilon_cutoff=1"], "option 'epsilon_cutoff' of kind 'generate': expected a number from 0 to below 1"),
            (["max_cycle_repeats=1"], "option 'max_cycle_repeats' of kind 'generate': expected 0, which is off"),
            (["suppress_tokens=[-1]"], "option 'suppress_tokens' of kind 'generate': expected a list of"),
            (["bad_words_ids=[[]]"], "option 'bad_words_ids' of kind 'generate': expected a list of"),
            (["constraint={\"regex\":\"a(b\"}"], "option 'constraint' of kind 'generate': regex: at character 4: "),
        ] {
            let outcome = try queue.commandLine.run(
                ["add", "generate", "docs/cat.txt"] + options.flatMap { ["-o", $0] })
            #expect(outcome.status == 64, "\(options)")
            #expect(outcome.errors.hasPrefix("nightshift: " + message), "\(outcome.errors)")
        }
        let good = try queue.run(
            "add", "generate", "docs/cat.txt", "-o", "bad_words=[\"cat\"]", "-o", "suppress_tokens=[1,2]", "-o",
            "eta_cutoff=0.01", "-o", "bad_words_ids=[[3,4]]")
        #expect(good.output == "1\n", "\(good.errors)")
        #expect(
            try queue.sql("SELECT options->>'$.bad_words[0]', options->>'$.suppress_tokens[1]' FROM jobs") == "cat|2")
    }

    @Test("patterns and standard input are documents too")
    func patternAndInput() throws {
        #expect(try queue.run("add", "summarize", "docs/*.md").output == "1\n")
        #expect(try queue.run("add", "generate", "-", input: "Once upon a time\n").output == "2\n")
        #expect(try queue.sql("SELECT source, text FROM documents WHERE id = 2") == "-|Once upon a time")
    }

    @Test("options land in the job's row")
    func columns() throws {
        let outcome = try queue.run(
            "add", "answer", "docs/cat.txt", "-q", "night", "-p", "2", "--question", "Who sat?", "-o",
            "max_new_tokens=20",
            "--style", "instruct", "--batch", "cats", "--custom-id", "c-1", "--max-attempts", "7", "--at",
            "2030-07-01 22:00")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let row = try queue.sql(
            """
            SELECT queue, priority, question, options->>'$.max_new_tokens', options->>'$.style', b.name, custom_id,
              max_attempts, scheduled_at FROM jobs j JOIN batches b ON b.id = batch_id
            """)
        #expect(row == "night|2|Who sat?|20|instruct|cats|c-1|7|2030-07-01T20:00:00.000Z")
    }

    @Test("a delay counts from now")
    func delay() throws {
        try queue.run("add", "summarize", "docs/cat.txt", "--in", "2h")
        let hours = try queue.sql("SELECT round((julianday(scheduled_at) - julianday('now')) * 24, 2) FROM jobs")
        #expect(hours == "2.0")
        #expect(try queue.sql("SELECT status FROM job_status") == "scheduled")
    }

    @Test("the object of --json tells what was added")
    func json() throws {
        let object = try queue.json("add", "summarize", "docs", "--batch", "b", "--json")
        #expect(object["ids"] == [1, 2])
        #expect(object["documents"] == 2)
        #expect(object["skipped"] == 1)
        #expect(object["batch"] == "b")
    }

    @Test("the same text is stored once")
    func sharedText() throws {
        try queue.write("The cat sat.\nIt slept.\n", to: "copy.txt")
        try queue.run("add", "summarize", "docs/cat.txt", "copy.txt")
        #expect(try queue.sql("SELECT count(*), count(DISTINCT document_id) FROM jobs") == "2|1")
    }

    @Test("a job that is there already isn't added again with --unique")
    func unique() throws {
        #expect(try queue.run("add", "summarize", "docs/cat.txt", "--unique").output == "1\n")
        let again = try queue.run("add", "summarize", "docs", "--unique")
        #expect(again.status == 0)
        #expect(again.lines.first == "1" && again.lines.count == 2)
        #expect(again.errors.contains("added 1 job of kind summarize to queue 'default', 1 there already"))
        // Another question of the same text is another job.
        try queue.run("add", "summarize", "docs/cat.txt", "--unique", "-o", "length=medium")
        #expect(try queue.sql("SELECT count(*) FROM jobs") == "3")
    }

    @Test("a job after another waits for it")
    func dependency() throws {
        try queue.run("add", "summarize", "docs/cat.txt")
        try queue.run("add", "summarize", "docs/dog.md", "--after", "1")
        #expect(try queue.sql("SELECT state FROM jobs ORDER BY id") == "available\npending")
        let missing = try queue.run("add", "summarize", "docs/dog.md", "--after", "99")
        #expect(missing.status == 66)
        #expect(missing.errors == "nightshift: --after 99: there is no such job\n")
    }

    @Test(
        "what is wrong with a job is said at once, and nothing is added",
        arguments: [
            (["add", "sumarize", "docs"], 64, "there is no kind 'sumarize'; did you mean 'summarize'?"),
            (["add", "answer", "docs"], 64, "kind 'answer' needs a question: give it with --question"),
            (["add", "summarize"], 64, "kind 'summarize' needs a document"),
            (["add", "summarize", "docs", "--question", "Who?"], 64, "kind 'summarize' takes no question"),
            (["add", "summarize", "docs", "-o", "lenght=short"], 64, "no option 'lenght'; did you mean 'length'?"),
            (["add", "summarize", "docs", "-o", "length=huge"], 64, "expected one of short, medium, found 'huge'"),
            (["add", "summarize", "docs", "-o", "temperature=-1"], 64, "expected a number above 0, found '-1'"),
            (["add", "summarize", "docs", "-o", "short"], 64, "write it as key=value"),
            (["add", "summarize", "docs", "--style", "pirate"], 64, "no template for style 'pirate'"),
            (["add", "summarize", "docs", "--at", "soon"], 64, "'soon' is no time"),
            (["add", "summarize", "docs", "--in", "2"], 64, "'2' is no duration"),
            (["add", "summarize", "docs", "--in", "2h", "--at", "22:00"], 64, "choose one of --at and --in"),
            (["add", "summarize", "docs", "-p", "10"], 64, "--priority takes 0 (first) to 9"),
            (
                ["add", "summarize", "docs", "--custom-id", "x"], 64,
                "--custom-id names one job, and 2 documents were given"
            ),
            (["add", "summarize", "nothing.txt"], 66, "nothing.txt: there is no such file"),
            (["add", "summarize", "*.pdf"], 66, "*.pdf: no file matches"),
            (["add", "summarize", "broken.txt"], 65, "broken.txt: not a text file"),
            (["add", "summarize", "broken.txt", "docs", "--strict"], 65, "nothing was added, because of --strict"),
            (["add", "summarize", "nothing.txt", "docs", "--strict"], 66, "nothing was added, because of --strict"),
        ] as [([String], Int32, String)])
    func refusals(arguments: [String], status: Int32, message: String) throws {
        let outcome = try queue.commandLine.run(arguments)
        #expect(outcome.status == status)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(outcome.output == "")
        #expect(try queue.sql("SELECT count(*) FROM jobs") == "0")
    }

    @Test("broken documents among good ones are named, and the good ones are added")
    func someBroken() throws {
        let outcome = try queue.run("add", "summarize", "broken.txt", "nothing.txt", "docs")
        #expect(outcome.status == 1)
        #expect(outcome.output == "1\n2\n")
        #expect(outcome.errors.contains("nightshift: broken.txt: not a text file"))
        #expect(outcome.errors.contains("nightshift: nothing.txt: there is no such file"))
        #expect(
            outcome.errors.contains(
                "added 2 jobs of kind summarize to queue 'default', 2 documents failed, 1 file skipped"))
        #expect(
            outcome.errors.hasSuffix(
                "2 documents could not be added, see above; discarded as job 3, to be seen in the morning\n"))
        #expect(
            try queue.sql("SELECT id, status, tries, input, error FROM job_status WHERE id > 2")
                == "3|discarded|1/3|broken.txt|broken.txt: not a text file (a zero byte at offset 1), nor any other format that is read"
        )
        #expect(try queue.sql("SELECT id, outcome, error_code FROM failures") == "3|failed|unreadable_document")
    }

    @Test("what can't be read is one failed job, however many questions are asked of it")
    func brokenWithQuestions() throws {
        try queue.write("Who?\nWhen?\n", to: "questions.txt")
        let outcome = try queue.run("add", "answer", "broken.txt", "docs", "--questions", "questions.txt")
        #expect(outcome.status == 1 && outcome.output == "1\n2\n3\n4\n", "\(outcome.errors)")
        #expect(
            try queue.sql("SELECT id, question, metadata->>'document' FROM jobs WHERE state = 'discarded'")
                == "5|Who? When?|broken.txt")
    }

    @Test(
        "each row of a table is a job of its own, with its name as custom_id; what a row lacks is a job that has failed"
    )
    func rows() throws {
        try queue.write("id;who;body\nr1;Ada;\"The lamp; it burns\"\nr2;;\nr3;Bob;The sea\n", to: "rows.csv")
        let outcome = try queue.run(
            "add", "summarize", "rows.csv", "--column", "body", "--id-column", "id", "--title-column", "who", "--batch",
            "b")
        #expect(outcome.status == 1 && outcome.output == "1\n2\n", "\(outcome.errors)")
        #expect(
            try queue.sql(
                "SELECT custom_id, title, source, media_type, text FROM jobs j JOIN documents d ON d.id = document_id")
                == "r1|Ada|rows.csv#r1|text/csv|The lamp; it burns\nr3|Bob|rows.csv#r3|text/csv|The sea")
        #expect(
            try queue.sql("SELECT error FROM jobs WHERE state = 'discarded'")
                == "rows.csv, line 3: the column 'body' is empty")
    }

    @Test("a dry run prints the first prompt and adds nothing")
    func dryRun() throws {
        try queue.write(
            "name: shout\ndescription: Louder.\ninputs: {document: required}\ntemplate: \"SHOUT: {{document}}!\"\n",
            to: ".config/nightshift/jobs/shout.yaml")
        let outcome = try queue.run("add", "shout", "docs", "--dry-run")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "SHOUT: The cat sat.\nIt slept.!\n")
        #expect(outcome.errors.hasPrefix("would add 2 jobs of kind shout"))
        #expect(try queue.sql("SELECT count(*) FROM jobs") == "0")
    }

    @Test("thousands of documents get their ids in their order")
    func many() throws {
        for index in 1...1200 { try queue.write("Text number \(index).", to: "many/\(index).txt") }
        let outcome = try queue.run("add", "summarize", "many")
        #expect(outcome.lines == (1...1200).map(String.init))
        #expect(
            try queue.sql("SELECT source FROM jobs j JOIN documents d ON d.id = document_id WHERE j.id = 1000")
                == "many/1000.txt")
    }

    @Test("without a queue the error says how to make one")
    func noQueue() throws {
        let fresh = try TestQueue(isMade: false)
        let outcome = try fresh.run("add", "generate", "--text", "Hello")
        #expect(outcome.status == 66)
        #expect(outcome.errors.contains("make one with: nightshift init"))
    }
}
