import Testing
import Tokenization

struct BytePairModelTests {
    private static let merges = [
        ("a", "a"), ("a", "b"), ("aa", "aa"), ("b", "c"), ("ab", "c"), ("aa", "b"), ("aaaa", "aaaa"), ("c", "a"),
        ("bc", "a"), ("c", "c"),
    ]

    /// The definition of byte-pair encoding, as slow as can be: apply the best merge anywhere, start again.
    private func encodeByDefinition(_ word: [UInt8]) -> [[UInt8]] {
        var tokens = word.map { [$0] }
        while true {
            let pairs = tokens.indices.dropLast().compactMap { left -> (rank: Int, left: Int)? in
                let rank = Self.merges.firstIndex {
                    Array($0.0.utf8) == tokens[left] && Array($0.1.utf8) == tokens[left + 1]
                }
                return rank.map { ($0, left) }
            }
            guard let best = pairs.min(by: { ($0.rank, $0.left) < ($1.rank, $1.left) }) else { return tokens }
            tokens[best.left] += tokens.remove(at: best.left + 1)
        }
    }

    @Test("merges are applied by rank, then from the left, in words of every length", arguments: 1...120)
    func byDefinition(length: Int) throws {
        let tokenizer = try SmallTokenizer.make(merges: Self.merges)
        var generator = SplitMix(state: UInt64(length))
        for _ in 0..<5 {
            let word = (0..<length).map { _ in Array("aaabbc".utf8).randomElement(using: &generator) ?? 0 }
            let ids = tokenizer.encode(String(decoding: word, as: UTF8.self))
            #expect(ids.compactMap { tokenizer.bytes(of: $0) } == encodeByDefinition(word))
        }
    }

    /// With a quadratic algorithm one of these takes hours.
    @Test(
        "words of a million bytes are no trouble", .timeLimit(.minutes(15)),
        arguments: ["a", "abc", " ", "\n", "日", "!", "'", "7", " \n", "<|"])
    func longWords(part: String) throws {
        let tokenizer = try SmallTokenizer.make(
            merges: Self.merges, added: [AddedToken(id: 300, content: "<|end|>", stripsLeft: true)])
        let text = String(repeating: part, count: 1_000_000 / part.utf8.count)
        let ids = tokenizer.encode(text, allowSpecial: true)
        #expect(tokenizer.decode(ids) == text)
        #expect(part != "a" || ids == [TokenID](repeating: 262, count: 125_000))
    }

    @Test("bytes without a token become the unknown token, or nothing where there is none")
    func unknownBytes() throws {
        var definition = SmallTokenizer.definition()
        definition.vocabulary.removeAll { $0.id == 0x78 || $0.id == 0x79 }
        #expect(try Tokenizer(definition).encode("axyb") == [97, 98])
        definition.unknownToken = Array("?".utf8)
        #expect(try Tokenizer(definition).encode("axyb") == [97, 63, 63, 98])
        definition.fusesUnknown = true
        #expect(try Tokenizer(definition).encode("axyb") == [97, 63, 98])
    }

    @Test("a known word is taken whole where merges are to be ignored")
    func wholeWords() throws {
        var definition = SmallTokenizer.definition(merges: [("a", "b")])
        definition.vocabulary.append(.init(content: Array("abz".utf8), id: 400))
        #expect(try Tokenizer(definition).encode("abz") == [256, 122])
        definition.ignoresMergesOfKnownWords = true
        #expect(try Tokenizer(definition).encode("abz abz") == [400, 32, 256, 122])
    }

    @Test("a prefix space is given to text that has none, also behind added tokens")
    func prefixSpace() throws {
        var definition = SmallTokenizer.definition(added: [AddedToken(id: 300, content: "<m>")])
        definition.addsPrefixSpace = true
        let tokenizer = try Tokenizer(definition)
        #expect(tokenizer.encode("a<m>b<m> c", allowSpecial: true) == [32, 97, 300, 32, 98, 300, 32, 99])
        #expect(tokenizer.encode("") == [])
    }

    @Test("merges reach over everything where text isn't split into words")
    func unsplit() throws {
        var definition = SmallTokenizer.definition(merges: [("a", "Ġ"), ("aĠ", "b")])
        #expect(try Tokenizer(definition).encode("a b") == [97, 32, 98])
        definition.splitsIntoWords = false
        #expect(try Tokenizer(definition).encode("a b") == [257])
    }

    @Test("many threads get the same ids")
    func threads() async throws {
        let tokenizer = try SmallTokenizer.make(merges: Self.merges)
        let text = String(repeating: "abc aaaa bca cab aaab ", count: 200)
        let expected = tokenizer.encode(text)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<32 { group.addTask { tokenizer.encode(text) == expected } }
            for await isEqual in group { #expect(isEqual) }
        }
    }
}
