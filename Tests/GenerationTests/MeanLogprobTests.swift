import Foundation
import Generation
import Testing

@Suite("Mean log-probability")
struct MeanLogprobTests {
    @Test("a token's is the logarithm of its share of the exponentials")
    func token() {
        // exp: 1, 3, 0, 4 of 8.
        let logits: [Float] = [0, Float(log(3.0)), -.infinity, Float(log(4.0))]
        for (token, share) in [(0, 1.0 / 8), (1, 3.0 / 8), (3, 0.5)] {
            #expect(abs(LogProbabilities.of(Int32(token), in: logits[...]) - log(share)) < 1e-6)
        }
        #expect(LogProbabilities.of(2, in: logits[...]) == -.infinity)
    }

    @Test("a text's is the mean of its tokens', and a text without tokens has none")
    func text() throws {
        var output = GenerationOutput()
        #expect(output.meanLogprob == nil)
        output.tokenLogprobs = [log(0.75), log(0.25)]
        #expect(abs(try #require(output.meanLogprob) - -0.836988) < 1e-6)
    }
}
