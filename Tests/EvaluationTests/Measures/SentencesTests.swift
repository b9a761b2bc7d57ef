import Evaluation
import Testing

@Suite("Sentences")
struct SentencesTests {
    @Test("a sentence ends where one would say it does")
    func sentences() {
        let text = """
            Dr. Smith paid $3.50 for J. R. Green's book. "Was it worth it?" he asked. It was! The U.S. price, e.g. in \
            Boston, is lower... but not much. Nobody
            knows (why.)

            A title without a point

            The end
            """
        #expect(
            Sentences.of(text) == [
                "Dr. Smith paid $3.50 for J. R. Green's book.", "\"Was it worth it?\" he asked.", "It was!",
                "The U.S. price, e.g. in Boston, is lower... but not much.", "Nobody\nknows (why.)",
                "A title without a point", "The end",
            ])
    }

    @Test("nothing has none, and points alone are harmless")
    func empty() {
        #expect(Sentences.of(" \n\n ") == [])
        #expect(Sentences.of(String(repeating: ". ", count: 3)).joined(separator: "|") == ".|.|.")
        #expect(Sentences.of(String(repeating: ".", count: 100_000)).count == 1)
    }
}
