import Foundation
import TestSupport
import Testing
import Tokenization
import Worker

@Suite("Texts in parts")
struct DocumentSplitterTests {
    private static let tokenizer = try? Tokenizer(folder: Repository.referenceModel)

    private func parts(of text: String, limit: Int, crossing: Bool = true) throws -> [DocumentSplitter.Part] {
        let tokenizer = try #require(Self.tokenizer)
        let splitter = DocumentSplitter(tokenizer: tokenizer, limit: limit, crossesParagraphs: crossing) {
            tokenizer.encode($0.trimmingCharacters(in: .whitespacesAndNewlines)).count <= limit
        }
        return try #require(splitter.split(text))
    }

    private func expectWhole(_ parts: [DocumentSplitter.Part], _ text: String, limit: Int) throws {
        let tokenizer = try #require(Self.tokenizer)
        let bytes = Array(text.utf8)
        var joined: [UInt8] = []
        for part in parts {
            #expect(part.range.lowerBound == joined.count)
            let piece = try #require(String(validating: bytes[part.range], as: UTF8.self), "a character was cut")
            #expect(tokenizer.encode(piece.trimmingCharacters(in: .whitespacesAndNewlines)).count <= limit)
            joined += bytes[part.range]
        }
        #expect(joined == bytes)
    }

    /// A text of anything that texts are made of.
    private func randomText(_ generator: inout SplitMix64) -> String {
        let pieces = [
            "The ferry crossed the river at noon. ", "Nobody – not even Zoë – had paid. ", "\n\n", "\n", " ", "\t",
            "  \n \n",
            "Dr. No", "e.g. this", "3.14", "日本語の文です。", "مرحبا بالعالم. ", "👩‍👩‍👧‍👦", "🇩🇪🇫🇷", "e\u{301}\u{302}", "\u{0C}",
            "\r\n",
            "x", "word ", String(repeating: "longword", count: 40), "# Heading\n", "- point\n", "\u{2029}",
            "“Quoted!” she said. ",
            String(repeating: "and so on ", count: 60), "!!!", "\u{FEFF}", "a|b|c|d\n",
        ]
        return (0..<Int.random(in: 0...60, using: &generator))
            .map { _ in pieces[Int.random(in: pieces.indices, using: &generator)] }.joined()
    }

    @Test("the parts together are the text, each fits, and no character is cut")
    func property() throws {
        var generator = SplitMix64(seed: 6)
        for round in 0..<300 {
            let text = randomText(&generator)
            let limit = [4, 7, 16, 50, 200][round % 5]
            let crossing = round % 3 > 0
            guard !text.allSatisfy(\.isWhitespace) else { continue }
            try expectWhole(try parts(of: text, limit: limit, crossing: crossing), text, limit: limit)
        }
    }

    @Test("parts end at paragraphs where they may, else at sentences, and are of similar length")
    func borders() throws {
        let sentence = "The river rises in the hills and falls to the sea. "
        let paragraph = String(repeating: sentence, count: 5) + "\n\n"
        let text = String(repeating: paragraph, count: 12)
        let tokenizer = try #require(Self.tokenizer)
        let limit = tokenizer.encode(paragraph).count * 5 / 2
        let found = try parts(of: text, limit: limit)
        try expectWhole(found, text, limit: limit)
        let bytes = Array(text.utf8)
        #expect(found.allSatisfy { !$0.isCut && String(decoding: bytes[$0.range], as: UTF8.self).hasSuffix("\n\n") })
        let sizes = found.map(\.range.count)
        let (longest, shortest) = (try #require(sizes.max()), try #require(sizes.min()))
        #expect(longest <= 2 * shortest)
        // One paragraph alone is too long.
        let long = String(repeating: sentence, count: 40)
        let cut = try parts(of: long, limit: limit)
        #expect(cut.count > 1 && cut.allSatisfy { !$0.isCut })
        #expect(cut.allSatisfy { String(decoding: Array(long.utf8)[$0.range], as: UTF8.self).hasSuffix(". ") })
    }

    @Test("a sentence that is too long by itself is cut between words, and marked")
    func longSentence() throws {
        let text = String(repeating: "and the wind went on and on over the hills ", count: 30) + "."
        let found = try parts(of: text, limit: 40)
        try expectWhole(found, text, limit: 40)
        #expect(found.count > 2)
        #expect(found.dropLast().allSatisfy(\.isCut) && found.last?.isCut == false)
        let bytes = Array(text.utf8)
        for part in found.dropFirst() {
            let before = bytes[part.range.lowerBound - 1]
            #expect(before == 0x20 || bytes[part.range.lowerBound] == 0x20, "a word was cut")
        }
    }

    @Test("text without any border is cut between characters")
    func noBorders() throws {
        for unit in ["x", "Q9f/", "語", "👩‍👩‍👧‍👦"] {
            let text = String(repeating: unit, count: 2000)
            try expectWhole(try parts(of: text, limit: 64), text, limit: 64)
        }
    }

    @Test("sections never reach across a paragraph")
    func sections() throws {
        let text = "One. Two.\n\nThree.\n \nFour five six.\n"
        let bytes = Array(text.utf8)
        let found = try parts(of: text, limit: 500, crossing: false)
        #expect(
            found.map { String(decoding: bytes[$0.range], as: UTF8.self) } == [
                "One. Two.\n\n", "Three.\n \n", "Four five six.\n",
            ])
    }

    @Test("a chapter's worth of text is cut into parts as well as a page")
    func large() throws {
        let text = String(
            repeating: "It was the best of times, it was the worst of times. Call me.\n\n", count: 2000)
        let found = try parts(of: text, limit: 1000)
        try expectWhole(found, text, limit: 1000)
        #expect(found.count > 10)
    }
}
