import Generation
import Testing
import Tokenization

/// Which of six tokens may come next.
@Suite("Logits processors")
struct LogitsProcessorTests {
    private func allowed(
        after tokens: [TokenID], generated: Int = 0, _ change: (inout DecodingParameters) -> Void
    ) throws -> [Int] {
        var parameters = DecodingParameters(maxNewTokens: 10)
        change(&parameters)
        let sampler = Sampler(parameters, tokenCount: 6)
        let logits: [Float] = [1, 2, 3, 4, 5, 6, 7]
        let probabilities = try sampler.distribution(logits[...], tokens: tokens, generated: generated)
        return probabilities.indices.filter { probabilities[$0] > 0 }
    }

    @Test("ids that no token of the tokenizer has are never produced")
    func unknownTokens() throws {
        #expect(try allowed(after: [1]) { _ in } == [0, 1, 2, 3, 4, 5])
    }

    @Test("a bad word of one token is never produced, one of several is never completed")
    func badWords() throws {
        func change(_ parameters: inout DecodingParameters) { parameters.badWords = [[0], [1, 2, 3], [2, 4]] }
        #expect(try allowed(after: [5, 5, 5], change) == [1, 2, 3, 4, 5])
        #expect(try allowed(after: [5, 1, 2], change) == [1, 2, 5])
        #expect(try allowed(after: [1, 2, 5], change) == [1, 2, 3, 4, 5])
    }

    @Test("as in HuggingFace, a bad word longer than all before it doesn't count, nor does an end token alone")
    func badWordExceptions() throws {
        #expect(try allowed(after: [1]) { $0.badWords = [[1, 2]] } == [0, 1, 2, 3, 4, 5])
        #expect(try allowed(after: [3, 1]) { $0.badWords = [[1, 2]] } == [0, 1, 3, 4, 5])
        func change(_ parameters: inout DecodingParameters) {
            parameters.badWords = [[5], [4], [1, 5]]
            parameters.endTokens = [5]
        }
        #expect(try allowed(after: [3, 3], change) == [0, 1, 2, 3, 5])
        #expect(try allowed(after: [3, 1], change) == [0, 1, 2, 3])
    }

    @Test("suppressed tokens are never produced")
    func suppressedTokens() throws {
        #expect(try allowed(after: [1]) { $0.suppressedTokens = [0, 5] } == [1, 2, 3, 4])
        #expect(throws: GenerationError.noTokenLeft(position: 1)) {
            try allowed(after: [1]) { $0.suppressedTokens = [0, 1, 2, 3, 4, 5] }
        }
    }

    @Test("end tokens wait for the minimum, also ones beyond the vocabulary")
    func minimum() throws {
        func change(_ parameters: inout DecodingParameters) {
            parameters.minNewTokens = 2
            parameters.endTokens = [3, 4, 100]
        }
        #expect(try allowed(after: [1, 1], generated: 1, change) == [0, 1, 2, 5])
        #expect(try allowed(after: [1, 1, 1], generated: 2, change) == [0, 1, 2, 3, 4, 5])
    }
}
