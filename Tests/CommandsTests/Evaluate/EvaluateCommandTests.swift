import Foundation
import JSONText
import TestSupport
import Testing

@Suite("evaluate")
struct EvaluateCommandTests {
    let queue: TestQueue

    init() throws { queue = try TestQueue.withModel() }

    private static let set = """
        {"id": 1, "document": "The river rose in May. The old bridge fell.", "reference": "The old bridge fell.", "prediction": "The bridge fell."}
        {"id": 2, "document": "The club meets on Thursdays. It has forty members.", "reference": "A club of forty.", "prediction": "It has forty members."}

        """

    /// A measure's mean, as `--json` tells it.
    private func mean(_ measure: String, system: Int = 0, of report: JSONValue) -> Double? {
        let systems = report["systems"]?.array ?? []
        switch systems.indices.contains(system) ? systems[system]["measures"]?[measure]?["mean"] : nil {
        case .number(let value)?: return value
        case .integer(let value)?: return Double(value)
        default: return nil
        }
    }

    @Test("texts that are there are scored without a model, beside the baselines")
    func givenTexts() throws {
        queue.commandLine.environment["NIGHTSHIFT_MODEL"] = "/nowhere"
        try queue.write(Self.set, to: "set.jsonl")
        let report = try queue.json("evaluate", "--task", "summarize", "set.jsonl", "--json")
        // Three of three words of four; two of four words and two of four: means of 6/7 and 1/4.
        #expect(abs((mean("rouge1", of: report) ?? 0) - 100 * (6.0 / 7 + 0.25) / 2) < 1e-9)
        #expect(report["systems"]?.array.map { $0["name"] } == ["predictions", "first sentence", "first 3 sentences"])
        #expect(mean("invented", of: report) == 0)
        let table = try queue.run("evaluate", "--task", "summarize", "set.jsonl")
        #expect(table.lines.first?.hasPrefix("summarize") == true && table.lines[1].hasPrefix("ROUGE-1 %"))
        #expect(table.errors == "2 items, mean [95 % interval], ROUGE with stemming\n")
    }

    @Test("a packed set is unpacked, and a plain text is a set of one for perplexity")
    func otherFiles() throws {
        try queue.write("The river rose in May.\n\nThe old bridge fell.\n", to: "text.txt")
        let set = #"{"document": "The river rose in May.\n\nThe old bridge fell.\n"}"# + "\n"
        try queue.write(set, to: "set.jsonl")
        try Data(Deflated.gzip(Array(set.utf8))).write(to: URL(filePath: queue.path("set.jsonl.gz")))
        let reports = try ["text.txt", "set.jsonl", "set.jsonl.gz"].map {
            try queue.json("evaluate", "--task", "perplexity", "--threads", "1", $0, "--json")
        }
        #expect(reports[0]["bytes"] == .integer(45))
        #expect(reports[1] == reports[0] && reports[2] == reports[0])
        try queue.write("not packed", to: "no.jsonl.gz")
        let refused = try queue.commandLine.run(["evaluate", "--task", "perplexity", "no.jsonl.gz"])
        #expect(refused.status == 65 && refused.errors == "nightshift: no.jsonl.gz: isn't gzip, or damaged\n")
    }

