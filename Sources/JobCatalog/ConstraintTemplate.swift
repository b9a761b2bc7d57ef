import Foundation
import Generation
import JSONText

/// A definition's constraint, in which texts such as `"{{count}}"` stand for
/// a job's option, and `"{{phrases}}"` for a list of
/// what the document itself says.
struct ConstraintTemplate: Sendable, Equatable {
    /// The name that stands for ``DocumentPhrases``.
    static let phrasesName = "phrases"

    let source: JSONValue
    /// The options that it names.
    let names: Set<String>
    var namesPhrases: Bool { names.contains(Self.phrasesName) }

    /// Reads a constraint of a definition, and checks that it can be made with what jobs bring that name no options.
    ///
    /// - parameter isTrusted: it is known to be right, and not made before a job needs it
    /// - throws: a text about what is wrong, as the end of "field 'constraint': …".
    init(
        _ source: JSONValue, options: [OptionDeclaration], isTrusted: Bool
    ) throws(ConstraintTemplateProblem) {
        self.source = source
        names = Self.names(in: source)
        if isTrusted { return }
        for name in names.sorted() where name != Self.phrasesName {
            guard let option = options.first(where: { $0.name == name }) else {
                let known = options.map(\.name) + [Self.phrasesName]
                throw ConstraintTemplateProblem(
                    "there is no '\(name)'" + Suggestion.clause(for: name, in: known)
                        + " (names here: \(known.joined(separator: ", ")))")
            }
            guard option.defaultValue != nil || !option.allowedValues.isEmpty else {
                throw ConstraintTemplateProblem("'\(name)' may be missing from a job: give the option a default")
            }
        }
        let values = options.compactMap { option in
            (option.defaultValue ?? option.allowedValues.first).map { (option.name, $0) }
        }
        do {
            _ = try constraint(Dictionary(values) { first, _ in first }, document: "Words of a document")
        } catch {
            throw ConstraintTemplateProblem(String(describing: error))
        }
    }

    /// The constraint of one job.
    ///
    /// - parameters:
    ///   - values: of all options that it names
    ///   - document: what phrases are taken from
    /// - throws: `ConstraintError`.
    func constraint(_ values: [String: JSONValue], document: String) throws(ConstraintError) -> Constraint {
        var values = values
        if namesPhrases {
            let phrases = DocumentPhrases.all(in: document)
            guard !phrases.isEmpty else {
                throw .malformed(path: "constraint", problem: "the document has no words to choose from")
            }
            values[Self.phrasesName] = .array(phrases.map { .string($0) })
        }
        return try Self.cache.constraint(names.isEmpty ? source : Self.fill(source, values))
    }

    /// Jobs that bring the same constraint share what was made of it.
    static let cache = ConstraintCache()

    // MARK: - Names

    private static func names(in value: JSONValue) -> Set<String> {
        switch value {
        case .string(let text): Set(pieces(of: text).compactMap { if case .name(let name) = $0 { name } else { nil } })
        case .array(let values): values.reduce(into: []) { $0.formUnion(names(in: $1)) }
        case .object(let object): object.members.reduce(into: []) { $0.formUnion(names(in: $1.value)) }
        default: []
        }
    }

    private static func fill(_ value: JSONValue, _ values: [String: JSONValue]) -> JSONValue {
        switch value {
        case .string(let text): fill(text, values)
        case .array(let elements): .array(elements.map { fill($0, values) })
        case .object(let object):
            .object(JSONObject(members: object.members.map { .init(name: $0.name, value: fill($0.value, values)) }))
        default: value
        }
    }

    /// A text that is one name becomes the value, whatever its type; inside a longer one the value stands as text.
    private static func fill(_ text: String, _ values: [String: JSONValue]) -> JSONValue {
        let pieces = pieces(of: text)
        if pieces.count == 1, case .name(let name) = pieces[0] { return values[name] ?? .string(text) }
        return .string(
            pieces.map { piece in
                switch piece {
                case .text(let text): text
                case .name(let name): values[name]?.plainText ?? ""
                }
            }.joined())
    }

    private enum Piece {
        case text(String)
        case name(String)
    }

    /// Braces that hold no name are text, as in a regular expression.
    private static func pieces(of text: String) -> [Piece] {
        var pieces: [Piece] = []
        var plain = ""
        var rest = text[...]
        while var open = rest.range(of: "{{") {
            // Of three braces, the first is a count's of a regular expression.
            if rest[open.upperBound...].hasPrefix("{") {
                open = rest.index(after: open.lowerBound)..<rest.index(after: open.upperBound)
            }
            guard let close = rest[open.upperBound...].range(of: "}}") else { break }
            let name = rest[open.upperBound..<close.lowerBound].split(separator: " ").joined(separator: " ")
            if TemplateParser.isName(name) {
                plain += rest[..<open.lowerBound]
                if !plain.isEmpty { pieces.append(.text(plain)) }
                (plain, rest) = ("", rest[close.upperBound...])
                pieces.append(.name(name))
            } else {
                plain += rest[..<open.upperBound]
                rest = rest[open.upperBound...]
            }
        }
        plain += rest
        if !plain.isEmpty || pieces.isEmpty { pieces.append(.text(plain)) }
        return pieces
    }
}

/// What is wrong with a constraint of a definition.
struct ConstraintTemplateProblem: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
