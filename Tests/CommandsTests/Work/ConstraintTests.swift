import Foundation
import JSONText
import TestSupport
import Testing

@Suite("Jobs with constraints")
struct ConstraintTests {
    @Test("what rows ask for is what results are, and a malformed constraint is discarded with its error")
    func rows() throws {
        let queue = try TestQueue.withModel()
        try queue.sql(
            """
            INSERT INTO jobs(id, kind, input, options) VALUES
              (1, 'generate', 'Yes or no?', '{"constraint": {"choices": ["yes", "no"]}}'),
              (2, 'generate', 'A date:', '{"constraint": {"regex": "[12][0-9]{3}-[01][0-9]"}, "num_beams": 3}'),
              (3, 'generate', 'A city:', '{"constraint": {"json": {"properties": {"name": {"type": "string", "maxLength": 8},
                 "size": {"type": "integer"}}, "required": ["name", "size"]}}, "do_sample": true, "stop": "###"}'),
              (4, 'generate', 'A list:', '{"constraint": {"json": {"type": "array", "oneOf": []}}}'),
              (5, 'generate', 'A word:', '{"constraint": "word"}'),
              (6, 'generate', 'A text:', '{"constraint": {"regex": "a{100}b"}, "max_new_tokens": 3}'),
              (7, 'generate', 'A name:', '{"constraint": {"json": {"required": ["a long name"]}}, "max_new_tokens": 3}');
            """)
        #expect(try queue.work("--drain").status == 1)
        let rows = try queue.sql("SELECT job_id, text FROM results ORDER BY job_id").split(separator: "\n")
            .map { $0.split(separator: "|", maxSplits: 1).map(String.init) }
        try #require(rows.map(\.[0]) == ["1", "2", "3"])
        #expect(["yes", "no"].contains(rows[0][1]))
        #expect(rows[1][1].wholeMatch(of: /[12][0-9]{3}-[01][0-9]/) != nil)
        let city = try JSONParser.parse(rows[2][1])
        guard case .string(let name)? = city["name"], case .integer? = city["size"] else {
            Issue.record("\(rows[2][1])")
            return
        }
        #expect(name.unicodeScalars.count <= 8)
        #expect(
            try queue.sql("SELECT id, error_code FROM failures ORDER BY id")
                == "4|invalid_job\n5|invalid_job\n6|incomplete\n7|incomplete")
        #expect(
            try queue.sql("SELECT error FROM jobs WHERE id = 7")
                == "the text doesn't meet its constraint: after 3 tokens it was cut off; raise max_new_tokens, or bound the "
                + "constraint's lengths")
        let error = try queue.sql("SELECT error FROM jobs WHERE id = 4")
        #expect(error.contains("json: the keyword 'oneOf' isn't supported"), "\(error)")
        #expect(try queue.sql("SELECT late_text <> '' FROM attempts WHERE job_id = 6") == "1")
        // Nothing half-written is a result.
        #expect(try queue.run("result", "6").status == 1 && queue.run("result", "6").output == "")
        #expect(try queue.sql("SELECT job_id FROM results WHERE format = 'json'") == "3")
        try queue.expectSound()
    }

    @Test("a bad word and a suppressed token don't come about")
    func badWords() throws {
        let queue = try TestQueue.withModel()
        try queue.sql(
            """
            INSERT INTO jobs(kind, input, options) VALUES
              ('generate', 'Once upon a time', '{"max_new_tokens": 60}'),
              ('generate', 'Once upon a time', '{"max_new_tokens": 60, "bad_words": ["the"]}');
            """)
        #expect(try queue.work("--drain").status == 0)
        let words = try ["1", "2"].map { id in
            try queue.sql("SELECT text FROM results WHERE job_id = \(id)").split { !$0.isLetter }
        }
        #expect(words[0].contains("the") && !words[1].contains("the"))
    }

    @Test("a text that says the same over and over ends, and its attempt says why")
    func loops() throws {
        let queue = try TestQueue.withModel()
        // A penalty below 1 makes likelier what was said.
        try queue.sql(
            """
            INSERT INTO jobs(kind, input, options) VALUES
              ('generate', 'Once', '{"max_new_tokens": 400, "repetition_penalty": 0.2}'),
              ('generate', 'Once', '{"max_new_tokens": 400, "repetition_penalty": 0.2, "max_cycle_repeats": 0}');
            """)
        #expect(try queue.work("--drain").status == 0)
        #expect(
            try queue.sql(
                "SELECT stopped_by, finish_reason, completion_tokens < 400 FROM result_texts ORDER BY id")
                == "repetition|stop|1\n|length|0")
        #expect(try queue.states() == "2 completed")
        #expect(try queue.run("show", "1").output.contains(", stopped by repetition"))
        #expect(try !queue.run("show", "2").output.contains("stopped by"))
        #expect(try queue.run("show", "1", "--json").output.contains(#""stopped_by":"repetition""#))
        let lines = try queue.run("results", "--jsonl").output.split(separator: "\n")
        #expect(lines.map { $0.contains(#""stopped_by":"repetition""#) } == [true, false])
    }
}
