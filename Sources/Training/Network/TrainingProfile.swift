/// Where a training's time goes.
public struct TrainingProfile: Sendable {
    public enum Stage: String, Sendable, CaseIterable {
        /// Of matrices by matrices, with the biases; not those within attention.
        case products
        case attention, activation, normalization, crossEntropy, optimizer
        /// Embedding, rotation, copies.
        case rest
    }

    public internal(set) var durations: [Stage: Duration] = [:]

    public init() {}

    public mutating func add(_ duration: Duration, to stage: Stage) {
        durations[stage, default: .zero] += duration
    }
}

extension TrainingNetwork {
    func measure<Result>(_ stage: TrainingProfile.Stage, _ body: () -> Result) -> Result {
        guard profile != nil else { return body() }
        let start = ContinuousClock.now
        defer { profile?.add(ContinuousClock.now - start, to: stage) }
        return body()
    }
}
