import ArgumentParser
import Foundation
import JSONText
import JobCatalog
import JobStore

struct TemplateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template",
        abstract: "Templates of prompts that the queue keeps, version by version.",
        discussion: """
            A template takes the place of the one that a kind has, for the jobs that name it (add -t NAME): what they need, \
            where they stop and what is done with the text stays the kind's. A change makes a new version, and jobs keep the \
            one they were added with. For a kind of your own, write a definition instead: nightshift kinds show summarize.

            EXAMPLES
              nightshift template add brief brief.txt --kind summarize -o max_new_tokens=60
              nightshift add summarize -t brief reports/
              nightshift template edit brief
              nightshift template test brief report.txt
            """,
        subcommands: [
            TemplateListCommand.self, TemplateShowCommand.self, TemplateAddCommand.self, TemplateEditCommand.self,
            TemplateTestCommand.self,
        ], defaultSubcommand: TemplateListCommand.self)
}

struct TemplateListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The templates of the queue.",
        discussion: """
            EXAMPLES
              nightshift template list
              nightshift template list brief --json
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Every version of this one, in place of the latest of each.", completion: .template)
    var name: String?

    private static let columns: [RowColumn] = [
        .text("name"), .number("version"), .text("kind"), .number("jobs"), .time("created_at"),
        .text("description", isFlexible: true), .hidden("id"), .hidden("options"), .hidden("body"),
    ]

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let rows = try await store.templates(named: name, latestOnly: name == nil)
        if let name, rows.isEmpty { throw try await TemplateReference(name).absence(in: store) }
        var printer = RowPrinter(Self.columns, format: output.format, hasHeader: !output.noHeader)
        for row in rows { try printer.print(row) }
        try printer.finish()
    }
}

struct TemplateShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "A template's text.",
        discussion: """
            EXAMPLES
              nightshift template show brief
              nightshift template show brief@1 > brief.txt
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The template: NAME, or NAME@VERSION for another version than the latest.", completion: .template)
    var template: String

    @Flag(help: "One JSON object.")
    var json = false

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let row = try await TemplateReference(template).find(in: store)
        if json { return try Console.print(DelimitedText.json(.object(try RowEncoder.object(row)))) }
        try Console.printForeign(row.body)
        let facts = [
            "version \(row.version)", row.kind.map { "for kind \($0)" },
            row.options == "{}" ? nil : "options \(row.options)", row.description,
        ]
        Console.noteForeign(facts.compactMap(\.self).joined(separator: ", "))
    }
}

struct TemplateAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Keep a template, or a new version of one.",
        discussion: """
            {{document}}, {{question}} and the kind's options stand where a job's own go; {{#if title}}…{{/if}} keeps what \
            is between only where the job has one. A name that the kind doesn't know is refused. The options given here are \
            those of every job that names none itself.

            EXAMPLES
              nightshift template add brief brief.txt --kind summarize
              nightshift template add polite - --kind answer -o 'stop=["###"]' < polite.txt
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The template's name.")
    var name: String

    @Argument(help: "The file with its text; - for standard input.", completion: .file())
    var file: String

    @Option(help: "The kind whose jobs are to use it.", completion: .kind)
    var kind: String

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of the kind, or a decoding parameter; may be repeated.", valueName: "key=value"))
    var options: [String] = []

    @Option(help: ArgumentHelp("What it is for, in a sentence.", valueName: "text"))
    var description: String?

    func run() async throws {
        let template = NewTemplate(
            name: name, kind: kind, description: description, body: try TemplateText.read(file),
            options: JSONObject(try JobOptions.parse(arguments: options)))
        try template.check()
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        try await store.keep(template)
    }
}

struct TemplateTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "The prompt a template makes of a document.",
        discussion: """
            The prompt goes to standard output. With --model or NIGHTSHIFT_MODEL its tokens are counted.

            EXAMPLES
              nightshift template test brief report.txt
              nightshift template test brief@1 report.txt -o length=medium
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var prompts: PromptOptions

    @Argument(help: "The template: NAME, or NAME@VERSION.", completion: .template)
    var template: String

    @Argument(help: "A file, or - for standard input.", completion: .file())
    var document: String?

    @Option(help: "The kind, where it isn't the one the template was made for.", completion: .kind)
    var kind: String?

    @Option(help: "What is asked of the document.")
    var question: String?

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of the kind; may be repeated.", valueName: "key=value"))
    var options: [String] = []

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let row = try await TemplateReference(template).find(in: store)
        guard let kind = kind ?? row.kind else {
            throw CommandError(.usage, "the template names no kind; give one with --kind")
        }
        let definition = try JobCatalog.ofUser.definition(named: kind)
        try PromptPreview(
            definition: definition, document: document, question: question, options: options, style: nil,
            stored: StoredTemplate(row), meter: prompts.meter(for: definition)
        ).print()
    }
}
