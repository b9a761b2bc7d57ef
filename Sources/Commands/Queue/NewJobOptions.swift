import ArgumentParser
import Foundation
import JSONText
import JobCatalog
import JobStore

/// What the jobs of one `add` have in common.
struct NewJobOptions: ParsableArguments {
    @Option(
        name: [.customShort("q"), .customLong("queue")],
        help: "The queue to add to; a new name makes a new queue. By default 'default'.", completion: .queue)
    var queueName: String?

    @Option(name: [.customShort("p"), .customLong("priority")], help: "0 runs first, 9 last; by default 5.")
    var ownPriority: Int?

    @Option(help: ArgumentHelp("Not before this time.", valueName: "time"))
    var at: String?

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Not before this much time has passed: 90s, 15m, 2h, 1d.", valueName: "duration"))
    var delay: String?

    @Option(help: ArgumentHelp("What is asked of each document.", valueName: "text"))
    var question: String?

    @Option(
        help: ArgumentHelp(
            "Ask each question of this file of each document: one a line, or JSON lines or CSV with 'question' and 'id'; "
                + "- for standard input.", valueName: "file"), completion: .file())
    var questions: String?

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp(
            "An option of the kind, or a decoding parameter by HuggingFace's name; may be repeated.",
            valueName: "key=value"))
    var options: [String] = []

    @Option(help: "The style of prompt, in place of the model's own.")
    var style: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A template of the queue's in place of the kind's, see 'nightshift template'.", valueName: "name[@version]"),
        completion: .template)
    var template: String?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Add the jobs to the batch of this name.", valueName: "name"),
        completion: .batch)
    var batch: String?

    @Flag(help: "Add no job where one that asks the same of the same text is open or completed; print its id instead.")
    var unique = false

    @Option(
        help: ArgumentHelp(
            "Only once this job is completed; may be repeated. If it fails or is cancelled, so is this one.",
            valueName: "id"), completion: .job)
    var after: [Int64] = []

    @Option(
        help: ArgumentHelp("Only once this job has ended, however it did; may be repeated.", valueName: "id"),
        completion: .job)
    var afterEnd: [Int64] = []

    @Option(
        help: ArgumentHelp("Only once every job of this batch has ended; may be repeated.", valueName: "batch"))
    var afterBatch: [String] = []

    @Option(
        help: ArgumentHelp("Go on with this job's conversation, once it is completed.", valueName: "id"),
        completion: .job)
    var continues: Int64?

    @Option(help: ArgumentHelp("Give it up when it isn't done by this time.", valueName: "time"))
    var deadline: String?

    @Option(help: ArgumentHelp("The longest it may run before the attempt fails: 90s, 30m.", valueName: "duration"))
    var timeout: String?

    @Flag(help: "Hold it until 'nightshift release'.")
    var hold = false

    @Option(name: .customLong("max-attempts"), help: "How often a job may fail before it is given up; by default 3.")
    var ownMaxAttempts: Int?

    @Option(
        name: .customLong("custom-id"),
        help: ArgumentHelp("Your own name for the job, unique in its batch.", valueName: "name"))
    var customID: String?

    var queue: String { queueName ?? (try? Settings.current.text(.queue)) ?? "default" }
    var priority: Int { ownPriority ?? (try? Settings.current.number(.priority)) ?? 5 }
    var maxAttempts: Int { ownMaxAttempts ?? (try? Settings.current.number(.maxAttempts)) ?? 3 }

    /// The option of kinds whose question may stand before the document.
    private static let questionFirst = "question_first"

    func validate() throws {
        guard (0...9).contains(ownPriority ?? 5) else { throw ValidationError("--priority takes 0 (first) to 9") }
        guard (1...1000).contains(ownMaxAttempts ?? 3) else { throw ValidationError("--max-attempts takes 1 to 1000") }
        guard (1...128).contains((queueName ?? "default").count) else {
            throw ValidationError("a queue's name has 1 to 128 characters")
        }
        guard batch?.isEmpty != true else { throw ValidationError("--batch names no batch") }
        if question != nil, questions != nil { throw ValidationError("choose one of --question and --questions") }
        if at != nil, delay != nil { throw ValidationError("choose one of --at and --in") }
    }

    /// What every job brings besides its document, checked against its kind.
    ///
    /// - throws: `JobCatalogError` for whatever would fail when the job is run.
    ///
    /// - parameter questions: those of ``questions``; several on one document share its reading, where the kind can have it
    ///   so.
    func checkedInputs(
        for definition: JobDefinition, hasDocument: Bool, stored: StoredTemplate? = nil, questions: [Question] = []
    ) throws -> JobInputs {
        var options = try JobOptions.parse(arguments: options)
        if let style {
            guard options["style"] == nil else {
                throw JobCatalogError.optionArgument("style", problem: "it is given by --style already")
            }
            options["style"] = .string(style)
        }
        if questions.count > 1, definition.options.contains(where: { $0.name == Self.questionFirst }) {
            options[Self.questionFirst] = options[Self.questionFirst] ?? .bool(false)
        }
        let inputs = JobInputs(
            document: hasDocument ? "text" : nil, question: question ?? questions.first?.text, options: options)
        if continues != nil, definition.reading != .transcript {
            throw JobCatalogError.noConversation(kind: definition.name)
        }
        try definition.validate(inputs, stored: stored)
        return inputs
    }

    /// The job without its document.
    ///
    /// - throws: ``CommandError`` (64) for a time that is none.
    func newJob(kind: String, inputs: JobInputs, now: Date) throws -> NewJob {
        var job = try NewJob(
            kind: kind, input: .none, queue: queue, priority: priority, scheduledAt: scheduledTime(now: now),
            question: question, options: inputs.options, maxAttempts: maxAttempts,
            customID: customID, dependsOn: after)
        job.afterEndOf = afterEnd
        job.deadlineAt = try deadline.map { try TimeExpression.moment($0, now: now) }
        job.timeoutSeconds = try timeout.map(TimeExpression.timeout)
        job.isHeld = hold
        job.continues = continues
        return job
    }

    private func scheduledTime(now: Date) throws -> Date? {
        if let delay { return now.addingTimeInterval(try TimeExpression.duration(delay)) }
        guard let at else { return nil }
        let time = try TimeExpression.moment(at, now: now)
        if time < now { Console.note("nightshift: --at \(at) has passed; the jobs are due at once") }
        return time
    }

    /// The batches that `--after-batch` names.
    ///
    /// - throws: ``CommandError``: 66 for a job or batch that isn't there, 65 for one that can't be completed any more.
    func checkDependencies(in store: JobStore) async throws -> [Int64] {
        let after = after + [continues].compactMap(\.self)
        let states = after.isEmpty && afterEnd.isEmpty ? [:] : try await store.states(ofJobs: after + afterEnd)
        for id in after + afterEnd where states[id] == nil {
            throw CommandError(.noInput, "--after \(id): there is no such job")
        }
        for id in after where states[id] == .cancelled || states[id] == .discarded {
            throw CommandError(
                .badData,
                "--after \(id): that job is \(states[id]?.rawValue ?? ""), so this one could never begin. Retry that one "
                    + "first (nightshift retry \(id)), or use --after-end")
        }
        var batches: [Int64] = []
        for name in afterBatch {
            guard let id = try await store.existingBatch(named: name) else {
                throw CommandError(.noInput, "--after-batch: there is no batch '\(DisplayText.line(name, limit: 80))'")
            }
            batches.append(id)
        }
        return batches
    }
}
