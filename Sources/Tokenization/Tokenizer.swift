/// GPT-J's tokenizer: byte-level byte-pair encoding as GPT-2 has it.
///
/// A text is split at the added tokens (where they are allowed), then into words, and each word's bytes are merged into
/// tokens. Any text can be encoded, and decoding gives it back byte for byte. Equal to HuggingFace's `tokenizers`.
///
/// Values don't change after `init`; all methods may be called from any number of threads at once.
public final class Tokenizer: Sendable {
    private let vocabulary: Vocabulary
    private let model: BytePairModel
    /// Added tokens are looked for in two rounds: those that normalization doesn't touch, then the others in what is left.
    private let matchers: [AddedTokenMatcher]
    private let addsPrefixSpace: Bool
    private let splitsIntoWords: Bool
    private let caches = WordCachePool()
    /// The tokens that are found in a text as written, in the order of their ids.
    public let addedTokens: [AddedToken]

    /// Checks a definition and builds the tables.
    ///
    /// - Throws: `TokenizerError` if ids contradict each other or a merge names what is not in the vocabulary.
    public init(_ definition: TokenizerDefinition) throws(TokenizerError) {
        var vocabulary = try Self.vocabulary(of: definition)
        // Words are made of the vocabulary's tokens only, so that the added ones come later.
        model = try Self.model(of: definition, vocabulary: vocabulary)
        try Self.insertAddedTokens(of: definition, into: &vocabulary)
        self.vocabulary = vocabulary
        addedTokens = definition.addedTokens.sorted { $0.id < $1.id }
        matchers = [
            AddedTokenMatcher(definition.addedTokens.filter { !$0.isNormalized }),
            AddedTokenMatcher(definition.addedTokens.filter { $0.isNormalized }),
        ].filter { !$0.isEmpty }
        addsPrefixSpace = definition.addsPrefixSpace
        splitsIntoWords = definition.splitsIntoWords
    }

    // MARK: Vocabulary

    /// The largest id in use, and one more. Ids below it may be unused.
    public var vocabularySize: Int { Int(vocabulary.largestID) + 1 }

    /// The id of a token by its content as vocabularies write it: `Ġthe` for " the", added tokens as they are.
    public func id(ofToken content: String) -> TokenID? {
        vocabulary.id(ofContent: Array(content.utf8))
    }

    /// Whether a token steers the model (such as `<|endoftext|>`) rather than being text.
    public func isSpecial(_ id: TokenID) -> Bool {
        vocabulary.isSpecial(id)
    }

    /// The bytes that a token stands for, which need not be whole characters; `nil` for an id that no token has.
    public func bytes(of id: TokenID) -> [UInt8]? {
        vocabulary.bytes(of: id)
    }

    // MARK: Encoding

    /// The tokens of a text.
    ///
    /// - Parameter allowSpecial: Whether added tokens are recognized in the text. All of them are then, also those that
    ///   aren't special, as HuggingFace does by default. Otherwise none is: what the text says is text, and no id comes
    ///   out that the merges don't make (a user's document can't bring in `<|extratoken_7|>` either, which the model
    ///   never saw in training).
    /// - Complexity: O(n log n) at worst in the bytes of the text; linear for texts of words.
    public func encode(_ text: String, allowSpecial: Bool = false) -> [TokenID] {
        let bytes = text.utf8.span
        return encode(bytes, allowed: allowSpecial ? [0..<bytes.count] : [])
    }

