import Generation
import JSONText

/// A kind of job: what it needs, how its prompt is made for each family of models, how the text is generated and
/// what is done with it. Read from one YAML file; ``DefinitionReader`` shows its form.
public struct JobDefinition: Sendable, Equatable {
    /// What is cut from the ends of document and question before they go into the prompt.
    public enum Trimming: String, CaseIterable, Sendable {
        /// White space and line ends, so that nothing stands between a text and the label after it.
        case whitespace
        /// One line end, which editors put at the end of every file.
        case newline
        case nothing
    }

    /// What the document is read as.
    public enum Reading: String, CaseIterable, Sendable {
        case text
        /// A ``Transcript``: the document is its turns, and the templates have `{{header}}` and `{{speaker}}`.
        case transcript
    }

    /// The file's name without its extension.
    public let name: String
    /// What the kind does, in a sentence.
    public let description: String
    /// The file it was read from; `nil` for a built-in definition.
    public let file: String?
    /// The definition as it was written.
    public let yaml: String
    /// Inputs by name; one that isn't here is refused.
    public let inputs: [InputName: InputNeed]
    /// In the order of the file.
    public let options: [OptionDeclaration]
    public let trimming: Trimming
    /// What to do with a document that doesn't fit, unless the job's option `overflow` says otherwise.
    public let overflow: OverflowPolicy
    /// What kind of text the document is.
    public let reading: Reading
    /// What entries of a result that is a list must pass.
    let check: CheckDeclaration?
    /// What to say where the document doesn't tell, unless the job's options say otherwise; `nil` for kinds that always
    /// bring what the model writes.
    public let noAnswer: NoAnswer?
    /// An adapter by path or name, unless the job's option `adapter` names another; a path that was relative is one below
    /// the definition's folder.
    public let adapter: String?

    /// Templates by style.
    let variants: [PromptStyle: StyleVariant]
    /// The template for every style that has none of its own, where the definition has one.
    let general: StyleVariant?

    /// The styles the definition has templates for, sorted by name; a definition with a general template serves any.
    public var styles: [PromptStyle] { variants.keys.sorted { $0.rawValue < $1.rawValue } }

    /// Whether a template without a style serves models of every family.
    public var servesEveryStyle: Bool { general != nil }

    /// The prompt of one job.
    ///
    /// - parameters:
    ///   - style: what `--style` or the model says; the job's own option `style` wins over it
    ///   - stored: a template of the queue's to use in place of the definition's
    /// - throws: ``JobCatalogError`` when the job lacks what the kind needs, brings what it doesn't know, or names an
    ///   option value out of range; the same errors as ``validate(_:style:)``.
    public func prompt(
        style: PromptStyle, inputs: JobInputs, stored: StoredTemplate? = nil
    ) throws -> RenderedPrompt {
        try checkInputs(inputs)
        let choices = try choices(of: stored?.options(under: inputs.options) ?? inputs.options)
        let (usedStyle, variant) = try variant(for: choices.style ?? style, choices)
        var parameters = variant.parameters
        do {
            try parameters.apply(choices.parameters)
        } catch {
            throw optionError(error)
        }
        let noAnswer = try noAnswer(choices)
        let transcript = try transcript(inputs, choices)
        var values = values(inputs, choices, variant)
        if self.noAnswer != nil, let noAnswer { values[NoAnswer.templateName] = .init(noAnswer.text) }
        if let transcript {
            values[InputName.document.rawValue] = .init(transcript.text)
            values[Transcript.headerName] = .init(transcript.header)
            values[Transcript.speakerName] = .init(transcript.nextSpeaker)
        }
        let template = try stored?.template(names: templateNames) ?? variant.template
        let own = optionValues(choices)
        return RenderedPrompt(
            style: usedStyle, pieces: try template.render(values), variant: variant, parameters: parameters,
            stopStrings: variant.stopStrings + choices.stopStrings + (transcript?.stopStrings ?? []),
            overflow: choices.overflow ?? overflow,
            constraint: try choices.constraint ?? constraint(variant, own, inputs), noAnswer: noAnswer,
            check: check?.check(own), transcript: transcript, adapter: choices.adapter ?? adapter,
            document: inputs.document.map(trimmed) ?? "")
    }

    /// What templates may name.
    private var templateNames: TemplateNames {
        TemplateNames(inputs: self.inputs, options: options, reading: reading, hasNoAnswer: noAnswer != nil)
    }

