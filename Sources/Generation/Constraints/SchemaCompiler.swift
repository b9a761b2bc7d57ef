import JSONText

/// Turns a JSON schema into a grammar of the texts that it allows.
///
/// What is understood is understood as JSON Schema says it, with these choices where a schema leaves some: an object's
/// members come in the schema's order, an object that names properties has no others, a `pattern` is matched by the
/// whole string. Every text made is valid by the schema; a keyword that isn't understood is refused.
struct SchemaCompiler {
    private static let stringKeywords = ["minLength", "maxLength", "pattern"]
    private static let objectKeywords = ["properties", "required", "additionalProperties"]
    private static let arrayKeywords = ["items", "minItems", "maxItems"]
    private static let generalKeywords = ["type", "enum", "const", "anyOf"]
    /// Say something to people, and nothing about values.
    private static let annotations: Set<String> = [
        "title", "description", "$schema", "$id", "$comment", "default", "examples", "deprecated", "readOnly",
        "writeOnly",
    ]
    private static let supported = generalKeywords + objectKeywords + arrayKeywords + stringKeywords
    private static let typeNames = ["object", "array", "string", "number", "integer", "boolean", "null"]
    private static let maximumListLength = 2000

    private var json: JSONGrammar

    /// - throws: ``ConstraintError`` that names the place in the schema.
    static func compile(
        _ schema: JSONValue, path: String
    ) throws(ConstraintError) -> (grammar: Grammar, root: Grammar.Part) {
        var compiler = SchemaCompiler(json: try JSONGrammar(path: path))
        let root = try compiler.value(schema, path)
        return (compiler.json.grammar, root)
    }

    private mutating func value(_ schema: JSONValue, _ path: String) throws(ConstraintError) -> Grammar.Part {
        guard schema != .bool(true) else { return try json.anyValue() }
        guard case .object(let fields) = schema else {
            throw .malformed(path: path, problem: "expected a schema, found \(schema.summary)")
        }
        let keywords = fields.names.filter { !Self.annotations.contains($0) }
        if let unknown = keywords.first(where: { !Self.supported.contains($0) }) {
            throw .unsupportedKeyword(path: path, keyword: String(unknown.prefix(80)), known: Self.supported)
        }
        if let options = fields["anyOf"] {
            try refuse(keywords.filter { $0 != "anyOf" }, beside: "anyOf", path)
            var parts: [Grammar.Part] = []
            for (index, schema) in try elements(options, path + ".anyOf", of: "schemas").enumerated() {
                parts.append(try value(schema, "\(path).anyOf[\(index)]"))
            }
            return try json.grammar.alternatives(parts)
        }
        let types = try types(fields, path)
        for name in ["const", "enum"] {
            guard let given = fields[name] else { continue }
            try refuse(keywords.filter { $0 != name && $0 != "type" }, beside: name, path)
            return try constants(name == "const" ? [given] : elements(given, path + ".enum", of: "values"), types, path)
        }
        guard let types = types ?? Self.impliedTypes(keywords) else { return try json.anyValue() }
        var parts: [Grammar.Part] = []
        for type in types { parts.append(try part(ofType: type, fields, path)) }
        return try json.grammar.alternatives(parts)
    }

    private func refuse(_ others: [String], beside keyword: String, _ path: String) throws(ConstraintError) {
        guard let other = others.first else { return }
        throw .malformed(
            path: path, problem: "'\(other)' beside '\(keyword)' isn't supported; say it in one of the two")
    }

    // MARK: - Types

    private func types(_ fields: JSONObject, _ path: String) throws(ConstraintError) -> [String]? {
        guard let given = fields["type"] else { return nil }
        let names: [JSONValue] = if case .array(let list) = given { list } else { [given] }
        var types: [String] = []
        for name in names {
            guard case .string(let type) = name, Self.typeNames.contains(type) else {
                throw .malformed(
                    path: path + ".type",
                    problem: "\(name.summary) isn't one of \(Self.typeNames.joined(separator: ", "))")
            }
            types.append(type)
        }
        guard !types.isEmpty else { throw .malformed(path: path + ".type", problem: "an empty list allows no value") }
        return types
    }

    /// Who says how an object looks means an object.
    private static func impliedTypes(_ keywords: [String]) -> [String]? {
        let types = [("object", objectKeywords), ("array", arrayKeywords), ("string", stringKeywords)]
            .filter { !$0.1.allSatisfy { !keywords.contains($0) } }.map(\.0)
        return types.isEmpty ? nil : types
    }

    private mutating func part(
        ofType type: String, _ fields: JSONObject, _ path: String
    ) throws(ConstraintError) -> Grammar.Part {
        switch type {
        case "object": try object(fields, path)
        case "array": try array(fields, path)
        case "string": try string(fields, path)
        case "number": try json.number()
        case "integer": try json.integer()
        case "boolean": try json.boolean()
        default: try json.null()
        }
    }

    // MARK: - Constants

    private mutating func constants(
        _ values: [JSONValue], _ types: [String]?, _ path: String
    ) throws(ConstraintError) -> Grammar.Part {
        let allowed = values.filter { value in types?.contains { Self.isValue(value, ofType: $0) } ?? true }
        guard !allowed.isEmpty else { throw .malformed(path: path, problem: "no value of the list is of the type") }
        var parts: [Grammar.Part] = []
        for value in allowed { parts.append(try constant(value)) }
        return try json.grammar.alternatives(parts)
    }

