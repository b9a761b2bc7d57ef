/// What can be wrong with a job definition, or with a job that names one.
public enum JobCatalogError: Error, Sendable, Equatable {
    /// A definition's file or the folder of definitions can't be read.
    case unreadable(path: String, problem: String)
    /// A definition isn't the YAML that definitions are written in. `line` counts from 1.
    case invalidYAML(file: String, line: Int?, problem: String)
    /// A field of a definition is unknown, missing or wrong.
    case invalidDefinition(file: String, line: Int, field: String, problem: String)
    /// A template has a problem at a place that counts from 1 within the template.
    case template(label: String, line: Int, column: Int, problem: TemplateProblem)

    /// No definition has this name.
    case unknownKind(String, known: [String])
    /// The kind has no template for the style, nor for one that stands in for it.
    case noTemplate(kind: String, style: String, available: [String])
    /// The kind can't do without an input that the job lacks.
    case missingInput(kind: String, input: InputName)
    /// The job brings an input that the kind doesn't use.
    case unexpectedInput(kind: String, input: InputName)
    /// An option that neither the kind nor the decoding parameters have. `known`: the kind's own options.
    case unknownOption(kind: String, option: String, known: [String])
    /// An option's value is of the wrong type or out of its range.
    case optionValue(kind: String, option: String, value: String, expected: String)
    /// The option `constraint` holds none that can be followed. `problem` names the place.
    case constraint(kind: String, problem: String)
    /// The document can't be read as a transcript.
    case transcript(kind: String, problem: TranscriptProblem)
    /// The job goes on with another one's conversation, and its kind knows none.
    case noConversation(kind: String)
    /// A stored template's options aren't a JSON object.
    case storedTemplate(name: String, version: Int, problem: String)
    /// A `-o` argument that can't be read.
    case optionArgument(String, problem: String)
    /// The `options` of a jobs row aren't a JSON object.
    case optionsNotAnObject(json: String)
}

extension JobCatalogError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let path, let problem):
            return "\(path): \(problem)"
        case .invalidYAML(let file, let line, let problem):
            return file + (line.map { ", line \($0)" } ?? "") + ": \(problem)"
        case .invalidDefinition(let file, let line, let field, let problem):
            return "\(file), line \(line), \(field.isEmpty ? "" : "field '\(Self.short(field))': ")\(problem)"
        case .template(let label, let line, let column, let problem):
            return "\(label), line \(line), column \(column): \(problem)"
        case .unknownKind(let name, let known):
            return "there is no kind '\(Self.short(name))'" + Suggestion.clause(for: name, in: known)
                + " (kinds: \(known.joined(separator: ", ")))"
        case .noTemplate(let kind, let style, let available):
            return "kind '\(kind)' has no template for style '\(Self.short(style))'"
                + Suggestion.clause(for: style, in: available)
                + " (it has: \(available.joined(separator: ", ")); choose one with --style or add it to the definition)"
        case .missingInput(let kind, .question):
            return "kind '\(kind)' needs a question: give it with --question, or in the column 'question'"
        case .missingInput(let kind, .document):
            return "kind '\(kind)' needs a document: name a file, or fill the column 'document_id' or 'input'"
        case .unexpectedInput(let kind, let input):
            return "kind '\(kind)' takes no \(input.rawValue): leave it out, or choose another kind"
        case .unknownOption(let kind, let option, let known):
            let all = known + GeneralOption.reserved
            let own = known.isEmpty ? "no options of its own" : "the options \(known.joined(separator: ", "))"
            return "kind '\(kind)' has no option '\(Self.short(option))'" + Suggestion.clause(for: option, in: all)
                + " (it has \(own); every kind has \(GeneralOption.reserved.joined(separator: ", ")))"
        case .optionValue(let kind, let option, let value, let expected):
            return "option '\(option)' of kind '\(kind)': expected \(expected), found '\(Self.short(value))'"
        case .constraint(let kind, let problem):
            return "option 'constraint' of kind '\(kind)': \(problem)"
        case .transcript(let kind, let problem):
            return "kind '\(kind)' reads transcripts: \(problem)"
        case .noConversation(let kind):
            return
                "kind '\(kind)' can't go on with a conversation: clear the column 'continues', or choose kind 'dialogue'"
        case .storedTemplate(let name, let version, let problem):
            return "template '\(Self.short(name))' version \(version): \(problem)"
        case .optionArgument(let argument, let problem):
            return "option '\(Self.short(argument))': \(problem)"
        case .optionsNotAnObject(let json):
            return "options must be a JSON object such as {\"max_new_tokens\": 80}, found: \(Self.short(json))"
        }
    }

    /// Values from outside may be megabytes; an error shows their beginning.
    private static func short(_ text: String) -> String {
        text.count <= 80 ? text : text.prefix(80) + "…"
    }
}

extension TemplateProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownName(let name, let known):
            "there is no '\(name)'" + Suggestion.clause(for: name, in: known)
                + " (names here: \(known.joined(separator: ", ")))"
        case .unguardedName(let name):
            "'\(name)' may be missing from a job: put it between {{#if \(name)}} and {{/if}}"
        case .missingValue(let name):
            "the job has no value for '\(name)'"
        case .unclosedTag:
            "'{{' without '}}' on the same line; for two braces as text write '{{{{'"
        case .notAName(let text):
            "'{{\(text.prefix(80))}}' is neither a name nor #if with a name nor /if; for two braces as text write '{{{{'"
        case .unopenedIf:
            "{{/if}} without {{#if}} before it"
        case .unclosedIf(let name):
            "{{#if \(name)}} without {{/if}} after it"
        case .tooDeep(let limit):
            "{{#if}} is nested deeper than \(limit) levels"
        }
    }
}
