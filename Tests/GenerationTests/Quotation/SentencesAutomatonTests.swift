import Generation
import Passages
import TestSupport
import Testing
import Tokenization

@Suite("Sentences of a document as a constraint")
struct SentencesAutomatonTests {
    private let tokenizer: Tokenizer

    init() throws { tokenizer = try ByteTokenizer.make() }

    /// Every choice of sentences that may be made, in order.
    private func choices(_ sentences: [String], maximumCount: Int) -> Set<[String]> {
        var choices: Set<[String]> = []
        func choose(_ chosen: [String], from first: Int) {
            if !chosen.isEmpty { choices.insert(chosen) }
            guard chosen.count < maximumCount else { return }
            for index in sentences.indices.dropFirst(first) { choose(chosen + [sentences[index]], from: index + 1) }
        }
        choose([], from: 0)
        return choices
    }

    @Test(
        "exactly the choices of sentences in their order are allowed, each sentence once",
        arguments: [
            ["He ran.", "She ran.", "He ran."], ["Yes", "Yes we can.", "We can.", "Yes"], ["A b.", "A", "B", "A b. C"],
            ["É.", "中文。", "É é."], ["One\nline wrapped here.", "One"], ["a", "a a", "a a a"],
        ])
    func all(_ paragraphs: [String]) throws {
        let document = paragraphs.joined(separator: "\n\n")
        let bytes = Array(document.utf8)
        var sentences: [String] = []
        for range in Sentences(of: bytes) {
            let text = String(decoding: bytes[range], as: UTF8.self)
            if !sentences.contains(text) { sentences.append(text) }
        }
        let automaton = try SentencesAutomaton(document, limits: SentenceLimits(maximumCount: 2), tokenizer: tokenizer)
        let expected = Set(choices(sentences, maximumCount: 2).map { Array($0.joined(separator: " ").utf8) })
        let found = try allTexts(automaton)
        #expect(found == expected.union(expected.map { [0x20] + $0 }))
        for text in found {
            guard let quoted = automaton.quoted(text) else {
                Issue.record("\(text)")
                continue
            }
            let quotedTexts = quoted.places.map { String(decoding: bytes[$0], as: UTF8.self) }
            #expect(quoted.text == quotedTexts.joined(separator: "\n"))
            #expect(quotedTexts.allSatisfy(sentences.contains) && quotedTexts.count <= 2)
            #expect(
                Array(quotedTexts.joined(separator: " ").utf8) == (text.first == 0x20 ? Array(text.dropFirst()) : text))
            #expect(quoted.places.map(\.lowerBound) == quoted.places.map(\.lowerBound).sorted())
        }
    }

    @Test("of a text that was cut off, whole sentences remain")
    func cut() throws {
        let automaton = try SentencesAutomaton("He ran. She sat. It flew.", tokenizer: tokenizer)
        func quoted(_ text: String) -> String? { automaton.quoted(Array(text.utf8))?.text }
        #expect(quoted(" He ran. It fl") == "He ran.")
        #expect(quoted("He ran. She sat. It flew.") == "He ran.\nShe sat.\nIt flew.")
        #expect(quoted("He ra") == nil)
        #expect(quoted("She sat. He ran.") == "She sat.", "in the document's order only")
    }

    @Test("no sentence is begun that doesn't fit the tokens left")
    func budget() throws {
        // As bytes: 9, 17 and 9 tokens with the space before.
        let automaton = try SentencesAutomaton("Qq rr ss. Tt uu vv ww xx zz. Gg hh ii.", tokenizer: tokenizer)
        func begins(_ tokensLeft: Int, after text: String = "") throws -> String {
            var state = try #require(try automaton.state(after: text.utf8))
            state = try automaton.adjusted(state, tokensLeft: tokensLeft)
            let successors = automaton.successors(of: state)
            if text.isEmpty { return "QTG".filter { successors.contains($0.asciiValue ?? 0) } }
            guard let spaced = automaton.next(state, 0x20) else { return "" }
            return "QTG".filter { automaton.next(spaced, $0.asciiValue ?? 0) != nil }
        }
        #expect(try begins(100) == "QTG")
        #expect(try begins(12) == "QG")
        #expect(throws: ConstraintError.self) { try begins(5) }
        #expect(try begins(100, after: "Qq rr ss.") == "TG")
        #expect(try begins(12, after: "Qq rr ss.") == "G")
        #expect(try begins(5, after: "Qq rr ss.") == "")
    }

    @Test("sentences of few words, and unreadable ones, can be left out")
    func leftOut() throws {
        let document = "Title\n\nOne two three four. Bad \u{FFFD} one here now. Five six seven eight."
        let automaton = try SentencesAutomaton(document, limits: SentenceLimits(minimumWords: 4), tokenizer: tokenizer)
        let text = "One two three four. Five six seven eight."
        #expect(try automaton.state(after: text.utf8).map(automaton.isAccepting) == true)
        #expect(try automaton.state(after: "Title".utf8) == nil)
        #expect(try automaton.state(after: "Bad".utf8) == nil)
        #expect(throws: ConstraintError.self) { try SentencesAutomaton(" \u{FFFD} ", tokenizer: tokenizer) }
        #expect(throws: ConstraintError.self) {
            try SentencesAutomaton("Hm.", limits: SentenceLimits(minimumWords: 2), tokenizer: tokenizer)
        }
    }
}
