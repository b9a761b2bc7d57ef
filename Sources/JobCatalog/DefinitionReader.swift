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
/// constraint: {choices: ["yes", "no"]}   # regex, json, span, sentences; "{{count}}" stands for an option's value
/// check: {in_document: item, unique: item, option: checked}   # for JSON lists: entries that don't pass are left out
/// reads: text                 # transcript
/// no_answer: {text: not in the text, threshold: 0}   # for quotations: {{no_answer}} in templates
/// adapter: path
/// template: |-                # for every style without one of its own
///   ...
/// styles:
///   base:                     # template, texts; and stop, parameters, budget, postprocess in place of those above
///     texts: {length: {short: "in one sentence", medium: "in a few sentences"}}
///     template: |-
///       ...
///     cases:                  # in place of the style's own where an option has a value; constraint and output, too
///       length: {medium: {template: ..., stop: [...]}}
/// ```
struct DefinitionReader {
    /// What errors call the file.
    let file: String
    /// What is built in was checked by tests: making its constraints would take longer than all else that a command does.
    private let isBuiltIn: Bool
    private let root: DefinitionFields
    private let options: [OptionDeclaration]
    private let inputs: [InputName: InputNeed]
    private let noAnswer: NoAnswer?
    private let reading: JobDefinition.Reading

