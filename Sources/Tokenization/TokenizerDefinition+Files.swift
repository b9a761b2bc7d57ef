public import Foundation

/// Reading a tokenizer as a model's folder has it.
extension TokenizerDefinition {
    /// Reads `tokenizer.json` if the folder has one, else the older form: `vocab.json` and `merges.txt`, with
    /// `added_tokens.json`, `tokenizer_config.json` and `special_tokens_map.json` where they exist.
    ///
    /// - Throws: `TokenizerError` naming the file and field that is wrong.
    public init(folder: URL) throws(TokenizerError) {
        let whole = folder.appending(path: "tokenizer.json")
        if TokenizerFile.exists(whole) {
            try self.init(tokenizerJSON: TokenizerFile.bytes(of: whole), path: whole.path)
            return
        }
        let vocabulary = folder.appending(path: "vocab.json")
        let merges = folder.appending(path: "merges.txt")
        guard TokenizerFile.exists(vocabulary), TokenizerFile.exists(merges) else {
            throw .noTokenizer(folder: folder.path)
        }
        let entries = try JSONField(
            path: vocabulary.path, name: "", value: TokenizerFile.json(of: vocabulary)
        ).vocabularyEntries()
        let settings = try TokenizerSettings(folder: folder)
        self.init(
            vocabulary: entries,
            merges: try Self.merges(text: TokenizerFile.bytes(of: merges), path: merges.path),
            addedTokens: settings.addedTokens(vocabulary: entries),
            sources: Sources(
                vocabulary: vocabulary.path, merges: merges.path, addedTokens: settings.source))
        addsPrefixSpace = settings.addsPrefixSpace
    }

    /// The lines of `merges.txt`: two tokens each, the lowest rank first. The line `#version: ...` says nothing.
    private static func merges(text: [UInt8], path: String) throws(TokenizerError) -> [Merge] {
        let invalid = UTF8Text.firstInvalidByte(of: text.span)
        guard invalid == text.count else {
            throw .unreadable(path: path, reason: "byte \(invalid) is not UTF-8")
        }
        var merges: [Merge] = []
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if line.isEmpty || Merge.isVersionLine(Array(line)) { continue }
            guard let merge = Merge(line: line) else {
                throw .malformedMerge(
                    source: path, number: index + 1, found: String(decoding: line.prefix(80), as: UTF8.self))
            }
            merges.append(merge)
        }
        return merges
    }
}

extension TokenizerDefinition.Merge {
    /// Two tokens with one space between them; contents have no spaces, for which the byte alphabet has `Ġ`.
    init?(line: ArraySlice<UInt8>) {
        let tokens = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard tokens.count == 2, !tokens[0].isEmpty, !tokens[1].isEmpty else { return nil }
        self.init(left: Array(tokens[0]), right: Array(tokens[1]))
    }

    static func isVersionLine(_ line: [UInt8]) -> Bool {
        line.starts(with: "#version".utf8)
    }
}
