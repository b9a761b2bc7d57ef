import JSONText

/// Reads the `options` of a definition.
enum OptionReader {
    static func read(_ root: DefinitionFields) throws -> [OptionDeclaration] {
        guard let options = try root.fields("options", allowed: nil) else { return [] }
        return try options.entries.map { entry in
            let taken =
                GeneralOption.reserved + InputName.allCases.map(\.rawValue)
                + [
                    JobDefinition.titleName, NoAnswer.templateName, ConstraintTemplate.phrasesName,
                    Transcript.headerName,
                ]
            guard TemplateParser.isName(entry.key) else {
                throw options.problem(
                    entry.key, line: entry.line, "an option's name is small letters, digits, '-' and '_'")
            }
            guard !taken.contains(entry.key) else {
                throw options.problem(entry.key, line: entry.line, "every kind has this name already: choose another")
            }
            let fields = try DefinitionFields(
                entry.value, file: root.file, path: options.fullPath(entry.key),
                allowed: ["description", "type", "default", "values"])
            return try declaration(entry.key, fields)
        }
    }

    private static func declaration(_ name: String, _ fields: DefinitionFields) throws -> OptionDeclaration {
        let type: OptionDeclaration.ValueType = try fields.choice("type") ?? .string
        // Checked as the values of a job are, so that a default is of the type and among the values.
        func checked(_ node: DefinitionNode, _ field: String, among values: [JSONValue]) throws -> JSONValue {
            let value: JSONValue =
                if type == .string, case .scalar(let text, _) = node.content { .string(text) } else { node.value }
            let declaration = OptionDeclaration(
                name: name, description: "", type: type, defaultValue: nil, allowedValues: values)
            do {
                return try declaration.check(value)
            } catch {
                throw fields.problem(field, line: node.line, "expected \(error.expected), found '\(value.plainText)'")
            }
        }
        var values: [JSONValue] = []
        if let node = fields.node("values") {
            guard case .list(let nodes) = node.content, !nodes.isEmpty else {
                throw fields.problem("values", "expected a list")
            }
            values = try nodes.map { try checked($0, "values", among: []) }
        }
        return OptionDeclaration(
            name: name, description: try fields.text("description") ?? "", type: type,
            defaultValue: try fields.node("default").map { try checked($0, "default", among: values) },
            allowedValues: values)
    }
}
