import JobCatalog
import Testing

@Suite("Checks of lists")
struct ListCheckTests {
    private let document =
        "The Harrow Street baths were built in 1911. The pool is 25 metres long, and heated by the laundry."

    @Test("answers that don't stand in the document are left out, whatever their capitals and marks")
    func answers() throws {
        let check = ListCheck(inDocument: .member("answer"), unique: .member("question"))
        let text = """
            [{"question":"When?","answer":"In 1911"},{"question":"How long?","answer":"25 metres long."},
             {"question":"Who?","answer":"the mayor"},{"question":"when","answer":"1911"},{"question":"What?","answer":"…"}]
            """
        let outcome = try #require(check.apply(to: text, document: document))
        #expect(
            outcome.text
                == #"[{"question":"When?","answer":"In 1911"},{"question":"How long?","answer":"25 metres long."}]"#)
        #expect(
            outcome.note
                == "of 5 entries 2 whose words don't stand in the document and 1 that another has said before")
    }

    @Test("a part of a word isn't the word, and words must follow each other")
    func words() throws {
        let check = ListCheck(inDocument: .item)
        #expect(check.apply(to: #"["bath"]"#, document: document)?.kept == 0)
        #expect(check.apply(to: #"["street pool"]"#, document: document)?.kept == 0)
        #expect(check.apply(to: #"["harrow street"]"#, document: document)?.kept == 1)
    }

    @Test("a list that passes stays as it was written; what is no list has no outcome")
    func untouched() {
        #expect(ListCheck(unique: .item).apply(to: "[ \"a\",\n \"b\" ]", document: "")?.text == "[ \"a\",\n \"b\" ]")
        #expect(ListCheck(unique: .item).apply(to: "{}", document: "") == nil)
        #expect(ListCheck(unique: .item).apply(to: "[1", document: "") == nil)
    }
}
