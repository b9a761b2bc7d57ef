import JSONText

/// Building the tables of a tokenizer, with all checks.
extension Tokenizer {
    static func vocabulary(of definition: TokenizerDefinition) throws(TokenizerError) -> Vocabulary {
        var vocabulary = Vocabulary(capacity: definition.vocabulary.count + definition.addedTokens.count)
        for entry in definition.vocabulary {
            try vocabulary.insert(
                content: entry.content, id: entry.id, isSpecial: false, source: definition.sources.vocabulary)
        }
        return vocabulary
    }

    static func insertAddedTokens(
        of definition: TokenizerDefinition, into vocabulary: inout Vocabulary
    ) throws(TokenizerError) {
        for token in definition.addedTokens {
            try vocabulary.insert(
                content: Array(token.content.utf8), id: token.id, isSpecial: token.isSpecial,
                source: definition.sources.addedTokens)
        }
    }

    static func model(
        of definition: TokenizerDefinition, vocabulary: Vocabulary
    ) throws(TokenizerError) -> BytePairModel {
        let byteTokens = (0...255).map { (byte: UInt8) in
            vocabulary.id(ofContent: ByteAlphabet.content(ofBytes: [byte])) ?? BytePairModel.absent
        }
        var unknownToken: TokenID?
        if let content = definition.unknownToken {
            guard let token = vocabulary.id(ofContent: content) else {
                throw .wrongField(
                    path: definition.sources.vocabulary, field: "unk_token", expected: "a token of the vocabulary",
                    found: JSONValue.string(String(decoding: content, as: UTF8.self)).summary)
            }
            unknownToken = token
        }
        return BytePairModel(
            byteTokens: byteTokens, merges: try merges(of: definition, vocabulary: vocabulary),
            unknownToken: unknownToken, fusesUnknown: definition.fusesUnknown,
            wholeWords: definition.ignoresMergesOfKnownWords ? words(of: definition) : [:])
    }

    /// The bytes of every token that can be a word.
    private static func words(of definition: TokenizerDefinition) -> [[UInt8]: TokenID] {
        var words: [[UInt8]: TokenID] = [:]
        for entry in definition.vocabulary {
            if let bytes = ByteAlphabet.bytes(ofContent: entry.content) { words[bytes] = entry.id }
        }
        return words
    }

    private static func merges(
        of definition: TokenizerDefinition, vocabulary: Vocabulary
    ) throws(TokenizerError) -> MergeTable {
        var table = MergeTable(capacity: definition.merges.count)
        for (rank, merge) in definition.merges.enumerated() {
            func id(_ content: [UInt8]) throws(TokenizerError) -> TokenID {
                if let id = vocabulary.id(ofContent: content) { return id }
                throw .mergeOutsideVocabulary(
                    source: definition.sources.merges, number: rank + 1,
                    left: String(decoding: merge.left, as: UTF8.self),
                    right: String(decoding: merge.right, as: UTF8.self),
                    missing: String(decoding: content, as: UTF8.self))
            }
            let joined = try id(merge.left + merge.right)
            table.insert(try id(merge.left), try id(merge.right), MergeTable.merge(rank: rank, into: joined))
        }
        return table
    }
}
