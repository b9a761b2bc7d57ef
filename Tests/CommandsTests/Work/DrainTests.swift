import Foundation
import Testing

@Suite("Draining a queue")
struct DrainTests {
    @Test("jobs of every kind, added or inserted by SQL, come to their lawful ends")
    func allEnds() throws {
        let queue = try TestQueue.withModel()
        try queue.run("add", "summarize", Self.documents)
        try queue.write("Bees make honey.\n", to: "bees.txt")
        try queue.run("add", "answer", "--question", "Who makes honey?", "bees.txt")
        try queue.write(String(repeating: "river flows ", count: 2500), to: "long.txt")
        #expect(try queue.count("state = 'available'") == 4)
        try queue.sql(
            """
            INSERT INTO jobs(kind, input) VALUES ('paraphrase', 'Goats eat almost anything.'), ('generate', 'Once upon a');
            INSERT INTO jobs(kind, input, question) VALUES ('answer', 'Bees make honey.', 'Who makes honey?');
            INSERT INTO jobs(kind, input) VALUES ('summarize', CAST(readfile('\(queue.path("bees.txt"))') AS TEXT));
            INSERT INTO jobs(kind, input) VALUES ('sumarize', 'x');
            INSERT INTO jobs(kind, input, options) VALUES
              ('summarize', CAST(readfile('\(queue.path("long.txt"))') AS TEXT), '{"overflow": "refuse"}'),
              ('summarize', CAST(readfile('\(queue.path("long.txt"))') AS TEXT), '{"overflow": "truncate"}');
            """)

        let outcome = try queue.work("--drain")
        #expect(outcome.status == 1)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("\nnothing is due any more: 9 completed, 2 given up\n"))
        #expect(
            outcome.errors.contains(
                "\njob 9 (sumarize) given up: there is no kind 'sumarize'; did you mean 'summarize'?"))
        #expect(try queue.states() == "9 completed, 2 discarded")
        #expect(try queue.outcomes() == "9 completed, 2 failed")
        try queue.expectSound()

        #expect(
            try queue.sql("SELECT id, error_code FROM failures ORDER BY id") == "9|unknown_kind\n10|document_too_long")
        let error = try queue.sql("SELECT error FROM jobs WHERE id = 10")
        #expect(
            error.contains(/^the prompt has \d{4,} tokens; 1984 fit beside 64 of output in the model's context of 2048/)
        )
        #expect(error.contains("-o overflow=truncate"))
        #expect(try queue.sql("SELECT group_concat(job_id) FROM results WHERE truncated") == "11")
        #expect(try queue.sql("SELECT prompt_tokens FROM result_texts WHERE id = 11") == "1984")
    }

    @Test("the views tell what came out, how long it took and by which model")
    func views() throws {
        let queue = try TestQueue.withModel()
        try queue.run("add", "summarize", Self.documents)
        let outcome = try queue.work("--drain")
        #expect(outcome.status == 0)
        #expect(
            try queue.sql(
                """
                SELECT document, length(text) > 0, prompt_tokens > 100, completion_tokens > 1, finish_reason,
                  seconds > 0, tokens_per_second > 0 FROM result_texts ORDER BY id
                """) == """
                    Finn The Giant And The Minister Of Lund|1|1|1|stop|1|1
                    Saint Lucia|1|1|1|stop|1|1
                    Serbia|1|1|1|stop|1|1
                    """)
        #expect(try queue.sql("SELECT kind, n FROM timing_by_kind") == "summarize|3")
        #expect(try queue.sql("SELECT completed, available, running FROM queue_status") == "3|0|0")
        #expect(
            try queue.sql("SELECT status, tries, count(*) FROM job_status GROUP BY status, tries") == "completed|1/3|3")
        #expect(
            try queue.sql(
                """
                SELECT DISTINCT a.engine LIKE 'reference-small f32 %', a.peak_rss_mb > 1, a.seed IS NOT NULL,
                  r.model IS NOT NULL, r.mean_logprob < 0, r.grounding IS NOT NULL, r.repetition IS NOT NULL
                FROM results r JOIN attempts a USING (job_id, attempt)
                """) == "1|1|1|1|1|1|1")
        // Loading is charged once.
        #expect(try queue.sql("SELECT count(*) FROM attempts WHERE load_ms > 0") == "1")
        try queue.expectSound()
    }

    @Test("a row that asks for what can't be is discarded at once with the reason; its neighbours are done")
    func unreasonableRows() throws {
        let queue = try TestQueue.withModel()
        try queue.sql(
            """
            INSERT INTO jobs(kind, input) VALUES ('summarize', ''), ('generate', char(10));
            INSERT INTO jobs(kind, document_id) VALUES ('summarize', 999);
            INSERT INTO jobs(kind, input, options) VALUES ('summarize', 'x', '[]'), ('summarize', 'x', '{"temperature": "hot"}'),
              ('summarize', 'x', '{"max_new_tokens": 1000000000000}'), ('summarize', 'x', '{"max_new_tokens": 1000000}'),
              ('summarize', 'x', '{"num_beams": 4, "do_sample": true}'), ('summarize', 'x', '{"temprature": 1}'),
              ('summarize', 'x', '{"suppress_tokens": [123456789]}');
            INSERT INTO jobs(kind, input, question) VALUES ('summarize', 'x', 'Why?');
            INSERT INTO jobs(kind, input) VALUES ('summarize', CAST(x'636166e92061752066ff' AS TEXT)), ('summarize', 'x');
            """)
        #expect(try queue.work("--drain").status == 1)
        #expect(
            try queue.sql("SELECT error_code, count(*) FROM attempts GROUP BY 1 ORDER BY 1") == """
                |2
                document_too_long|1
                generation|1
                invalid_job|6
                missing_document|3
                """)
        // One try each: another would end the same.
        #expect(try queue.states() == "2 completed, 11 discarded")
        #expect(try queue.count("attempt <> 1 OR error LIKE '%' || char(10) || '%'") == 0)
    }

    @Test("a question that is missing is refused where the row is inserted")
    func schemaRefusals() throws {
        let queue = try TestQueue.withModel()
        let outcome = try CommandLine(executable: URL(filePath: "/usr/bin/sqlite3")).run([
            queue.database, "INSERT INTO jobs(kind, input) VALUES ('answer', 'Bees make honey.')",
        ])
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains("an answer job needs a question"))
        #expect(try queue.states() == "")
    }

    private static let documents = TestQueue.demoDocuments.path + "/*.txt"
}