    private static func isValue(_ value: JSONValue, ofType type: String) -> Bool {
        switch (value, type) {
        case (.null, "null"), (.bool, "boolean"), (.integer, "integer"), (.integer, "number"), (.number, "number"),
            (.string, "string"), (.array, "array"), (.object, "object"):
            true
        case (.number(let number), "integer"): number.rounded() == number
        default: false
        }
    }

    private mutating func constant(_ value: JSONValue) throws(ConstraintError) -> Grammar.Part {
        switch value {
        case .null, .bool, .integer, .number: return try json.grammar.literal(value.text)
        case .string(let text): return try json.string(text)
        case .array(let values):
            var parts: [Grammar.Part] = []
            for value in values { parts.append(try constant(value)) }
            return try json.array(ofEach: parts)
        case .object(let object):
            var members: [JSONGrammar.Member] = []
            for member in object.members {
                members.append(
                    .init(name: try json.string(member.name), value: try constant(member.value), isRequired: true))
            }
            return try json.object(members)
        }
    }

    // MARK: - Strings, arrays, objects

    private mutating func string(_ fields: JSONObject, _ path: String) throws(ConstraintError) -> Grammar.Part {
        let (least, most) = try bounds(fields, "minLength", "maxLength", path)
        guard let given = fields["pattern"] else { return try json.string(least, most) }
        guard case .string(let pattern) = given else {
            throw .malformed(path: path + ".pattern", problem: "expected a text, found \(given.summary)")
        }
        guard least == 0, most == nil else {
            throw .malformed(
                path: path, problem: "'pattern' beside a length isn't supported; put the length in the pattern")
        }
        return try json.string(matching: pattern, path: path + ".pattern")
    }

    private mutating func array(_ fields: JSONObject, _ path: String) throws(ConstraintError) -> Grammar.Part {
        let (least, most) = try bounds(fields, "minItems", "maxItems", path)
        let item: Grammar.Part =
            if let items = fields["items"] { try value(items, path + ".items") } else { try json.anyValue() }
        return try json.array(of: item, least, most)
    }

    private mutating func object(_ fields: JSONObject, _ path: String) throws(ConstraintError) -> Grammar.Part {
        if let additional = fields["additionalProperties"], additional != .bool(false) {
            throw .malformed(
                path: path + ".additionalProperties",
                problem: "only false is supported: an object has the properties that are named")
        }
        guard fields["properties"] != nil || fields["required"] != nil || fields["additionalProperties"] != nil else {
            return try json.anyObject()
        }
        var properties = JSONObject()
        if let given = fields["properties"] {
            guard case .object(let object) = given else {
                throw .malformed(
                    path: path + ".properties", problem: "expected schemas by name, found \(given.summary)")
            }
            properties = object
        }
        guard properties.members.count <= Self.maximumListLength else {
            throw .tooLarge(path: path + ".properties", problem: "more than \(Self.maximumListLength)")
        }
        var required: Set<[UInt8]> = []
        for (index, name) in try elements(fields["required"] ?? .array([]), path + ".required", of: "names")
            .enumerated()
        {
            guard case .string(let name) = name else {
                throw .malformed(path: "\(path).required[\(index)]", problem: "expected a name, found \(name.summary)")
            }
            required.insert(Array(name.utf8))
            // One that nothing is said about is there, with any value.
            if properties[name] == nil { properties.members.append(.init(name: name, value: .bool(true))) }
        }
        var members: [JSONGrammar.Member] = []
        for property in properties.members {
            let schema = try value(property.value, "\(path).properties.\(property.name.prefix(80))")
            members.append(
                .init(
                    name: try json.string(property.name), value: schema,
                    isRequired: required.contains(Array(property.name.utf8))))
        }
        return try json.object(members)
    }

    // MARK: - Fields

    private func bounds(
        _ fields: JSONObject, _ least: String, _ most: String, _ path: String
    ) throws(ConstraintError) -> (least: Int, most: Int?) {
        func count(_ name: String) throws(ConstraintError) -> Int? {
            guard let given = fields[name] else { return nil }
            guard case .integer(let count) = given, count >= 0 else {
                throw .malformed(path: "\(path).\(name)", problem: "expected a whole number, found \(given.summary)")
            }
            return count
        }
        let (low, high) = (try count(least) ?? 0, try count(most))
        if let high, high < low {
            throw .malformed(path: path, problem: "\(least) is \(low), and \(most) is \(high): no value is so long")
        }
        return (low, high)
    }

    private func elements(
        _ value: JSONValue, _ path: String, of what: String
    ) throws(ConstraintError) -> [JSONValue] {
        guard case .array(let values) = value else {
            throw .malformed(path: path, problem: "expected a list of \(what), found \(value.summary)")
        }
        guard values.count <= Self.maximumListLength else {
            throw .tooLarge(path: path, problem: "more than \(Self.maximumListLength) \(what)")
        }
        guard !values.isEmpty || what == "names" else {
            throw .malformed(path: path, problem: "an empty list allows no value")
        }
        return values
    }
}
