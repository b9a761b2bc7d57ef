import Evaluation
import Testing

@Suite("Copy drills")
struct CopyDrillTests {
    private let document = """
        Short one. The old bridge over the river fell in the flood of May, and nobody has built another since 1911. "Ah!"
        """

    private func drill(_ form: CopyDrill.Form, of document: String, seed: UInt64 = 1) -> String? {
        var random = SplitMix(seed: seed)
        return CopyDrill(form, of: document, using: &random)?.text
    }

    @Test("words are shuffled by the seed, each stands once, without what isn't a word")
    func shuffledWords() throws {
        let first = try #require(drill(.shuffledWords, of: document))
        let words = first.split(separator: " ").map(String.init)
        #expect(Set(words).count == words.count)
        #expect(
            Set(words) == [
                "Short", "one", "The", "old", "bridge", "over", "the", "river", "fell", "in", "flood", "of", "May",
                "and",
                "nobody", "has", "built", "another", "since", "Ah",
            ])
        #expect(drill(.shuffledWords, of: document) == first && drill(.task, of: document) == first)
        #expect(drill(.shuffledWords, of: document, seed: 2) != first)
    }

    @Test("a sentence is the first of a middling length")
    func sentence() {
        #expect(
            drill(.sentence, of: document)
                == "The old bridge over the river fell in the flood of May, and nobody has built another since 1911.")
    }

    @Test("documents of too few words give none", arguments: CopyDrill.Form.allCases)
    func tooFew(form: CopyDrill.Form) {
        for document in [
            "", "one two three four five six seven", "1 2 3 4 5 6 7 8 9 10 11",
            "same same same same same same same same",
        ] {
            if form == .sentence, document.first == "1" || document.first == "s" { continue }
            #expect(drill(form, of: document) == nil)
        }
    }
}