    private static let caseFields = [
        "template", "texts", "stop", "parameters", "budget", "postprocess", "output", "constraint",
    ]
    private static let styleFields = caseFields + ["cases"]
    private static let rootFields =
        [
            "name", "description", "inputs", "reads", "trim", "options", "overflow", "check", "no_answer", "adapter",
            "styles",
        ]
        + styleFields

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
        return try DefinitionReader(node, file: label, isBuiltIn: file == nil)
            .definition(kind: kind, path: file, yaml: String(decoding: bytes, as: UTF8.self))
    }

    private init(_ node: DefinitionNode, file: String, isBuiltIn: Bool) throws {
        self.file = file
        self.isBuiltIn = isBuiltIn
        root = try DefinitionFields(node, file: file, path: "", allowed: Self.rootFields)
        options = try OptionReader.read(root)
        inputs = try Self.inputs(root)
        noAnswer = try NoAnswer(root)
        reading = try root.choice("reads") ?? .text
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
            guard let variant = try variant([root, fields]) else { throw fields.problem("template", "missing") }
            variants[PromptStyle(rawValue: entry.key)] = variant
        }
        let general = try variant([root])
        guard general != nil || !variants.isEmpty else {
            throw root.problem("template", "missing: give one here, or one for each style under 'styles'")
        }
        return JobDefinition(
            name: kind, description: description, file: path, yaml: yaml, inputs: inputs, options: options,
            trimming: try root.choice("trim") ?? .whitespace,
            overflow: try root.choice("overflow") ?? (reading == .transcript ? .newestTurns : .refuse),
            reading: reading, check: try CheckDeclaration(root, options: options),
            noAnswer: noAnswer, adapter: try root.text("adapter").map { Self.adapters($0, besides: path) },
            variants: variants, general: general)
    }

    /// Adapters with their relative paths, which are those with a `/`, taken from the definition's folder.
    private static func adapters(_ names: String, besides path: String?) -> String {
        guard let path, let end = path.lastIndex(of: "/") else { return names }
        let folder = String(path[...end])
        return names.split(separator: ",", omittingEmptySubsequences: false).map { name -> String in
            let name = String(name.drop(while: \.isWhitespace))
            guard name.contains("/"), !name.hasPrefix("/"), !name.hasPrefix("~/") else { return name }
            return folder + (name.hasPrefix("./") ? String(name.dropFirst(2)) : name)
        }.joined(separator: ",")
    }

    private func constraint(_ fields: DefinitionFields) throws -> ConstraintTemplate? {
        guard let node = fields.node("constraint") else { return nil }
        do {
            return try ConstraintTemplate(node.value, options: options, isTrusted: isBuiltIn)
        } catch {
            throw fields.problem("constraint", line: node.line, String(describing: error))
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

    /// The variant that the last of `chain` describes, or `nil` where nobody gives a template; what one doesn't say, the one
    /// before it says.
    private func variant(_ chain: [DefinitionFields]) throws -> StyleVariant? {
        /// The nearest that says something about `name`.
        func owner(_ name: String) -> DefinitionFields? { chain.last { $0.node(name) != nil } }
        let fields = chain[chain.count - 1]
        // A style without a template of its own has no use for the general one: that serves it anyway.
        let isCase = fields.path.split(separator: ".").dropLast().contains("cases") || fields.path.hasPrefix("cases.")
        guard let templateOwner = isCase ? owner("template") : fields.node("template").map({ _ in fields }),
            let source = try templateOwner.text("template")
        else { return nil }
        let budgets = try chain.reversed().compactMap {
            try $0.fields("budget", allowed: ["input", "output", "section"])
        }
        func budget(_ name: String) throws -> Int? {
            try budgets.first { $0.node(name) != nil }.flatMap { try $0.positiveInteger(name) }
        }
        return StyleVariant(
            template: try template(source, of: templateOwner),
            texts: try chain.reduce(into: [:]) { texts, fields in
                texts.merge(try self.texts(fields)) { $1 }
            },
            stopStrings: try owner("stop")?.texts("stop") ?? [],
            parameters: try parameters(chain, output: try budget("output")), inputTokenBudget: try budget("input"),
            sectionTokenBudget: try budget("section"),
            postProcessing: try postProcessing(owner("postprocess") ?? root),
            outputFormat: try owner("output")?.choice("output") ?? .text,
            constraint: try owner("constraint").flatMap { try constraint($0) }, cases: isCase ? nil : try cases(chain))
    }

    private func template(_ source: String, of fields: DefinitionFields) throws -> PromptTemplate {
        try PromptTemplate(
            source, label: "\(file), \(fields.fullPath("template"))", names: names.all, optionalNames: names.optional)
    }

    /// What templates may name.
    private var names: TemplateNames {
        TemplateNames(inputs: inputs, options: options, reading: reading, hasNoAnswer: noAnswer != nil)
    }

    /// Reads `cases: {option: {value: {template: ...}}}`.
    private func cases(_ chain: [DefinitionFields]) throws -> StyleVariant.Cases? {
        // Those of the definition are every style's that has none of its own.
        guard let owner = chain.last(where: { $0.node("cases") != nil }) else { return nil }
        let listed = options.filter { !$0.allowedValues.isEmpty }
        guard let byOption = try owner.fields("cases", allowed: listed.map(\.name)) else { return nil }
        guard byOption.entries.count == 1, let option = listed.first(where: { byOption.node($0.name) != nil }),
            let byValue = try byOption.fields(option.name, allowed: option.allowedValues.map(\.plainText))
        else {
            throw owner.problem("cases", "expected one option with listed values, and under it fields for its values")
        }
        var variants: [String: StyleVariant] = [:]
        for entry in byValue.entries {
            guard let fields = try byValue.fields(entry.key, allowed: Self.caseFields) else { continue }
            variants[entry.key] = try variant(chain + [fields])
        }
        return StyleVariant.Cases(option: option.name, variants: variants)
    }

    private static let defaultOutputBudget = 128

    private func parameters(_ chain: [DefinitionFields], output: Int?) throws -> DecodingOptions {
        var parameters = DecodingOptions(maximumNewTokens: output ?? Self.defaultOutputBudget)
        // What the definition says for all styles first; what the style says wins, parameter by parameter.
        for owner in chain {
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

    private static let stepNames = [
        "trim", "trim_lines", "first_line", "first_paragraph", "one_line", "strip_label", "code_fence", "code_block",
    ]

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
        case .scalar("trim_lines", _): return .trimLines
        case .scalar("code_fence", _): return .codeFence
        case .scalar("code_block", _): return .codeBlock(after: "")
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
