import Foundation
import Generation
import JobCatalog
import JobStore
import Synchronization

/// Does jobs: prompt, generation, result. Knows nothing of leases.
struct JobRunner: Sendable {
    let engine: TextEngine
    let preparation: JobPreparation

    init(engine: TextEngine, catalog: JobCatalog) {
        self.engine = engine
        preparation = JobPreparation(
            catalog: catalog, tokenizer: engine.tokenizer, contextLength: engine.contextLength,
            endTokens: engine.endTokens, style: engine.style, adapters: engine.adapters,
            adapterFinder: engine.adapterFinder)
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
        }

        /// 0...1: the share of the most tokens that the output may have.
        var fraction: Double {
            let state = current
            return min(Double(state.completionTokens) / Double(state.maximumTokens), 1)
        }
        /// The text so far, as it was generated.
        var text: String { current.text }
        var current: State { state.withLock { $0 } }

        func prepare(_ request: GenerationRequest) {
            state.withLock { state in
                state.promptTokens = request.prompt.count
                state.maximumTokens = max(request.parameters.maxNewTokens, 1)
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

    /// A job that is known to fit, or not to; the engine has it if it fits.
    struct Submission: Sendable {
        fileprivate let prepared: Result<PreparedJob, JobRefusal>
        fileprivate let updates: AsyncThrowingStream<GenerationUpdate, any Error>?
        /// Of the text that says that the document doesn't tell.
        fileprivate let noAnswerUpdates: AsyncThrowingStream<GenerationUpdate, any Error>?
    }

    /// Prepares jobs, and gives the engine all of them at once, so that it can plan their order.
    ///
    /// - returns: by claim, what ``run(_:loadDuration:progress:began:)`` waits for.
    func submit(_ jobs: [ClaimedJob]) async -> [JobClaim: Submission] {
        let prepared = await withTaskGroup(of: (Int, Result<PreparedJob, JobRefusal>).self) { group in
            for (index, job) in jobs.enumerated() {
                group.addTask { (index, Result { () throws(JobRefusal) in try preparation.prepare(job) }) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        let requests = jobs.indices.compactMap { try? prepared[$0]?.get() }
            .flatMap { [$0.request] + [$0.noAnswerRequest].compactMap(\.self) }
        var updates = engine.service.updates(for: requests)[...]
        var submissions: [JobClaim: Submission] = [:]
        for (index, job) in jobs.enumerated() {
            guard let result = prepared[index] else { continue }
            let submitted = try? result.get()
            submissions[job.claim] = Submission(
                prepared: result, updates: submitted.flatMap { _ in updates.popFirst() },
                noAnswerUpdates: submitted?.noAnswerRequest.flatMap { _ in updates.popFirst() })
        }
        return submissions
    }

    /// Runs to the end; cancelling the task ends the generation at the next token.
    ///
    /// - parameters:
    ///   - loadDuration: charged to this attempt
    ///   - began: called when the job waits no more
    /// - throws: `CancellationError` when the task was cancelled.
    func run(
        _ submission: Submission, loadDuration: Duration, progress: Progress, began: @Sendable () -> Void
    ) async throws -> JobEnding {
        let prepared: PreparedJob
        do {
            prepared = try submission.prepared.get()
        } catch {
            return .failed(
                JobFailure(code: error.code, message: error.description, isPermanent: error.isPermanent))
        }
        guard let updates = submission.updates else { throw CancellationError() }
        progress.prepare(prepared.request)
        do {
            for try await update in updates {
                switch update {
                case .began:
                    progress.begin()
                    began()
                case .token(let text, let count): progress.advance(by: text, completionTokens: count)
                case .finished(let output):
                    let noAnswer = try await Self.output(of: submission.noAnswerUpdates)
                    return ending(prepared, output, noAnswer: noAnswer, loadDuration: loadDuration)
                }
            }
        } catch let error as GenerationError {
            var figures = figures(of: progress)
            figures.finishReason = .error
            return .failed(
                JobFailure(
                    code: error.code, message: error.description, isPermanent: error.isPermanent,
                    partialText: progress.text, figures: figures))
        }
        throw CancellationError()
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
                JobResult(
                    text: choice.text, truncated: prepared.isTruncated,
                    model: engine.model(with: prepared.adapters),
                    meanLogprob: choice.meanLogprob,
                    grounding: TextMeasures.grounding(of: choice.text, in: prepared.input),
                    repetition: TextMeasures.repetition(in: choice.text), isNoAnswer: true,
                    answerMargin: choice.margin, source: prepared.source, figures: figures))
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
        let isJSON = prepared.prompt.outputFormat == .json || prepared.prompt.constraint?.promisesJSON == true
        if isJSON, !Self.isJSON(text) {
            return .failed(
                JobFailure(
                    code: "invalid_json", message: "the kind promises JSON, and the model wrote something else",
                    partialText: text, figures: figures))
        }
        return .completed(
            JobResult(
                text: text, format: isJSON ? .json : .text, truncated: prepared.isTruncated,
                model: engine.model(with: prepared.adapters),
                meanLogprob: output.meanLogprob,
                grounding: TextMeasures.grounding(of: text, in: prepared.input),
                repetition: TextMeasures.repetition(in: text), stoppedBy: output.stoppedBy?.rawValue,
                quotations: output.quotations.map { Quotation(bytes: $0, of: prepared.request.document ?? "") },
                answerMargin: choice?.margin, source: prepared.source, figures: figures))
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
