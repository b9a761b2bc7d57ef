import Evaluation
import Testing

@Suite("SARI")
struct SariTests {
    struct Case: Sendable {
        let source: String
        let prediction: String
        let references: [String]
        let score: Double
    }

    /// By the metric `sari` of huggingface/evaluate with sacrebleu 2.6.0; the first is its documentation's.
    private static let cases = [
        Case(
            source: "About 95 species are currently accepted .", prediction: "About 95 you now get in .",
            references: [
                "About 95 species are currently known .", "About 95 species are now accepted .",
                "95 species are now accepted .",
            ], score: 0.2695360195360195),
        Case(
            source: "About 95 species are currently accepted .", prediction: "About 95 species are now agreed .",
            references: [
                "About 95 species are currently known .", "About 95 species are now accepted .",
                "95 species are now accepted .",
            ], score: 0.6170965608465607),
        Case(
            source: "The cat, which was 3.5 kg, sat.", prediction: "A 3.5 kg cat sat.",
            references: ["The cat sat. It was 3.5 kg."], score: 0.50625),
        Case(source: "a b c", prediction: "", references: ["a b"], score: 0.6527777777777778),
        Case(source: "", prediction: "a", references: ["a"], score: 1.0),
        Case(source: "same words here", prediction: "same words here", references: ["same words here"], score: 1.0),
        Case(
            source: "Tom &amp; Jerry's 9-5", prediction: "tom & jerry's 9 - 5",
            references: ["Tom & Jerry's 9-5 job", "they work"], score: 0.5555555555555555),
    ]

    @Test("scores are those of HuggingFace's metric", arguments: cases)
    func score(_ example: Case) throws {
        let score = try #require(
            Sari.score(source: example.source, prediction: example.prediction, references: example.references))
        #expect(abs(score - example.score) < 1e-12)
    }

    @Test("without references there is no score")
    func noReferences() {
        #expect(Sari.score(source: "a", prediction: "b", references: []) == nil)
    }
}
