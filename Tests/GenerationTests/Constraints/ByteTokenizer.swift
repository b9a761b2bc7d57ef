import Tokenization

/// A tokenizer of the 256 bytes (ids 0 to 255), some merges and an end token, made without files.
enum ByteTokenizer {
    static let merges = [
        ("y", "e"), ("ye", "s"), ("n", "o"), ("\"", "a"), ("{", "\""), ("\"", ":"), ("1", "2"), ("a", "b"), ("ab", "c"),
        ("Ġ", "\""), ("Ã", "©"), ("Ġ", "a"), ("t", "r"), ("tr", "u"), ("tru", "e"), ("]", "}"), ("\"", "}"), ("x", "Ã"),
        ("â", "Ĥ"), ("âĤ", "¬"), ("\"", ","), (",", "Ġ"), ("0", "0"), ("n", "a"), ("m", "e"), ("na", "me"),
    ]
    static let endToken = TokenID(256 + merges.count)
    static var vocabularySize: Int { Int(endToken) + 1 }

    static func make() throws -> Tokenizer {
        var entries = (0...255).map { (byte: UInt8) in
            TokenizerDefinition.Entry(content: ByteAlphabet.content(ofBytes: [byte]), id: TokenID(byte))
        }
        for (index, merge) in merges.enumerated() {
            entries.append(.init(content: Array((merge.0 + merge.1).utf8), id: TokenID(256 + index)))
        }
        return try Tokenizer(
            TokenizerDefinition(
                vocabulary: entries,
                merges: merges.map { .init(left: Array($0.0.utf8), right: Array($0.1.utf8)) },
                addedTokens: [AddedToken(id: endToken, content: "<end>", isSpecial: true)],
                sources: .init(vocabulary: "vocabulary", merges: "merges", addedTokens: "added tokens")))
    }
}
