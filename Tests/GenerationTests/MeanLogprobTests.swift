import Foundation
import Generation
import Testing
import Tokenization

@Suite("Mean log-probability")
struct MeanLogprobTests {
    @Test("a token's is the logarithm of its share of the exponentials")
    func token() {
        // exp: 1, 3, 0, 4 of 8.
        let logits: [Float] = [0, Float(log(3.0)), -.infinity, Float(log(4.0))]
        for (token, share) in [(0, 1.0 / 8), (1, 3.0 / 8), (3, 0.5)] {
            #expect(abs(LogProbabilities.of(TokenID(token), in: logits[...]) - log(share)) < 1e-6)
        }
        #expect(LogProbabilities.of(2, in: logits[...]) == -.infinity)
    }

    @Test("a text's is the mean of its tokens', the plain model's, the end token with them")
    func text() throws {
        func model() -> ScriptedModel { ScriptedModel(vocabularySize: 4, contextLength: 99, tokenCapacity: 800) }
        var parameters = DecodingParameters(maxNewTokens: 40)
        parameters.doSample = true
        parameters.repetitionPenalty = 2
        parameters.endTokens = [3]
        let scheduler = Scheduler(model: model(), tokenizer: nil)
        _ = try scheduler.add(GenerationRequest(prompt: [1, 2], parameters: parameters))
        while scheduler.hasWork {
            for case .finished(_, let result) in scheduler.step() {
                let output = try result.get()
                let other = model()
                let logits = try other.step([
                    SequenceStep(sequence: other.openSequence(), tokens: [1, 2] + output.tokens, output: .all)
                ])
                var sum = 0.0
                for (index, token) in output.tokens.enumerated() {
                    let weights = logits.row(index + 1).map { exp(Double($0)) }
                    sum += log(weights[Int(token)] / weights.reduce(0, +))
                }
                let mean = try #require(output.meanLogprob)
                #expect(abs(mean - sum / Double(output.tokens.count)) < 1e-9)
            }
        }
    }
}
