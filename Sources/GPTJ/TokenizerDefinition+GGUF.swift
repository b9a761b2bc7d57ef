import JSONText
import ModelFiles
import Tokenization

/// A tokenizer as the keys of a GGUF file have it.
///
/// The format's own keys hold tokens, their kinds and merges. What they have no room for (how added tokens are matched,
/// and how text is split) stands under keys of our own, so that a converted model gives the same ids; files of other
/// makers, which lack them, are taken for GPT-2's.
extension TokenizerDefinition {
    private enum Key {
        static let model = "tokenizer.ggml.model"
        static let preTokenizer = "tokenizer.ggml.pre"
        static let tokens = "tokenizer.ggml.tokens"
        static let types = "tokenizer.ggml.token_type"
        static let merges = "tokenizer.ggml.merges"
        static let unknown = "tokenizer.ggml.unknown_token_id"
        static let huggingFace = "tokenizer.huggingface.json"
        static let added = "nightshift.tokenizer.added_tokens"
        static let addedInVocabulary = "nightshift.tokenizer.added_in_vocabulary"
        static let unknownToken = "nightshift.tokenizer.unk_token"
        static let fusesUnknown = "nightshift.tokenizer.fuse_unk"
        static let ignoresMerges = "nightshift.tokenizer.ignore_merges"
        static let addsPrefixSpace = "nightshift.tokenizer.add_prefix_space"
        static let splitsIntoWords = "nightshift.tokenizer.use_regex"
    }

    /// The format's numbers for kinds of tokens.
    private enum Kind {
        static let normal = 1
        static let control = 3
        static let userDefined = 4
        static let unused = 5
    }

    /// More tokens, or merges, than any tokenizer has.
    private static let maximumCount = 2_000_000

    /// Reads the keys; `nil` where the file has no tokenizer.
    ///
    /// - throws: `TokenizerError`.
    init?(gguf metadata: GGUFMetadata) throws(TokenizerError) {
        do {
            guard metadata.has(Key.tokens) || metadata.has(Key.huggingFace) else { return nil }
            if !metadata.has(Key.added), let json = try metadata.text(Key.huggingFace) {
                try self.init(tokenizerJSON: Array(json.utf8), path: "\(metadata.path): \(Key.huggingFace)")
                return
            }
            try Self.refuseOtherKinds(metadata)
            try self.init(keys: metadata)
        } catch let error as TokenizerError {
            throw error
        } catch ModelFileError.field(let path, let field, let expected, let found) {
            throw .wrongField(path: path, field: field, expected: expected, found: found)
        } catch {
            throw .unreadable(path: metadata.path, reason: "\(error)")
        }
    }

    private static func refuseOtherKinds(_ metadata: GGUFMetadata) throws {
        let model = try metadata.text(Key.model) ?? "gpt2"
        guard model == "gpt2" else {
            throw TokenizerError.unsupported(
                path: metadata.path, field: Key.model, found: model.quoted, supported: "'gpt2'")
        }
        let splitting = try metadata.text(Key.preTokenizer) ?? "default"
        guard ["gpt-2", "gpt2", "default"].contains(splitting) else {
            throw TokenizerError.unsupported(
                path: metadata.path, field: Key.preTokenizer, found: splitting.quoted, supported: "'gpt-2'")
        }
    }

    private init(keys metadata: GGUFMetadata) throws {
        guard let contents = try metadata.texts(Key.tokens, limit: Self.maximumCount) else {
            throw metadata.refusal(Key.tokens, expected: "a list of texts")
        }
        let kinds =
            try metadata.integers(Key.types, limit: Self.maximumCount)
            ?? [Int](repeating: Kind.normal, count: contents.count)
        guard kinds.count == contents.count else {
            throw metadata.refusal(
                Key.types, expected: "a number for each of the \(contents.count) tokens", found: "\(kinds.count)")
        }
        let source = { (key: String) in "\(metadata.path): \(key)" }
        let added = try Self.addedTokens(metadata, contents: contents, kinds: kinds)
        let addedIDs = Set(added.map { Int($0.id) })
        let alsoInVocabulary = Set(try metadata.integers(Key.addedInVocabulary, limit: Self.maximumCount) ?? [])
        self.init(
            vocabulary: contents.indices.compactMap { id in
                guard kinds[id] != Kind.unused, !addedIDs.contains(id) || alsoInVocabulary.contains(id) else {
                    return nil
                }
                return Entry(content: contents[id], id: TokenID(id))
            },
            merges: try Self.merges(metadata), addedTokens: added,
            sources: Sources(
                vocabulary: source(Key.tokens), merges: source(Key.merges),
                addedTokens: source(metadata.has(Key.added) ? Key.added : Key.types)))
        unknownToken = try metadata.text(Key.unknownToken).map { Array($0.utf8) }
        fusesUnknown = try metadata.bool(Key.fusesUnknown) ?? false
        ignoresMergesOfKnownWords = try metadata.bool(Key.ignoresMerges) ?? false
        addsPrefixSpace = try metadata.bool(Key.addsPrefixSpace) ?? false
        splitsIntoWords = try metadata.bool(Key.splitsIntoWords) ?? true
    }

