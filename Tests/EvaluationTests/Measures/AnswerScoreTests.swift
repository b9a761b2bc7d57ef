import Evaluation
import Testing

@Suite("Scores of short answers")
struct AnswerScoreTests {
    @Test(
        "case, punctuation and articles make no difference",
        arguments: ["The Blue House!", "the (blue) house", "A blue,   house", "blue 'house'"])
    func normalization(answer: String) {
        #expect(AnswerScore(answer, references: ["Blue House"]) == AnswerScore("x", references: ["x"]))
        // A hyphen goes without a space in its place, as in SQuAD's script.
        #expect(AnswerScore("blue-house", references: ["Blue House"]).exactMatch == 0)
    }

    @Test("an article within quotes of any kind is one, within a word it isn't")
    func articles() {
        #expect(AnswerScore("\u{201C}The\u{201D} theatre", references: ["\u{201C} \u{201D} theatre"]).exactMatch == 1)
        #expect(AnswerScore("theatre", references: ["atre"]).exactMatch == 0)
    }

    @Test("F1 counts each word as often as both have it, against the best answer")
    func f1() {
        // Two of three words, two of four: 2 * 2/3 * 1/2 / (2/3 + 1/2).
        #expect(abs(AnswerScore("red red fox", references: ["green", "red fox in snow"]).f1 - 4.0 / 7) < 1e-12)
        #expect(AnswerScore("red", references: ["blue"]).f1 == 0)
    }

    @Test("where the text doesn't tell, saying so or nothing is right, and any answer is wrong")
    func noAnswer() {
        #expect(AnswerScore("Not in the text.", references: []) == AnswerScore("", references: [""]))
        #expect(AnswerScore("not in the text", references: []).f1 == 1)
        #expect(AnswerScore("in 1911", references: []).exactMatch == 0)
        #expect(AnswerScore("not in the text", references: ["in 1911"]).f1 == 0)
        #expect(AnswerScore("", references: ["in 1911"]).exactMatch == 0)
    }
}
