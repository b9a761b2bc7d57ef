import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Elementary functions")
struct ElementaryFunctionTests {
    let compute = Compute(threads: 1, instructionSet: InstructionSet.available[0])

    @Test("GELU equals its definition from -12 to 12")
    func gelu() throws {
        // A product with the identity leaves the input, so that the epilogue shows alone.
        let points = stride(from: -12.0, through: 12, by: 0.01).map { Float($0) }
        let input = Activations(width: 1, rows: points.count)
        for (row, point) in points.enumerated() { input.setRow(row, to: [point]) }
        let output = Activations(width: 1)
        WeightMatrix(rows: 1, columns: 1, values: FloatBuffer([1])).multiply(
            input, into: output, gelu: true, on: compute)
        for (point, found) in zip(points, output.values) {
            let x = Double(point)
            let expected = 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))
            #expect(abs(Double(found) - expected) <= 1e-6 * max(1, abs(x)), "gelu(\(point))")
        }
    }

    @Test("layer normalization equals its definition")
    func layerNorm() {
        var random = SplitMix64(seed: 1)
        let input = Activations.random(rows: 2, width: 100, &random)
        let output = Activations(width: 100)
        output.normalize(
            input, weight: FloatBuffer([Float](repeating: 2, count: 100)),
            bias: FloatBuffer([Float](repeating: -1, count: 100)), epsilon: 1e-3, on: compute)
        for row in 0..<2 {
            let x = input.row(row).map(Double.init)
            let mean = x.reduce(0, +) / 100
            let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100
            for (found, value) in zip(output.row(row), x) {
                #expect(abs(Double(found) - (2 * (value - mean) / (variance + 1e-3).squareRoot() - 1)) < 1e-5)
            }
        }
    }
}
