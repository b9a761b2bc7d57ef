import Foundation
import Kernels
import TestSupport
import Testing

@Suite("OpenBLAS")
struct OpenBLASTests {
    @Test("is loaded with kernels for this processor, and agrees with the engine's own product")
    func agrees() throws {
        let library = try OpenBLAS.load(threads: 2)
        #expect(!["prescott", "nehalem", "core2", "generic"].contains(library.coreName.lowercased()))
        var random = SplitMix64(seed: 21)
        let (rows, columns, inner) = (37, 65, 300)
        let input = Activations.random(rows: rows, width: inner, &random)
        let weights = FloatBuffer((0..<columns * inner).map { _ in Float.random(in: -1...1, using: &random) })
        let own = Activations(width: columns)
        WeightMatrix(rows: columns, columns: inner, values: weights)
            .multiply(input, into: own, on: Compute(threads: 1, instructionSet: InstructionSet.available[0]))
        let output = FloatBuffer(count: rows * columns)
        library.multiply(
            FloatBuffer(input.values), weights, rows: rows, columns: columns, inner: inner, into: output)
        for (found, expected) in zip(output.values, own.values) { #expect(abs(found - expected) < 1e-4) }
    }
}
