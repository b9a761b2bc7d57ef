import ArgumentParser
import Evaluation
import Foundation
import GPTJ
import JSONText
import JobCatalog
import JobStore

struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "How good the texts are: scores over a set, beside what needs no model.",
        discussion: """
            A set is a file of JSON lines with a document (or input, text, context, passage, source, article), a question, \
            reference or references (or answers, summary, target, output), and prediction, where there is one already. \
            Lists of questions on one document (qas, questions) are taken apart. What has no prediction is done by the \
            task's kind, as 'nightshift run' would. A name that ends in .gz is unpacked. For perplexity and copying a file \
            of plain text will do.

            TASKS
              summarize   ROUGE-1, 2, L, Lsum; beside it the first sentence and the first three
              paraphrase  ROUGE, SARI; beside it the text as it is
              answer      exact match and F1 as in SQuAD; beside it the sentence that shares most words with the question
              perplexity  how well the model predicts the documents, for each byte
              copying     what words and sentences of the documents cost the model when they come twice: nats a token at
                          first sight and the second time, after the first or as the output of a task (paraphrase, or
                          --kind); 100 documents, unless --limit says otherwise
              mlperf      a folder with MLPerf's cnn_eval.json is scored by its rules: mlperf_log_accuracy.json where there
                          is one, else summaries by mlperf-summarize, one by one: a run that was stopped goes on

            Figures in square brackets are the 95 % confidence interval.

            EXAMPLES
              nightshift evaluate --task summarize --model ./gpt-j-6b articles.jsonl
              nightshift evaluate --task answer --beside answer-quote --model ./gpt-j-6b questions.jsonl
              nightshift evaluate --task answer --where split=dev --limit 200 qa.jsonl.gz
              nightshift evaluate --task perplexity --model ./gpt-j-6b book.txt
              nightshift evaluate --task summarize --from-queue --batch essays essays-with-references.jsonl
              nightshift evaluate --task mlperf --model ./gpt-j-cnn-dm --weights int8 ./cnn-dm
            """)

    enum Task: String, CaseIterable, ExpressibleByArgument {
        case summarize, paraphrase, answer, perplexity, copying, mlperf

        /// For the tasks that score texts of a kind.
        var scored: EvaluationTask? { EvaluationTask(rawValue: rawValue) }
    }

    enum IDType: String, CaseIterable, ExpressibleByArgument {
        case int64, int32

        var type: AccuracyLog.IDType { self == .int64 ? .int64 : .int32 }
    }

    @Argument(help: "The set; - for standard input. A folder for mlperf.", completion: .file())
    var set: String?

    @Option(help: "What the texts are for.")
    var task: Task

    @Option(help: "The kind that writes what is missing; by default the task's.", completion: .kind)
    var kind: String?

    @Option(
        help: "Let this kind do all items, too, with its usual options, and show it beside; may be repeated.",
        completion: .kind)
    var beside: [String] = []

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of the kind, or a decoding parameter; may be repeated.", valueName: "key=value"))
    var options: [String] = []

    @Option(help: "The style of prompt, in place of the model's own.")
    var style: String?

    @Option(
        help: ArgumentHelp(
            "Only items whose line has this text in this field, such as split=dev; may be repeated.",
            valueName: "field=text"))
    var `where`: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where to find a part of an item: document=body, reference=abstract, question, prediction, id.",
            valueName: "part=field"))
    var field: [String] = []

    @Option(help: "Only so many items, drawn by --seed.")
    var limit: Int?

    @Option(help: "Draws the items of --limit, and those of the confidence intervals.")
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp("Keep every text with its scores in this file, as JSON lines.", valueName: "file"),
        completion: .file())
    var predictions: String?

    @Flag(help: "Replace the file of --predictions.")
    var force = false

    @Flag(help: "Score the results of a queue; the set, if one is named, brings the references.")
    var fromQueue = false

    @OptionGroup var queueOptions: QueueOptions

    @Option(name: .shortAndLong, help: "With --from-queue: only jobs of the batch of this name.")
    var batch: String?

    @Flag(help: "Only what needs no model.")
    var onlyBaselines = false

    @Flag(help: "Compare words rather than stems in ROUGE.")
    var noStemming = false

    @Option(help: "For perplexity: tokens that are read together.")
    var window = 1024

    @Option(help: "For mlperf: how the ids of mlperf_log_accuracy.json are written.")
    var ids = IDType.int64

    @Flag(help: "One JSON object.")
    var json = false

    @OptionGroup var modelOptions: ModelOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit takes at least 1") }
        guard window >= 2 else { throw ValidationError("--window takes at least 2") }
        if set == nil, !fromQueue { throw ValidationError("name a set, or - for standard input") }
        if fromQueue, task.scored == nil {
            throw ValidationError("--from-queue goes with summarize, paraphrase and answer")
        }
        if batch != nil, !fromQueue { throw ValidationError("--batch goes with --from-queue") }
        if task.scored == nil, predictions != nil || !beside.isEmpty {
            throw ValidationError("--predictions and --beside go with summarize, paraphrase and answer")
        }
        if onlyBaselines, !beside.isEmpty { throw ValidationError("--beside goes without --only-baselines") }
        _ = try fieldNames()
        _ = try conditions()
    }

    func run() async throws {
        switch task {
        case .summarize, .paraphrase, .answer:
            guard let scored = task.scored else { return }
            try await score(scored)
        case .perplexity:
            let intake = try textIntake(set ?? "-")
            try PerplexityTask(window: window, seed: seed)
                .run(try items(of: intake, limit: limit), modelOptions, asJSON: json)
            try finish(failures: intake.failures)
        case .copying:
            let intake = try textIntake(set ?? "-")
            let items = try items(of: intake, limit: limit ?? CopyingTask.usualCount)
            try CopyingTask(kind: kind ?? EvaluationTask.paraphrase.rawValue, style: style, seed: seed)
                .run(items, modelOptions, asJSON: json)
            try finish(failures: intake.failures)
        case .mlperf:
            try await MLPerfTask(
                folder: set ?? ".", kind: kind ?? "mlperf-summarize", options: try JobOptions.parse(arguments: options),
                style: style, ids: ids.type, limit: limit, seed: seed, modelOptions: modelOptions
            ).run(asJSON: json)
        }
    }

    // MARK: - Scored tasks

    private func score(_ task: EvaluationTask) async throws {
        let keeper = try predictions.map { try PredictionKeeper(path: $0, replaces: force) }
        let intake: SetIntake?
        var items: [EvaluationItem]
        if fromQueue {
            intake = try set.map { try self.intake($0) }
            let store = try queueOptions.openStore()
            defer { try? store.close() }
            items = try await QueueResults(kind: kind ?? task.rawValue, batch: batch)
                .items(in: store, references: intake?.items ?? [])
        } else {
            let read = try self.intake(set ?? "-")
            (intake, items) = (read, read.items)
        }
        items = Sampling.draw(limit, of: items, seed: seed)
        guard !items.isEmpty else {
            throw CommandError(.badData, fromQueue ? "the queue has no such results" : "the set has no items")
        }
        var failures = intake?.failures ?? 0
        for kind in beside { _ = try PredictionWriter.definition(of: kind, options: [:]) }
        var name: String? = "predictions"
        var writer: PredictionWriter?
        if onlyBaselines {
            name = nil
        } else if !beside.isEmpty || items.contains(where: { $0.prediction == nil }) {
            let made = try PredictionWriter(
                kind: kind ?? task.rawValue, options: try JobOptions.parse(arguments: options), style: style,
                modelOptions: modelOptions, setName: setName)
            writer = made
            if items.contains(where: { $0.prediction == nil }) { name = made.name }
            failures += try await made.fill(&items)
        }
        for kind in beside {
            if let writer { failures += try await PredictionWriter(kind: kind, by: writer).addRival(to: &items) }
        }
        var report = EvaluationReport(
            task: task, stems: !noStemming, seed: seed, system: name, rivals: beside, items: items,
            isShownAs: json ? .json : .table)
        try report.score(keeping: keeper)
        try keeper?.finish()
        try report.print()
        try finish(failures: failures)
    }

    private var setName: String { self.set.flatMap { $0 == "-" ? nil : $0 } ?? "standard input" }

    private func intake(_ path: String) throws -> SetIntake {
        try SetIntake(path: path, names: fieldNames(), conditions: conditions())
    }

    /// For the tasks that want no more than texts.
    private func textIntake(_ path: String) throws -> SetIntake {
        try SetIntake.isText(path) ? SetIntake(text: path) : intake(path)
    }

    private func items(of intake: SetIntake, limit: Int?) throws -> [EvaluationItem] {
        guard !intake.items.isEmpty else { throw CommandError(.badData, "the set has no items") }
        return Sampling.draw(limit, of: intake.items, seed: seed)
    }

    private func finish(failures: Int) throws {
        if failures > 0 {
            throw CommandError(.someFailed, "\(counted(failures, "item")) could not be scored, see above")
        }
    }

    // MARK: - Arguments

    private func fieldNames() throws -> [ItemReader.Part: String] {
        var names: [ItemReader.Part: String] = [:]
        for argument in field {
            let (part, name) = try Self.pair(argument, option: "--field")
            guard let part = ItemReader.Part(rawValue: part) else {
                let known = ItemReader.Part.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--field \(argument): the parts are \(known)")
            }
            names[part] = name
        }
        return names
    }

    private func conditions() throws -> [(field: String, value: String)] {
        try `where`.map { try Self.pair($0, option: "--where") }
    }

    private static func pair(_ argument: String, option: String) throws -> (String, String) {
        guard let sign = argument.firstIndex(of: "="), sign > argument.startIndex else {
            throw ValidationError("\(option) \(argument): expected name=value")
        }
        return (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
    }
}
