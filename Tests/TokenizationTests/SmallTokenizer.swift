import Tokenization

/// A tokenizer of the 256 bytes (ids 0 to 255) and a few merges (256 and on), made without files.
enum SmallTokenizer {
    /// - Parameter merges: Pairs of contents in the byte alphabet, such as `("Ġ", "a")`.
    static func definition(
        merges: [(String, String)] = [], added: [AddedToken] = []
    ) -> TokenizerDefinition {
        var entries = (0...255).map { (byte: UInt8) in
            TokenizerDefinition.Entry(content: ByteAlphabet.content(ofBytes: [byte]), id: TokenID(byte))
        }
        for (index, merge) in merges.enumerated() {
            entries.append(.init(content: Array((merge.0 + merge.1).utf8), id: TokenID(256 + index)))
        }
        return TokenizerDefinition(
            vocabulary: entries,
            merges: merges.map { .init(left: Array($0.0.utf8), right: Array($0.1.utf8)) },
            addedTokens: added,
            sources: .init(vocabulary: "vocabulary", merges: "merges", addedTokens: "added tokens"))
    }

    static func make(merges: [(String, String)] = [], added: [AddedToken] = []) throws -> Tokenizer {
        try Tokenizer(definition(merges: merges, added: added))
    }
}
