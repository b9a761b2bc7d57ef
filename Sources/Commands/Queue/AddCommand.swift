import ArgumentParser
import Documents
import Foundation
import JSONText
import JobCatalog
import JobStore

struct AddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Queue a job for each document.",
        discussion: """
            Documents are files, folders (with all that is in them), patterns ('reports/**/*.md', quoted) and '-' for \
            standard input. The ids of the jobs are printed one a line. What can't be read is named on standard error \
            and the rest is added (exit 1); with --strict nothing is. The same text is stored once.

            Times are local: --at '2026-12-01 22:00', --at 22:00, --at 'tomorrow 6:30', --in 2h, --in 1h30m.

            EXAMPLES
              nightshift add summarize notes/*.txt
              nightshift add answer contract.md --question 'When does it end?'
              nightshift add paraphrase essays/ -q night --at 22:00 --batch essays
              nightshift add summarize report.txt -o length=medium --dry-run
              nightshift add generate --text 'All done:' --after-batch essays --deadline 'tomorrow 8:00'
              echo 'Once upon a time' | nightshift add generate - -o max_new_tokens=60
              nightshift add dialogue persona.txt --turns questions.txt
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var job: NewJobOptions
    @OptionGroup var prompts: PromptOptions

    @Argument(help: "What to do with them; 'nightshift kinds' lists the kinds.", completion: .kind)
    var kind: String

    @Argument(help: "Files, folders, patterns, or - for standard input.", completion: .file())
    var documents: [String] = []

    @Option(help: ArgumentHelp("A text to work on, in place of or before documents.", valueName: "text"))
    var text: String?

    @Option(
        help: ArgumentHelp(
            "A job for each turn in this file, a line each or JSON messages; each sees what came of the ones before it. A "
                + "document beside it is the conversation so far.", valueName: "path"),
        completion: .file())
    var turns: String?

    @Flag(help: "Add nothing unless every document can be read.")
    var strict = false

    @Flag(help: "Add nothing; print the prompt of the first document, and what would be added.")
    var dryRun = false

    @Flag(help: "Print an object with ids, documents and batch instead of lines.")
    var json = false

    func run() async throws {
        let definition = try JobCatalog.ofUser.definition(named: kind)
        let stored = try await storedTemplate()
        let inputs = try job.checkedInputs(
            for: definition, hasDocument: text != nil || turns != nil || !documents.isEmpty,
            stored: stored.map { try StoredTemplate($0) })
        var template = try job.newJob(kind: kind, inputs: inputs, now: Date())
        template.templateID = stored?.id
        if let turns { return try await addConversation(turns, definition, as: template, inputs) }
        let intake = try find(isOptional: definition.inputs[.document] != .required)
        if dryRun {
            try await DryRun(
                definition: definition, inputs: inputs, stored: stored.map { try StoredTemplate($0) },
                meter: prompts.meter(), asJSON: json, prospects: prospects()
            ).run(intake)
        } else {
            try await add(intake, as: template)
        }
    }

    /// `nil` where there is no queue to learn from: a dry run needs none.
    private func prospects() async throws -> Prospects? {
        guard let path = try? queueOptions.path(), FileManager.default.fileExists(atPath: path),
            let store = try? queueOptions.openStore()
        else { return nil }
        defer { try? store.close() }
        return try await Prospects(store, engine: prompts.modelName, now: Date())
    }

    /// Finds the documents, and names on standard error what leads to none.
    private func find(isOptional: Bool) throws -> DocumentIntake {
        let intake = DocumentIntake(documents, text: text ?? (documents.isEmpty && isOptional ? "" : nil))
        for problem in intake.problems { Console.noteForeign("nightshift: \(problem)") }
        if let problem = intake.problems.first, strict || intake.count == 0 { throw refusal(because: problem) }
        if job.customID != nil, intake.count > 1 {
            throw CommandError(.usage, "--custom-id names one job, and \(intake.count) documents were given")
        }
        return intake
    }

    private func add(_ intake: DocumentIntake, as template: NewJob) async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let batchesBefore = try await job.checkDependencies(in: store)
        if strict, let problem = intake.firstUnreadable() { throw refusal(because: problem) }
        var template = template
        template.afterBatches = batchesBefore
        if let batch = job.batch { template.batchID = try await store.batch(named: batch, now: Date()) }
        var adder = JobAdder(
            store: store, template: template, isUnique: job.unique, printsIDs: printsEveryID(of: intake))
        do {
            try await adder.add(intake)
        } catch {
            // What was added stays added, and must be known.
            if adder.report.added > 0 { Console.note(adder.report.summary(kind: kind, queue: job.queue)) }
            throw error
        }
        var report = adder.report
        report.failed += intake.problems.count
        report.skipped = intake.skipped.count
        try announce(report, intake)
    }

    private func storedTemplate() async throws -> QueueTemplate? {
        guard let name = job.template else { return nil }
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        return try await TemplateReference(name).find(in: store)
    }

    private func addConversation(
        _ turns: String, _ definition: JobDefinition, as template: NewJob, _ inputs: JobInputs
    ) async throws {
        guard definition.reading == .transcript else { throw JobCatalogError.noConversation(kind: kind) }
        guard job.customID == nil, !job.unique else {
            throw CommandError(.usage, "--turns adds jobs that belong together; leave out --custom-id and --unique")
        }
        let intake = try find(isOptional: true)
        guard intake.count <= 1 else {
            throw CommandError(
                .usage, "--turns goes on with one conversation, and \(intake.count) documents were given")
        }
        let opening = intake.count == 1 ? try intake.item(at: 0).get().text : nil
        let conversation = try ConversationIntake(turns: turns, opening: opening)
        if dryRun {
            var inputs = inputs
            inputs.document = conversation.texts[0]
            let prompt = try definition.prompt(
                style: prompts.meter().style, inputs: inputs)
            try Console.printForeign(prompt.text)
            return Console.note(
                "would add \(counted(conversation.texts.count, "job")) of kind \(kind), one after another")
        }
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        var template = template
        template.afterBatches = try await job.checkDependencies(in: store)
        if let batch = job.batch { template.batchID = try await store.batch(named: batch, now: Date()) }
        let ids = try await store.enqueueConversation(conversation.jobs(template), now: Date()).map(\.id)
        var report = AddReport()
        (report.ids, report.added) = (ids, ids.count)
        if json {
            try Console.print(DelimitedText.json(.object(report.object(batch: job.batch))))
        } else {
            for id in ids { try Console.print("\(id)") }
        }
        Console.note(report.summary(kind: kind, queue: job.queue) + ", one after another")
    }

    private func announce(_ report: AddReport, _ intake: DocumentIntake) throws {
        if json {
            try Console.print(DelimitedText.json(.object(report.object(batch: job.batch))))
        } else if !printsEveryID(of: intake), !report.ids.isEmpty {
            try Console.print("jobs \(report.idRanges)")
        }
        Console.note(report.summary(kind: kind, queue: job.queue))
        if report.failed > 0 {
            let status: ExitStatus = report.ids.isEmpty ? .badData : .someFailed
            throw CommandError(status, "\(counted(report.failed, "document")) could not be added, see above")
        }
    }

    /// A person is not shown hundreds of numbers.
    private func printsEveryID(of intake: DocumentIntake) -> Bool {
        !json && (intake.count <= 20 || !Console.outputIsTerminal)
    }

    /// Why nothing was added at all; the document itself has been named before.
    private func refusal(because problem: DocumentError) -> CommandError {
        CommandError(problem.exitStatus, strict ? "nothing was added, because of --strict" : "nothing was added")
    }
}
