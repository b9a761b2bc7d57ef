import Evaluation
import TestSupport
import Testing

@Suite("Means with intervals")
struct EstimateTests {
    @Test("the interval is about that of the normal distribution, around the mean")
    func interval() throws {
        var random = SplitMix64(seed: 3)
        let values = (0..<400).map { _ in Double.random(in: 0..<1, using: &random) }
        let estimate = try #require(Estimate(values, seed: 1))
        #expect(abs(estimate.mean - values.reduce(0, +) / 400) < 1e-12)
        // The standard error of a uniform distribution's mean of 400 is 0.2887 / 20; 1.96 of it is 0.0283.
        #expect(abs(estimate.mean - estimate.low - 0.0283) < 0.004)
        #expect(abs(estimate.high - estimate.mean - 0.0283) < 0.004)
        #expect(estimate.count == 400)
    }

    @Test("the same seed gives the same interval")
    func seed() {
        let values = [1.0, 2, 5, 9]
        #expect(Estimate(values, seed: 7) == Estimate(values, seed: 7))
    }

    @Test("weights make it a ratio of sums")
    func weights() throws {
        #expect(Estimate([2, 6], weights: [1, 3], seed: 1) == Estimate([2, 2], seed: 1))
        #expect(try #require(Estimate([3, 1], weights: [1, 3], seed: 1)).mean == 1)
    }

    @Test("of very many texts the interval is the normal one, and near the resampled")
    func many() throws {
        let values = (0..<100_001).map { Double($0 % 10) }
        let estimate = try #require(Estimate(values, seed: 1))
        // Standard deviation 2.8723 over the root of 100,001.
        #expect(abs(estimate.high - estimate.mean - 1.96 * 0.009083) < 1e-4)
    }

    @Test("nothing has no mean, and one text no width")
    func few() throws {
        #expect(Estimate([], seed: 1) == nil)
        #expect(Estimate([1], weights: [0], seed: 1) == nil)
        let one = try #require(Estimate([4], seed: 1))
        #expect(one.low == 4 && one.high == 4)
    }
}
