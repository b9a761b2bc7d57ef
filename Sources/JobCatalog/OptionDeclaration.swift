public import JSONText

/// An option that a kind offers: `-o name=value`, or the name in the `options` of a jobs row.
public struct OptionDeclaration: Sendable, Equatable {
    /// What an option's value is.
    public enum ValueType: String, CaseIterable, Sendable {
        case string
        case integer
        case number
        case boolean
    }

    /// As it stands before the `=`, and in templates.
    public let name: String
    /// For people, in `kinds show`; may be empty.
    public let description: String
    /// What a job's value must be.
    public let type: ValueType
    /// The value of a job that doesn't name the option; without one, templates may use it only inside its `{{#if}}`.
    public let defaultValue: JSONValue?
    /// The only values allowed, if the definition lists them.
    public let allowedValues: [JSONValue]

    /// The value as the option's type.
    ///
    /// - throws: ``ValueProblem``.
    func check(_ value: JSONValue) throws(ValueProblem) -> JSONValue {
        let named = NamedValue(name: name, value: value)
        let typed: JSONValue =
            switch type {
            case .string: .string(try named.text())
            case .integer: .integer(try named.integer())
            case .number: .number(try named.number())
            case .boolean: .bool(try named.boolean())
            }
        guard allowedValues.isEmpty || allowedValues.contains(typed) else {
            throw named.problem("one of " + allowedValues.map(\.plainText).joined(separator: ", "))
        }
        return typed
    }
}

/// The names that are options of every kind besides its own and the decoding parameters.
enum GeneralOption: String, CaseIterable {
    /// The prompt style, before what `--style` or the model says.
    case style
    /// An ``OverflowPolicy``, in place of the definition's.
    case overflow
    /// Stop strings, besides the definition's.
    case stop
    /// An adapter, in place of the definition's.
    case adapter
    /// A ``Constraint``, in place of the definition's.
    case constraint
    /// The text of a ``NoAnswer``, in place of the definition's.
    case noAnswerText = "no_answer_text"
    /// The threshold of a ``NoAnswer``, in place of the definition's.
    case noAnswerThreshold = "no_answer_threshold"

    /// Every option name that a definition can't declare, since all kinds have it already.
    static let reserved = allCases.map(\.rawValue) + ParameterName.allCases.map(\.rawValue)
}

/// Reads options as people and rows write them.
public enum JobOptions {
    /// Reads `key=value` arguments. The value is kept as text; a definition turns it into what the option is.
    /// A value in square brackets is read as a JSON list, for `stop` and `bad_words`; a constraint in braces as an object.
    ///
    /// - throws: ``JobCatalogError/optionArgument(_:problem:)``.
    public static func parse(arguments: [String]) throws -> [String: JSONValue] {
        var options: [String: JSONValue] = [:]
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw JobCatalogError.optionArgument(argument, problem: "write it as key=value")
            }
            let name = String(parts[0])
            guard options[name] == nil else {
                throw JobCatalogError.optionArgument(argument, problem: "'\(name)' is given twice")
            }
            let text = String(parts[1])
            let isJSON = text.hasPrefix("[") || name == GeneralOption.constraint.rawValue && text.hasPrefix("{")
            let value = isJSON ? try? JSONParser.parse(text) : nil
            options[name] = value ?? .string(text)
        }
        return options
    }

    /// Reads the `options` column of a jobs row: a JSON object.
    ///
    /// - throws: ``JobCatalogError/optionsNotAnObject(json:)``.
    public static func parse(json: String) throws -> [String: JSONValue] {
        guard case .object(let options)? = try? JSONParser.parse(json) else {
            throw JobCatalogError.optionsNotAnObject(json: json)
        }
        return options.dictionary
    }
}
