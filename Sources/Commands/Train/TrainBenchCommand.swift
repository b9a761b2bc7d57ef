import ArgumentParser
import Benchmarking
import Foundation
import GPTJ
import JSONText
import Kernels
import Training

struct TrainBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "How fast this machine trains, beside what its OpenBLAS does at the same shapes.",
        discussion: """
            Takes steps over random tokens and tells tokens a second, where the time goes, and how the whole step's rate \
            compares with OpenBLAS's sgemm over products of the same shapes. The model that comes with nightshift is \
            measured unless --shape says another.

            EXAMPLES
              nightshift train bench --precision bf16
              nightshift train bench --shape model.json --length 1024 --optimizer muon
            """)

    @Option(help: "The model's shape: a config.json as HuggingFace has it.", completion: .file())
    var shape: String?

    @OptionGroup var settings: TrainingOptions

    @Option(help: "Tokens of a window.")
    var length = 512

    @Option(help: "Steps to measure; the median counts.")
    var repetitions = 5

    @Flag(help: "One JSON object.")
    var json = false

    func validate() throws {
        guard (2...1 << 16).contains(length) else { throw ValidationError("--length takes 2 to \(1 << 16)") }
        guard (1...1000).contains(repetitions) else { throw ValidationError("--repetitions takes 1 to 1000") }
    }

    /// The model that comes with nightshift.
    private static let usual = """
        {"model_type": "gptj", "n_layer": 6, "n_embd": 256, "n_head": 4, "rotary_dim": 32, "n_positions": 65536,
         "vocab_size": 4096}
        """

    func run() async throws {
        var bytes = Array(Self.usual.utf8)
        if let shape {
            guard let data = FileManager.default.contents(atPath: shape) else {
                throw CommandError(.noInput, "\(shape): there is no such file, or it can't be read")
            }
            bytes = [UInt8](data)
        }
        let configuration = try GPTJConfiguration(json: bytes, path: shape ?? "the usual model")
        guard length <= configuration.contextLength else {
            throw CommandError(
                .usage, "windows of \(length) tokens don't fit the model's \(configuration.contextLength) positions")
        }
        let compute = try settings.makeCompute()
        let benchmark = TrainingBenchmark(
            configuration, precision: try settings.checkedPrecision(), memory: settings.recompute ? .recomputed : .kept,
            on: compute)
        let measurement = try benchmark.run(
            length: length, windows: settings.sequences, atOnce: min(settings.atOnce, settings.sequences),
            repetitions: repetitions, makeOptimizer: { try settings.optimizer($0, on: compute) })
        try Console.print(json ? object(measurement).text : text(measurement, configuration, compute))
    }

    private func object(_ measurement: TrainingMeasurement) -> JSONValue {
        func rounded(_ value: Double, _ digits: Double = 1000) -> JSONValue {
            .number((digits * value).rounded() / digits)
        }
        return [
            "precision": .string(settings.precision.rawValue), "threads": .integer(settings.threadCount),
            "tokens_per_second": rounded(measurement.tokensPerSecond, 10),
            "slowest": rounded(measurement.range.lowerBound, 10), "fastest": rounded(measurement.range.upperBound, 10),
            "gigaflops": rounded(measurement.gigaflops, 10), "sgemm_gigaflops": rounded(measurement.sgemmGigaflops, 10),
            "share_of_sgemm": rounded(measurement.share),
            "product_gigaflops": rounded(measurement.productGigaflops, 10),
            "stages": .object(
                JSONObject(
                    members: TrainingProfile.Stage.allCases.map {
                        .init(name: $0.rawValue, value: rounded(measurement.stages[$0] ?? 0))
                    })), "loss": rounded(measurement.loss),
        ]
    }

    private func text(
        _ measurement: TrainingMeasurement, _ configuration: GPTJConfiguration, _ compute: Compute
    ) -> String {
        func percent(_ share: Double) -> String { String(format: "%.0f %%", 100 * share) }
        let count = CheckpointLayout(configuration).parameterCount
        var rows = AlignedRows()
        for stage in TrainingProfile.Stage.allCases {
            rows.append("  \(stage.name)", percent(measurement.stages[stage] ?? 0))
        }
        return """
            \(count.grouped) parameters, \(settings.sequences) windows of \(length), \(min(settings.atOnce, settings.sequences)) \
            at once, \(settings.optimizer.rawValue), \(settings.precision.rawValue), \(counted(settings.threadCount, "thread")), \
            \(compute.instructionSet.name)
            \(Int(measurement.tokensPerSecond).grouped) tokens a second (\(Int(measurement.range.lowerBound).grouped) to \
            \(Int(measurement.range.upperBound).grouped))
            \(String(format: "%.0f", measurement.gigaflops)) of sgemm's \
            \(String(format: "%.0f", measurement.sgemmGigaflops)) GFLOP/s at the same shapes: \(percent(measurement.share)); \
            the products alone \(String(format: "%.0f", measurement.productGigaflops))
            where the time goes:
            \(rows.text.dropLast())
            """
    }
}

extension TrainingProfile.Stage {
    fileprivate var name: String { self == .crossEntropy ? "cross-entropy" : rawValue }
}
