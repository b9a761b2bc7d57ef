import Foundation
import JSONText
import TestSupport
import Testing

@Suite("tune --from-queue", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/sqlite3")))
struct TuneFromQueueTests {
    private static let tune = ["tune", "--from-queue", "--model", Repository.referenceModel.path, "--length", "128"]
    private static let training = ["--steps", "4", "--checkpoint-every", "2", "--threads", "2", "--output", "adapter"]

    /// Summaries with results and an answer with one; of the summaries 1 and 2 are accepted, 3 is corrected, 4 rejected, 5
    /// without a verdict, 6 longer than a window.
    private func queue() throws -> TestQueue {
        let queue = try TestQueue()
        for number in 1...6 {
            let text = TrainingFixture.sentence(number)
            try queue.write(
                number == 6 ? String(repeating: text + "\n", count: 40) : text, to: "\(number).txt")
            try queue.run("add", "summarize", "\(number).txt", "-b", "tales")
        }
        try queue.run("add", "answer", "--question", "Which?", "1.txt")
        for number in 1...7 { try queue.complete(number, text: "Text \(number).") }
        try queue.run("review", "1", "2", "6", "7", "--accept")
        try queue.run("review", "3", "--correct", "A better text.")
        try queue.run("review", "4", "--reject")
        return queue
    }

    private func tune(_ queue: TestQueue, _ arguments: String...) throws -> CommandLine.Outcome {
        try queue.commandLine.run(Self.tune + arguments)
    }

    @Test("a look at the set prints the pairs, and says what is left out; nothing is written")
    func look() throws {
        let queue = try queue()
        let outcome = try tune(queue, "--kind", "summarize", "--dry-run", "--minimum", "3", "--dev-share", "0")
        #expect(outcome.status == 0)
        #expect(
            outcome.errors == """
                3 results accepted, 1 corrected; 1 rejected, left out; 1 without a verdict, left out
                3 pairs to learn, 0 held out, 1 left out as longer than 128 tokens

                """)
        let pairs = try outcome.objects
        #expect(pairs.map { $0["id"] } == [1, 2, 3])
        #expect(pairs.map { $0["completion"] } == ["Text 1.", "Text 2.", "A better text."])
        #expect(pairs.map { $0["verdict"] } == ["accepted", "accepted", "corrected"])
        #expect(pairs.allSatisfy { $0["split"] == "train" && $0["kind"] == "summarize" })
        // As 'review --pairs' has them, and as a file that 'tune' takes.
        let style = try #require(pairs[0]["style"]?.text.replacing("\"", with: ""))
        let reviewed = try queue.run("review", "1", "--pairs", "--style", style).objects
        #expect(reviewed[0]["prompt"] == pairs[0]["prompt"])
        try queue.write(outcome.output, to: "pairs.jsonl")
        let file = try queue.run(
            "tune", "--model", Repository.referenceModel.path, "--dry-run", "--dev-share", "0", "pairs.jsonl")
        #expect(try file.objects.map { $0["prompt"] } == pairs.map { $0["prompt"] })
        #expect(file.errors == "3 pairs to learn, 0 held out\n")
        #expect(try queue.run("tune", "--dry-run", "--from-queue", "--model", "nowhere").status == 66)
    }

    @Test("an adapter is made of what was accepted or corrected; going on, it keeps the pairs that it began with")
    func adapter() throws {
        let queue = try queue()
        let arguments = Self.tune + Self.training + ["--minimum", "4", "--dev-share", "0"]
        let outcome = try queue.commandLine.run(arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("4 pairs to learn, 0 held out, 1 left out as longer than 128 tokens\n"))
        let adapter = queue.folder.appending(path: "adapter")
        let pairs = try Data(contentsOf: adapter.appending(path: "pairs.tokens"))
        try queue.run("review", "5", "--accept")
        let further = try queue.commandLine.run(arguments.map { $0 == "4" ? "6" : $0 })
        #expect(further.status == 0, "\(further.errors)")
        #expect(
            further.errors.contains("goes on with the pairs that it began with; another --output takes the verdicts"))
        #expect(further.errors.contains("goes on after step 4"))
        #expect(try Data(contentsOf: adapter.appending(path: "pairs.tokens")) == pairs)
        let run = try queue.run(
            "run", "summarize", "1.txt", "--model", Repository.referenceModel.path, "--adapter", adapter.path, "-o",
            "max_new_tokens=4")
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test("few pairs are refused unless they will do; a batch and a kind select")
    func few() throws {
        let queue = try queue()
        let outcome = try tune(queue, "--kind", "answer", "--output", "adapter")
        #expect(outcome.status == 65)
        #expect(
            outcome.errors.hasSuffix(
                """
                nightshift: 1 pair of the queue: too few to learn from. Review more results ('nightshift review'), or say that so \
                few will do: --minimum 1

                """))
        #expect(try tune(queue, "--batch", "tales", "--dry-run", "--minimum", "3").objects.count == 3)
        #expect(try tune(queue, "--batch", "none", "--dry-run").status == 66)
        #expect(try tune(queue, "--queue", "other", "--dry-run").status == 65)
    }

    @Test("results in another style are told, and the style can be theirs")
    func styles() throws {
        let queue = try queue()
        try queue.sql("UPDATE results SET style = 'base' WHERE job_id = 1")
        try queue.run("review", "1", "--reject")
        try queue.run("review", "1", "--accept")
        let outcome = try tune(queue, "--kind", "summarize", "--dry-run", "--minimum", "1", "--style", "pocket")
        #expect(
            outcome.errors.contains(
                "1 prompt made in the style 'pocket', which were in 'base' when the text was written; --style base keeps them\n"
            ))
        let own = try tune(queue, "--kind", "summarize", "--dry-run", "--minimum", "1", "--style", "base")
        #expect(!own.errors.contains("made in the style"))
        #expect(try own.objects.allSatisfy { $0["style"] == "base" })
    }

    /// Arguments after `tune`.
    private static let refusals = [
        "--from-queue", "--from-queue --output x pairs.jsonl", "--from-queue --output x -o a=b", "--output x",
        "--output x --batch b pairs.jsonl", "--output x --db q.db pairs.jsonl", "--output x --minimum 3 pairs.jsonl",
        "--from-queue --output x --minimum 0",
    ]

    @Test("what can't be is refused", arguments: refusals)
    func refused(_ arguments: String) throws {
        let outcome = try CommandLine().run(["tune"] + arguments.split(separator: " ").map(String.init))
        #expect(outcome.status == 64, "\(outcome.errors)")
    }
}
