import Generation

/// Reads a ``JobDefinition`` from YAML. `jobs/summarize.yaml` shows most fields in use:
///
/// ```yaml
/// name: summarize             # optional; must be the file's name
/// description: ...
/// inputs: {document: required, question: optional}
/// trim: whitespace            # newline, nothing
/// options:
///   length: {description: ..., type: string, default: short, values: [short, medium]}
/// parameters: {temperature: 0.7}        # HuggingFace's names
/// budget: {input: 1800, output: 120}    # tokens; output is max_new_tokens; section: of the document, for 'sections'
/// stop: ["###"]
/// postprocess: [trim, first_paragraph, {strip_label: ["Summary:"]}]
/// overflow: refuse            # map-reduce, sections, retrieve, truncate, truncate-prompt
/// output: text                # json
/// constraint: {choices: ["yes", "no"]}   # regex, json, span, sentences
/// no_answer: {text: not in the text, threshold: 0}   # for quotations: {{no_answer}} in templates
/// adapter: path
/// template: |-                # for every style without one of its own
///   ...
/// styles:
///   base:                     # template, texts; and stop, parameters, budget, postprocess in place of those above
///     texts: {length: {short: "in one sentence", medium: "in a few sentences"}}
///     template: |-
///       ...
/// ```
struct DefinitionReader {
    /// What errors call the file.
    let file: String
    private let root: DefinitionFields
    private let options: [OptionDeclaration]
    private let inputs: [InputName: InputNeed]
    private let noAnswer: NoAnswer?

    private static let styleFields = ["template", "texts", "stop", "parameters", "budget", "postprocess"]
    private static let rootFields =
        [
            "name", "description", "inputs", "trim", "options", "overflow", "output", "constraint", "no_answer",
            "adapter",
            "styles",
        ] + styleFields

    /// Reads one definition.
    ///
    /// - parameters:
    ///   - kind: the name that the file's name gives it.
    ///   - file: the file's path, `nil` for a built-in definition.
    /// - throws: ``JobCatalogError`` that names file, line and field.
    static func read(_ bytes: [UInt8], kind: String, file: String?) throws -> JobDefinition {
        let label = file ?? "\(kind).yaml (built in)"
        guard TemplateParser.isName(kind) else {
            throw JobCatalogError.unreadable(
                path: label, problem: "a kind's name is small letters, digits, '-' and '_', at most 64: rename the file"
            )
        }
        let node = try DefinitionNode.parse(bytes, file: label)
        return try DefinitionReader(node, file: label)
            .definition(kind: kind, path: file, yaml: String(decoding: bytes, as: UTF8.self))
    }

    private init(_ node: DefinitionNode, file: String) throws {
        self.file = file
        root = try DefinitionFields(node, file: file, path: "", allowed: Self.rootFields)
        options = try OptionReader.read(root)
        inputs = try Self.inputs(root)
        noAnswer = try NoAnswer(root)
    }

    private func definition(kind: String, path: String?, yaml: String) throws -> JobDefinition {
        if let name = try root.text("name"), name != kind {
            throw root.problem("name", "'\(name)' isn't the file's name '\(kind)'; rename one of the two")
        }
        guard let description = try root.text("description"), !description.isEmpty else {
            throw root.problem("description", "missing: say in a sentence what the kind does")
        }
        var variants: [PromptStyle: StyleVariant] = [:]
        for entry in try root.fields("styles", allowed: nil)?.entries ?? [] {
            guard TemplateParser.isName(entry.key) else {
                throw root.problem(
                    "styles", line: entry.line, "'\(entry.key)': a style's name is small letters, digits, '-' and '_'")
            }
            let fields = try DefinitionFields(
                entry.value, file: file, path: "styles.\(entry.key)", allowed: Self.styleFields)
            guard let variant = try variant(fields) else { throw fields.problem("template", "missing") }
            variants[PromptStyle(rawValue: entry.key)] = variant
        }
        let general = try variant(root)
        guard general != nil || !variants.isEmpty else {
            throw root.problem("template", "missing: give one here, or one for each style under 'styles'")
        }
        return JobDefinition(
            name: kind, description: description, file: path, yaml: yaml, inputs: inputs, options: options,
            trimming: try root.choice("trim") ?? .whitespace, overflow: try root.choice("overflow") ?? .refuse,
            outputFormat: try root.choice("output") ?? .text, constraint: try constraint(),
            noAnswer: noAnswer, adapter: try root.text("adapter"), variants: variants, general: general)
    }

    private func constraint() throws -> Constraint? {
        guard let node = root.node("constraint") else { return nil }
        do {
            return try Constraint(node.value)
        } catch {
            throw root.problem("constraint", line: node.line, String(describing: error))
        }
    }

    private static func inputs(_ root: DefinitionFields) throws -> [InputName: InputNeed] {
        guard let fields = try root.fields("inputs", allowed: InputName.allCases.map(\.rawValue)) else {
            return [.document: .required]
        }
        var inputs: [InputName: InputNeed] = [:]
        for input in InputName.allCases { inputs[input] = try fields.choice(input.rawValue) as InputNeed? }
        return inputs
    }

    // MARK: - One style

