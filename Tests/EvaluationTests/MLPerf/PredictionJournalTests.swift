import Evaluation
import JSONText
import Testing

@Suite("The journal of summaries")
struct PredictionJournalTests {
    private let origin: JSONObject = ["model": "m", "articles": 5]

    private func open(_ path: String, _ origin: JSONObject? = nil) throws -> PredictionJournal {
        try PredictionJournal(path: path, origin: origin ?? self.origin, sampleCount: 5, vocabularySize: 100)
    }

    @Test("what was kept is there again, wherever the process was killed")
    func anyCut() throws {
        let file = try TemporaryFile()
        let journal = try open(file.path)
        let entries = [
            AccuracyLog.Entry(sample: 3, tokens: [1, 99]), .init(sample: 0, tokens: []), .init(sample: 4, tokens: [7]),
        ]
        for entry in entries { try journal.append(entry) }
        let bytes = Array(try file.text.utf8)
        let header = (bytes.firstIndex(of: 0x0A) ?? 0) + 1
        for length in 0...bytes.count {
            try file.write(bytes[..<length])
            let kept = try open(file.path)
            let whole = length < header ? 0 : bytes[header..<length].count { $0 == 0x0A }
            #expect(kept.entries == Array(entries.prefix(whole)))
            // It goes on as if nothing had been cut.
            try kept.append(.init(sample: 1, tokens: [5]))
            #expect(try open(file.path).entries == entries.prefix(whole) + [.init(sample: 1, tokens: [5])])
        }
    }

    @Test("summaries of another origin are refused, and kept")
    func otherOrigin() throws {
        let file = try TemporaryFile()
        try open(file.path).append(.init(sample: 1, tokens: [2]))
        #expect(throws: EvaluationError.self) { try open(file.path, ["model": "other"]) }
        #expect(try open(file.path).entries.count == 1)
    }

    @Test(
        "lines that are none are told with their numbers",
        arguments: ["garbage", #"{"qsl_idx": 5, "ids": []}"#, #"{"qsl_idx": 1, "ids": [100]}"#, #"{"qsl_idx": 1}"#])
    func wrongLines(line: String) throws {
        let file = try TemporaryFile()
        _ = try open(file.path)
        try file.write(Array((try file.text + line + "\n").utf8))
        let error = #expect(throws: EvaluationError.self) { try open(file.path) }
        #expect(error?.description.hasPrefix("\(file.path):2: ") == true)
    }

    @Test("a file that is something else is left alone", arguments: ["my notes\n", "my notes", "{}"])
    func otherFile(text: String) throws {
        let file = try TemporaryFile(text)
        #expect(throws: EvaluationError.self) { try open(file.path) }
        #expect(try file.text == text)
    }
}
