/// All that makes a tokenizer, as plain values: what the readers of tokenizer files produce, and what a trainer of
/// tokenizers would.
///
/// Contents of tokens are UTF-8 bytes in the characters of `ByteAlphabet`; they are never compared as `String`, for
/// which canonically equivalent texts are equal.
public struct TokenizerDefinition: Sendable {
    /// An entry of the vocabulary.
    public struct Entry: Sendable {
        public var content: [UInt8]
        public var id: TokenID

        public init(content: [UInt8], id: TokenID) {
            self.content = content
            self.id = id
        }
    }

    /// Two tokens that become the token of their joined contents.
    public struct Merge: Sendable {
        public var left: [UInt8]
        public var right: [UInt8]

        public init(left: [UInt8], right: [UInt8]) {
            self.left = left
            self.right = right
        }
    }

    /// Where the parts come from, for error messages.
    public struct Sources: Sendable {
        public var vocabulary: String
        public var merges: String
        public var addedTokens: String

        public init(vocabulary: String, merges: String, addedTokens: String) {
            self.vocabulary = vocabulary
            self.merges = merges
            self.addedTokens = addedTokens
        }
    }

    public var vocabulary: [Entry]
    /// In the order of their ranks: the first is applied before all others.
    public var merges: [Merge]
    public var addedTokens: [AddedToken]
    /// The content of the token that stands for bytes without a token; without one such bytes are left out.
    public var unknownToken: [UInt8]?
    /// Whether unknown bytes in a row become one unknown token.
    public var fusesUnknown = false
    /// Whether a word that is in the vocabulary is taken whole, whatever its merges give.
    public var ignoresMergesOfKnownWords = false
    /// Whether text that doesn't begin with a space is given one.
    public var addsPrefixSpace = false
    /// Whether text is split into words at all; else merges may reach over everything.
    public var splitsIntoWords = true
    public var sources: Sources

    public init(vocabulary: [Entry], merges: [Merge], addedTokens: [AddedToken], sources: Sources) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.addedTokens = addedTokens
        self.sources = sources
    }
}
