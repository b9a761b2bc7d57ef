import JSONText

/// Reading `tokenizer.json`, HuggingFace's form of a whole tokenizer in one file.
extension TokenizerDefinition {
    /// - Parameters:
    ///   - json: The bytes of the file.
    ///   - path: Its name for error messages.
    /// - Throws: `TokenizerError` if this isn't a tokenizer.json, or one of a tokenizer that isn't byte-level BPE.
    public init(tokenizerJSON json: [UInt8], path: String) throws(TokenizerError) {
        let file = JSONField(path: path, name: "", value: try TokenizerFile.json(json, path: path))
        _ = try file.members()
        let model = file["model"]
        try Self.checkKind(of: file)

        self.init(
            vocabulary: try model["vocab"].vocabularyEntries(),
            merges: try Self.merges(model["merges"]),
            addedTokens: try file["added_tokens"].value == nil ? [] : Self.addedTokens(file["added_tokens"]),
            sources: Sources(
                vocabulary: "\(path): model.vocab", merges: "\(path): model.merges",
                addedTokens: "\(path): added_tokens"))
        unknownToken = try model["unk_token"].value == nil ? nil : Array(model["unk_token"].string().utf8)
        fusesUnknown = try model["fuse_unk"].flag(default: false)
        ignoresMergesOfKnownWords = try model["ignore_merges"].flag(default: false)
        addsPrefixSpace = try file["pre_tokenizer"]["add_prefix_space"].flag(default: true)
        splitsIntoWords = try file["pre_tokenizer"]["use_regex"].flag(default: true)
    }

    /// Refuses every kind of tokenizer whose ids would come out different from what its author meant.
    private static func checkKind(of file: JSONField) throws(TokenizerError) {
        let model = file["model"]
        _ = try model.members()
        try model["type"].require("\"BPE\"", where: { $0 == "BPE" })
        try model["continuing_subword_prefix"].require("none", where: { $0 == "" })
        try model["end_of_word_suffix"].require("none", where: { $0 == "" })
        try model["byte_fallback"].require("false", where: { $0 == false })
        try model["dropout"].require("none", where: { $0 == 0 || $0 == .number(0) })
        try file["normalizer"].require("none", where: { $0["normalizers"] == [] })
        _ = try file["pre_tokenizer"].members()
        try file["pre_tokenizer"]["type"].require("\"ByteLevel\"", where: { $0 == "ByteLevel" })
        try file["decoder"]["type"].require("\"ByteLevel\"", where: { $0 == "ByteLevel" })
    }

    /// Merges as pairs (`["a", "b"]`) or, in older files, as `"a b"`.
    private static func merges(_ field: JSONField) throws(TokenizerError) -> [Merge] {
        guard case .array(let elements) = field.value else { throw field.wrong("an array") }
        var merges: [Merge] = []
        merges.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            if case .array(let pair) = element, pair.count == 2, case .string(let left) = pair[0],
                case .string(let right) = pair[1]
            {
                merges.append(Merge(left: Array(left.utf8), right: Array(right.utf8)))
            } else if case .string(let line) = element {
                let line = Array(line.utf8)
                if Merge.isVersionLine(line) { continue }
                guard let merge = Merge(line: line[...]) else {
                    throw .malformedMerge(
                        source: "\(field.path): \(field.name)", number: index + 1, found: element.summary)
                }
                merges.append(merge)
            } else {
                throw .malformedMerge(source: "\(field.path): \(field.name)", number: index + 1, found: element.summary)
            }
        }
        return merges
    }

    static func addedTokens(_ field: JSONField) throws(TokenizerError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        for element in try field.elements() {
            tokens.append(try AddedToken(element, id: element["id"].tokenID()))
        }
        return tokens
    }
}
