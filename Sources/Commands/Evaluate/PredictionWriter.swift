import Evaluation
import GPTJ
import Generation
import JSONText
import JobCatalog
import JobStore
import Tokenization
import Worker

/// Lets a kind write what a set lacks, through the engine.
struct PredictionWriter {
    let loaded: LoadedModel
    let tokenizer: Tokenizer
    private let definition: JobDefinition
    private let runner: UnqueuedRunner
    private let options: [String: JSONValue]
    /// What errors call the set.
    private let setName: String

    /// - throws: `JobCatalogError` for a kind or options that aren't right; ``CommandError`` without a model.
    init(
        kind: String, options: [String: JSONValue], style: String?, modelOptions: ModelOptions, setName: String
    ) throws {
        definition = try Self.definition(of: kind, options: options)
        self.options = options
        self.setName = setName
        loaded = try modelOptions.load()
        let engine = try loaded.textEngine(style: style)
        tokenizer = engine.tokenizer
        runner = UnqueuedRunner(engine: engine, catalog: .ofUser)
    }

    /// Another kind with its usual options, by the same engine.
    ///
    /// - throws: `JobCatalogError` for a kind that isn't there.
    init(kind: String, by other: PredictionWriter) throws {
        definition = try Self.definition(of: kind, options: [:])
        options = [:]
        setName = other.setName
        loaded = other.loaded
        tokenizer = other.tokenizer
        runner = other.runner
    }

    /// Options that are wrong are told before a model of 24 GB is loaded.
    static func definition(of kind: String, options: [String: JSONValue]) throws -> JobDefinition {
        let definition = try JobCatalog.ofUser.definition(named: kind)
        let takesQuestion = definition.inputs[.question] != nil
        try definition.validate(
            JobInputs(document: "text", question: takesQuestion ? "question" : nil, options: options))
        return definition
    }

    /// What a table calls the texts.
    var name: String { loaded.name }

    var kind: String { definition.name }
    /// The kind as it was read, which the texts depend on.
    var definitionText: String { definition.yaml }

    /// Whether the kind has an option of this name.
    func takesOption(_ name: String) -> Bool { definition.options.contains { $0.name == name } }

    /// One text to be written.
    struct Order: Sendable {
        /// Seeds its draws, from 1.
        var number: Int
        var document: String
        var question: String?
        var options: [String: JSONValue] = [:]
    }

    /// Writes what is missing; items that fail are named on standard error and taken out.
    ///
    /// - returns: how many failed.
    func fill(_ items: inout [EvaluationItem]) async throws -> Int {
        try await fill(&items, at: items.indices.filter { items[$0].prediction == nil }) { $0.prediction = $1 }
    }

    /// Writes a rival's text for every item; those that fail are taken out likewise.
    func addRival(to items: inout [EvaluationItem]) async throws -> Int {
        try await fill(&items, at: Array(items.indices)) { $0.rivals.append($1) }
    }

    private func fill(
        _ items: inout [EvaluationItem], at missing: [Int], _ store: (inout EvaluationItem, String) -> Void
    ) async throws -> Int {
        let orders = missing.map { index in
            Order(number: index + 1, document: items[index].document, question: items[index].question)
        }
        var failed: Set<Int> = []
        try await write(orders) { place, outcome in
            let index = missing[place]
            switch outcome.ending {
            case .completed(let result): store(&items[index], result.text)
            case .failed(let failure):
                failed.insert(index)
                Console.noteForeign("nightshift: \(setName):\(items[index].line): \(failure.message)")
            case .interrupted, .cancelled: failed.insert(index)
            }
        }
        items = items.indices.filter { !failed.contains($0) }.map { items[$0] }
        if items.isEmpty { throw CommandError(.someFailed, "no item could be done, see above") }
        return failed.count
    }

    /// Does all orders, so many at once as keep the engine's batch full; `body` hears of each as it ends, with its place.
    func write(_ orders: [Order], _ body: (Int, UnqueuedRunner.Outcome) throws -> Void) async throws {
        var progress = CountProgress(of: orders.count, verb: "wrote")
        defer { progress.finish() }
        try await withThrowingTaskGroup(of: (Int, UnqueuedRunner.Outcome).self) { group in
            var next = 0
            var done = 0
            func start() {
                guard next < orders.count else { return }
                let (place, job) = (next, job(orders[next]))
                group.addTask { (place, try await runner.run(job)) }
                next += 1
            }
            for _ in 0..<4 * loaded.limits.rows { start() }
            while let (place, outcome) = try await group.next() {
                done += 1
                if case .failed = outcome.ending { progress.clear() }
                try body(place, outcome)
                progress.update(done: done)
                start()
            }
        }
    }

    private func job(_ order: Order) -> ClaimedJob {
        ClaimedJob(
            unqueued: Int64(order.number), kind: definition.name, text: order.document,
            // A set may have questions that this kind doesn't take.
            question: definition.inputs[.question] == nil ? nil : order.question,
            options: options.merging(order.options) { own, _ in own })
    }
}
