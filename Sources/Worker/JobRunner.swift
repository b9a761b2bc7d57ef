import Foundation
import Generation
import JobCatalog
import JobStore
import Synchronization

/// Does jobs: prompt, generation, result. Knows nothing of leases.
struct JobRunner: Sendable {
    let engine: TextEngine
    let preparation: JobPreparation
    let parts: PartKeeper

    /// - parameter known: results of parts that can be used again, by their keys
    init(
        engine: TextEngine, catalog: JobCatalog, known: @escaping @Sendable (String) async -> JobResult? = { _ in nil }
    ) {
        self.engine = engine
        preparation = JobPreparation(
            catalog: catalog, tokenizer: engine.tokenizer, contextLength: engine.contextLength,
            endTokens: engine.endTokens, style: engine.style, model: engine.model, adapters: engine.adapters,
            adapterFinder: engine.adapterFinder)
        parts = PartKeeper(known: known)
    }

    /// How far a job is, readable while it runs.
    final class Progress: Sendable {
        private let state = Mutex(State())

        struct State {
            /// The engine has room for it and no longer lets it wait.
            var hasBegun = false
            var promptTokens: Int?
            var maximumTokens = 1
            var completionTokens = 0
            var text = ""
            /// What was done before: so many steps as long as this one.
            var stepsBefore = 0
        }

        /// 0...1: the share of the most tokens that the output may have; after its parts, the rest.
        var fraction: Double {
            let state = current
            let own = min(Double(state.completionTokens) / Double(state.maximumTokens), 1)
            return (Double(state.stepsBefore) + own) / Double(state.stepsBefore + 1)
        }
        /// The text so far, as it was generated.
        var text: String { current.text }
        var current: State { state.withLock { $0 } }

        func prepare(_ prepared: PreparedJob) {
            state.withLock { state in
                state.promptTokens = prepared.request.prompt.count
                state.maximumTokens = max(prepared.request.parameters.maxNewTokens, 1)
                state.stepsBefore = prepared.evidence.isEmpty ? prepared.partCount ?? 0 : 0
            }
        }

        func begin() {
            state.withLock { $0.hasBegun = true }
        }

        func advance(by text: String, completionTokens: Int) {
            state.withLock { state in
                state.completionTokens = completionTokens
                state.text += text
            }
        }
    }

    /// A job that is known to fit, or not to; the engine has it if it fits and nobody has done it already.
    struct Submission: Sendable {
        fileprivate let plan: Result<JobPlan, JobRefusal>
        fileprivate var texts: SubmittedTexts?
    }

    /// What the engine was given for a job.
    fileprivate struct SubmittedTexts: Sendable {
        let updates: AsyncThrowingStream<GenerationUpdate, any Error>
        /// Of the text that says that the document doesn't tell.
        let noAnswerUpdates: AsyncThrowingStream<GenerationUpdate, any Error>?
    }

