import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Attention of training")
struct CausalAttentionTests {
    /// Lengths around those of a block of queries, heads around those of a panel.
    static let shapes = [(1, 1, 4), (2, 5, 16), (1, 64, 64), (3, 65, 16), (2, 130, 80), (1, 300, 10)]

    @Test("equals its definition in double precision, forwards and backwards", arguments: shapes)
    func definition(heads: Int, length: Int, headLength: Int) throws {
        let example = Example(heads: heads, headLength: headLength, lengths: [length])
        let expected = example.expected
        let found = try example.run(.f32, threads: 2, InstructionSet.available[0])
        for (name, pair) in zip(Example.names, zip(found, expected)) {
            #expect(worst(pair.0, pair.1) < 1e-5, "\(name)")
        }
    }

    @Test("every instruction set and any number of threads give the same bits, sequences side by side or not")
    func bits() throws {
        let lengths = [70, 3, 129]
        let together = Example(heads: 2, headLength: 24, lengths: lengths)
        let expected = try together.run(.f32, threads: 1, InstructionSet.available[0])
        for set in InstructionSet.available {
            for threads in 1...2 {
                #expect(try together.run(.f32, threads: threads, set) == expected, "\(set), \(threads)")
            }
        }
    }

    @Test(
        "the tile unit's is off by what rounding explains",
        .enabled(if: MatrixProducts.Precision.bf16.isAvailable, "needs Intel AMX"), arguments: shapes)
    func rounded(heads: Int, length: Int, headLength: Int) throws {
        let example = Example(heads: heads, headLength: headLength, lengths: [length])
        let found = try example.run(.bf16, threads: 2, InstructionSet.available[0])
        for (name, pair) in zip(Example.names, zip(found, example.expected)) {
            #expect(worst(pair.0, pair.1) < 0.1, "\(name)")
        }
    }

    /// The largest difference, against the largest number.
    private func worst(_ found: [Float], _ expected: [Double]) -> Double {
        let size = expected.map(abs).max() ?? 1
        return zip(found, expected).map { abs(Double($0) - $1) }.max().map { $0 / max(size, 1) } ?? .infinity
    }
}

/// Random queries, keys, values, and gradients of the output, of sequences side by side.
private struct Example {
    static let names = ["output", "queries' gradient", "keys' gradient", "values' gradient"]

    let heads: Int
    let headLength: Int
    let lengths: [Int]

    private var width: Int { heads * headLength }
    private var rows: Int { lengths.reduce(0, +) }

    private var sequences: [Range<Int>] {
        var start = 0
        return lengths.map { length in
            defer { start += length }
            return start..<start + length
        }
    }

    private var inputs: [FloatMatrix] {
        var random = SplitMix64(seed: UInt64(rows * 100 + headLength))
        return (0..<4).map { _ in
            // A stride wider than the row.
            let buffer = FloatBuffer(count: rows * (width + 5))
            buffer.fill { Float.random(in: -2...2, using: &random) }
            return FloatMatrix(buffer, rows: rows, columns: width, stride: width + 5)
        }
    }

    func run(_ precision: MatrixProducts.Precision, threads: Int, _ set: InstructionSet) throws -> [[Float]] {
        let products = try MatrixProducts(precision, on: Compute(threads: threads, instructionSet: set))
        let attention = CausalAttention(headCount: heads, headLength: headLength, products: products)
        let inputs = inputs
        let outputs = (0..<4).map { _ in FloatMatrix(rows: rows, columns: width) }
        // What was there doesn't matter.
        for output in outputs { for row in 0..<rows { output[row, 0] = .nan } }
        let logSums = FloatMatrix(rows: heads, columns: rows)
        attention.forward(
            queries: inputs[0], keys: inputs[1], values: inputs[2], sequences: sequences, into: outputs[0],
            logSums: logSums)
        attention.backward(
            queries: inputs[0], keys: inputs[1], values: inputs[2], sequences: sequences, output: outputs[0],
            logSums: logSums, outputGradient: inputs[3], queryGradient: outputs[1], keyGradient: outputs[2],
            valueGradient: outputs[3])
        return outputs.map(\.values)
    }

    /// softmax(q k / sqrt(headLength)) v, and by the chain rule what q, k and v get of the output's gradient.
    var expected: [[Double]] {
        let numbers = inputs.map { $0.values.map(Double.init) }
        var results = [[Double]](repeating: [Double](repeating: 0, count: rows * width), count: 4)
        let scale = 1 / Double(headLength).squareRoot()
        for sequence in sequences {
            for head in 0..<heads {
                func place(_ row: Int, _ j: Int) -> Int { row * width + head * headLength + j }
                for row in sequence {
                    let reach = sequence.lowerBound...row
                    func dot(_ a: Int, _ other: Int, _ b: Int) -> Double {
                        (0..<headLength).reduce(0) { $0 + numbers[a][place(row, $1)] * numbers[b][place(other, $1)] }
                    }
                    let powers = reach.map { exp(scale * dot(0, $0, 1)) }
                    let total = powers.reduce(0, +)
                    let weights = powers.map { $0 / total }
                    let slopes = reach.map { dot(3, $0, 2) }
                    let mean = zip(weights, slopes).reduce(0) { $0 + $1.0 * $1.1 }
                    for (other, (weight, slope)) in zip(reach, zip(weights, slopes)) {
                        let change = weight * (slope - mean) * scale
                        for j in 0..<headLength {
                            results[0][place(row, j)] += weight * numbers[2][place(other, j)]
                            results[1][place(row, j)] += change * numbers[1][place(other, j)]
                            results[2][place(other, j)] += change * numbers[0][place(row, j)]
                            results[3][place(other, j)] += weight * numbers[3][place(row, j)]
                        }
                    }
                }
            }
        }
        return results
    }
}
