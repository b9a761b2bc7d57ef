import Evaluation
import Testing

@Suite("MLPerf's score")
struct MLPerfScoreTests {
    @Test("the figures are means in hundredths, of stems, and the length counts characters")
    func figures() {
        let score = MLPerfScore([
            (" Police killed the gunman .\nHe 's dead . ", "Police kill a gunman.\nHe is dead ."), ("", "Nothing."),
        ])
        // Cleaned up: "Police killed the gunman.\nHe's dead."; words police kill the gunman he s dead against
        // police kill a gunman he is dead: five of seven, in both.
        #expect(score.rouge1 == 35.7143)
        // Pairs: police kill and gunman he, two of six.
        #expect(score.rouge2 == 16.6667)
        #expect(score.rougeL == 35.7143 && score.rougeLsum == 35.7143)
        #expect(score.generatedLength == 36 && score.count == 2)
    }

    @Test("characters are counted as Python counts them")
    func length() {
        #expect(MLPerfScore([("e\u{301}\u{1F600} x", "y")]).generatedLength == 5)
        // White space between sentences becomes one line end.
        #expect(MLPerfScore([("One.  Two.\n\nThree", "y")]).generatedLength == 15)
    }

    @Test("only the whole set has a verdict")
    func partial() {
        #expect(MLPerfScore([("a", "a")]).verdict(share: 0.99) == nil)
    }

    @Test("the verdict names what is too low")
    func verdict() throws {
        let good = String(repeating: "word ", count: 60)
        let passed = try #require(
            MLPerfScore(Array(repeating: (good, good), count: MLPerfDataset.fullCount)).verdict(share: 0.999))
        #expect(passed.passes && passed.misses == [])
        // Two of five words right are 40 % of both: enough for ROUGE-L, too little for ROUGE-1 and the length.
        let bad = Array(repeating: ("a b x y z", "a b u v w"), count: MLPerfDataset.fullCount)
        let failed = try #require(MLPerfScore(bad).verdict(share: 0.99))
        #expect(!failed.passes && failed.misses == ["rouge1", "gen_len"])
    }

    @Test("a data set is read, and what is wrong told with its place")
    func dataSet() throws {
        let file = try TemporaryFile(#"[{"instruction": "i", "input": "a", "output": "h"}, {"instruction": "i"}]"#)
        let error = #expect(throws: EvaluationError.self) { try MLPerfDataset(path: file.path) }
        #expect(error?.description == "\(file.path): entry 1: input: expected a text, found nothing")
        try file.write(#"[{"instruction": "i", "input": "a", "output": "h"}]"#.utf8)
        let samples = try MLPerfDataset(path: file.path).samples
        #expect(samples.map { [$0.instruction, $0.article, $0.highlights] } == [["i", "a", "h"]])
        try file.write("[]".utf8)
        #expect(throws: EvaluationError.self) { try MLPerfDataset(path: file.path) }
        let missing = #expect(throws: EvaluationError.self) { try MLPerfDataset(path: "/nowhere/cnn_eval.json") }
        #expect(missing?.isAboutAbsence == true)
    }
}
