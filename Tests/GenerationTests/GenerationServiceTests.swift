import Foundation
import Generation
import Synchronization
import TestSupport
import Testing

@Suite("Generation service")
struct GenerationServiceTests {
    @Test("a request whose reader goes away while it waits to be taken on is not generated", .timeLimit(.minutes(1)))
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
