import Foundation
import Generation
import JobCatalog
import JobStore
import Synchronization

/// Does one job: prompt, generation, result. Knows nothing of claims and leases.
struct JobRunner: Sendable {
    let engine: TextEngine
    let preparation: JobPreparation

    init(engine: TextEngine, catalog: JobCatalog) {
        self.engine = engine
        preparation = JobPreparation(
            catalog: catalog, tokenizer: engine.tokenizer, contextLength: engine.contextLength,
            endTokens: engine.endTokens, style: engine.style)
    }

    /// How far a job is, readable while it runs.
    final class Progress: Sendable {
        private let state = Mutex<(fraction: Double, text: String)>((0, ""))

        /// 0...1: the share of the most tokens that the output may have.
        var fraction: Double { state.withLock { $0.fraction } }
        /// The text so far, as it was generated.
        var text: String { state.withLock { $0.text } }

        func advance(to fraction: Double, text: String) {
            state.withLock { state in
                state.fraction = min(max(fraction, 0), 1)
                state.text += text
            }
        }
    }

    /// Runs to the end; cancelling the task ends the generation at the next token.
    ///
    /// - parameter loadDuration: charged to this attempt.
    /// - throws: `CancellationError` when the task was cancelled.
    func run(_ job: ClaimedJob, loadDuration: Duration, progress: Progress) async throws -> JobEnding {
        let prepared: PreparedJob
        do {
            prepared = try preparation.prepare(job)
        } catch {
            return .failed(JobFailure(code: error.code, message: error.description, isPermanent: true))
        }
        let most = Double(prepared.request.parameters.maxNewTokens)
        do {
            for try await update in engine.service.updates(for: prepared.request) {
                switch update {
                case .token(let text, let count): progress.advance(to: Double(count) / most, text: text)
                case .finished(let output): return ending(prepared, output, loadDuration: loadDuration)
                }
            }
        } catch let error as GenerationError {
            var figures = AttemptFigures(finishReason: .error)
            figures.engine = engine.description
            return .failed(
                JobFailure(
                    code: "generation", message: error.description, isPermanent: error.isPermanent,
                    partialText: progress.text, figures: figures))
        }
        throw CancellationError()
    }

    private func ending(_ prepared: PreparedJob, _ output: GenerationOutput, loadDuration: Duration) -> JobEnding {
        let figures = AttemptFigures(
            loadMilliseconds: loadDuration.wholeMilliseconds,
            promptMilliseconds: output.promptDuration.wholeMilliseconds,
            generateMilliseconds: output.generateDuration.wholeMilliseconds,
            promptTokens: output.promptTokens, cachedTokens: output.cachedTokens,
            completionTokens: output.tokens.count,
            finishReason: .init(rawValue: output.finishReason.rawValue),
            peakRSSMegabytes: ProcessFacts.peakResidentMegabytes, engine: engine.description,
            seed: Int64(clamping: prepared.seed))
        let text = prepared.prompt.postProcessing.apply(to: output.text, stopStrings: prepared.prompt.stopStrings)
        if prepared.prompt.outputFormat == .json, !Self.isJSON(text) {
            return .failed(
                JobFailure(
                    code: "invalid_json", message: "the kind promises JSON, and the model wrote something else",
                    partialText: text, figures: figures))
        }
        return .completed(
            JobResult(
                text: text, format: prepared.prompt.outputFormat == .json ? .json : .text,
                truncated: prepared.isTruncated, model: engine.model, meanLogprob: output.meanLogprob,
                grounding: TextMeasures.grounding(of: text, in: prepared.input),
                repetition: TextMeasures.repetition(in: text), figures: figures))
    }

    private static func isJSON(_ text: String) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) != nil
    }
}

extension GenerationError {
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