    private func transcript(_ inputs: JobInputs, _ choices: OptionChoices) throws -> Transcript? {
        guard reading == .transcript else {
            if !inputs.earlierTurns.isEmpty { throw JobCatalogError.noConversation(kind: name) }
            return nil
        }
        do {
            return try Transcript(
                inputs.document ?? "", after: inputs.earlierTurns,
                speaker: choices.own[Transcript.speakerName]?.plainText)
        } catch {
            throw JobCatalogError.transcript(kind: name, problem: error)
        }
    }

    private func constraint(
        _ variant: StyleVariant, _ values: [String: JSONValue], _ inputs: JobInputs
    ) throws -> Constraint? {
        do {
            return try variant.constraint?.constraint(values, document: inputs.document ?? "")
        } catch {
            throw JobCatalogError.constraint(kind: name, problem: String(describing: error))
        }
    }

    /// Checks at `add` time what would fail when the job is run: inputs and options.
    ///
    /// - parameter style: the model's style, where it is known already; without it, a job passes that any of the
    ///   definition's styles could run.
    /// - throws: ``JobCatalogError``.
    public func validate(
        _ inputs: JobInputs, style: PromptStyle? = nil, stored: StoredTemplate? = nil
    ) throws {
        let candidates = style.map { [$0] } ?? styles + (servesEveryStyle ? [.base] : [])
        var problem: (any Error)?
        for candidate in candidates {
            do {
                _ = try prompt(style: candidate, inputs: inputs, stored: stored)
                return
            } catch {
                problem = problem ?? error
            }
        }
        if let problem { throw problem }
    }

    // MARK: - Inputs

    private func checkInputs(_ inputs: JobInputs) throws {
        for input in InputName.allCases {
            let value = input.value(in: inputs)
            let isBlank = value?.allSatisfy(\.isWhitespace) ?? true
            switch self.inputs[input] {
            case .required where isBlank: throw JobCatalogError.missingInput(kind: name, input: input)
            case nil where !isBlank: throw JobCatalogError.unexpectedInput(kind: name, input: input)
            default: break
            }
        }
    }

    /// A document as it goes into the prompt.
    public func trimmed(_ text: String) -> String {
        switch trimming {
        case .whitespace: PostProcessing([.trim]).apply(to: text)
        // A CR LF is one character, and one line end.
        case .newline: text.last?.isNewline == true ? String(text.dropLast()) : text
        case .nothing: text
        }
    }

    /// The values of the kind's own options, defaults filled in.
    private func optionValues(_ choices: OptionChoices) -> [String: JSONValue] {
        options.reduce(into: [:]) { $0[$1.name] = choices.own[$1.name] ?? $1.defaultValue }
    }

    private func values(
        _ inputs: JobInputs, _ choices: OptionChoices, _ variant: StyleVariant
    ) -> [String: PromptTemplate.Value] {
        var values: [String: PromptTemplate.Value] = [:]
        for input in InputName.allCases {
            if let text = input.value(in: inputs) { values[input.rawValue] = .init(trimmed(text)) }
        }
        if let title = inputs.title { values[Self.titleName] = .init(trimmed(title)) }
        for option in options {
            guard let value = choices.own[option.name] ?? option.defaultValue else { continue }
            let text = variant.texts[option.name]?[value.plainText] ?? value.plainText
            values[option.name] = .init(
                text, isTrusted: !option.allowedValues.isEmpty, isSet: value == .bool(false) ? false : nil)
        }
        return values
    }

    /// The name of the document's title in templates.
    static let titleName = "title"

    // MARK: - Options

    /// A job's options, read and sorted by what they act on.
    private struct OptionChoices {
        var own: [String: JSONValue] = [:]
        var parameters: [ParameterName: JSONValue] = [:]
        var style: PromptStyle?
        var overflow: OverflowPolicy?
        var stopStrings: [String] = []
        var adapter: String?
        var constraint: Constraint?
        var noAnswerText: String?
        var noAnswerThreshold: Double?
    }

    private func noAnswer(_ choices: OptionChoices) throws -> NoAnswer? {
        guard let text = choices.noAnswerText ?? noAnswer?.text else {
            guard let threshold = choices.noAnswerThreshold else { return nil }
            throw optionError(
                ValueProblem(
                    name: GeneralOption.noAnswerThreshold.rawValue, value: .number(threshold),
                    expected: "no_answer_text beside it, which the kind doesn't have"))
        }
        return NoAnswer(text: text, threshold: choices.noAnswerThreshold ?? noAnswer?.threshold ?? 0)
    }

