import Tokenization

/// A tokenizer whose tokens are the 256 bytes, made without files.
enum ByteTokenizer {
    static func make() throws -> Tokenizer {
        let entries = (0...255).map { (byte: UInt8) in
            TokenizerDefinition.Entry(content: ByteAlphabet.content(ofBytes: [byte]), id: TokenID(byte))
        }
        return try Tokenizer(
            TokenizerDefinition(
                vocabulary: entries, merges: [], addedTokens: [],
                sources: .init(vocabulary: "bytes", merges: "none", addedTokens: "none")))
    }
}
