import Foundation
import JSONText
import Testing

@Suite("review", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/sqlite3")))
struct ReviewCommandTests {
    /// Three summaries of which two have results, and an answer.
    private func queue() throws -> TestQueue {
        let queue = try TestQueue()
        for name in ["a", "b", "c"] {
            try queue.write("Document \(name).\n", to: "\(name).txt")
            try queue.run("add", "summarize", "\(name).txt", "-b", "x", "--custom-id", name)
        }
        try queue.run("add", "answer", "--question", "Which?", "a.txt")
        for (id, text) in [(1, "Sum of a."), (2, "Sum of b."), (4, "a")] { try queue.complete(id, text: text) }
        return queue
    }

    @Test("verdicts are written, listed and taken back")
    func verdicts() throws {
        let queue = try queue()
        queue.commandLine.environment["USER"] = "ann"
        let accepted = try queue.run("review", "1", "4", "--accept")
        #expect(accepted.status == 0 && accepted.errors == "2 results accepted\n")
        #expect(try queue.run("review", "2", "--correct", "A better sum.", "--note", "too short").status == 0)
        let none = try queue.run("review", "3", "9", "--reject")
        #expect(none.status == 1)
        #expect(
            none.errors == """
                nightshift: job 3 has no result: it is available
                nightshift: there is no job 9
                0 results rejected
                nightshift: 2 jobs without a verdict, see above

                """)
        #expect(
            try queue.sql("SELECT job_id, verdict, coalesce(correction, ''), by FROM reviews ORDER BY 1")
                == "1|accepted||ann\n2|corrected|A better sum.|ann\n4|accepted||ann")
        let listed = try queue.json("review", "--verdict", "corrected", "--json")
        #expect(listed.array.map { $0["correction"] } == ["A better sum."])
        #expect(try queue.run("review", "--batch", "x", "--clear").errors == "2 reviews removed\n")
        #expect(try queue.run("review", "--batch", "x", "--accept").errors == "2 results accepted\n")
        try queue.write("From a file.\nTwo lines.\n", to: "better.txt")
        #expect(try queue.run("review", "1", "--correct-file", "better.txt").status == 0)
        #expect(try queue.sql("SELECT correction FROM reviews WHERE job_id = 1") == "From a file.\nTwo lines.")
    }

    @Test("verdicts come out of files, JSON lines and CSV; wrong lines are named and the rest are written")
    func imported() throws {
        let queue = try queue()
        try queue.write(
            """
            {"id": 1, "verdict": "accepted"}
            {"custom_id": "b", "correction": "Better."}

            {"id": 3, "verdict": "rejected"}
            {"id": 1, "verdict": "good"}
            {"custom_id": "z", "verdict": "accepted"}
            {"id": 1, "verdict": "accepted", "colour": "red"}
            {
            """, to: "verdicts.jsonl")
        let outcome = try queue.run("review", "--import", "verdicts.jsonl", "--by", "bob")
        #expect(outcome.status == 1)
        for line in [4, 5, 6, 7, 8] { #expect(outcome.errors.contains("nightshift: verdicts.jsonl:\(line): ")) }
        #expect(outcome.errors.hasSuffix("2 verdicts written\nnightshift: 5 lines not taken, see above\n"))
        #expect(
            try queue.sql("SELECT job_id, verdict, by FROM reviews ORDER BY 1") == "1|accepted|bob\n2|corrected|bob")
        try queue.write("custom_id,verdict,correction,note\na,corrected,\"One, \"\"two\"\".\",why\n", to: "v.csv")
        #expect(try queue.run("review", "--import", "v.csv").status == 0)
        #expect(try queue.sql("SELECT correction, note FROM reviews WHERE job_id = 1") == "One, \"two\".|why")
        try queue.write("colour\nred\n", to: "w.csv")
        #expect(try queue.run("review", "--import", "w.csv").status == 65)
        #expect(try queue.run("review", "--import", "nowhere.csv").status == 66)
    }

    @Test("pairs are the prompts of good results, as their kind and style made them, and the good texts")
    func pairs() throws {
        let queue = try queue()
        try queue.run("review", "1", "--accept")
        try queue.run("review", "2", "--reject")
        try queue.run("review", "4", "--correct", "Document a.")
        let outcome = try queue.run("review", "--pairs", "--style", "pocket")
        let pairs = try outcome.objects
        #expect(outcome.status == 0 && pairs.map { $0["id"] } == [1, 4])
        #expect(
            pairs[0]["prompt"] == "<|summarize|><|short|>Document a.<|out|>" && pairs[0]["completion"] == "Sum of a.")
        #expect(
            pairs[1]["prompt"] == "<|answer|>Which?<|text|>Document a.<|question|>Which?<|out|>"
                && pairs[1]["completion"] == "Document a." && pairs[1]["verdict"] == "corrected")
    }

    /// Arguments after `review`.
    private static let refusals = [
        "--accept", "1 --accept --reject", "1 2 --correct x", "--batch x --correct x", "1 --import x",
        "1 --style pocket",
        "--verdict good",
    ]

    @Test("what can't be is refused", arguments: refusals)
    func refused(_ arguments: String) throws {
        let queue = try queue()
        let outcome = try queue.commandLine.run(["review"] + arguments.split(separator: " ").map(String.init))
        #expect(outcome.status == 64, "\(outcome.errors)")
        #expect(try queue.sql("SELECT count(*) FROM reviews") == "0")
    }
}
