import ArgumentParser
import Benchmarking
import Foundation
import GPTJ
import Generation
import JSONText
import Kernels
import Worker

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure the engine against this machine's ceilings.",
        discussion: """
            Measures arithmetic and memory first, then products of matrices beside OpenBLAS's, then reading a prompt and \
            decoding with several rows. 'share' is that of the roofline: the larger of bytes over bandwidth and operations \
            over peak. All of it in one run, since machines differ from hour to hour.

            EXAMPLES
              nightshift engine bench --model ./gpt-j-6b
              nightshift engine bench --shape gpt-j-6b --layers 2      random weights of that shape, made in place
              nightshift engine bench --shape gpt-j-6b --adapter-rank 16 --adapter-count 4      what adapters cost
            """)

    @OptionGroup var options: ModelOptions

    @Option(help: "Random weights of this shape instead of a model: gpt-j-6b.")
    var shape: String?

    @Option(help: "Layers of --shape.")
    var layers = 2

    @Option(
        help: ArgumentHelp(
            "Random adapters of this rank on all matrices of the blocks; with --adapter those that are named.",
            valueName: "rank"))
    var adapterRank: Int?

    @Option(help: "How many adapters of --adapter-rank: rows side by side have different ones.")
    var adapterCount = 1

    @Option(help: "Tokens of the prompt; decoding has half of it as context.")
    var prompt = 1024

    @Option(help: "Tokens that each row decodes.")
    var generate = 16

    @Option(help: ArgumentHelp("Rows side by side, separated by commas.", valueName: "n,n,..."))
    var batch = "1,8,32"

    @Option(help: "Runs of each case; the median counts.")
    var repetitions = 3

    @Flag(help: "One JSON object.")
    var json = false

    func validate() throws {
        guard shape == nil || shape == "gpt-j-6b" else { throw ValidationError("--shape knows gpt-j-6b") }
        guard (1...28).contains(layers) else { throw ValidationError("--layers takes 1 to 28") }
        if let adapterRank {
            guard (1...1024).contains(adapterRank), (1...256).contains(adapterCount) else {
                throw ValidationError("--adapter-rank takes 1 to 1024, --adapter-count 1 to 256")
            }
        }
        if shape != nil, !options.adapter.isEmpty {
            throw ValidationError("--adapter goes with a model; --adapter-rank with --shape")
        }
        guard prompt >= 2, generate >= 1, repetitions >= 1 else {
            throw ValidationError("--prompt takes at least 2, --generate and --repetitions at least 1")
        }
        guard batches.allSatisfy({ $0 >= 1 }), !batches.isEmpty else {
            throw ValidationError("--batch takes numbers from 1, separated by commas")
        }
    }

    private var batches: [Int] { batch.split(separator: ",").map { Int($0) ?? 0 } }

    func run() async throws {
        let compute = try options.makeCompute()
        let (weights, named) = try weights(compute)
        let adapters =
            adapterRank.map { rank in
                (0..<adapterCount).map { index in
                    AdapterMix([
                        .init(
                            GPTJAdapter(
                                random: weights.configuration, rank: rank, modules: Self.allMatrices,
                                seed: UInt64(index + 1), on: compute))
                    ])
                }
            } ?? (named.isEmpty ? [] : [named])
        guard prompt <= weights.configuration.contextLength,
            prompt / 2 + generate <= weights.configuration.contextLength
        else {
            throw CommandError(
                .usage, "--prompt \(prompt) doesn't fit into the context of \(weights.configuration.contextLength)")
        }
        let keyValueType = options.keyValueType(beside: weights.quantization)
        let measurement = try EngineBenchmark(
            weights: weights, compute: compute, keyValueType: keyValueType, repetitions: repetitions,
            adapters: adapters
        ).run(
            promptLength: prompt, generated: generate, batches: batches,
            progress: { if Console.errorIsTerminal { Console.note("measuring \($0)") } })
        let report = BenchReport(
            measurement: measurement, isa: compute.instructionSet.name, threads: compute.team.count,
            weights: ModelOptions.WeightType(weights.quantization).rawValue, keyValues: keyValueType.rawValue)
        try Console.print(json ? report.object.text : report.table)
    }

    private static let allMatrices: Set = ["q_proj", "k_proj", "v_proj", "out_proj", "fc_in", "fc_out"]

    /// The weights, and the adapters of `--adapter`.
    private func weights(_ compute: Compute) throws -> (GPTJWeights, AdapterMix) {
        guard shape != nil else {
            let loaded = try options.load()
            return (loaded.weights, loaded.adapters.mix)
        }
        let configuration = try GPTJConfiguration(json: Array("{\"n_layer\": \(layers)}".utf8), path: "--shape")
        let line = ProgressLine()
        defer { line.clear() }
        let weights = GPTJWeights(
            random: configuration, quantization: options.weights?.quantization, on: compute,
            progress: { line.update("making random weights: layer \($0 + 1) of \(layers)") })
        return (weights, .none)
    }
}
