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

    @Option(
        help: "The highest rate of AdamW; by default 0.003 for train, 0.0005 for an adapter, 0.0001 for tune --full.")
    var rate: Double?

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

    @Option(
        help: "The share of the residual stream's additions, or of an adapter's inputs, that is left out at random.")
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

    @Option(
        help: """
            How exactly matrices are multiplied: f32, or bf16 with sums in f32, which is several times as fast where the \
            processor has a tile unit (Intel AMX).
            """)
    var precision = Precision.f32

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

    enum Precision: String, ExpressibleByArgument, CaseIterable {
        case f32, bf16

        var value: MatrixProducts.Precision { self == .f32 ? .f32 : .bf16 }
    }

    /// The precision of products.
    ///
    /// - throws: ``CommandError`` (69) where this machine doesn't have it.
    func checkedPrecision() throws -> MatrixProducts.Precision {
        guard precision.value.isAvailable else {
            throw CommandError(
                .unavailable, "this processor has no tile unit (Intel AMX) for --precision bf16; f32 works everywhere")
        }
        return precision.value
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
        try check("--rate", rate ?? 0, 0...10)
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
        try check("--dropout", dropout, 0...0.9)
    }

    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    /// - throws: `InstructionSetError`.
    func makeCompute() throws -> Compute {
        Compute(
            threads: threadCount,
            instructionSet: try InstructionSet.named(
                ProcessInfo.processInfo.environment[InstructionSet.environmentVariable]))
    }

    var rates: LearningRates { LearningRates(rate: rate ?? 0.003, matrixRate: matrixRate) }

    /// - parameter stages: with their own rates.
    func plan(_ stages: [TrainingStage], windowsPerStep: Int? = nil) -> TrainingPlan {
        let windows = windowsPerStep ?? sequences
        let steps = stages.reduce(0) { $0 + $1.steps }
        return TrainingPlan(
            schedule: LearningRateSchedule(
                form: schedule.form, peak: 1, finalShare: finalShare ?? (schedule == .cosine ? 0.1 : 0),
                warmUpSteps: warmUp ?? max(1, steps / 50), stepCount: steps, decaySteps: decay ?? steps / 5),
            stages: stages.map { .init(name: $0.name, stepCount: $0.steps, rates: $0.rates) },
            windowsPerStep: windows, windowsAtOnce: min(atOnce, windows), evaluationInterval: evaluateEvery,
            evaluationWindows: evaluateWindows, checkpointInterval: checkpointEvery)
    }

    /// Sets what is left out at random.
    func setDropout(of network: TrainingNetwork) {
        network.dropout.share = dropout
        network.dropout.seed = seed
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
            return try Muon(parameters, settings, precision: checkedPrecision(), on: compute)
        }
    }
}

/// How weights are stored.
enum WeightStore: String, ExpressibleByArgument, CaseIterable {
    case f16, f32, bf16

    var type: ElementType {
        switch self {
        case .f16: .float16
        case .f32: .float32
        case .bf16: .bfloat16
        }
    }
}
