import ArgumentParser
import Documents
import JSONText
import JobCatalog

struct KindsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kinds",
        abstract: "What can be done with a document.",
        discussion: """
            A kind is a YAML file: built in, or your own in the folder that 'nightshift paths' names as jobs. Your own \
            win over built-in ones of the same name.

            EXAMPLES
              nightshift kinds
              nightshift kinds show summarize > ~/.config/nightshift/jobs/brief.yaml
              nightshift kinds test brief report.txt -o length=medium
            """,
        subcommands: [KindsListCommand.self, KindsShowCommand.self, KindsTestCommand.self],
        defaultSubcommand: KindsListCommand.self)
}

struct KindsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The kinds there are.",
        discussion: """
            EXAMPLES
              nightshift kinds list
              nightshift kinds list --json
            """)

    @OptionGroup var output: OutputOptions

    static let columns: [RowColumn] = [
        .text("name"), .text("description"), .text("inputs"), .text("options"), .text("styles"), .text("from"),
    ]

    func run() async throws {
        let catalog = JobCatalog.ofUser
        var printer = RowPrinter(Self.columns, format: output.format, hasHeader: !output.noHeader)
        for definition in catalog.all {
            if output.format == .table {
                try Self.explain(definition)
            } else {
                try printer.print(Self.row(definition, isText: output.format.isText))
            }
        }
        if output.format != .table { try printer.finish() }
        for problem in catalog.problems { Console.noteForeign("nightshift: \(problem)") }
        if !catalog.problems.isEmpty {
            throw CommandError(.someFailed, "\(counted(catalog.problems.count, "definition")) can't be used, see above")
        }
    }

    /// A description needs more room than a column has.
    private static func explain(_ definition: JobDefinition) throws {
        let style = Console.outputStyle
        let row = row(definition, isText: true)
        try Console.print(
            style.paint(DisplayText.line(definition.name), .bold) + "  " + DisplayText.line(definition.description))
        for name in ["inputs", "options", "styles", "from"] {
            guard case .string(let text)? = row[name], !text.isEmpty else { continue }
            let padding = String(repeating: " ", count: 9 - name.count)
            try Console.print("    \(style.paint(name, .dim))\(padding)\(DisplayText.line(text))")
        }
    }

    private static func row(_ definition: JobDefinition, isText: Bool) -> JSONObject {
        func list(_ names: [String]) -> JSONValue {
            isText ? .string(names.joined(separator: " ")) : .array(names.map { .string($0) })
        }
        let inputs = InputName.allCases.compactMap { input in
            definition.inputs[input].map { $0 == .required ? input.rawValue : "\(input.rawValue)?" }
        }
        return [
            "name": .string(definition.name), "description": .string(definition.description), "inputs": list(inputs),
            "options": list(definition.options.map(\.name)),
            "styles": list((definition.servesEveryStyle ? ["any"] : []) + definition.styles.map(\.rawValue)),
            "from": .string(definition.file ?? "built in"),
        ]
    }
}

extension RowFormat {
    /// Cells are text, and lists in them words.
    fileprivate var isText: Bool { [.plain, .csv].contains(self) }
}

struct KindsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "A kind's definition, to read or to start your own from.",
        discussion: """
            EXAMPLES
              nightshift kinds show answer
            """)

    @Argument(help: "The kind.", completion: .kind)
    var kind: String

    func run() async throws {
        let definition = try JobCatalog.ofUser.definition(named: kind)
        try Console.printForeign(definition.yaml)
        Console.noteForeign("from: \(definition.file ?? "built in")")
    }
}

struct KindsTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "The prompt a kind makes of a document.",
        discussion: """
            The prompt goes to standard output. With --model or NIGHTSHIFT_MODEL its tokens are counted.

            EXAMPLES
              nightshift kinds test summarize report.txt
              nightshift kinds test answer report.txt --question 'Who wrote it?' --style instruct
            """)

    @OptionGroup var prompts: PromptOptions

    @Argument(help: "The kind.", completion: .kind)
    var kind: String

    @Argument(help: "A file, or - for standard input.", completion: .file())
    var document: String?

    @Option(help: "What is asked of the document.")
    var question: String?

    @Option(help: "The style of prompt; by default the model's, or base.")
    var style: String?

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of the kind; may be repeated.", valueName: "key=value"))
    var options: [String] = []

    func run() async throws {
        let definition = try JobCatalog.ofUser.definition(named: kind)
        var inputs = JobInputs(question: question, options: try JobOptions.parse(arguments: options))
        if let document {
            let read = try DocumentReader().read(document == "-" ? .standardInput : .file(path: document))
            (inputs.document, inputs.title) = (read.text, read.title)
        }
        let meter = try prompts.meter()
        let style = style.map { PromptStyle(rawValue: $0) } ?? meter.style
        let prompt = try definition.prompt(style: style, inputs: inputs)
        try Console.printForeign(prompt.text)
        let stops = prompt.stopStrings.map(JSONWriter.quoted).joined(separator: " ")
        Console.note("style \(prompt.style)" + (stops.isEmpty ? "" : "; the output ends before \(stops)"))
        let size = meter.measure(prompt)
        Console.note(size.description)
        if !size.fits { throw CommandError(.someFailed, "the document is too long for this model") }
    }
}
