import Kernels

/// Takes a training's steps, looks at held-out data now and then, and says how it goes.
///
/// What it computes depends on parameters, data and plan alone (and the number of threads): one that is stopped and
/// continued from a checkpoint comes to the same numbers.
public final class Trainer {
    /// What happened.
    public enum Event: Sendable {
        /// `loss` is the mean over the step's predictions, before it; `gradientNorm` that before clipping.
        case step(Int, loss: Double, rate: Double, gradientNorm: Double, tokens: Int)
        /// The mean loss over held-out data after so many steps, and whether it's the lowest so far.
        case evaluation(Int, loss: Double, isBest: Bool)
        /// The time to save the state.
        case checkpoint(Int)
    }

    public private(set) var progress: TrainingCheckpoint.Progress
    private let network: TrainingNetwork
    private let optimizer: AdamW
    private let source: any TrainingSource
    private let heldOut: (any TrainingSource)?
    private let plan: TrainingPlan

    public init(
        _ network: TrainingNetwork, _ optimizer: AdamW, source: any TrainingSource, heldOut: (any TrainingSource)?,
        plan: TrainingPlan, progress: TrainingCheckpoint.Progress? = nil
    ) {
        self.network = network
        self.optimizer = optimizer
        self.source = source
        self.heldOut = heldOut
        self.plan = plan
        self.progress = progress ?? .init(source: source.fingerprint)
    }

    public var isFinished: Bool { progress.step >= plan.schedule.stepCount }

    /// Takes steps until the plan's last, or until `isStopped` says so between two steps.
    ///
    /// - throws: ``TrainingError``; what `report` throws.
    public func run(isStopped: () -> Bool = { false }, report: (Event) throws -> Void) throws {
        while !isFinished, !isStopped() {
            try takeStep(report)
            let step = progress.step
            if isFinished || step.isMultiple(of: plan.evaluationInterval) { try evaluate(report) }
            if isFinished || step.isMultiple(of: plan.checkpointInterval) { try report(.checkpoint(step)) }
        }
    }

    private func takeStep(_ report: (Event) throws -> Void) throws {
        let first = progress.step * plan.sequencesPerStep
        let sequences = try (first..<first + plan.sequencesPerStep).map(source.sequence)
        let rate = plan.schedule.rate(at: progress.step)
        let batches = stride(from: 0, to: sequences.count, by: plan.sequencesAtOnce).map { start in
            TrainingBatch(Array(sequences[start..<min(start + plan.sequencesAtOnce, sequences.count)]))
        }
        let weight = batches.reduce(0) { $0 + $1.totalWeight }
        var loss = 0.0
        if weight > 0 {
            for batch in batches { loss += network.addGradients(of: batch, gradientScale: 1 / weight) / weight }
        }
        let norm = optimizer.step(rate: rate)
        guard loss.isFinite, norm.isFinite else { throw TrainingError.diverged(step: progress.step + 1) }
        progress.step += 1
        try report(
            .step(
                progress.step, loss: loss, rate: rate, gradientNorm: norm,
                tokens: batches.reduce(0) { $0 + $1.tokenCount }))
    }

    private func evaluate(_ report: (Event) throws -> Void) throws {
        guard let heldOut else { return }
        var (loss, weight) = (0.0, 0.0)
        let count = min(plan.evaluationSequences, heldOut.sequencesPerEpoch)
        for start in stride(from: 0, to: count, by: plan.sequencesAtOnce) {
            let batch = TrainingBatch(
                try (start..<min(start + plan.sequencesAtOnce, count)).map(heldOut.sequence))
            loss += network.loss(of: batch)
            weight += batch.totalWeight
        }
        guard weight > 0 else { return }
        let mean = loss / weight
        let isBest = mean < progress.best?.loss ?? .infinity
        if isBest { progress.best = (mean, progress.step) }
        try report(.evaluation(progress.step, loss: mean, isBest: isBest))
    }
}
