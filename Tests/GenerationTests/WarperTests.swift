import Generation
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// Small distributions worked out by hand: 0.5, 0.25, 0.125, 0.125.
@Suite("Warpers")
struct WarperTests {
    private let scores: [Float] = [0.5, 0.25, 0.125, 0.125].map { Float(log($0)) }

    private func kept(_ change: (inout DecodingParameters) -> Void) -> [Int] {
        var parameters = DecodingParameters(maxNewTokens: 1)
        change(&parameters)
        var warped = scores
        Warpers.warp(&warped, by: parameters)
        return warped.indices.filter { warped[$0] > -.infinity }
    }

    @Test("top-k keeps k tokens and those level with the k-th")
    func topK() {
        #expect(kept { $0.topK = 1 } == [0])
        #expect(kept { $0.topK = 2 } == [0, 1])
        #expect(kept { $0.topK = 3 } == [0, 1, 2, 3])
        #expect(kept { $0.topK = 100 } == [0, 1, 2, 3])
        #expect(kept { $0.topK = 0 } == [0, 1, 2, 3])
    }

    @Test("top-p keeps the likeliest tokens that reach p together")
    func topP() {
        #expect(kept { $0.topP = 0 } == [0])
        #expect(kept { $0.topP = 0.4 } == [0])
        #expect(kept { $0.topP = 0.6 } == [0, 1])
        #expect(kept { $0.topP = 0.8 } == [0, 1, 3])
        #expect(kept { $0.topP = 0.99 } == [0, 1, 2, 3])
        #expect(kept { $0.topP = 1 } == [0, 1, 2, 3])
    }

    @Test("min-p keeps a share of the best")
    func minP() {
        #expect(kept { $0.minP = 0.6 } == [0])
        #expect(kept { $0.minP = 0.4 } == [0, 1])
        #expect(kept { $0.minP = 0.1 } == [0, 1, 2, 3])
    }

    @Test("typical-p begins with the tokens nearest to the entropy")
    func typicalP() {
        // The entropy is 1.75 bits; the tokens' informations are 1, 2, 3 and 3 bits: 2 is nearest, then 1.
        #expect(kept { $0.typicalP = 0.2 } == [1])
        #expect(kept { $0.typicalP = 0.7 } == [0, 1])
        #expect(kept { $0.typicalP = 0.8 } == [0, 1, 2, 3])
    }

    @Test("the epsilon cutoff is a probability; the best stays even under it")
    func epsilonCutoff() {
        #expect(kept { $0.epsilonCutoff = 0 } == [0, 1, 2, 3])
        #expect(kept { $0.epsilonCutoff = 0.12 } == [0, 1, 2, 3])
        #expect(kept { $0.epsilonCutoff = 0.2 } == [0, 1])
        #expect(kept { $0.epsilonCutoff = 0.9 } == [0])
    }

    @Test("the eta cutoff is lower where the entropy is high")
    func etaCutoff() {
        // exp(-entropy) is 2^-1.75 = 0.2973. 0.17: the cutoff itself, or sqrt(0.17) * 0.2973 = 0.1226, the lesser, under
        // 0.125. 0.19: 0.1296.
        #expect(kept { $0.etaCutoff = 0.17 } == [0, 1, 2, 3])
        #expect(kept { $0.etaCutoff = 0.19 } == [0, 1])
        // sqrt(0.9) * 0.2973 = 0.282.
        #expect(kept { $0.etaCutoff = 0.9 } == [0])
        #expect(kept { $0.etaCutoff = 0 } == [0, 1, 2, 3])
        // A small one is the lesser itself.
        #expect(kept { $0.etaCutoff = 0.01 } == [0, 1, 2, 3])
    }

    @Test("each warper works on what the one before left")
    func order() {
        // Of 0.5 and 0.25 the second has a third: more than 0.3, though 0.25 is less.
        #expect(
            kept {
                $0.topK = 2
                $0.epsilonCutoff = 0.3
            } == [0, 1])
        #expect(
            kept {
                $0.topK = 2
                $0.epsilonCutoff = 0.34
            } == [0])
        // Epsilon goes first: of the 0.5 and 0.25 it leaves, the entropy is 0.6365, and sqrt(0.4) * exp(-0.6365) is 0.3346.
        #expect(
            kept {
                $0.epsilonCutoff = 0.2
                $0.etaCutoff = 0.4
            } == [0])
        #expect(kept { $0.etaCutoff = 0.4 } == [0, 1])
    }

    @Test("temperature sharpens and flattens")
    func temperature() {
        var parameters = DecodingParameters(maxNewTokens: 1)
        parameters.temperature = 0.5
        var warped = scores
        Warpers.warp(&warped, by: parameters)
        let sum = 0.25 + 0.0625 + 2 * 0.015625
        for (found, expected) in zip(Warpers.probabilities(of: warped), [0.25, 0.0625, 0.015625, 0.015625]) {
            #expect(abs(found - expected / sum) < 1e-6)
        }
    }
}
