package import JSONText

/// Added tokens under the names that `tokenizer.json` has for their properties.
extension AddedToken {
    /// Reads a list of added tokens.
    ///
    /// - Parameters:
    ///   - json: The bytes of a JSON list.
    ///   - path: The file, for error messages.
    ///   - field: The part of the file that the list is.
    /// - Throws: `TokenizerError`.
    package static func list(json: [UInt8], path: String, field: String) throws(TokenizerError) -> [AddedToken] {
        try TokenizerDefinition.addedTokens(
            JSONField(path: path, name: field, value: TokenizerFile.json(json, path: path)))
    }

    package var json: JSONValue {
        [
            "id": .integer(Int(id)), "content": .string(content), "single_word": .bool(isSingleWord),
            "lstrip": .bool(stripsLeft), "rstrip": .bool(stripsRight), "normalized": .bool(isNormalized),
            "special": .bool(isSpecial),
        ]
    }
}
