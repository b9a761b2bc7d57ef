import Testing
import Tokenization

/// The expected ids are those of HuggingFace's tokenizers for the same tokens.
struct AddedTokenMatcherTests {
    private func encode(_ text: String, _ tokens: AddedToken...) throws -> [TokenID] {
        try SmallTokenizer.make(added: tokens).encode(text, allowSpecial: true)
    }

    @Test("of tokens that start at one place the longest counts")
    func longest() throws {
        let tokens = [AddedToken(id: 300, content: "<x>"), AddedToken(id: 301, content: "<x><x>y")]
        let tokenizer = try SmallTokenizer.make(added: tokens)
        #expect(tokenizer.encode("<x><x>y", allowSpecial: true) == [301])
        #expect(tokenizer.encode("<x><x><x>y", allowSpecial: true) == [300, 301])
        #expect(tokenizer.encode("<x><x>", allowSpecial: true) == [300, 300])
    }

    @Test("tokens that normalization doesn't touch are found first")
    func twoRounds() throws {
        let normalized = AddedToken(id: 300, content: "a<|", isNormalized: true)
        #expect(try encode("a<|>", normalized, AddedToken(id: 301, content: "<|>")) == [97, 301])
        #expect(try encode("a<|>", normalized) == [300, 62])
    }

    @Test("a single word is not touched by letters, digits, marks or underscores")
    func singleWord() throws {
        let token = AddedToken(id: 300, content: "foo", isSingleWord: true)
        #expect(try encode("foo", token) == [300])
        #expect(try encode("(foo)", token) == [40, 300, 41])
        for text in ["xfoo", "foo1", "foo_", "éfoo", "foo\u{301}", "foo\u{200D}"] {
            #expect(try !encode(text, token).contains(300), "\(text)")
        }
    }

    @Test("stripping takes in all white space, of any kind")
    func strips() throws {
        #expect(
            try encode("a \n\u{3000}<m> b", AddedToken(id: 300, content: "<m>", stripsLeft: true)) == [97, 300, 32, 98])
        #expect(
            try encode("a <m> \t\u{A0}b", AddedToken(id: 300, content: "<m>", stripsRight: true)) == [97, 32, 300, 98])
        let both = AddedToken(id: 300, content: "<m>", stripsLeft: true, stripsRight: true)
        #expect(try encode(" <m> <m> ", both) == [300, 300])
    }

    @Test("white space that one token stripped is no token of its own")
    func strippedSpaceIsGone() throws {
        let mark = AddedToken(id: 300, content: "<m>", stripsRight: true)
        let space = AddedToken(id: 301, content: "  ", stripsLeft: true)
        #expect(try encode("<m>  a", mark, space) == [300, 97])
    }

    @Test("tokens with other characters than the byte alphabet's stand for themselves")
    func decoding() throws {
        let tokenizer = try SmallTokenizer.make(added: [
            AddedToken(id: 300, content: "### End"), AddedToken(id: 301, content: "終"),
        ])
        #expect(tokenizer.decode([300, 301, 33]) == "### End終!")
        #expect(tokenizer.decode([300, 301, 33], skipSpecial: true) == "!")
    }

    @Test("canonically equivalent tokens are different tokens")
    func bytesNotEquivalence() throws {
        let composed = "<caf\u{E9}>"
        let decomposed = "<cafe\u{301}>"
        let tokenizer = try SmallTokenizer.make(added: [
            AddedToken(id: 300, content: composed), AddedToken(id: 301, content: decomposed),
        ])
        #expect(tokenizer.encode(composed + decomposed, allowSpecial: true) == [300, 301])
        #expect(tokenizer.id(ofToken: composed) == 300)
        #expect(tokenizer.id(ofToken: decomposed) == 301)
    }
}