    /// Our own list of added tokens or, without it, the tokens of those kinds; without kinds, the one that ends texts.
    private static func addedTokens(
        _ metadata: GGUFMetadata, contents: [[UInt8]], kinds: [Int]
    ) throws -> [AddedToken] {
        if let json = try metadata.text(Key.added) {
            return try AddedToken.list(json: Array(json.utf8), path: metadata.path, field: Key.added)
        }
        var ids = contents.indices.filter { kinds[$0] == Kind.control || kinds[$0] == Kind.userDefined }
        if !metadata.has(Key.types) {
            let end = try metadata.integer("tokenizer.ggml.eos_token_id")
            ids = end.map { contents.indices.contains($0) ? [$0] : [] } ?? []
        }
        return ids.map { id in
            let isSpecial = kinds[id] != Kind.userDefined
            return AddedToken(
                id: TokenID(id), content: String(decoding: contents[id], as: UTF8.self), isSpecial: isSpecial,
                isNormalized: !isSpecial)
        }
    }

    private static func merges(_ metadata: GGUFMetadata) throws -> [Merge] {
        let lines = try metadata.texts(Key.merges, limit: maximumCount) ?? []
        return try lines.enumerated().map { index, line in
            let tokens = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard tokens.count == 2, !tokens[0].isEmpty, !tokens[1].isEmpty else {
                throw TokenizerError.malformedMerge(
                    source: "\(metadata.path): \(Key.merges)", number: index + 1,
                    found: String(decoding: line.prefix(80), as: UTF8.self))
            }
            return Merge(left: Array(tokens[0]), right: Array(tokens[1]))
        }
    }

    // MARK: Writing

    /// The keys that a GGUF file with this tokenizer has.
    ///
    /// - parameter count: the tokens that the network knows: as many the file has, those without content as unused ones.
    /// - throws: `TokenizerError` for a token that the network doesn't know, or a merge that the format can't hold.
    func ggufFields(count: Int) throws(TokenizerError) -> [(key: String, value: GGUFField)] {
        var contents = (0..<count).map { Array("[PAD\($0)]".utf8) }
        var kinds = [Int32](repeating: Int32(Kind.unused), count: count)
        func set(_ id: TokenID, _ content: [UInt8], kind: Int, source: String) throws(TokenizerError) {
            guard id >= 0, id < count else {
                throw .wrongField(
                    path: source, field: "the id of \(String(decoding: content, as: UTF8.self).quoted)",
                    expected: "below \(count), the size of the network's vocabulary", found: "\(id)")
            }
            contents[Int(id)] = content
            kinds[Int(id)] = Int32(kind)
        }
        for entry in vocabulary {
            try set(entry.id, entry.content, kind: Kind.normal, source: sources.vocabulary)
        }
        let known = Set(vocabulary.map(\.id))
        for token in addedTokens {
            try set(
                token.id, Array(token.content.utf8), kind: token.isSpecial ? Kind.control : Kind.userDefined,
                source: sources.addedTokens)
        }
        var fields: [(key: String, value: GGUFField)] = [
            (Key.model, .text("gpt2")), (Key.preTokenizer, .text("gpt-2")), (Key.tokens, .texts(contents)),
            (Key.types, .int32s(kinds)), (Key.merges, .texts(try mergeLines())),
            ("tokenizer.ggml.add_bos_token", .bool(false)), ("tokenizer.ggml.add_eos_token", .bool(false)),
            ("tokenizer.ggml.add_space_prefix", .bool(addsPrefixSpace)),
            (Key.added, .text(JSONValue.array(addedTokens.map(\.json)).text)),
            (Key.addedInVocabulary, .int32s(addedTokens.map(\.id).filter(known.contains))),
            (Key.fusesUnknown, .bool(fusesUnknown)), (Key.ignoresMerges, .bool(ignoresMergesOfKnownWords)),
            (Key.addsPrefixSpace, .bool(addsPrefixSpace)), (Key.splitsIntoWords, .bool(splitsIntoWords)),
        ]
        if let unknownToken {
            fields.append((Key.unknownToken, .text(String(decoding: unknownToken, as: UTF8.self))))
            if let id = contents.firstIndex(of: unknownToken) { fields.append((Key.unknown, .uint32(UInt32(id)))) }
        }
        return fields
    }

    private func mergeLines() throws(TokenizerError) -> [[UInt8]] {
        let space = UInt8(ascii: " ")
        if let index = merges.firstIndex(where: { ($0.left + $0.right).contains(space) }) {
            let merge = merges[index]
            throw .malformedMerge(
                source: sources.merges, number: index + 1,
                found: String(decoding: merge.left + [space] + merge.right, as: UTF8.self))
        }
        return merges.map { $0.left + [space] + $0.right }
    }
}