    private func choices(of given: [String: JSONValue]) throws -> OptionChoices {
        var choices = OptionChoices()
        // Sorted, so that of two wrong options always the same one is reported.
        for (name, value) in given.sorted(by: { $0.key < $1.key }) where value != .null {
            let option = options.first { $0.name == name }
            guard option != nil || GeneralOption.reserved.contains(name) else {
                throw JobCatalogError.unknownOption(kind: self.name, option: name, known: options.map(\.name))
            }
            if name == GeneralOption.constraint.rawValue {
                choices.constraint = try constraint(value)
                continue
            }
            do throws(ValueProblem) {
                let named = NamedValue(name: name, value: value)
                if let option {
                    choices.own[name] = try option.check(value)
                    continue
                }
                if let parameter = ParameterName(rawValue: name) {
                    choices.parameters[parameter] = value
                    continue
                }
                switch GeneralOption(rawValue: name) {
                case .style: choices.style = PromptStyle(rawValue: try named.text())
                case .stop: choices.stopStrings = try named.texts()
                case .adapter: choices.adapter = try named.text()
                case .noAnswerText:
                    let text = try named.text()
                    if text.allSatisfy(\.isWhitespace) { throw named.problem("a text that isn't blank") }
                    choices.noAnswerText = text
                case .noAnswerThreshold: choices.noAnswerThreshold = try named.number("a number of nats per token")
                case .overflow:
                    let policies = OverflowPolicy.allCases.map(\.rawValue).joined(separator: ", ")
                    choices.overflow = OverflowPolicy(rawValue: try named.text())
                    if choices.overflow == nil { throw named.problem("one of \(policies)") }
                case .constraint, nil: break
                }
            } catch {
                throw optionError(error)
            }
        }
        return choices
    }

    private func constraint(_ value: JSONValue) throws -> Constraint {
        do {
            // An object may have been written as a text, as for a shell.
            guard case .string(let text) = value, text.hasPrefix("{") else {
                return try Self.constraints.constraint(value)
            }
            return try Self.constraints.constraint(try JSONParser.parse(text))
        } catch {
            throw JobCatalogError.constraint(kind: name, problem: String(describing: error))
        }
    }

    /// Jobs that bring the same constraint share what was made of it.
    private static let constraints = ConstraintCache()

    private func optionError(_ problem: ValueProblem) -> JobCatalogError {
        .optionValue(kind: name, option: problem.name, value: problem.value.plainText, expected: problem.expected)
    }

    // MARK: - Styles

    private func variant(
        for style: PromptStyle, _ choices: OptionChoices
    ) throws -> (PromptStyle, StyleVariant) {
        let values = optionValues(choices)
        for candidate in [style] + style.fallbacks {
            if let variant = variants[candidate] { return (candidate, variant.variant(for: values)) }
        }
        guard let general else {
            throw JobCatalogError.noTemplate(kind: name, style: style.rawValue, available: styles.map(\.rawValue))
        }
        return (style, general.variant(for: values))
    }
}

/// What a definition says for one style, with what it says for all of them filled in.
struct StyleVariant: Sendable, Equatable {
    var template: PromptTemplate
    /// What an option's value puts into this template, by option and value; without an entry, the value itself.
    var texts: [String: [String: String]]
    var stopStrings: [String]
    var parameters: DecodingOptions
    var inputTokenBudget: Int?
    var sectionTokenBudget: Int?
    var postProcessing: PostProcessing
    /// The form of the results' texts.
    var outputFormat: OutputFormat
    /// What the output must look like, unless the job's option `constraint` says otherwise.
    var constraint: ConstraintTemplate?
    /// What takes the place of all this where an option has a certain value.
    var cases: Cases?

    /// Other variants by the value of one option.
    struct Cases: Sendable, Equatable {
        var option: String
        var variants: [String: StyleVariant]
    }

    func variant(for values: [String: JSONValue]) -> StyleVariant {
        guard let cases, let value = values[cases.option] else { return self }
        return cases.variants[value.plainText] ?? self
    }
}

/// What the templates of a kind may name.
struct TemplateNames {
    let all: [String]
    /// Those that a job may lack: to be used inside their `{{#if}}`.
    let optional: Set<String>

    init(
        inputs: [InputName: InputNeed], options: [OptionDeclaration], reading: JobDefinition.Reading, hasNoAnswer: Bool
    ) {
        let transcript = reading == .transcript ? [Transcript.headerName, Transcript.speakerName] : []
        let own = options.map(\.name).filter { !transcript.contains($0) }
        all =
            InputName.allCases.filter { inputs[$0] != nil }.map(\.rawValue) + [JobDefinition.titleName]
            + (hasNoAnswer ? [NoAnswer.templateName] : []) + transcript + own
        optional = Set(
            inputs.filter { $0.value == .optional }.map(\.key.rawValue)
                + options.filter { $0.defaultValue == nil && !transcript.contains($0.name) }.map(\.name)
                + [JobDefinition.titleName])
    }
}
