import Foundation
import JSONText
import TestSupport
import Testing

@Suite("evaluate --task mlperf")
struct EvaluateMLPerfTests {
    let queue: TestQueue

    init() throws {
        queue = try TestQueue.withModel()
        let demo = try String(contentsOf: TestQueue.demoDocuments.appending(path: "serbia.txt"), encoding: .utf8)
        let articles =
            (1...12).map { "Article \($0). " + String(demo.prefix(40 * $0)) }
            // More than the 1,919 tokens that the benchmark reads.
            + [String(repeating: demo, count: 40)]
        try queue.write(dataSet(articles), to: "cnn_eval.json")
    }

    private func dataSet(_ articles: [String]) -> String {
        JSONValue.array(
            articles.map {
                [
                    "instruction": "Summarize the following news article:", "input": .string($0),
                    "output": "Serbia is a country .\nIt is in Europe .",
                ]
            }
        ).text
    }

    private let arguments = ["evaluate", "--task", "mlperf", ".", "--json", "--threads", "1"]
    private var journal: String { queue.path("nightshift_predictions.jsonl") }
    private var log: String { queue.path("mlperf_log_accuracy.json") }

    @Test("a run that was killed goes on, and the log is that of a run that wasn't")
    func killed() throws {
        let running = try queue.commandLine.start(arguments + ["--batch-rows", "4"])
        waitUntil("some texts") {
            let text = (try? String(contentsOfFile: journal, encoding: .utf8)) ?? ""
            return text.count { $0 == "\n" } >= 3
        }
        running.send(SIGKILL)
        _ = running.wait()
        let kept = try String(contentsOfFile: journal, encoding: .utf8)
        #expect(!FileManager.default.fileExists(atPath: log))
        let resumed = try queue.commandLine.run(arguments)
        #expect(resumed.status == 0)
        #expect(resumed.errors.contains(" there already, "))
        #expect(try String(contentsOfFile: journal, encoding: .utf8).hasPrefix(kept.prefix { $0 != "\n" }))
        let first = try String(contentsOfFile: log, encoding: .utf8)
        try FileManager.default.removeItem(atPath: journal)
        try FileManager.default.removeItem(atPath: log)
        #expect(try queue.commandLine.run(arguments).output == resumed.output)
        #expect(try String(contentsOfFile: log, encoding: .utf8) == first)
        #expect(try resumed.objects[0]["gen_num"] == 13 && resumed.objects[0]["verdicts"] == [])
        // Scored again, from the log alone.
        try FileManager.default.removeItem(atPath: journal)
        #expect(try queue.commandLine.run(arguments).output == resumed.output)
    }

    @Test("texts of other options aren't mixed in")
    func otherOptions() throws {
        #expect(try queue.commandLine.run(arguments + ["--limit", "2"]).status == 0)
        #expect(!FileManager.default.fileExists(atPath: log), "two articles are no log")
        let other = try queue.commandLine.run(arguments + ["--limit", "2", "-o", "num_beams=1"])
        #expect(other.status == 65)
        #expect(other.errors.contains("nightshift_predictions.jsonl:1: the texts here are of another model"))
    }

    @Test("a log from elsewhere is scored, and what is wrong in it told with its place")
    func foreignLog() throws {
        let text = try queue.run("engine", "tokenize", input: #"{"text": "Serbia is a country in Europe ."}"# + "\n")
        let ids = try text.objects[0]["ids"]?.array ?? []
        let hex = ids.map { id -> String in
            guard case .integer(let number) = id else { return "" }
            return String(format: "%02x%02x000000000000", number & 255, number >> 8)
        }.joined()
        // The end token, 7, is no text.
        let line = "{\"seq_id\": 0, \"qsl_idx\": 4, \"data\": \"\(hex)0700000000000000\"}"
        try queue.write("[\(line)]", to: "mlperf_log_accuracy.json")
        let report = try queue.json("evaluate", "--task", "mlperf", ".", "--json")
        // serbia is a country in europ against serbia is a country it is in europ: six of six and of eight.
        #expect(report["rouge1"] == .number(85.7143))
        #expect(report["gen_len"] == 30)
        try queue.write("[\(line), {\"qsl_idx\": 5, \"data\": \"123\"}]", to: "mlperf_log_accuracy.json")
        let odd = try queue.run("evaluate", "--task", "mlperf", ".")
        #expect(odd.status == 65)
        #expect(odd.errors.contains("entry 1: qsl_idx 5, data: an odd number of hexadecimal digits, 3"))
        try queue.write("{", to: "mlperf_log_accuracy.json")
        #expect(try queue.run("evaluate", "--task", "mlperf", ".").status == 65)
    }

    @Test("of a long prompt the first 1919 tokens are read, and the result says so")
    func truncation() throws {
        try queue.write(String(repeating: "The river rose in May. ", count: 800), to: "long.txt")
        let outcome = try queue.run(
            "run", "mlperf-summarize", "long.txt", "--db", queue.database, "-o", "max_new_tokens=3", "-o",
            "num_beams=1")
        #expect(outcome.status == 0)
        #expect(
            try queue.sql("SELECT r.truncated, a.prompt_tokens FROM results r JOIN attempts a USING (job_id)")
                == "1|1919")
    }
}
