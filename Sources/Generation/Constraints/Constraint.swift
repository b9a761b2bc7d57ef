public import JSONText
package import Tokenization

/// What a generated text must look like. Written as JSON:
///
/// - `{"choices": ["yes", "no"]}`: one of these texts
/// - `{"regex": "[0-9]{4}-[0-9]{2}"}`: a text that the regular expression matches as a whole, see ``PatternParser``
/// - `{"json": {"type": "object", ...}}`: a JSON text that is valid by the schema, see ``SchemaCompiler``
/// - `"json"` or `{"json": true}`: any JSON text, with at most 16 containers in each other
/// - `"span"` or `{"span": {"max_words": 40, "min_words": 2}}`: a passage of the document, word for word, see
///   ``SpanAutomaton``
/// - `"sentences"` or `{"sentences": {"max": 3, "min_words": 4}}`: whole sentences of the document in its order, see
///   ``SentencesAutomaton``
///
/// Holds what was made of it, so that requests which share a constraint share the work: keep one and use it again.
public final class Constraint: Sendable {
    /// As it was given.
    public let source: JSONValue
    private let form: Form

    private enum Form: Sendable {
        /// The same for every document.
        case fixed(any ByteAutomaton)
        case span(SpanLimits)
        case sentences(SentenceLimits)
    }

    /// Texts of a list; the longest and all together.
    private static let maximumChoiceCount = 100_000
    private static let maximumChoiceBytes = 4 << 20

    private static let forms =
        "{\"choices\": [...]}, {\"regex\": \"...\"}, {\"json\": {schema}}, \"json\", \"span\" or \"sentences\""

    /// Reads a constraint and checks it.
    ///
    /// - throws: ``ConstraintError`` for what is malformed, not supported, or too large or ambiguous to be followed.
    public init(_ source: JSONValue) throws(ConstraintError) {
        self.source = source
        if case .string(let name) = source, ["json", "span", "sentences"].contains(name) {
            form = try Self.form(name, true)
            return
        }
        guard case .object(let fields) = source, fields.members.count == 1,
            let (name, value) = fields.members.first.map({
                ($0.name, $0.value)
            })
        else {
            throw .malformed(path: "constraint", problem: "expected one of \(Self.forms), found \(source.summary)")
        }
        form = try Self.form(name, value)
    }

    private static func form(_ name: String, _ value: JSONValue) throws(ConstraintError) -> Form {
        let fixed: any ByteAutomaton
        switch name {
        case "choices": fixed = try Self.choices(value)
        case "regex": fixed = try Self.regex(value)
        case "json": fixed = try Self.json(value)
        case "span": return .span(try Self.span(value))
        case "sentences":
            let counts = try Self.counts(value, path: name, allowed: ["max", "min_words"])
            return .sentences(
                SentenceLimits(minimumWords: counts["min_words"] ?? 1, maximumCount: counts["max"]))
        default:
            throw .malformed(
                path: "constraint",
                problem: "there is no constraint '\(name.prefix(80))'; expected one of \(Self.forms)")
        }
        guard try !fixed.allowsOnlyTheEmptyText() else {
            throw .malformed(path: name, problem: "only the empty text would be allowed")
        }
        return .fixed(fixed)
    }

    /// The texts that are allowed.
    ///
    /// - parameters:
    ///   - document: what the text is about, for constraints that depend on it
    ///   - tokenizer: of the model that is to write it, for constraints that count tokens
    package func automaton(
        document: String? = nil, tokenizer: Tokenizer? = nil
    ) throws(ConstraintError) -> any ByteAutomaton {
        if case .fixed(let automaton) = form { return automaton }
        guard let document else {
            throw .malformed(path: "constraint", problem: "there is no document to quote from")
        }
        switch form {
        case .fixed(let automaton): return automaton
        case .span(let limits): return try SpanAutomaton(document, limits: limits)
        case .sentences(let limits):
            guard let tokenizer else {
                throw .malformed(path: "sentences", problem: "there is no tokenizer to count their tokens by")
            }
            return try SentencesAutomaton(document, limits: limits, tokenizer: tokenizer)
        }
    }

    /// Whether every text that meets it is JSON.
    public var promisesJSON: Bool { source == "json" || source["json"] != nil }

    /// Whether a text quotes the document, so that there is another automaton for another one.
    public var dependsOnDocument: Bool { if case .fixed = form { false } else { true } }

    // MARK: - Quotations

    private static func span(_ value: JSONValue) throws(ConstraintError) -> SpanLimits {
        let counts = try counts(value, path: "span", allowed: ["max_words", "min_words"])
        let limits = SpanLimits(minimumWords: counts["min_words"] ?? 1, maximumWords: counts["max_words"])
        if let most = limits.maximumWords, most < limits.minimumWords {
            throw .malformed(path: "span", problem: "max_words is \(most), below min_words, \(limits.minimumWords)")
        }
        return limits
    }

    /// Numbers from 1 up by name; `true` stands for none.
    private static func counts(
        _ value: JSONValue, path: String, allowed: [String]
    ) throws(ConstraintError) -> [String: Int] {
        if value == .bool(true) { return [:] }
        guard case .object(let fields) = value else {
            throw .malformed(
                path: path, problem: "expected true or {\"\(allowed[0])\": number}, found \(value.summary)")
        }
        var counts: [String: Int] = [:]
        for (name, value) in fields.members.map({ ($0.name, $0.value) }) {
            guard allowed.contains(name) else {
                throw .malformed(
                    path: "\(path).\(name.prefix(80))", problem: "unknown; known: \(allowed.joined(separator: ", "))")
            }
            guard case .integer(let count) = value, (1...1_000_000).contains(count) else {
                throw .malformed(
                    path: "\(path).\(name)", problem: "expected a number from 1 up, found \(value.summary)")
            }
            counts[name] = count
        }
        return counts
    }

    // MARK: - Lists, patterns and schemas

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
