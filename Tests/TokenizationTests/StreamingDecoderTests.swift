import Testing
import Tokenization

struct StreamingDecoderTests {
    /// Streams made of whole characters, of broken ones, and of bytes that never are text, drawn by a seed.
    private func randomBytes(count: Int, using generator: inout some RandomNumberGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes.append(UInt8.random(in: .min ... .max, using: &generator))
            case 1: bytes.append([0xE0, 0xED, 0xF0, 0xF4, 0xC0, 0xF5, 0xE2].randomElement(using: &generator) ?? 0)
            case 2: bytes += Array("aé日👍\u{10FFFF}".utf8)
            default: bytes += Array("👍".utf8).prefix(Int.random(in: 1...3, using: &generator))
            }
        }
        return bytes
    }

    @Test("the pieces joined are the text of all tokens, whatever the bytes", arguments: 0..<200)
    func joined(seed: Int) throws {
        var generator = SplitMix(state: UInt64(seed))
        let tokenizer = try SmallTokenizer.make()
        let bytes = randomBytes(count: 40, using: &generator)
        let ids = bytes.map { TokenID($0) }
        var decoder = StreamingDecoder(tokenizer)
        var text = ""
        for (index, id) in ids.enumerated() {
            text += decoder.feed(id)
            // What is held back is at most the start of one character.
            let heldBack = tokenizer.decode(ids[...index]).unicodeScalars.count - text.unicodeScalars.count
            #expect((0...1).contains(heldBack))
        }
        text += decoder.finish()
        #expect(text.utf8.elementsEqual(tokenizer.decode(ids).utf8), "\(bytes)")
        #expect(decoder.finish() == "")
    }

    @Test("tokens that cut a text anywhere give it back", arguments: ["日本語 👍🏽 naïve", "\u{FEFF}a\u{0}\r\n\u{10FFFF}"])
    func everyCut(text: String) throws {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            // One token for each side of the cut.
            var definition = SmallTokenizer.definition()
            for (id, part) in [(256, bytes[..<cut]), (257, bytes[cut...])] where part.count > 1 {
                definition.vocabulary.append(.init(content: ByteAlphabet.content(ofBytes: part), id: TokenID(id)))
            }
            let tokenizer = try Tokenizer(definition)
            let ids = [bytes[..<cut], bytes[cut...]].compactMap { part in
                part.isEmpty
                    ? nil : tokenizer.id(ofToken: String(decoding: ByteAlphabet.content(ofBytes: part), as: UTF8.self))
            }
            var decoder = StreamingDecoder(tokenizer)
            let first = ids.map { decoder.feed($0) }.joined()
            #expect(first.utf8.elementsEqual(text.utf8), "cut at \(cut)")
            #expect(decoder.finish() == "")
        }
    }

    @Test("a character is given out with its last byte, not before")
    func promptly() throws {
        var decoder = StreamingDecoder(try SmallTokenizer.make())
        #expect([0xF0, 0x9F, 0x91, 0x8D].map { decoder.feed($0) } == ["", "", "", "👍"])
        // 0xED 0xA0 can't become a character (a surrogate), which shows with the second byte.
        #expect([0xED, 0xA0].map { decoder.feed($0) } == ["", "\u{FFFD}\u{FFFD}"])
        #expect(decoder.feed(0xC3) == "")
        #expect(decoder.feed(0x41) == "\u{FFFD}A")
        #expect(decoder.feed(0xE2) == "")
        #expect(decoder.feed(0x82) == "")
        #expect(decoder.finish() == "\u{FFFD}")
    }

    @Test("special tokens and unknown ids add nothing where they are left out")
    func skips() throws {
        let tokenizer = try SmallTokenizer.make(added: [AddedToken(id: 300, content: "<|end|>")])
        var keeping = StreamingDecoder(tokenizer)
        var skipping = StreamingDecoder(tokenizer, skipSpecial: true)
        #expect([97, 300, 999, -1, 98].map { keeping.feed($0) } == ["a", "<|end|>", "", "", "b"])
        #expect([97, 300, 999, -1, 98].map { skipping.feed($0) } == ["a", "", "", "", "b"])
    }
}

/// A small generator with a seed (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
