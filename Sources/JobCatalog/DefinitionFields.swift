package import JSONText

/// The fields of one map of a definition: known names only, each read as the type it must have, with errors that
/// name file, line and field.
struct DefinitionFields {
    let file: String
    /// The field that the map is the value of, such as `styles.base`; empty for the whole definition.
    let path: String
    let line: Int
    let entries: [DefinitionNode.Entry]

    /// - parameter allowed: the names the map may have; `nil` where the definition's author chooses them.
    init(_ node: DefinitionNode, file: String, path: String, allowed: [String]?) throws {
        self.file = file
        self.path = path
        line = node.line
        guard case .map(let entries) = node.content else {
            throw JobCatalogError.invalidDefinition(
                file: file, line: node.line, field: path, problem: "expected fields, each with a name and a colon")
        }
        self.entries = entries
        guard let allowed else { return }
        for entry in entries where !allowed.contains(entry.key) {
            let known = allowed.joined(separator: ", ")
            throw problem(
                entry.key, line: entry.line,
                "there is no such field" + Suggestion.clause(for: entry.key, in: allowed) + " (fields here: \(known))")
        }
    }

    func node(_ name: String) -> DefinitionNode? { entries.first { $0.key == name }?.value }

    func text(_ name: String) throws -> String? {
        guard let node = node(name) else { return nil }
        guard case .scalar(let text, _) = node.content else { throw problem(name, line: node.line, "expected a text") }
        return text
    }

    func positiveInteger(_ name: String) throws -> Int? {
        guard let node = node(name) else { return nil }
        guard case .integer(let value) = node.value, (1...1_000_000).contains(value) else {
            throw problem(name, line: node.line, "expected a whole number from 1 to 1000000")
        }
        return value
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ name: String) throws -> Choice?
    where Choice.RawValue == String {
        guard let text = try text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue)
            throw problem(
                name, line: node(name)?.line,
                "'\(text)' isn't one of \(known.joined(separator: ", "))" + Suggestion.clause(for: text, in: known))
        }
        return choice
    }

    /// One text or a list of texts, none empty.
    func texts(_ name: String) throws -> [String]? {
        guard let node = node(name) else { return nil }
        let nodes: [DefinitionNode] = if case .list(let list) = node.content { list } else { [node] }
        return try nodes.map { node in
            guard case .scalar(let text, _) = node.content, !text.isEmpty else {
                throw problem(name, line: node.line, "expected a text or a list of texts, none empty")
            }
            return text
        }
    }

    /// The fields of the map that field `name` holds.
    func fields(_ name: String, allowed: [String]?) throws -> DefinitionFields? {
        try node(name).map { try DefinitionFields($0, file: file, path: fullPath(name), allowed: allowed) }
    }

    func problem(_ name: String, line: Int? = nil, _ problem: String) -> JobCatalogError {
        .invalidDefinition(
            file: file, line: line ?? node(name)?.line ?? self.line, field: fullPath(name), problem: problem)
    }

    func fullPath(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

extension DefinitionNode {
    /// The node as a value, unquoted scalars by YAML's core rules: `null`, `true`, `false`, whole and decimal numbers.
    package var value: JSONValue {
        switch content {
        case .list(let nodes): .array(nodes.map(\.value))
        case .map(let entries):
            // Keys are different already: the parser refuses doubles.
            .object(JSONObject(members: entries.map { .init(name: $0.key, value: $0.value.value) }))
        case .scalar(let text, isPlain: false): .string(text)
        case .scalar(let text, isPlain: true): Self.plain(text)
        }
    }

    private static func plain(_ text: String) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default:
            if let integer = Int(text) { return .integer(integer) }
            // Double reads "nan", "inf" and hexadecimal too, which are words here.
            let looksLikeNumber = text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
            if looksLikeNumber, let number = Double(text), number.isFinite { return .number(number) }
            return .string(text)
        }
    }
}
