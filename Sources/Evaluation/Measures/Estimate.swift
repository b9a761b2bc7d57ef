/// A mean with the interval that 95 of 100 repetitions with other texts would give, by resampling (Efron 1979).
public struct Estimate: Sendable, Equatable {
    public let mean: Double
    public let low: Double
    public let high: Double
    /// How many texts it is the mean of.
    public let count: Int

    /// More texts than this are not resampled: their mean is as good as normally distributed.
    static let mostResampled = 100_000

    /// - parameters:
    ///   - values: one a text; `nil` in the result where there are none
    ///   - weights: what each counts for, such as the bytes of a text whose bits are in `values`: the mean is then the
    ///     sum of the values over the sum of the weights
    ///   - resamples: 1,000 as the package `rouge-score` has it
    public init?(_ values: [Double], weights: [Double]? = nil, seed: UInt64, resamples: Int = 1000) {
        guard !values.isEmpty else { return nil }
        let weights = weights ?? Array(repeating: 1, count: values.count)
        let (sum, weight) = (values.reduce(0, +), weights.reduce(0, +))
        guard weight > 0 else { return nil }
        mean = sum / weight
        count = values.count
        if values.count > Self.mostResampled {
            let mean = mean
            let deviations = zip(values, weights).reduce(0) { $0 + ($1.0 - mean * $1.1) * ($1.0 - mean * $1.1) }
            let error = 1.959964 * deviations.squareRoot() / weight
            (low, high) = (mean - error, mean + error)
            return
        }
        var random = SplitMix(seed: seed)
        let means = (0..<max(resamples, 1)).map { _ in
            var (sum, weight) = (0.0, 0.0)
            for _ in values.indices {
                let index = random.next(below: values.count)
                sum += values[index]
                weight += weights[index]
            }
            return weight > 0 ? sum / weight : 0
        }.sorted()
        low = Self.quantile(0.025, of: means)
        high = Self.quantile(0.975, of: means)
    }

    /// Between the two values nearest to it, as NumPy has it.
    private static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        let place = share * Double(sorted.count - 1)
        let below = Int(place)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }
}
