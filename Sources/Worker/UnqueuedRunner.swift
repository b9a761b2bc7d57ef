import Generation
package import JobCatalog
package import JobStore
package import Tokenization

/// Does jobs that are in no queue, by the code that does those of a queue: for measuring what a kind brings.
package struct UnqueuedRunner: Sendable {
    package struct Outcome: Sendable {
        package let ending: JobEnding
        /// What was generated, with an end token; empty where nothing was.
        package let tokens: [TokenID]
    }

    private let runner: JobRunner

    package init(engine: TextEngine, catalog: JobCatalog) { runner = JobRunner(engine: engine, catalog: catalog) }

    /// Does one job to its end; many at once fill the engine's batch.
    ///
    /// - throws: `CancellationError` when the task was cancelled.
    package func run(_ job: ClaimedJob) async throws -> Outcome {
        let prepared: PreparedJob
        do {
            prepared = try runner.preparation.prepare(job)
        } catch {
            return Outcome(
                ending: .failed(
                    JobFailure(
                        code: error.code, message: error.description, isPermanent: error.isPermanent)), tokens: []
            )
        }
        do {
            let service = runner.engine.service
            // Side by side, so that the prompt is read once.
            async let noAnswer = Self.output(of: prepared.noAnswerRequest, by: service)
            let output = try await service.generate(prepared.request)
            return Outcome(
                ending: runner.ending(prepared, output, noAnswer: try await noAnswer, loadDuration: .zero),
                tokens: output.tokens)
        } catch let error as GenerationError {
            return Outcome(
                ending: .failed(JobFailure(code: "generation", message: error.description, isPermanent: true)),
                tokens: [])
        }
    }

    private static func output(
        of request: GenerationRequest?, by service: GenerationService
    ) async throws -> GenerationOutput? {
        guard let request else { return nil }
        return try await service.generate(request)
    }
}
