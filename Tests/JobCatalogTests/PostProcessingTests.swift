import JobCatalog
import Testing

@Suite("Post-processing")
struct PostProcessingTests {
    @Test(
        "each step does what it says",
        arguments: [
            ([.trim], " \n a b \n", "a b"), ([.firstLine], "a\nb", "a"), ([.firstLine], "\nb", ""),
            ([.firstLine], "", ""),
            ([.firstParagraph], "a\nb\n \nc", "a\nb"), ([.firstParagraph], "\na", ""),
            ([.trim, .firstParagraph], "\n\na\n\nb", "a"), ([.oneLine], " a\n\n b\tc ", "a b c"),
            ([.stripLabel(["Summary:", "S:"])], " summary: It is.", "It is."),
            ([.stripLabel(["S:"])], "A S: b", "A S: b"),
            ([], " as it is\n", " as it is\n"),
        ] as [([PostProcessing.Step], String, String)])
    func steps(steps: [PostProcessing.Step], text: String, expected: String) {
        #expect(PostProcessing(steps).apply(to: text) == expected)
    }

    @Test(
        "the result ends before the first stop string, whichever comes first",
        arguments: [
            ("one ###two", ["###"], "one "), ("a\nQ: b###", ["###", "\nQ:"], "a"), ("###", ["###"], ""),
            ("##", ["###"], "##"),
            ("####", ["###"], ""), ("e\u{301}x", ["\u{301}"], "e"), ("a", [""], "a"), ("a", [], "a"),
        ])
    func stops(text: String, stops: [String], expected: String) {
        // By scalars: an accent that was a stop string must not hide in the letter before it.
        let result = PostProcessing([]).apply(to: text, stopStrings: stops)
        #expect(Array(result.unicodeScalars) == Array(expected.unicodeScalars))
    }
}
