import Generation
import Passages
import TestSupport
import Testing

/// All texts that an automaton allows, as long as these are few; each state that no text ends in is an error.
func allTexts(_ automaton: some ByteAutomaton) throws -> Set<[UInt8]> {
    var texts: Set<[UInt8]> = []
    var open = [(automaton.start, [UInt8]())]
    while let (state, bytes) = open.popLast() {
        let successors = try automaton.successors(of: state)
        if try automaton.isAccepting(state) {
            texts.insert(bytes)
        } else {
            #expect(!successors.isEmpty, "a dead end: \(bytes)")
        }
        var followed = ByteSet()
        for byte in UInt8.min...UInt8.max {
            guard let next = try automaton.next(state, byte) else { continue }
            followed.insert(byte)
            open.append((next, bytes + [byte]))
        }
        #expect(followed == successors)
        if bytes.count > 400 { throw ConstraintError.tooAmbiguous }
    }
    return texts
}

@Suite("Spans of a document")
struct SpanAutomatonTests {
    private func document(_ random: inout SplitMix64) -> String {
        let parts = [
            "cat", "cat", "category", " ", " ", " ", "\n", ".", ", ", "é", "e\u{301}", "中文", "1.5", "don't", "(", ")",
            "“", "”",
            "\u{FFFD}", "\u{0}", "\u{A0}", "😀", "-",
        ]
        return (0..<Int.random(in: 1...9, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
            .joined()
    }

    /// What may be quoted, by looking at every place.
    private func quotations(_ document: String, words: ClosedRange<Int>) -> Set<[UInt8]> {
        let bytes = Array(document.utf8)
        let borders = WordBorders(bytes)
        let scalars = document.unicodeScalars
        var texts: Set<[UInt8]> = []
        let indices = Array(scalars.indices) + [scalars.endIndex]
        for (at, from) in indices.enumerated() {
            for to in indices.dropFirst(at + 1) {
                let text = scalars[from..<to]
                guard let first = text.first, let last = text.last, !first.properties.isWhitespace,
                    !last.properties.isWhitespace, !text.contains("\u{FFFD}"), !text.contains("\0"), !first.isTrailer,
                    borders.isBorder(document.utf8.distance(from: document.startIndex, to: from))
                else { continue }
                let next = to < scalars.endIndex ? scalars[to] : " "
                let mustEnd = next.properties.isWhitespace || next == "\u{FFFD}" || next == "\0"
                let end = document.utf8.distance(from: document.startIndex, to: to)
                guard mustEnd || (borders.isBorder(end) && !last.isOpener) else { continue }
                let count = String(text).utf8.split { $0 == 0x20 || (0x09...0x0D).contains($0) }.count
                if words.contains(count) { texts.insert(Array(String(text).utf8)) }
            }
        }
        return texts
    }

    @Test(
        "exactly the passages between borders of words are allowed, with or without a space before", arguments: 0..<300)
    func all(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let document = document(&random)
        let words = seed % 3 == 0 ? 1...100 : seed % 3 == 1 ? 1...2 : 2...3
        let expected = quotations(document, words: words)
        let limits = SpanLimits(
            minimumWords: words.lowerBound, maximumWords: words.upperBound == 100 ? nil : words.upperBound)
        guard let automaton = try? SpanAutomaton(document, limits: limits) else {
            #expect(expected.isEmpty, "\(document.debugDescription)")
            return
        }
        let found = try allTexts(automaton)
        #expect(found == expected.union(expected.map { [0x20] + $0 }), "\(document.debugDescription)")
        for text in found {
            guard let quoted = automaton.quoted(text) else {
                Issue.record("\(text)")
                continue
            }
            let bytes = Array(document.utf8)
            #expect(quoted.places.map { Array(bytes[$0]) } == [text.first == 0x20 ? Array(text.dropFirst()) : text])
            #expect(Array(quoted.text.utf8) == Array(bytes[quoted.places[0]]))
        }
    }

    @Test("a text that was cut off is quoted as far as words go")
    func cut() throws {
        let document = "Bees make honey (lime).\nÉté."
        let automaton = try SpanAutomaton(document)
        func quoted(_ text: String) -> String? { automaton.quoted(Array(text.utf8))?.text }
        #expect(quoted(" make hon") == "make")
        #expect(quoted("honey (") == "honey")
        #expect(quoted("honey (lime).\n") == "honey (lime).")
        #expect(quoted("Été.") == "Été.")
        #expect(automaton.quoted(Array("honey (lime).\nÉ".utf8.dropLast()))?.text == "honey (lime).")
        #expect(quoted("ake") == nil)
        #expect(quoted("be") == nil)
        #expect(quoted("") == nil)
    }

    @Test("the place is the first that holds the whole passage")
    func place() throws {
        let document = "category cat, cat."
        let automaton = try SpanAutomaton(document)
        #expect(automaton.quoted(Array(" cat".utf8))?.places == [9..<12])
        #expect(automaton.quoted(Array("cat.".utf8))?.places == [14..<18])
    }

    @Test("a document of megabytes is indexed, however it repeats itself")
    func large() throws {
        for text in ["a ", "abc def. ", "Ä", "\u{FFFD} "] {
            let document = String(repeating: text, count: 400_000) + "End"
            #expect(try SpanAutomaton(document).quoted(Array("End".utf8))?.text == (text == "Ä" ? nil : "End"))
        }
    }

    @Test("a document without words is refused, with what is missing")
    func refused() {
        for document in ["", " \n", "\u{FFFD}\u{0}", ". , !"] {
            #expect(throws: ConstraintError.document(constraint: "span", problem: "the document has no words")) {
                try SpanAutomaton(document)
            }
        }
        #expect(throws: ConstraintError.self) { try SpanAutomaton("one two", limits: SpanLimits(minimumWords: 3)) }
    }
}
