import JSONText
import Tokenization

/// What is wrong with a request line; becomes its `error`.
struct RequestError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The fields of one request line, read by name and type.
struct RequestFields {
    private let object: JSONObject

    /// `id` as it was given, to be sent back; null where there is none.
    var id: JSONValue { object["id"] ?? .null }

    init(_ object: JSONObject) { self.object = object }

    /// - throws: ``RequestError`` for a field that nobody knows: a misspelt parameter must not be ignored.
    func refuseUnknown(_ known: Set<String>) throws {
        for name in object.names where !known.contains(name) && name != "id" {
            throw RequestError("unknown field '\(name)'; known: \(known.sorted().joined(separator: ", "))")
        }
    }

    /// A field that is neither absent nor null.
    subscript(name: String) -> JSONValue? {
        object[name].flatMap { $0 == .null ? nil : $0 }
    }

    /// Whether the field is there, null included.
    func has(_ name: String) -> Bool { object[name] != nil }

    private func wrong(_ name: String, _ expected: String) -> RequestError {
        RequestError("\(name): expected \(expected), found \(object[name]?.summary ?? "nothing")")
    }

    func string(_ name: String) throws -> String? {
        switch self[name] {
        case nil: return nil
        case .string(let text): return text
        default: throw wrong(name, "a string")
        }
    }

    func bool(_ name: String) throws -> Bool? {
        switch self[name] {
        case nil: return nil
        case .bool(let value): return value
        default: throw wrong(name, "true or false")
        }
    }

    func integer(_ name: String) throws -> Int? {
        switch self[name] {
        case nil: return nil
        case .integer(let value): return value
        default: throw wrong(name, "a whole number")
        }
    }

    func number(_ name: String) throws -> Double? {
        switch self[name] {
        case nil: return nil
        case .integer(let value): return Double(value)
        case .number(let value): return value
        default: throw wrong(name, "a number")
        }
    }

    /// A list of token ids.
    func tokens(_ name: String) throws -> [TokenID]? {
        try self[name].map { try tokens(name, $0) }
    }

    /// A list of lists of token ids.
    func tokenLists(_ name: String) throws -> [[TokenID]]? {
        switch self[name] {
        case nil: return nil
        case .array(let lists): return try lists.map { try tokens(name, $0) }
        default: throw wrong(name, "lists of token ids")
        }
    }

    private func tokens(_ name: String, _ list: JSONValue) throws -> [TokenID] {
        guard case .array(let values) = list else {
            throw RequestError("\(name): expected a list of token ids, found \(list.summary)")
        }
        return try values.map { value in
            guard case .integer(let number) = value, let token = TokenID(exactly: number) else {
                throw RequestError("\(name): expected token ids, found \(value.summary)")
            }
            return token
        }
    }

    /// A string or a list of strings.
    func strings(_ name: String) throws -> [String]? {
        switch self[name] {
        case nil: return nil
        case .string(let text): return [text]
        case .array(let values):
            return try values.map { value in
                guard case .string(let text) = value else {
                    throw RequestError("\(name): expected strings, found \(value.summary)")
                }
                return text
            }
        default: throw wrong(name, "a string or a list of strings")
        }
    }

    /// Tokens given as ids under `\(name)_ids`, or as text under `name`; exactly one of the two.
    func tokens(_ name: String, idsName: String, tokenizer: Tokenizer?) throws -> [TokenID] {
        let text = try string(name)
        let ids = try tokens(idsName)
        switch (text, ids) {
        case (nil, let ids?): return ids
        case (let text?, nil):
            guard let tokenizer else {
                throw RequestError("the model has no tokenizer; give \(idsName) instead of \(name)")
            }
            return tokenizer.encode(text, allowSpecial: try bool("allow_special") ?? false)
        case (nil, nil): throw RequestError("\(name) or \(idsName) is missing")
        case (.some, .some): throw RequestError("give \(name) or \(idsName), not both")
        }
    }
}
