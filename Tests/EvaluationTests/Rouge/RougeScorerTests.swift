import Evaluation
import TestSupport
import Testing

@Suite("ROUGE")
struct RougeScorerTests {
    /// `values`: precision and recall of rouge1, rouge2, rougeL and rougeLsum.
    struct Case: Sendable {
        let reference: String
        let prediction: String
        let values: [Double]

        init(_ reference: String, _ prediction: String, _ values: [Double]) {
            (self.reference, self.prediction, self.values) = (reference, prediction, values)
        }
    }

    @Test("scores of words are those of rouge-score", arguments: plainCases)
    func plain(_ example: Case) { check(RougeScorer(), example) }

    @Test("scores of stems are those of rouge-score", arguments: stemmedCases)
    func stemmed(_ example: Case) { check(RougeScorer(stems: true), example) }

    private func check(_ scorer: RougeScorer, _ example: Case) {
        let scores = scorer.score(example.prediction, reference: example.reference)
        let values = [scores.rouge1, scores.rouge2, scores.rougeL, scores.rougeLsum]
            .flatMap { [$0.precision, $0.recall] }
        for (value, expected) in zip(values, example.values) { #expect(abs(value - expected) < 1e-12) }
    }

    @Test("of several references each measure takes the one that gives the highest F")
    func references() {
        let scores = RougeScorer().score("a b c d", references: ["d c b a", "a b x y z", ""])
        #expect(scores.rouge1.fMeasure == 1)
        #expect(scores.rouge2 == RougeScorer().score("a b c d", reference: "a b x y z").rouge2)
        #expect(RougeScorer().score("a", references: []).rouge1 == .zero)
    }

    @Test("texts of ten thousand words are compared, in one line and in many")
    func longTexts() {
        var random = SplitMix64(seed: 2)
        let one = (0..<10_000).map { _ in "w\(Int.random(in: 0..<50, using: &random))" }
        let two = (0..<10_000).map { _ in "w\(Int.random(in: 0..<50, using: &random))" }
        let line = RougeScorer().score(one.joined(separator: " "), reference: two.joined(separator: " "))
        // Of one line each, the union is the one subsequence there is.
        #expect(line.rougeL.fMeasure > 0.2 && abs(line.rougeL.fMeasure - line.rougeLsum.fMeasure) < 1e-12)
        let same = RougeScorer().score(one.joined(separator: "\n"), reference: one.joined(separator: " "))
        #expect(same.rougeL.fMeasure == 1)
    }

    /// By rouge-score 0.1.2, `RougeScorer(types, use_stemmer=False).score(reference, prediction)`.
    private static let plainCases = [
        Case(
            "the cat sat on the mat", "the cat is on the mat",
            [
                0.8333333333333334, 0.8333333333333334, 0.6, 0.6, 0.8333333333333334, 0.8333333333333334,
                0.8333333333333334, 0.8333333333333334,
            ]),
        Case("", "something", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        Case("something", "", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        Case("", "", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        Case("...", "!!!", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        Case(
            "The quick brown fox jumps over the lazy dog", "The quick brown dog jumps on the log.",
            [0.75, 0.6666666666666666, 0.2857142857142857, 0.25, 0.625, 0.5555555555555556, 0.625, 0.5555555555555556]),
        Case(
            "police killed the gunman", "police kill the gunman",
            [0.75, 0.75, 0.3333333333333333, 0.3333333333333333, 0.75, 0.75, 0.75, 0.75]),
        Case(
            "the gunman kill police", "police killed the gunman",
            [0.75, 0.75, 0.3333333333333333, 0.3333333333333333, 0.5, 0.5, 0.5, 0.5]),
        Case("Caf\u{E9} na\u{EF}ve co\u{F6}perate", "cafe naive cooperate", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        Case("\u{0130}stanbul 300\u{212A}", "i stanbul 300k", [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        Case("1,030.5 and 2nd-rate", "1 030 5 and 2nd rate", [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        Case(
            "first line here\nsecond line there\n\nthird", "third first line\nline second here there",
            [1.0, 1.0, 0.16666666666666666, 0.16666666666666666, 0.5714285714285714, 0.5714285714285714, 1.0, 1.0]),
        Case(
            "w1 w2 w3 w4 w5", "w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5",
            [0.4, 0.8, 0.1111111111111111, 0.25, 0.4, 0.8, 0.4, 0.8]),
        Case("a a a a b", "a b a b a", [0.8, 0.8, 0.25, 0.25, 0.6, 0.6, 0.6, 0.6]),
        Case("running runs ran easily flying", "run run run easy fly", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    ]

    /// With `use_stemmer=True`.
    private static let stemmedCases = [
        Case(
            "the cat sat on the mat", "the cat is on the mat",
            [
                0.8333333333333334, 0.8333333333333334, 0.6, 0.6, 0.8333333333333334, 0.8333333333333334,
                0.8333333333333334, 0.8333333333333334,
            ]),
        Case("", "something", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        Case("something", "", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        Case("", "", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        Case("...", "!!!", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        Case(
            "The quick brown fox jumps over the lazy dog", "The quick brown dog jumps on the log.",
            [0.75, 0.6666666666666666, 0.2857142857142857, 0.25, 0.625, 0.5555555555555556, 0.625, 0.5555555555555556]),
        Case("police killed the gunman", "police kill the gunman", [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        Case(
            "the gunman kill police", "police killed the gunman",
            [1.0, 1.0, 0.3333333333333333, 0.3333333333333333, 0.5, 0.5, 0.5, 0.5]),
        Case("Caf\u{E9} na\u{EF}ve co\u{F6}perate", "cafe naive cooperate", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        Case("\u{0130}stanbul 300\u{212A}", "i stanbul 300k", [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        Case("1,030.5 and 2nd-rate", "1 030 5 and 2nd rate", [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        Case(
            "first line here\nsecond line there\n\nthird", "third first line\nline second here there",
            [1.0, 1.0, 0.16666666666666666, 0.16666666666666666, 0.5714285714285714, 0.5714285714285714, 1.0, 1.0]),
        Case(
            "w1 w2 w3 w4 w5", "w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5",
            [0.4, 0.8, 0.1111111111111111, 0.25, 0.4, 0.8, 0.4, 0.8]),
        Case("a a a a b", "a b a b a", [0.8, 0.8, 0.25, 0.25, 0.6, 0.6, 0.6, 0.6]),
        Case("running runs ran easily flying", "run run run easy fly", [0.4, 0.4, 0.25, 0.25, 0.4, 0.4, 0.4, 0.4]),
    ]
}
