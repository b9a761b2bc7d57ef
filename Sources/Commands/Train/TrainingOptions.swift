import ArgumentParser
import Foundation
import Kernels
import Training

/// How a training goes, whatever is trained.
struct TrainingOptions: ParsableArguments {
    @Option(help: "Windows to a step: the gradient is the mean over them.")
    var sequences = 16

    @Option(help: "Of these, how many are computed side by side.")
    var atOnce = 4

    @Option(help: "The highest rate of AdamW.")
    var rate = 0.003

    @Option(help: "The highest rate of Muon, for the matrices inside the blocks.")
    var matrixRate = 0.02

    @Option(help: "How the rates go: wsd stays at the peak and falls at the end, cosine falls from the beginning.")
    var schedule = Schedule.wsd

    @Option(help: "Steps over which the rates rise; by default 2 % of all.")
    var warmUp: Int?

    @Option(help: "Steps over which wsd falls; by default 20 % of all.")
    var decay: Int?

    @Option(help: "The last rates, as a share of the highest; by default 0.1 for cosine and 0 for wsd.")
    var finalShare: Double?

    @Option(help: "adamw for all, or muon for the matrices inside the blocks and adamw for the rest.")
    var optimizer = Optimizer.adamw

    @Option(help: "How much AdamW's matrices shrink: by rate × this a step.")
    var weightDecay = 0.1

    @Option(help: "How much Muon's matrices shrink: by matrix rate × this a step.")
    var matrixWeightDecay = 0.0

    @Option(help: "The norm that gradients are clipped to; 0 for no limit.")
    var clip = 1.0

    @Option(help: "The share of the residual stream's additions that is left out at random.")
    var dropout = 0.0

    @Option(help: "What random weights and orders follow from.")
    var seed: UInt64 = 1

    @Option(help: "Steps from one checkpoint to the next.")
    var checkpointEvery = 100

    @Option(help: "Steps from one look at held-out data to the next.")
    var evaluateEvery = 200

    @Option(help: "Windows of each set of held-out data that are looked at.")
    var evaluateWindows = 64

    @Option(help: "Threads that compute; by default one for each core. Other numbers of them give other last digits.")
    var threads: Int?

    @Flag(help: "Keep less from the forward pass and compute it again: less memory, a third more time.")
    var recompute = false

    enum Schedule: String, ExpressibleByArgument, CaseIterable {
        case wsd, cosine, constant

        var form: LearningRateSchedule.Form {
            switch self {
            case .wsd: .wsd
            case .cosine: .cosine
            case .constant: .constant
            }
        }
    }

    enum Optimizer: String, ExpressibleByArgument, CaseIterable { case adamw, muon }

    func validate() throws {
        func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            guard range.contains(value) else {
                throw ValidationError("\(name) takes \(range.lowerBound) to \(range.upperBound)")
            }
        }
        func check(_ name: String, _ value: Double, _ range: ClosedRange<Double>) throws {
            guard range.contains(value) else {
                throw ValidationError("\(name) takes \(range.lowerBound) to \(range.upperBound)")
            }
        }
        try check("--sequences", sequences, 1...1 << 16)
        try check("--at-once", atOnce, 1...1 << 16)
        try check("--rate", rate, 0...10)
        try check("--matrix-rate", matrixRate, 0...10)
        try check("--warm-up", warmUp ?? 0, 0...1_000_000_000)
        try check("--decay", decay ?? 0, 0...1_000_000_000)
        try check("--final-share", finalShare ?? 0, 0...1)
        try check("--weight-decay", weightDecay, 0...10)
        try check("--matrix-weight-decay", matrixWeightDecay, 0...10)
        try check("--clip", clip, 0...1e9)
        try check("--checkpoint-every", checkpointEvery, 1...1_000_000_000)
        try check("--evaluate-every", evaluateEvery, 1...1_000_000_000)
        try check("--evaluate-windows", evaluateWindows, 1...1_000_000_000)
        try check("--threads", threads ?? 1, 1...1024)
        guard dropout == 0 else { throw ValidationError("--dropout takes 0") }
    }

    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    /// - throws: `InstructionSetError`.
    func makeCompute() throws -> Compute {
        Compute(
            threads: threadCount,
            instructionSet: try InstructionSet.named(
                ProcessInfo.processInfo.environment[InstructionSet.environmentVariable]))
    }

    var rates: LearningRates { LearningRates(rate: rate, matrixRate: matrixRate) }

    /// - parameter stages: with their own rates.
    func plan(_ stages: [TrainingStage]) -> TrainingPlan {
        let steps = stages.reduce(0) { $0 + $1.steps }
        return TrainingPlan(
            schedule: LearningRateSchedule(
                form: schedule.form, peak: 1, finalShare: finalShare ?? (schedule == .cosine ? 0.1 : 0),
                warmUpSteps: warmUp ?? max(1, steps / 50), stepCount: steps, decaySteps: decay ?? steps / 5),
            stages: stages.map { .init(name: $0.name, stepCount: $0.steps, rates: $0.rates) },
            windowsPerStep: sequences, windowsAtOnce: min(atOnce, sequences), evaluationInterval: evaluateEvery,
            evaluationWindows: evaluateWindows, checkpointInterval: checkpointEvery)
    }

    /// - throws: `OpenBLASError`.
    func optimizer(_ parameters: ParameterSet, on compute: Compute) throws -> any TrainingOptimizer {
        var adam = AdamW.Settings()
        adam.weightDecay = weightDecay
        adam.gradientNormLimit = clip > 0 ? clip : nil
        switch optimizer {
        case .adamw: return AdamW(parameters, adam, on: compute)
        case .muon:
            var settings = Muon.Settings()
            settings.weightDecay = matrixWeightDecay
            settings.rest = adam
            return try Muon(parameters, settings, on: compute)
        }
    }
}
