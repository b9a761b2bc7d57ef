public import JSONText

/// What a generated text must look like. Written as JSON:
///
/// - `{"choices": ["yes", "no"]}`: one of these texts
/// - `{"regex": "[0-9]{4}-[0-9]{2}"}`: a text that the regular expression matches as a whole, see ``PatternParser``
/// - `{"json": {"type": "object", ...}}`: a JSON text that is valid by the schema, see ``SchemaCompiler``
/// - `"json"` or `{"json": true}`: any JSON text, with at most 16 containers in each other
///
/// Holds what was made of it, so that requests which share a constraint share the work: keep one and use it again.
public final class Constraint: Sendable {
    /// As it was given.
    public let source: JSONValue
    private let fixed: any ByteAutomaton

    /// Texts of a list; the longest and all together.
    private static let maximumChoiceCount = 100_000
    private static let maximumChoiceBytes = 4 << 20

    private static let forms = "{\"choices\": [...]}, {\"regex\": \"...\"}, {\"json\": {schema}} or \"json\""

    /// Reads a constraint and checks it.
    ///
    /// - throws: ``ConstraintError`` for what is malformed, not supported, or too large or ambiguous to be followed.
    public init(_ source: JSONValue) throws(ConstraintError) {
        self.source = source
        if source == "json" {
            fixed = try Self.json(true)
            return
        }
        guard case .object(let fields) = source, fields.members.count == 1,
            let (name, value) = fields.members.first.map({
                ($0.name, $0.value)
            })
        else {
            throw .malformed(path: "constraint", problem: "expected one of \(Self.forms), found \(source.summary)")
        }
        switch name {
        case "choices": fixed = try Self.choices(value)
        case "regex": fixed = try Self.regex(value)
        case "json": fixed = try Self.json(value)
        default:
            throw .malformed(
                path: "constraint",
                problem: "there is no constraint '\(name.prefix(80))'; expected one of \(Self.forms)")
        }
        guard try !fixed.allowsOnlyTheEmptyText() else {
            throw .malformed(path: name, problem: "only the empty text would be allowed")
        }
    }

    /// The texts that are allowed.
    ///
    /// - parameter document: what the text is about, for constraints that depend on it; none does yet
    package func automaton(document: String?) throws(ConstraintError) -> any ByteAutomaton { fixed }

    /// Whether every text that meets it is JSON.
    public var promisesJSON: Bool { source == "json" || source["json"] != nil }

    /// Whether ``automaton(document:)`` is another one for another document.
    package var dependsOnDocument: Bool { false }

    private static func choices(_ value: JSONValue) throws(ConstraintError) -> any ByteAutomaton {
        guard case .array(let values) = value, !values.isEmpty else {
            throw .malformed(path: "choices", problem: "expected a list of texts, found \(value.summary)")
        }
        guard values.count <= maximumChoiceCount else {
            throw .tooLarge(path: "choices", problem: "more than \(maximumChoiceCount) texts")
        }
        var texts: [String] = []
        var bytes = 0
        for (index, value) in values.enumerated() {
            guard case .string(let text) = value, !text.isEmpty else {
                throw .malformed(
                    path: "choices[\(index)]", problem: "expected a text that isn't empty, found \(value.summary)")
            }
            bytes += text.utf8.count
            guard bytes <= maximumChoiceBytes else {
                throw .tooLarge(path: "choices", problem: "more than \(maximumChoiceBytes >> 20) MiB of texts")
            }
            texts.append(text)
        }
        return ChoiceAutomaton(texts)
    }

    private static func regex(_ value: JSONValue) throws(ConstraintError) -> any ByteAutomaton {
        guard case .string(let pattern) = value else {
            throw .malformed(path: "regex", problem: "expected a text, found \(value.summary)")
        }
        var grammar = Grammar(path: "regex")
        let root = try PatternParser.parse(pattern, path: "regex", as: .plain, into: &grammar)
        return try GrammarAutomaton(grammar, root: root)
    }

    private static func json(_ schema: JSONValue) throws(ConstraintError) -> any ByteAutomaton {
        let (grammar, root) = try SchemaCompiler.compile(schema, path: "json")
        return try GrammarAutomaton(grammar, root: root)
    }
}

extension Constraint: Equatable {
    public static func == (a: Constraint, b: Constraint) -> Bool { a === b || a.source.text == b.source.text }
}
