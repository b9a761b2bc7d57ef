import JSONText

/// A value in a JSON file together with the way to it, so that whatever is wrong with it can be named.
struct JSONField {
    let path: String
    /// As a person would write it: `model.merges[3]`.
    let name: String
    /// `nil` where the field is absent or null.
    let value: JSONValue?

    init(path: String, name: String, value: JSONValue?) {
        self.path = path
        self.name = name
        self.value = value == .null ? nil : value
    }

    /// A member of an object; absent if this is absent.
    subscript(member: String) -> JSONField {
        JSONField(path: path, name: name.isEmpty ? member : "\(name).\(member)", value: value?[member])
    }

    func wrong(_ expected: String) -> TokenizerError {
        .wrongField(
            path: path, field: name.isEmpty ? "the content" : name, expected: expected,
            found: value?.summary ?? "missing")
    }

    func string() throws(TokenizerError) -> String {
        guard case .string(let text) = value else { throw wrong("a string") }
        return text
    }

    /// The value of an optional flag.
    func flag(default absent: Bool) throws(TokenizerError) -> Bool {
        guard let value else { return absent }
        guard case .bool(let flag) = value else { throw wrong("true or false") }
        return flag
    }

    func tokenID() throws(TokenizerError) -> TokenID {
        guard case .integer(let number) = value, number >= 0, number < Int(TokenID.max) else {
            throw wrong("an id from 0 to \(TokenID.max - 1)")
        }
        return TokenID(number)
    }

    func members() throws(TokenizerError) -> [JSONObject.Member] {
        guard case .object(let object) = value else { throw wrong("an object") }
        return object.members
    }

    func elements() throws(TokenizerError) -> [JSONField] {
        guard case .array(let elements) = value else { throw wrong("an array") }
        return elements.enumerated().map { index, element in
            JSONField(path: path, name: "\(name)[\(index)]", value: element)
        }
    }

    /// A member of an object by a name that is only known at run time.
    func field(_ member: JSONObject.Member) -> JSONField {
        let key = JSONValue.string(member.name).summary
        return JSONField(path: path, name: name.isEmpty ? key : "\(name)[\(key)]", value: member.value)
    }

    /// The entries of an object of tokens and ids.
    func vocabularyEntries() throws(TokenizerError) -> [TokenizerDefinition.Entry] {
        var entries: [TokenizerDefinition.Entry] = []
        for member in try members() {
            // The field's name is made only for the error: vocabularies are long.
            if case .integer(let number) = member.value, number >= 0, number < Int(TokenID.max) {
                entries.append(TokenizerDefinition.Entry(content: Array(member.name.utf8), id: TokenID(number)))
            } else {
                _ = try field(member).tokenID()
            }
        }
        return entries
    }

    /// Refuses a setting that would change the result in a way that isn't implemented.
    func require(_ supported: String, where isSupported: (JSONValue) -> Bool) throws(TokenizerError) {
        guard let value, !isSupported(value) else { return }
        throw .unsupported(path: path, field: name, found: value.summary, supported: supported)
    }
}
