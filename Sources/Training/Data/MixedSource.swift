import Synchronization

/// Windows from several sources in turn, as often as their weights say, which may change from stage to stage.
///
/// At every position each source is owed its share of a window, and the one that is owed most gives one: shares are met
/// over any stretch, not only on average. A source goes on where it was when its turn comes again, in whatever stage.
public final class MixedSource: TrainingSource {
    /// Some positions with the same shares.
    public struct Stage: Sendable, Equatable {
        public var windowCount: Int
        /// By source; they are relative to one another. A source of weight 0 gives nothing.
        public var weights: [Double]

        public init(windowCount: Int, weights: [Double]) {
            self.windowCount = windowCount
            self.weights = weights
        }
    }

    public let fingerprint: String
    private let sources: [any TrainingSource]
    private let stages: [Stage]
    private let place: Mutex<Place>

    /// - parameter stages: the last goes on for ever.
    /// - precondition: weights are finite and not negative, one for each source, and one at least is above 0.
    public init(_ sources: [any TrainingSource], stages: [Stage]) {
        precondition(!sources.isEmpty && !stages.isEmpty)
        for stage in stages {
            precondition(stage.weights.count == sources.count && stage.windowCount >= 0)
            precondition(stage.weights.allSatisfy { $0 >= 0 && $0.isFinite } && stage.weights.contains { $0 > 0 })
        }
        self.sources = sources
        self.stages = stages.map { stage in
            let sum = stage.weights.reduce(0, +)
            return Stage(windowCount: stage.windowCount, weights: stage.weights.map { $0 / sum })
        }
        fingerprint = sources.map(\.fingerprint).joined(separator: "; ")
        place = Mutex(Place(sourceCount: sources.count))
    }

    /// Of the sources that the stages use, those of the first.
    public var windowsPerEpoch: Int { sources.reduce(0) { $0 + $1.windowsPerEpoch } }

    public func window(at position: Int) throws -> [TrainingBatch.Sequence] {
        precondition(position >= 0)
        let (source, index) = place.withLock { place in
            if position < place.position { place = Place(sourceCount: sources.count) }
            while place.position < position { _ = place.advance(stages) }
            return place.advance(stages)
        }
        return try sources[source].window(at: index)
    }

    /// What was given up to a position; the next follows from it.
    private struct Place: Sendable {
        var position = 0
        private var stage = 0
        private var stageEnd: Int?
        private var owed: [Double]
        private var given: [Int]

        init(sourceCount: Int) {
            owed = [Double](repeating: 0, count: sourceCount)
            given = [Int](repeating: 0, count: sourceCount)
        }

        mutating func advance(_ stages: [Stage]) -> (source: Int, index: Int) {
            var end = stageEnd ?? stages[0].windowCount
            while stage + 1 < stages.count, position >= end {
                stage += 1
                end += stages[stage].windowCount
                owed = owed.map { _ in 0 }
            }
            stageEnd = end
            let weights = stages[stage].weights
            for source in owed.indices { owed[source] += weights[source] }
            var chosen: Int?
            for source in owed.indices where weights[source] > 0 {
                if let best = chosen, owed[best] >= owed[source] { continue }
                chosen = source
            }
            guard let chosen else { preconditionFailure("a stage has a source") }
            owed[chosen] -= 1
            position += 1
            given[chosen] += 1
            return (chosen, given[chosen] - 1)
        }
    }
}
