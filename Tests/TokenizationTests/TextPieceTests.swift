import Testing
import Tokenization

struct TextPieceTests {
    let tokenizer: Tokenizer

    init() throws {
        tokenizer = try SmallTokenizer.make(
            merges: [("a", "b"), ("ab", "c")],
            added: [
                AddedToken(id: 300, content: "<|end|>"),
                AddedToken(id: 301, content: "<|word|>", isSpecial: false, isNormalized: true),
                AddedToken(id: 302, content: "<|strip|>", stripsLeft: true, stripsRight: true),
            ])
    }

    @Test("merges reach across the borders of pieces")
    func mergesAcrossBorders() {
        #expect(tokenizer.encode([.trusted("a"), .plain("b"), .trusted("c")]) == [257])
        #expect(tokenizer.encode([.trusted("a"), .plain(""), .trusted("b")]) == [256])
    }

    @Test("an added token in a plain piece is text, special or not", arguments: ["<|end|>", "<|word|>"])
    func plainIsText(token: String) throws {
        let ids = tokenizer.encode([.plain(token)])
        #expect(ids.allSatisfy { $0 < 300 })
        #expect(tokenizer.decode(ids, skipSpecial: true) == token)
        #expect(tokenizer.encode([.trusted(token)]) == [try #require(tokenizer.id(ofToken: token))])
    }

    @Test("an added token is recognized only wholly within one trusted piece")
    func notAcrossBorders() {
        #expect(!tokenizer.encode([.trusted("<|en"), .plain("d|>")]).contains(300))
        #expect(!tokenizer.encode([.plain("<|"), .trusted("end|>")]).contains(300))
        #expect(!tokenizer.encode([.trusted("<|e"), .trusted("nd|>")]).contains(300))
        #expect(tokenizer.encode([.plain("<|end|>"), .trusted("<|end|>")]).filter { $0 == 300 }.count == 1)
    }

    @Test("a user can't complete a special token that the author began")
    func bordersOfEveryCut() {
        let text = "a<|end|>b"
        for cut in text.indices {
            let pieces: [TextPiece] = [.trusted(String(text[..<cut])), .plain(String(text[cut...]))]
            let isWhole = text[..<cut].contains("<|end|>")
            #expect(tokenizer.encode(pieces).contains(300) == isWhole, "\(pieces)")
            #expect(tokenizer.decode(tokenizer.encode(pieces)) == text)
        }
    }

    @Test("a token that strips white space leaves the user's alone")
    func strippingStaysInPiece() {
        #expect(tokenizer.encode([.trusted("a <|strip|> b")]) == [97, 302, 98])
        #expect(tokenizer.encode([.plain("a "), .trusted("<|strip|> "), .plain(" b")]) == [97, 32, 302, 32, 98])
    }

    @Test("one piece is encoded as the text that it is")
    func onePiece() {
        let text = "x <|end|> abc\n<|word|>"
        #expect(tokenizer.encode([.trusted(text)]) == tokenizer.encode(text, allowSpecial: true))
        #expect(tokenizer.encode([.plain(text)]) == tokenizer.encode(text))
        #expect(tokenizer.encode([TextPiece]()) == [])
    }
}
