import Benchmarking
import Foundation
import GPTJ
import JSONText
import Worker

/// What `engine bench` prints.
struct BenchReport {
    let measurement: EngineMeasurement
    let isa: String
    let threads: Int
    let weights: String
    let keyValues: String

    var object: JSONValue {
        [
            "ceilings": [
                "int8_gops": rounded(measurement.ceilings.gigaopsInt8),
                "f32_gflops": rounded(measurement.ceilings.gigaflopsF32),
                "memory_gb_s": rounded(measurement.ceilings.gigabytesPerSecond),
            ],
            "isa": .string(isa), "threads": .integer(threads),
            "weights": .string(weights),
            "kv": .string(keyValues), "openblas": .string(measurement.openBLASCore),
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
                        "stages": .object(
                            JSONObject(
                                members: stages(measured).map { .init(name: $0.rawValue, value: rounded($1)) })),
                    ]
                }),
            "peak_rss_mb": rounded(ProcessFacts.peakResidentMegabytes),
        ]
    }

    var table: String {
        func pad(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        func number(_ value: Double, _ digits: Int = 1) -> String {
            value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
        }
        var lines = [
            "\(isa), \(weights) weights, \(keyValues) keys and values, \(threads) \(threads == 1 ? "thread" : "threads"); "
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
        lines += ["", "where the time goes"]
        for measured in measurement.cases {
            let stages = stages(measured).map { "\($0.rawValue) \(number($1 * 100, 1)) %" }
            lines.append("\(measured.phase.rawValue), \(measured.rows): " + stages.joined(separator: ", "))
        }
        lines += ["", "peak resident memory: \(number(ProcessFacts.peakResidentMegabytes, 0)) MiB"]
        return lines.joined(separator: "\n")
    }

    private func rounded(_ value: Double) -> JSONValue { .number((value * 1000).rounded() / 1000) }

    /// In the order of a forward pass.
    private func stages(_ measured: EngineMeasurement.Case) -> [(StepProfile.Stage, Double)] {
        StepProfile.Stage.allCases.compactMap { stage in measured.stages[stage].map { (stage, $0) } }
    }
}
