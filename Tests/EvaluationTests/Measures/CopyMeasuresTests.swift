import Evaluation
import TestSupport
import Testing

@Suite("How much is copied")
struct CopyMeasuresTests {
    @Test("coverage and density are Grusky's, worked out by hand")
    func byHand() throws {
        // Copied: "the cat sat" (3), "on" is there (1), "a" isn't, "mat" (1): 5 of 6 words, (9 + 1 + 1) / 6.
        let copied = try #require(CopyMeasures(of: "The cat sat on a mat.", from: "On the mat the cat sat down"))
        #expect(abs(copied.coverage - 5.0 / 6) < 1e-12)
        #expect(abs(copied.density - 11.0 / 6) < 1e-12)
        #expect(copied.copiedFourGrams == 0)
    }

    @Test("a copy is all copied, and nothing is of another text or an empty one")
    func extremes() throws {
        let text = "one two three four five"
        #expect(try #require(CopyMeasures(of: text, from: "zero " + text)).density == 5)
        #expect(try #require(CopyMeasures(of: text, from: text)).copiedFourGrams == 1)
        #expect(try #require(CopyMeasures(of: text, from: "")).coverage == 0)
        #expect(CopyMeasures(of: "...", from: text) == nil)
    }

    @Test("the runs are those that looking at every place of the source finds")
    func againstSearch() throws {
        var random = SplitMix64(seed: 11)
        for _ in 0..<200 {
            let alphabet = Int.random(in: 1...4, using: &random)
            let source = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                Int.random(in: 0..<alphabet, using: &random)
            }
            let text = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                Int.random(in: 0...alphabet, using: &random)
            }
            let runs = searchedRuns(of: text, in: source)
            let copied = try #require(
                CopyMeasures(
                    of: text.map { "w\($0)" }.joined(separator: " "),
                    from: source.map { "w\($0)" }.joined(separator: " ")))
            #expect(abs(copied.coverage - Double(runs.reduce(0, +)) / Double(text.count)) < 1e-12)
            #expect(abs(copied.density - Double(runs.reduce(0) { $0 + $1 * $1 }) / Double(text.count)) < 1e-12)
        }
    }

    /// Figure 3 of Grusky et al. 2018, word by word.
    private func searchedRuns(of text: [Int], in source: [Int]) -> [Int] {
        var runs: [Int] = []
        var start = 0
        while start < text.count {
            let longest =
                source.indices.map { place in
                    zip(text[start...], source[place...]).prefix { $0 == $1 }.count
                }.max() ?? 0
            if longest > 0 { runs.append(longest) }
            start += max(longest, 1)
        }
        return runs
    }
}