    /// Prepares jobs, and gives the engine all of them at once, so that it can plan their order.
    ///
    /// - returns: by claim, what ``run(_:loadDuration:progress:began:)`` waits for.
    func submit(_ jobs: [ClaimedJob]) async -> [JobClaim: Submission] {
        let plans = await withTaskGroup(of: (Int, Result<JobPlan, JobRefusal>).self) { group in
            for (index, job) in jobs.enumerated() {
                group.addTask { (index, Result { () throws(JobRefusal) in try preparation.plan(job) }) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        var chosen: [(index: Int, prepared: PreparedJob)] = []
        for (index, job) in jobs.enumerated() {
            guard case .success(.generate(let prepared)) = plans[index] else { continue }
            // A part that was done, or is being done, waits until its turn comes.
            if await parts.mayBegin(job.claim, key: prepared.cacheKey) { chosen.append((index, prepared)) }
        }
        let texts = submit(chosen.map(\.prepared))
        var submissions: [JobClaim: Submission] = [:]
        for (index, job) in jobs.enumerated() {
            if let plan = plans[index] { submissions[job.claim] = Submission(plan: plan) }
        }
        for (place, choice) in chosen.enumerated() { submissions[jobs[choice.index].claim]?.texts = texts[place] }
        return submissions
    }

    private func submit(_ prepared: [PreparedJob]) -> [SubmittedTexts] {
        let requests = prepared.flatMap { [$0.request] + [$0.noAnswerRequest].compactMap(\.self) }
        var updates = engine.service.updates(for: requests)[...]
        return prepared.compactMap { job in
            updates.popFirst().map { own in
                SubmittedTexts(updates: own, noAnswerUpdates: job.noAnswerRequest.flatMap { _ in updates.popFirst() })
            }
        }
    }

    /// Runs to the end; cancelling the task ends the generation at the next token.
    ///
    /// - parameters:
    ///   - loadDuration: charged to this attempt
    ///   - began: called when the job waits no more
    /// - throws: `CancellationError` when the task was cancelled.
    func run(
        _ submission: Submission, of job: ClaimedJob, loadDuration: Duration, progress: Progress,
        began: @Sendable () -> Void
    ) async throws -> JobEnding {
        let prepared: PreparedJob
        do {
            switch try submission.plan.get() {
            case .divide(var division):
                division.figures.loadMilliseconds = loadDuration.wholeMilliseconds
                return .divided(division)
            case .write(var result):
                result.model = result.model ?? engine.model
                result.figures = AttemptFigures(
                    loadMilliseconds: loadDuration.wholeMilliseconds, engine: engine.description)
                return .completed(result)
            case .generate(let job): prepared = job
            }
        } catch {
            return .failed(
                JobFailure(code: error.code, message: error.description, isPermanent: error.isPermanent))
        }
        progress.prepare(prepared)
        let texts: SubmittedTexts
        if let submitted = submission.texts {
            texts = submitted
        } else {
            if let known = try await parts.wait(for: job.claim, key: prepared.cacheKey) { return .completed(known) }
            guard let submitted = submit([prepared]).first else { throw CancellationError() }
            texts = submitted
        }
        do {
            for try await update in texts.updates {
                switch update {
                case .began:
                    progress.begin()
                    began()
                case .token(let text, let count): progress.advance(by: text, completionTokens: count)
                case .finished(let output):
                    let noAnswer = try await Self.output(of: texts.noAnswerUpdates)
                    return ending(prepared, output, noAnswer: noAnswer, loadDuration: loadDuration)
                }
            }
        } catch let error as GenerationError {
            return ending(prepared, error, progress: progress)
        }
        throw CancellationError()
    }

    private func ending(_ prepared: PreparedJob, _ error: GenerationError, progress: Progress) -> JobEnding {
        var figures = figures(of: progress)
        if case .constraint = error, prepared.cacheKey != nil, prepared.prompt.constraint?.quotes == true {
            // A part that holds nothing that could be quoted, such as a table, brings nothing; others do.
            figures.finishReason = .stop
            var result = JobResult(text: "", model: engine.model, figures: figures)
            result.cacheKey = prepared.cacheKey
            return .completed(result)
        }
        figures.finishReason = .error
        return .failed(
            JobFailure(
                code: error.code, message: error.description, isPermanent: error.isPermanent,
                partialText: progress.text, figures: figures))
    }

    private static func output(
        of updates: AsyncThrowingStream<GenerationUpdate, any Error>?
    ) async throws -> GenerationOutput? {
        guard let updates else { return nil }
        for try await case .finished(let output) in updates { return output }
        throw CancellationError()
    }

    /// What an attempt has cost that didn't come to its end.
    func figures(of progress: Progress) -> AttemptFigures {
        let state = progress.current
        return AttemptFigures(
            promptTokens: state.promptTokens, completionTokens: state.promptTokens.map { _ in state.completionTokens },
            finishReason: .cancelled, engine: engine.description)
    }

    /// What a job's text becomes of what was generated.
    func ending(
        _ prepared: PreparedJob, _ output: GenerationOutput, noAnswer: GenerationOutput?, loadDuration: Duration
    ) -> JobEnding {
        let figures = AttemptFigures(
            loadMilliseconds: loadDuration.wholeMilliseconds,
            promptMilliseconds: output.promptDuration.wholeMilliseconds,
            generateMilliseconds: output.generateDuration.wholeMilliseconds,
            promptTokens: output.promptTokens, cachedTokens: output.cachedTokens,
            completionTokens: output.tokens.count,
            finishReason: .init(rawValue: output.finishReason.rawValue),
            peakRSSMegabytes: ProcessFacts.peakResidentMegabytes,
            engine: engine.description(with: prepared.adapters), seed: Int64(clamping: prepared.seed))
        // A constraint says how the whole text looks; what is left to change would break it.
        let text =
            prepared.prompt.constraint == nil
            ? prepared.prompt.postProcessing.apply(to: output.text, stopStrings: prepared.prompt.stopStrings)
            : output.text
        let choice = AnswerChoice(output, against: noAnswer, by: prepared.prompt.noAnswer)
        if let choice, choice.isNoAnswer {
            return .completed(
                prepared.described(
                    JobResult(
                        text: choice.text, truncated: prepared.isTruncated,
                        model: engine.model(with: prepared.adapters),
                        meanLogprob: choice.meanLogprob,
                        grounding: TextMeasures.grounding(of: choice.text, in: prepared.input),
                        repetition: TextMeasures.repetition(in: choice.text), isNoAnswer: true,
                        answerMargin: choice.margin, source: prepared.source, figures: figures)))
        }
        if output.meetsConstraint == false {
            return .failed(
                JobFailure(
                    code: "incomplete",
                    message: prepared.prompt.constraint?.dependsOnDocument == true
                        ? "nothing whole was quoted after \(output.tokens.count) of "
                            + "\(prepared.request.parameters.maxNewTokens) tokens; raise max_new_tokens, or leave out "
                            + "stop strings"
                        : Self.incompleteness(of: output),
                    isPermanent: true, partialText: text, figures: figures))
        }
        var leftOut = prepared.leftOut
        var checked = text
        if let check = prepared.prompt.check, let outcome = check.apply(to: text, document: prepared.input) {
            guard outcome.kept > 0 else {
                return .failed(
                    JobFailure(
                        code: "not_in_document",
                        message:
                            "none of the \(outcome.strangers) entries stands in the document; ask for other or more "
                            + "of them, set another seed, or keep them all with the kind's option that checks them",
                        isPermanent: true, partialText: text, figures: figures))
            }
            checked = outcome.text
            leftOut = leftOut ?? outcome.note
        }
        let isJSON = prepared.prompt.outputFormat == .json || prepared.prompt.constraint?.promisesJSON == true
        if isJSON, !Self.isJSON(text) {
            return .failed(
                JobFailure(
                    code: "invalid_json", message: "the kind promises JSON, and the model wrote something else",
                    partialText: text, figures: figures))
        }
        return .completed(
            prepared.described(
                JobResult(
                    text: checked, format: isJSON ? .json : .text, truncated: prepared.isTruncated,
                    model: engine.model(with: prepared.adapters),
                    meanLogprob: output.meanLogprob,
                    grounding: TextMeasures.grounding(of: checked, in: prepared.input),
                    repetition: TextMeasures.repetition(in: checked), stoppedBy: output.stoppedBy?.rawValue,
                    quotations: output.quotations.map(prepared.quotable.quotation),
                    answerMargin: choice?.margin, leftOut: leftOut, source: prepared.source, figures: figures)))
    }

    /// Why a text doesn't meet its constraint, and what helps.
    private static func incompleteness(of output: GenerationOutput) -> String {
        let what = "the text doesn't meet its constraint: after \(output.tokens.count) tokens "
        if output.stoppedBy == .repetition {
            return what + "it said the same over and over; bound the constraint's lengths, or set repetition_penalty"
        }
        return switch output.finishReason {
        case .length: what + "it was cut off; raise max_new_tokens, or bound the constraint's lengths"
        case .stop, .cancelled: what + "a stop string ended it; leave the stop string out"
        }
    }

    private static func isJSON(_ text: String) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) != nil
    }
}

extension PreparedJob {
    /// A result with what is known of it before it is there.
    fileprivate func described(_ result: JobResult) -> JobResult {
        var result = result
        (result.evidence, result.partCount, result.cacheKey) = (evidence, partCount, cacheKey)
        return result
    }
}

extension GenerationError {
    /// For programs.
    fileprivate var code: String {
        if case .constraint = self { "constraint" } else { "generation" }
    }

    /// Whether the same request would fail again: all but a model's passing trouble.
    fileprivate var isPermanent: Bool {
        if case .model = self { false } else { true }
    }
}

extension Duration {
    /// Rounded to the nearest.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int((attoseconds + 500_000_000_000_000) / 1_000_000_000_000_000)
    }
}
