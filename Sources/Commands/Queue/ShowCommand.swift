import ArgumentParser
import JSONText
import JobCatalog
import JobStore
import Worker

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Everything about one job.",
        discussion: """
            Its fields, every attempt with its timings, what happened to it, and its result; of a long document its parts, \
            which 'nightshift list --parent' lists, and of an answer from one the passages that were read.

            EXAMPLES
              nightshift show 12
              nightshift show 12 --prompt
              nightshift show 12 --json
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var prompts: PromptOptions

    @Argument(help: "The job's id.")
    var id: Int64

    @Flag(help: "Show the prompt too, as the kind's definition makes it now.")
    var prompt = false

    @Option(help: "The style of the prompt, where the job names none; by default the model's, or base.")
    var style: String?

    @Flag(help: "Show the text it works on, too.")
    var text = false

    @Flag(help: "One JSON object.")
    var json = false

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        guard let detail = try await store.job(id) else { throw CommandError(.noInput, "there is no job \(id)") }
        let input = text || prompt ? try await store.inputText(ofJob: id) : nil
        let shown = prompt ? try await shownPrompt(detail, input: input, store) : nil
        if json {
            var object = try RowEncoder.object(detail)
            if text { object["input"] = input.map { .string($0) } ?? .null }
            if let shown { object["prompt"] = .string(shown.prompt.text) }
            return try Console.print(DelimitedText.json(.object(object)))
        }
        let page = JobPage(detail: detail, style: Console.outputStyle, width: Console.outputWidth)
        try page.print()
        if text { try page.printText(input ?? "", title: "text") }
        if let shown {
            try page.printText(shown.prompt.text, title: "prompt, style \(shown.prompt.style)")
            if let size = shown.size { Console.note("the prompt: \(size)") }
        }
    }

    /// The prompt, and how long it is for the model.
    private func shownPrompt(
        _ detail: JobDetail, input: String?, _ store: JobStore
    ) async throws -> (prompt: RenderedPrompt, size: String?) {
        let definition = try JobCatalog.ofUser.definition(named: detail.job.kind)
        var inputs = JobInputs(
            document: input, title: detail.documentTitle, question: detail.job.question,
            options: try JobOptions.parse(json: detail.job.options))
        let meter = try prompts.meter(for: definition)
        let style = style.map { PromptStyle(rawValue: $0) } ?? meter?.style ?? definition.usualStyle
        inputs.earlierTurns = try await store.conversation(beforeJob: id).map { job in
            EarlierTurn(
                text: job.text ?? "", reply: job.reply ?? "",
                speaker: try JobOptions.parse(json: job.optionsJSON)["speaker"]?.plainText)
        }
        let stored = try await store.template(ofJob: id).map { try StoredTemplate($0) }
        let prompt = try definition.prompt(style: style, inputs: inputs, stored: stored)
        return (prompt, meter?.forecast(prompt, of: definition, document: input ?? "").description)
    }
}
