import GPTJ
import Kernels

/// Takes a training's steps, looks at held-out data now and then, and says how it goes.
///
/// What it computes depends on parameters, data and plan alone (and the number of threads): one that is stopped and
/// continued from a checkpoint comes to the same numbers.
public final class Trainer {
    /// What happened.
    public enum Event: Sendable {
        /// `loss` is the mean over the step's predictions, before it; `gradientNorm` that before clipping.
        case step(Int, loss: Double, rates: LearningRates, gradientNorm: Double, tokens: Int)
        /// The mean losses over the sets of held-out data after so many steps, in the sets' order, and whether the first
        /// set's is the lowest so far.
        case evaluation(Int, losses: [Double], isBest: Bool)
        /// The time to save the state.
        case checkpoint(Int)
    }

    public private(set) var progress: TrainingCheckpoint.Progress
    private let network: TrainingNetwork
    private let optimizer: any TrainingOptimizer
    private let source: any TrainingSource
    private let heldOut: [any TrainingSource]
    private let plan: TrainingPlan

    /// - parameter heldOut: sets of held-out data; the first tells which step was the best.
    public init(
        _ network: TrainingNetwork, _ optimizer: any TrainingOptimizer, source: any TrainingSource,
        heldOut: [any TrainingSource],
        plan: TrainingPlan, progress: TrainingCheckpoint.Progress? = nil
    ) {
        self.network = network
        self.optimizer = optimizer
        self.source = source
        self.heldOut = heldOut
        self.plan = plan
        self.progress = progress ?? .init(source: source.fingerprint)
    }

    /// Tokens that the network knows.
    public var vocabularySize: Int { network.configuration.vocabularySize }

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
        let first = progress.step * plan.windowsPerStep
        let windows = try (first..<first + plan.windowsPerStep).map(source.window)
        let rates = plan.rates(at: progress.step)
        let batches = stride(from: 0, to: windows.count, by: plan.windowsAtOnce).map { start in
            TrainingBatch(windows[start..<min(start + plan.windowsAtOnce, windows.count)].flatMap(\.self))
        }
        let weight = batches.reduce(0) { $0 + $1.totalWeight }
        var loss = 0.0
        if weight > 0 {
            for (index, batch) in batches.enumerated() {
                network.dropout.batch = first + index
                loss += network.addGradients(of: batch, gradientScale: 1 / weight) / weight
            }
        }
        // Looked at first: a step along gradients that are no numbers would spoil the parameters.
        guard loss.isFinite else { throw TrainingError.diverged(step: progress.step + 1) }
        let norm = optimizer.step(rates)
        guard norm.isFinite else { throw TrainingError.diverged(step: progress.step + 1) }
        progress.step += 1
        try report(
            .step(
                progress.step, loss: loss, rates: rates, gradientNorm: norm,
                tokens: batches.reduce(0) { $0 + $1.tokenCount }))
    }

    private func evaluate(_ report: (Event) throws -> Void) throws {
        guard !heldOut.isEmpty else { return }
        let losses = try heldOut.map(loss)
        let isBest = losses[0] < progress.best?.loss ?? .infinity
        if isBest { progress.best = (losses[0], progress.step) }
        try report(.evaluation(progress.step, losses: losses, isBest: isBest))
    }

    /// The mean loss over held-out data; not a number where nothing in it is to be predicted.
    private func loss(over heldOut: any TrainingSource) throws -> Double {
        var (loss, weight) = (0.0, 0.0)
        let count = min(plan.evaluationWindows, heldOut.windowsPerEpoch)
        for start in stride(from: 0, to: count, by: plan.windowsAtOnce) {
            let windows = try (start..<min(start + plan.windowsAtOnce, count)).map(heldOut.window)
            let batch = TrainingBatch(windows.flatMap(\.self))
            loss += network.loss(of: batch)
            weight += batch.totalWeight
        }
        return loss / weight
    }
}
