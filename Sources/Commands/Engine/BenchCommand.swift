import ArgumentParser
import Benchmarking
import Foundation
import GPTJ
import JSONText
import Kernels
import Worker

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure the engine against this machine's ceilings.",
        discussion: """
            Measures arithmetic and memory first, then products of matrices beside OpenBLAS's, then reading a prompt and
            decoding with several rows. 'share' is that of the roofline: the larger of bytes over bandwidth and operations
            over peak. All of it in one run, since machines differ from hour to hour.

            EXAMPLES
              nightshift engine bench --model ./gpt-j-6b
              nightshift engine bench --shape gpt-j-6b --layers 2      random weights of that shape, made in place
            """)

    @OptionGroup var options: ModelOptions

    @Option(help: "Random weights of this shape instead of a model: gpt-j-6b.")
    var shape: String?

    @Option(help: "Layers of --shape.")
    var layers = 2

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
        let weights = try weights(compute)
        guard prompt <= weights.configuration.contextLength,
            prompt / 2 + generate <= weights.configuration.contextLength
        else {
            throw CommandError(
                .usage, "--prompt \(prompt) doesn't fit into the context of \(weights.configuration.contextLength)")
        }
        let measurement = try EngineBenchmark(weights: weights, compute: compute, repetitions: repetitions).run(
            promptLength: prompt, generated: generate, batches: batches,
            progress: { if Console.errorIsTerminal { Console.note("measuring \($0)") } })
        try Console.print(
            json
                ? object(measurement, compute, weights: .init(weights.quantization)).text
                : table(measurement, compute))
    }

    private func weights(_ compute: Compute) throws -> GPTJWeights {
        guard shape != nil else { return try options.load().weights }
        let configuration = try GPTJConfiguration(json: Array("{\"n_layer\": \(layers)}".utf8), path: "--shape")
        let line = ProgressLine()
        defer { line.clear() }
        return GPTJWeights(
            random: configuration, quantization: options.weights?.quantization, on: compute,
            progress: { line.update("making random weights: layer \($0 + 1) of \(layers)") })
    }

    private func object(
        _ measurement: EngineMeasurement, _ compute: Compute, weights: ModelOptions.WeightType
    ) -> JSONValue {
        [
            "ceilings": [
                "int8_gops": rounded(measurement.ceilings.gigaopsInt8),
                "f32_gflops": rounded(measurement.ceilings.gigaflopsF32),
                "memory_gb_s": rounded(measurement.ceilings.gigabytesPerSecond),
            ],
            "isa": .string(compute.instructionSet.name), "threads": .integer(compute.team.count),
            "weights": .string(weights.rawValue),
            "kv": "f32", "openblas": .string(measurement.openBLASCore),
            "products": .array(
                measurement.products.map { product in
                    [
                        "rows": .integer(product.rows), "columns": .integer(product.columns),
                        "inner": .integer(product.inner), "gflops": rounded(product.own),
                        "openblas_gflops": rounded(product.openBLAS), "int8_gops": rounded(product.int8),
                        "int4_gops": rounded(product.int4),
                    ]
                }),
            "cases": .array(
                measurement.cases.map { measured in
                    [
                        "phase": .string(measured.phase.rawValue), "rows": .integer(measured.rows),
                        "context": .integer(measured.context), "tokens_per_second": rounded(measured.tokensPerSecond),
                        "slowest": rounded(measured.range.lowerBound), "fastest": rounded(measured.range.upperBound),
                        "share": rounded(measured.share),
                    ]
                }),
            "peak_rss_mb": rounded(ProcessFacts.peakResidentMegabytes),
        ]
    }

    private func table(_ measurement: EngineMeasurement, _ compute: Compute) -> String {
        func pad(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        func number(_ value: Double, _ digits: Int = 1) -> String {
            value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
        }
        var lines = [
            "\(compute.instructionSet.name), \(compute.team.count) \(compute.team.count == 1 ? "thread" : "threads"); "
                + "ceilings: \(number(measurement.ceilings.gigaflopsF32)) GFLOP/s (f32), "
                + "\(number(measurement.ceilings.gigaopsInt8)) GOP/s (int8), "
                + "\(number(measurement.ceilings.gigabytesPerSecond)) GB/s", "",
            "product, 10^9 operations/s     f32      int8      int4   OpenBLAS (\(measurement.openBLASCore))  f32 ratio",
        ]
        for product in measurement.products {
            lines.append(
                pad("\(product.rows) x \(product.inner) x \(product.columns)", 20) + pad(number(product.own), 14)
                    + pad(number(product.int8), 10) + pad(number(product.int4), 10)
                    + pad(number(product.openBLAS), 11) + pad(number(product.own / product.openBLAS, 2), 20))
        }
        lines += ["", "phase    rows  context   tokens/s   slowest   fastest   share"]
        for measured in measurement.cases {
            lines.append(
                measured.phase.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0)
                    + pad("\(measured.rows)", 6) + pad("\(measured.context)", 9)
                    + pad(number(measured.tokensPerSecond), 11) + pad(number(measured.range.lowerBound), 10)
                    + pad(number(measured.range.upperBound), 10) + pad(number(measured.share * 100, 0) + " %", 8))
        }
        lines += ["", "peak resident memory: \(number(ProcessFacts.peakResidentMegabytes, 0)) MiB"]
        return lines.joined(separator: "\n")
    }

    private func rounded(_ value: Double) -> JSONValue { .number((value * 1000).rounded() / 1000) }
}
