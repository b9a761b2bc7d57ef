/// The scores of all texts that one system wrote: a model, a baseline, or whoever wrote the predictions.
public struct SystemScores: Sendable {
    public let name: String
    private var values: [Measure: [Double]] = [:]
    public private(set) var count = 0

    public init(name: String) { self.name = name }

    /// The scores of one more text.
    public mutating func add(_ scores: [Measure: Double]) {
        count += 1
        for (measure, value) in scores { values[measure, default: []].append(measure.isShare ? 100 * value : value) }
    }

    /// The mean over the texts that the measure could be taken of; shares in hundredths. The same seed resamples the
    /// same texts for every system.
    public func estimate(_ measure: Measure, seed: UInt64) -> Estimate? {
        values[measure].flatMap { Estimate($0, seed: seed) }
    }
}
