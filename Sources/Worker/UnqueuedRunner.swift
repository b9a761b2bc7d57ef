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

    /// Does one job to its end; many at once fill the engine's batch. A long text's parts are done beside each other.
    ///
    /// - throws: `CancellationError` when the task was cancelled.
    package func run(_ job: ClaimedJob) async throws -> Outcome {
        let prepared: PreparedJob
        do {
            switch try runner.preparation.plan(job) {
            case .generate(let ready): prepared = ready
            case .write(let result): return Outcome(ending: .completed(result), tokens: [])
            case .divide(let division): return try await run(job, dividedInto: division)
            }
        } catch let error as JobRefusal {
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

    private func run(_ job: ClaimedJob, dividedInto division: JobDivision) async throws -> Outcome {
        let outcomes = try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
            for (index, part) in division.parts.enumerated() {
                var own = job
                (own.input, own.document, own.parts) = (part.text, nil, [])
                (own.parentID, own.part) = (job.id, index + 1)
                group.addTask { [own] in (index, try await run(own)) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        var whole = job
        whole.parts = []
        for (index, part) in division.parts.enumerated() {
            guard case .completed(let result) = outcomes[index]?.ending else {
                return outcomes[index] ?? Outcome(ending: .interrupted(), tokens: [])
            }
            whole.parts.append(
                ClaimedJob.Part(
                    id: job.id, number: index + 1, level: division.level, begin: part.begin, end: part.end,
                    state: .completed, result: result.text, isTruncated: result.truncated,
                    quotations: result.quotations))
        }
        return try await run(whole)
    }

    private static func output(
        of request: GenerationRequest?, by service: GenerationService
    ) async throws -> GenerationOutput? {
        guard let request else { return nil }
        return try await service.generate(request)
    }
}