    @Test("what has no prediction is done by the kind as run does it, and kept as a set that gives the same scores")
    func generates() throws {
        let file = TestQueue.demoDocuments.appending(path: "serbia.txt")
        let text = try String(contentsOf: file, encoding: .utf8)
        let row: JSONValue = ["document": .string(text), "references": ["Serbia is a country in Europe."]]
        try queue.write(row.text + "\n", to: "set.jsonl")
        let arguments = ["evaluate", "--task", "summarize", "--json", "--threads", "1"]
        let first = try queue.commandLine.run(arguments + ["set.jsonl", "--predictions", "out.jsonl"])
        #expect(first.status == 0)
        let kept = try String(contentsOfFile: queue.path("out.jsonl"), encoding: .utf8)
        let prediction = try JSONParser.parse(Array(kept.utf8))["prediction"]
        let run = try queue.run("run", "summarize", file.path)
        #expect(prediction == .string(String(run.output.dropLast())))
        let again = try queue.commandLine.run(arguments + ["out.jsonl"])
        #expect(
            again.output == first.output.replacing("\"name\":\"reference-small\"", with: "\"name\":\"predictions\""))
        #expect(try queue.commandLine.run(arguments + ["set.jsonl", "--predictions", "out.jsonl"]).status == 73)
    }

    @Test("a queue's results are scored against the set's references, by custom id or by text")
    func fromQueue() throws {
        try queue.write("The river rose in May. The old bridge fell.\n", to: "a.txt")
        try queue.write("The club meets on Thursdays. It has forty members.\n", to: "b.txt")
        try queue.run("add", "summarize", "a.txt", "-b", "x")
        try queue.run("add", "summarize", "b.txt", "-b", "x", "--custom-id", "2")
        try queue.complete(1, text: "The bridge fell.")
        try queue.complete(2, text: "It has forty members.")
        try queue.write(Self.set, to: "set.jsonl")
        let given = try queue.json("evaluate", "--task", "summarize", "set.jsonl", "--json")
        let scored = try queue.json(
            "evaluate", "--task", "summarize", "--from-queue", "--batch", "x", "set.jsonl", "--json")
        #expect(scored == given)
        let alone = try queue.json("evaluate", "--task", "summarize", "--from-queue", "--json")
        #expect(mean("words", of: alone) == 3.5 && mean("rouge1", of: alone) == nil)
        #expect(try queue.run("evaluate", "--task", "summarize", "--from-queue", "--batch", "y").status == 66)
    }

    @Test("lines that are wrong are named with their numbers, and the rest are scored")
    func wrongLines() throws {
        try queue.write("{\n\n" + Self.set + "{\"document\": 4}\n\u{0}\n", to: "set.jsonl")
        let outcome = try queue.run("evaluate", "--task", "summarize", "set.jsonl", "--json")
        #expect(outcome.status == 1)
        #expect(try outcome.objects.first?["items"] == 2)
        for line in [1, 5, 6] { #expect(outcome.errors.contains("nightshift: set.jsonl:\(line): ")) }
        #expect(outcome.errors.contains("3 items could not be scored, see above"))
    }

    @Test("items can be chosen by a field, and drawn")
    func selection() throws {
        let lines = (1...50).map {
            "{\"text\": \"Text \($0).\", \"split\": \"\($0 % 2 == 0 ? "dev" : "train")\", \"n\": 1}\n"
        }
        let outcome = try queue.run(
            "evaluate", "--task", "paraphrase", "--only-baselines", "--where", "split=dev", "--where", "n=1", "--limit",
            "7", "-", "--json", input: lines.joined())
        #expect(try outcome.objects.first?["items"] == 7)
        let none = try queue.run(
            "evaluate", "--task", "paraphrase", "--where", "split=test", "-", input: lines.joined())
        #expect(none.status == 65 && none.errors == "nightshift: the set has no items\n")
    }

    /// Arguments after `evaluate`, and the exit code.
    private static let refusals: [(String, Int32)] = [
        ("--task summarize", 64), ("--task nothing -", 64), ("--task summarize --limit 0 -", 64),
        ("--task summarize --where x -", 64), ("--task summarize --field x=y -", 64),
        ("--task mlperf --from-queue", 64),
        ("--task copying --beside summarize -", 64), ("--task summarize --beside nothing -", 64),
        ("--task summarize --beside summarize-quote --only-baselines -", 64),
        ("--task summarize nowhere.jsonl", 66), ("--task summarize .", 66), ("--task summarize --kind nothing -", 64),
        ("--task summarize -o temperature=-1 -", 64), ("--task mlperf .", 66),
    ]

    @Test("what can't be is refused before anything is done", arguments: refusals)
    func refused(arguments: String, status: Int32) throws {
        let arguments = arguments.split(separator: " ").map(String.init)
        let outcome = try queue.commandLine.run(["evaluate"] + arguments, input: "{\"document\": \"x\"}\n")
        #expect(outcome.status == status, "\(outcome.errors)")
        #expect(outcome.output == "")
    }

    @Test("perplexity counts every token of a text once, whatever the window")
    func perplexity() throws {
        let text = try String(contentsOf: TestQueue.demoDocuments.appending(path: "serbia.txt"), encoding: .utf8)
        let row: JSONValue = ["text": .string(text)]
        try queue.write(row.text, to: "set.jsonl")
        let whole = try queue.json("evaluate", "--task", "perplexity", "set.jsonl", "--json", "--threads", "1")
        #expect(whole["bytes"] == .integer(text.utf8.count) && whole["texts"] == 1)
        let ids = try queue.run("engine", "tokenize", input: row.text + "\n").objects[0]["ids"]
        #expect(whole["tokens"] == .integer(ids?.array.count ?? 0))
        // The engine's own sum of the same log-probabilities.
        let line: JSONValue = ["prompt_ids": [0], "continuation_ids": ids ?? []]
        guard case .number(let sum)? = try queue.run("engine", "score", input: line.text + "\n").objects[0]["sum"],
            case .number(let bits)? = whole["bits_per_byte"]?["mean"]
        else { return #expect(Bool(false), "no figures") }
        #expect(abs(bits + sum / log(2) / Double(text.utf8.count)) < 1e-6)
        let narrow = try queue.json("evaluate", "--task", "perplexity", "set.jsonl", "--json", "--window", "2")
        #expect(narrow["tokens"] == whole["tokens"])
        guard case .number(let worse)? = narrow["bits_per_byte"]?["mean"] else { return #expect(Bool(false), "none") }
        // A token alone tells less about the next.
        #expect(worse > bits)
    }

    @Test("copying tells what a sentence costs alone, and after itself")
    func copying() throws {
        let sentence = "The old bridge over the river fell in the flood of May."
        try queue.write((["text": .string(sentence)] as JSONValue).text, to: "set.jsonl")
        let report = try queue.json("evaluate", "--task", "copying", "set.jsonl", "--json", "--threads", "1")
        func ids(_ text: String) throws -> [JSONValue] {
            let line: JSONValue = ["text": .string(text)]
            return try queue.run("engine", "tokenize", input: line.text + "\n").objects[0]["ids"]?.array ?? []
        }
        /// The engine's own mean over all tokens but the first.
        func nats(after prompt: [JSONValue]) throws -> Double {
            let line: JSONValue = ["prompt_ids": .array(prompt), "continuation_ids": .array(try ids(sentence))]
            let logprobs = try queue.run("engine", "score", input: line.text + "\n").objects[0]["logprobs"]?.array ?? []
            var sum = 0.0
            for case .number(let value) in logprobs.dropFirst() { sum += value }
            return -sum / Double(logprobs.count - 1)
        }
        func mean(_ figure: String) -> Double? {
            if case .number(let value)? = report["sentence"]?[figure]?["mean"] { return value }
            return nil
        }
        let tokens = try ids(sentence)
        #expect(report["sentence"]?["tokens"] == .integer(tokens.count - 1))
        #expect(abs((mean("first_nats_per_token") ?? 0) - (try nats(after: [0]))) < 1e-6)
        let again = try nats(after: [0] + tokens + ids("\n"))
        #expect(abs((mean("repeated_nats_per_token") ?? 0) - again) < 1e-6)
        #expect(report["shuffled_words"]?["texts"] == 1 && report["shuffled_words_in_task"]?["texts"] == 1)
        let none = try queue.run("evaluate", "--task", "copying", "-", input: "{\"text\": \"two words\"}\n")
        #expect(none.status == 65 && none.output == "")
    }

    @Test("other kinds are shown beside, and an item that one of them can't do is left out for all")
    func beside() throws {
        try queue.write(Self.set, to: "set.jsonl")
        let report = try queue.json(
            "evaluate", "--task", "summarize", "--beside", "summarize-quote", "set.jsonl", "--json", "--threads", "1")
        #expect(
            report["systems"]?.array.map { $0["name"] }
                == ["predictions", "summarize-quote", "first sentence", "first 3 sentences"])
        // It quotes whole sentences.
        #expect(mean("invented", system: 1, of: report) == 0 && mean("coverage", system: 1, of: report) == 100)
        let endless =
            Self.set + "{\"document\": \"\(String(repeating: "word ", count: 3000))\", \"prediction\": \"x\"}\n"
        let outcome = try queue.run(
            "evaluate", "--task", "summarize", "--beside", "summarize-quote", "-", "--json", input: endless)
        #expect(outcome.status == 1)
        #expect(try outcome.objects.first?["items"] == 2)
    }
}
