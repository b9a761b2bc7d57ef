import ArgumentParser
import Documents
import Foundation
import JobCatalog
import JobStore
import Logging
import Worker

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Do one job now and print its result.",
        discussion: """
            Needs no queue. With --db the job and its result are kept there as well, in a queue named 'run'.

            EXAMPLES
              nightshift run summarize report.txt
              nightshift run answer --question "Who signed?" contract.txt
              cat letter.txt | nightshift run paraphrase -
              nightshift run generate --text 'The lighthouse'
            """)

    @Argument(help: "What to do: a kind, as 'nightshift kinds' lists them.", completion: .kind)
    var kind: String

    @Argument(help: "The document; - for standard input.", completion: .file())
    var file: String?

    @Option(help: ArgumentHelp("A text as it stands, in place of a file.", valueName: "text"))
    var text: String?

    @Option(help: ArgumentHelp("What is asked of the document.", valueName: "text"))
    var question: String?

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of the kind, or a decoding parameter; may be repeated.", valueName: "key=value"))
    var options: [String] = []

    @Option(help: "The style of prompt, in place of the model's own.")
    var style: String?

    @Option(
        name: .customLong("db"), help: ArgumentHelp("Keep the job in this queue's file.", valueName: "path"),
        completion: .file())
    var database: String?

    @Flag(help: "Show no progress.")
    var quiet = false

    @OptionGroup var modelOptions: ModelOptions

    func validate() throws {
        if (file == nil) == (text == nil) { throw ValidationError("name one document, or give one --text") }
    }

    /// The queue of this command's jobs, where they're kept.
    private static let queueName = "run"

    func run() async throws {
        let catalog = JobCatalog.ofUser
        let definition = try catalog.definition(named: kind)
        let (input, document, title) = try input()
        let options = try JobOptions.parse(arguments: options)
        try definition.validate(
            JobInputs(document: document, title: title, question: question, options: options))
        var job = NewJob(kind: kind, input: input, queue: Self.queueName, question: question, options: options)
        // A failure is for the person who is waiting to see, not to be tried again in secret.
        job.maxAttempts = 1
        let engine = try modelOptions.load().textEngine(style: style)
        let outcome =
            if let database {
                try await runKept(job, in: JobStore(path: database), engine, catalog)
            } else {
                try await runInMemory(job, engine, catalog)
            }
        switch outcome {
        case .text(let text): try Console.print(text)
        case .failure(let reason): throw CommandError(.someFailed, reason)
        }
    }

    private enum Outcome {
        case text(String)
        case failure(String)
    }

    private func input() throws -> (input: NewJob.Input, text: String, title: String?) {
        if let text { return (.inline(text), text, nil) }
        let name = file ?? "-"
        let found = try DocumentFinder().find([name]).sources
        guard found.count == 1, let source = found.first else {
            throw CommandError(
                .usage, "'\(name)' names \(found.count) documents; 'run' does one, 'nightshift add' queues many")
        }
        let document = try DocumentReader().read(source)
        return (.document(NewDocument(document)), document.text, document.title)
    }

    private func runInMemory(_ job: NewJob, _ engine: TextEngine, _ catalog: JobCatalog) async throws -> Outcome {
        let queue = InMemoryJobQueue()
        let id = try await queue.enqueue([job], now: Date())[0].id
        let meter = quiet ? nil : WorkMeter()
        let worker = Worker(
            queue: queue, engine: engine, catalog: catalog,
            registration: WorkerRegistration(host: .current, version: Version.current, random: 0),
            options: WorkerOptions(drains: true), logger: Console.logger, report: { meter?.write($0) })
        let display = Task { await meter?.run(underWay: { await worker.progress }, outlook: { nil }) }
        let ending: Result<WorkerReport, any Error>
        do { ending = .success(try await worker.run()) } catch { ending = .failure(error) }
        display.cancel()
        await display.value
        _ = try ending.get()
        let snapshot = await queue.snapshot(id)
        return snapshot?.result.map(Outcome.text) ?? .failure(snapshot?.error ?? "the job has no result")
    }

    private func runKept(
        _ job: NewJob, in store: JobStore, _ engine: TextEngine, _ catalog: JobCatalog
    ) async throws -> Outcome {
        defer { try? store.close() }
        let id = try await store.enqueue([job], now: Date())[0].id
        // Without grace: who presses Ctrl-C wants the prompt back.
        let session = try WorkerSession(
            store: store, engine: engine, catalog: catalog,
            options: WorkerOptions(queues: [Self.queueName], concurrency: 32, graceSeconds: 0), journal: nil,
            meter: quiet ? nil : WorkMeter())
        // Any worker that serves all queues may have been quicker to claim it; its result is as good.
        let watcher = Task {
            while try await store.states(ofJobs: [id])[id]?.isFinal == false {
                try await Task.sleep(for: .milliseconds(50))
            }
            await session.requestStop()
        }
        defer { watcher.cancel() }
        _ = try await session.run()
        guard let detail = try await store.job(id) else { return .failure("job \(id) was deleted while it ran") }
        if let result = detail.result { return .text(result.text) }
        guard detail.job.finalizedAt == nil else {
            return .failure("job \(id): \(detail.job.error ?? "it was \(detail.job.state)")")
        }
        // Nobody waits for it any more.
        try await store.cancel(JobSelection(ids: [id]))
        throw CommandError(
            .temporary,
            "stopped before job \(id) was done, which is cancelled. To queue it again: nightshift retry \(id)")
    }
}
