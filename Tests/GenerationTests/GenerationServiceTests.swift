import Foundation
import Generation
import Synchronization
import TestSupport
import Testing

@Suite("Generation service")
struct GenerationServiceTests {
    @Test("a request whose reader goes away while it waits to be taken on is not generated", .timeLimit(.minutes(15)))
    func cancelledBeforeSubmission() async throws {
        let steps = SlowSteps()
        let service = GenerationService(tokenizer: nil) {
            ScriptedModel(
                vocabularySize: 50, contextLength: 5000, tokenCapacity: 10_000, beforeStep: { steps.take() })
        }
        func request(_ tokens: Int) -> GenerationRequest {
            GenerationRequest(prompt: [1], parameters: DecodingParameters(maxNewTokens: tokens))
        }
        // Its first step takes long: the service can't hear of the next request meanwhile.
        async let first = service.generate(request(5))
        try await steps.waitForFirst()
        let second = Task { try await service.generate(request(4000)) }
        try await Task.sleep(for: .milliseconds(50))
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        _ = try await first
        _ = try await service.generate(request(5))
        #expect(steps.count < 100)
    }

    @Test("of requests that are given together the most urgent is the first, and all say when they begin")
    func together() async throws {
        let service = GenerationService(tokenizer: nil, limits: SchedulerLimits(rows: 1)) {
            ScriptedModel(vocabularySize: 50, contextLength: 100, tokenCapacity: 1000)
        }
        let requests = [5, 5, 0, 9].map { priority in
            GenerationRequest(
                prompt: Array(repeating: 1, count: 20), parameters: DecodingParameters(maxNewTokens: 3),
                priority: priority)
        }
        var cached: [Int] = []
        for stream in service.updates(for: requests) {
            var updates: [GenerationUpdate] = []
            for try await update in stream { updates.append(update) }
            guard case .began = updates.first, case .finished(let output) = updates.last else {
                Issue.record("expected a beginning and an end")
                continue
            }
            #expect(updates.count == 4, "two tokens between them")
            cached.append(output.cachedTokens)
        }
        #expect(cached == [16, 16, 0, 16], "who begins first finds nothing to share")
        await service.dropPrefixes()
        #expect(try await service.generate(requests[0]).cachedTokens == 0, "what was read is forgotten")
    }

    @Test("of requests that are given together, one that nobody reads is not generated", .timeLimit(.minutes(15)))
    func oneDropped() async throws {
        let steps = SlowSteps()
        let service = GenerationService(tokenizer: nil, limits: SchedulerLimits(rows: 1)) {
            ScriptedModel(
                vocabularySize: 50, contextLength: 5000, tokenCapacity: 10_000, beforeStep: { steps.take() })
        }
        func request(_ tokens: Int) -> GenerationRequest {
            GenerationRequest(prompt: [1], parameters: DecodingParameters(maxNewTokens: tokens))
        }
        var streams = service.updates(for: [request(4000), request(5)])
        streams.removeFirst()
        for try await _ in streams[0] {}
        _ = try await service.generate(request(5))
        #expect(steps.count < 1000)
    }

    /// Steps of which the first is slow.
    private final class SlowSteps: Sendable {
        private let taken = Mutex(0)
        var count: Int { taken.withLock { $0 } }

        func take() {
            let number = taken.withLock { taken in
                taken += 1
                return taken
            }
            if number == 1 { Thread.sleep(forTimeInterval: 0.4) }
        }

        func waitForFirst() async throws {
            while count == 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
    }
}