    /// The variant that `fields` describes, or `nil` where it has no template; what it doesn't say, the root says.
    private func variant(_ fields: DefinitionFields) throws -> StyleVariant? {
        guard let source = try fields.text("template") else { return nil }
        let optional = inputs.filter { $0.value == .optional }.map(\.key.rawValue)
        let withoutDefault = options.filter { $0.defaultValue == nil }.map(\.name)
        let names =
            InputName.allCases.filter { inputs[$0] != nil }.map(\.rawValue) + [JobDefinition.titleName]
            + (noAnswer == nil ? [] : [NoAnswer.templateName])
        let template = try PromptTemplate(
            source, label: "\(file), \(fields.fullPath("template"))", names: names + options.map(\.name),
            optionalNames: Set(optional + withoutDefault + [JobDefinition.titleName]))
        let budget = try fields.fields("budget", allowed: ["input", "output", "section"])
        let rootBudget = try root.fields("budget", allowed: ["input", "output", "section"])
        return StyleVariant(
            template: template, texts: try texts(fields),
            stopStrings: try fields.texts("stop") ?? root.texts("stop") ?? [],
            parameters: try parameters(
                fields, output: try budget?.positiveInteger("output") ?? rootBudget?.positiveInteger("output")),
            inputTokenBudget: try budget?.positiveInteger("input") ?? rootBudget?.positiveInteger("input"),
            sectionTokenBudget: try budget?.positiveInteger("section") ?? rootBudget?.positiveInteger("section"),
            postProcessing: try postProcessing(fields.node("postprocess") == nil ? root : fields))
    }

    private static let defaultOutputBudget = 128

    private func parameters(_ fields: DefinitionFields, output: Int?) throws -> DecodingOptions {
        var parameters = DecodingOptions(maximumNewTokens: output ?? Self.defaultOutputBudget)
        // What the definition says for all styles first; what the style says wins, parameter by parameter.
        for owner in fields.path.isEmpty ? [root] : [root, fields] {
            // max_new_tokens is the output budget, said in one place.
            let names = ParameterName.allCases.map(\.rawValue).filter { $0 != "max_new_tokens" && $0 != "max_tokens" }
            if owner.node("parameters").map({ $0.has("max_new_tokens") || $0.has("max_tokens") }) == true {
                throw owner.problem("parameters", "give the most tokens of the output as 'output' of 'budget'")
            }
            guard let stated = try owner.fields("parameters", allowed: names) else { continue }
            let values = stated.entries.compactMap { entry in
                ParameterName(rawValue: entry.key).map { ($0, entry.value.value) }
            }
            do {
                try parameters.apply(Dictionary(values) { first, _ in first })
            } catch {
                throw stated.problem(error.name, "expected \(error.expected), found '\(error.value.plainText)'")
            }
        }
        return parameters
    }

    private func texts(_ fields: DefinitionFields) throws -> [String: [String: String]] {
        // Only options with listed values can have texts: others have no end of values.
        let listed = options.filter { !$0.allowedValues.isEmpty }
        var texts: [String: [String: String]] = [:]
        guard let byOption = try fields.fields("texts", allowed: listed.map(\.name)) else { return texts }
        for option in listed {
            let values = option.allowedValues.map(\.plainText)
            guard let byValue = try byOption.fields(option.name, allowed: values) else { continue }
            for value in values {
                guard let text = try byValue.text(value) else {
                    throw byOption.problem(option.name, "there is no text for the value '\(value)'")
                }
                texts[option.name, default: [:]][value] = text
            }
        }
        return texts
    }

    // MARK: - Post-processing

    private static let stepNames = ["trim", "first_line", "first_paragraph", "one_line", "strip_label"]

    private func postProcessing(_ fields: DefinitionFields) throws -> PostProcessing {
        guard let node = fields.node("postprocess") else { return PostProcessing([.trim]) }
        let nodes: [DefinitionNode] = if case .list(let list) = node.content { list } else { [node] }
        return PostProcessing(try nodes.map { try step($0, fields) })
    }

    private func step(_ node: DefinitionNode, _ fields: DefinitionFields) throws -> PostProcessing.Step {
        let name: String
        switch node.content {
        case .scalar("trim", _): return .trim
        case .scalar("first_line", _): return .firstLine
        case .scalar("first_paragraph", _): return .firstParagraph
        case .scalar("one_line", _): return .oneLine
        case .map(let entries) where entries.count == 1 && entries[0].key == "strip_label":
            let labels = try DefinitionFields(node, file: file, path: fields.fullPath("postprocess"), allowed: nil)
                .texts("strip_label")
            return .stripLabel(labels ?? [])
        case .scalar(let text, _): name = text
        case .map(let entries): name = entries.first?.key ?? ""
        case .list: name = ""
        }
        let hint = name == "strip_label" ? ": write it as strip_label: [\"Label:\"]" : ""
        throw fields.problem(
            "postprocess", line: node.line,
            "'\(name)' isn't a step" + hint + Suggestion.clause(for: name, in: Self.stepNames)
                + " (steps: \(Self.stepNames.joined(separator: ", ")))")
    }
}

extension DefinitionNode {
    fileprivate func has(_ key: String) -> Bool {
        if case .map(let entries) = content { entries.contains { $0.key == key } } else { false }
    }
}
