import Testing
import Tokenization

@Suite("Training a tokenizer")
struct BytePairTrainerTests {
    private func train(_ texts: [String], merges: Int, special: [String] = [], mergesDigits: Bool = true)
        -> TokenizerDefinition
    {
        var words = WordCounter()
        for text in texts { words.add(text) }
        return BytePairTrainer(
            vocabularySize: special.count + 256 + merges, specialTokens: special, mergesDigits: mergesDigits
        ).train(words)
    }

    private func merges(_ definition: TokenizerDefinition) -> [String] {
        definition.merges.map {
            String(decoding: $0.left, as: UTF8.self) + " " + String(decoding: $0.right, as: UTF8.self)
        }
    }

    @Test("the most frequent pair within words is merged first")
    func frequency() {
        // ab: 4 times; "Ġa": 3 times; bc: once, below the least frequency.
        let learnt = merges(train(["ab ab ab abc"], merges: 10))
        #expect(learnt == ["a b", "Ġ ab"])
    }

    @Test("special tokens come first, the bytes follow in the order of their characters")
    func identifiers() throws {
        let definition = train(["xyxy xyxy"], merges: 1, special: ["<|endoftext|>", "<|out|>"])
        #expect(definition.vocabulary.count == 2 + 256 + 1)
        #expect(definition.vocabulary.map(\.id) == (0..<259).map { TokenID($0) })
        #expect(definition.vocabulary[2].content == Array("!".utf8))
        let tokenizer = try Tokenizer(definition)
        #expect(tokenizer.encode("<|out|>", allowSpecial: true) == [1])
        #expect(tokenizer.encode("xy") == [258])
    }

    @Test("any text survives encoding and decoding")
    func roundTrip() throws {
        let texts = ["The cat sat on the mat. The cat sat.", "naïve 日本語 🙂 \u{0}\t\n  x", "2026-11-23"]
        let tokenizer = try Tokenizer(train(texts + texts, merges: 60))
        for text in texts { #expect(tokenizer.decode(tokenizer.encode(text)) == text) }
    }

    @Test("digits stay apart where that is wanted")
    func digits() throws {
        let texts = [String](repeating: "1999 1999 1999 a1 a1 a1", count: 3)
        #expect(merges(train(texts, merges: 20)).contains("9 9"))
        let tokenizer = try Tokenizer(train(texts, merges: 20, mergesDigits: false))
        #expect(tokenizer.encode("1999").count == 4)
        #expect(tokenizer.encode(" 1").count == 1, "a space and a digit are no two digits")
    }
}
