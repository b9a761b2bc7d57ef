import JobCatalog
import Testing

@Suite("Measures of a result")
struct TextMeasuresTests {
    @Test("words are letters, marks and digits, with inner apostrophes and the points of numbers")
    func words() {
        #expect(
            TextMeasures.words(in: "Don’t pay 1,030.5 sq-km, O'Neil! 'Ünï' e\u{301}t 3.") == [
                "don't", "pay", "1,030.5", "sq", "km", "o'neil", "ünï", "e\u{301}t", "3",
            ])
        #expect(TextMeasures.words(in: "a.b 1.b a'1 ''' ,.") == ["a", "b", "1", "b", "a", "1"])
        #expect(TextMeasures.words(in: "").isEmpty)
    }

    @Test("grounding is the share of content words that the input holds")
    func grounding() {
        // Content words: bees, make, honey, paris; three of the four are in the input.
        #expect(TextMeasures.grounding(of: "The bees make honey in Paris.", in: "HONEY is what bees make.") == 0.75)
        // Counted as often as they occur: paris, paris, bees.
        #expect(TextMeasures.grounding(of: "Paris, Paris and bees", in: "bees") == 1.0 / 3)
        #expect(TextMeasures.grounding(of: "It is in the.", in: "anything") == nil)
        #expect(TextMeasures.grounding(of: "bees", in: "") == 0)
    }

    @Test("repetition is the share of runs of four words seen before")
    func repetition() {
        #expect(TextMeasures.repetition(in: "one two three") == nil)
        #expect(TextMeasures.repetition(in: "one two three four") == 0)
        // Runs: abcd bcda cdab dabc abcd; the last stands there already.
        #expect(TextMeasures.repetition(in: "a b c d, a b c d") == 0.2)
        // Five runs, all the same.
        #expect(TextMeasures.repetition(in: "No no no no no no no no") == 0.8)
    }

    @Test("the stop words are written as words are compared")
    func stopWords() {
        #expect(TextMeasures.stopWords.allSatisfy { TextMeasures.words(in: $0) == [$0] })
    }
}