    /// The tokens of a text in pieces, which is encoded as one text: merges reach across the borders of the pieces.
    ///
    /// Added tokens are recognized only where they lie wholly within one trusted piece, and strip white space only there.
    public func encode(_ pieces: [TextPiece]) -> [TokenID] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(pieces.reduce(0) { $0 + $1.text.utf8.count })
        var trusted: [Range<Int>] = []
        for piece in pieces {
            let start = bytes.count
            bytes.append(contentsOf: piece.text.utf8)
            if case .trusted = piece { trusted.append(start..<bytes.count) }
        }
        return encode(bytes.span, allowed: trusted)
    }

    private func encode(_ text: Span<UInt8>, allowed: [Range<Int>]) -> [TokenID] {
        var output: [TokenID] = []
        output.reserveCapacity(text.count / 4 + 1)
        caches.withCache { cache in
            for part in split(text, allowed: allowed) {
                switch part {
                case .token(let token): output.append(token)
                case .text(let range): encodeText(text.extracting(range), with: &cache, into: &output)
                }
            }
        }
        return output
    }

    private func split(_ text: Span<UInt8>, allowed: [Range<Int>]) -> [AddedTokenMatcher.Part] {
        var parts: [AddedTokenMatcher.Part] = [.text(0..<text.count)]
        guard !allowed.isEmpty else { return parts }
        for matcher in matchers {
            var finer: [AddedTokenMatcher.Part] = []
            var firstAllowed = 0
            for part in parts {
                guard case .text(let range) = part else {
                    finer.append(part)
                    continue
                }
                // Both are in order, so that ranges that end before this part are done with.
                while firstAllowed < allowed.count, allowed[firstAllowed].upperBound <= range.lowerBound {
                    firstAllowed += 1
                }
                let overlapping = allowed[firstAllowed...].prefix { $0.lowerBound < range.upperBound }
                finer += matcher.split(text, sentence: range, allowed: overlapping)
            }
            parts = finer
        }
        return parts
    }

    /// Encodes text that has no added tokens.
    private func encodeText(_ text: Span<UInt8>, with cache: inout WordCache, into output: inout [TokenID]) {
        if addsPrefixSpace, text.count > 0, text[0] != UInt8(ascii: " ") {
            let prefixed = [UInt8(ascii: " ")] + UTF8Text.bytes(of: text)
            return encodeWords(prefixed.span, with: &cache, into: &output)
        }
        encodeWords(text, with: &cache, into: &output)
    }

    private func encodeWords(_ text: Span<UInt8>, with cache: inout WordCache, into output: inout [TokenID]) {
        var start = 0
        while start < text.count {
            let end = splitsIntoWords ? WordScanner.endOfWord(in: text, from: start, to: text.count) : text.count
            encodeWord(text.extracting(start..<end), with: &cache, into: &output)
            start = end
        }
    }

    private func encodeWord(_ word: Span<UInt8>, with cache: inout WordCache, into output: inout [TokenID]) {
        guard word.count <= WordCache.longestWord else {
            return model.encode(word, with: &cache.scratch, into: &output)
        }
        let key = WordCache.key(of: word)
        if cache.append(key, to: &output) { return }
        let firstToken = output.count
        model.encode(word, with: &cache.scratch, into: &output)
        cache.keep(output[firstToken...], of: key)
    }

    /// The first tokens of a text, as far as they are the same however the text goes on: all but its last words.
    ///
    /// - Parameter isWhole: Whether the text doesn't go on; all of its tokens are settled then.
    /// - Returns: Nothing for what isn't UTF-8 from its first byte on, and for tokenizers that don't write a text as it is.
    package func settledTokens(of bytes: [UInt8], isWhole: Bool) -> [TokenID] {
        let valid = UTF8Text.firstInvalidByte(of: bytes.span)
        guard splitsIntoWords, !addsPrefixSpace, valid > 0, !isWhole || valid == bytes.count else { return [] }
        var borders = [0]
        while let start = borders.last, start < valid {
            borders.append(WordScanner.endOfWord(in: bytes.span, from: start, to: valid))
        }
        if !isWhole {
            borders.removeLast()
            // What follows may make an apostrophe the beginning of 're, 've or 'll.
            if borders.count > 1, bytes[borders[borders.count - 2]..<borders[borders.count - 1]] == [UInt8(ascii: "'")]
            {
                borders.removeLast()
            }
        }
        var tokens: [TokenID] = []
        caches.withCache { cache in
            for (start, end) in zip(borders, borders.dropFirst()) {
                encodeWord(bytes.span.extracting(start..<end), with: &cache, into: &tokens)
            }
        }
        // A byte without a token would be left out.
        guard tokens.flatMap({ vocabulary.bytes(of: $0) ?? [] }).elementsEqual(bytes[..<(borders.last ?? 0)]) else {
            return []
        }
        return tokens
    }

    // MARK: Decoding

    /// The text of tokens. Bytes that are no UTF-8 become U+FFFD, one for each maximal part that could have been the
    /// start of a character; ids that no token has are left out.
    public func decode(_ ids: some Sequence<TokenID>, skipSpecial: Bool = false) -> String {
        var bytes: [UInt8] = []
        for id in ids where !(skipSpecial && isSpecial(id)) {
            bytes.append(contentsOf: vocabulary.bytes(of: id) ?? [])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
