import Evaluation
import Testing

@Suite("Items of a set")
struct ItemReaderTests {
    private func items(_ line: String, names: [ItemReader.Part: String] = [:]) throws -> [EvaluationItem] {
        try ItemReader(path: "set.jsonl", names: names).items(of: Array(line.utf8), line: 7)
    }

    @Test("the usual names are found")
    func names() throws {
        #expect(
            try items(#"{"id": 5, "input": "d", "question": "q", "answers": ["a", "b"], "prediction": "p"}"#) == [
                EvaluationItem(
                    line: 7, id: "5", document: "d", question: "q", references: ["a", "b"], prediction: "p")
            ])
        #expect(
            try items(#"{"source": "s", "target": "t", "question": null}"#) == [
                EvaluationItem(line: 7, document: "s", references: ["t"])
            ])
    }

    @Test("other names are found where they're told")
    func otherNames() throws {
        #expect(
            try items(#"{"text": "x", "body": "d"}"#, names: [.document: "body"]).first?.document == "d")
    }

    @Test("questions on one document become items of their own; no answers are no answer, absent ones unknown")
    func questions() throws {
        let line = #"{"id": "k", "context": "d", "qas": [{"question": "1?", "answers": []}, {"question": "2?"}]}"#
        let items = try items(line)
        #expect(items.map(\.id) == ["k#0", "k#1"] && items.map(\.document) == ["d", "d"])
        #expect(items[0].references == [] && items[1].references == nil)
    }

    @Test(
        "what is wrong is told with the line",
        arguments: [
            ("{", "set.jsonl:7: not valid JSON at byte 1: expected a name in quotes"),
            ("[1]", "set.jsonl:7: expected a JSON object, found a list of 1"),
            (#"{"document": 3}"#, "set.jsonl:7: document: expected a text, found 3"),
            (#"{"document": "d", "references": [1]}"#, "set.jsonl:7: references: expected texts, found 1"),
            (#"{"document": "d", "qas": [4]}"#, "set.jsonl:7: qas, entry 0: expected an object, found 4"),
            (
                #"{"other": "d"}"#,
                "set.jsonl:7: there is no document; its field is one of document, input, text, context, passage, source, "
                    + "article"
            ),
        ])
    func errors(line: String, message: String) {
        let error = #expect(throws: EvaluationError.self) { try items(line) }
        #expect(error?.description == message)
    }

    @Test("a draw is the same for the same seed, in order, without doubles")
    func draws() {
        let all = Array(0..<1000)
        let drawn = Sampling.draw(50, of: all, seed: 4)
        #expect(drawn == Sampling.draw(50, of: all, seed: 4) && drawn != Sampling.draw(50, of: all, seed: 5))
        #expect(drawn.count == 50 && drawn == drawn.sorted() && Set(drawn).count == 50)
        #expect(Sampling.draw(nil, of: all, seed: 1) == all && Sampling.draw(2000, of: all, seed: 1) == all)
    }
}
