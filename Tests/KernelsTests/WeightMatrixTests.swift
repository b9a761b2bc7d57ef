import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Weight matrices")
struct WeightMatrixTests {
    let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])

    @Test("a product equals the sum in double precision", arguments: [ElementType.float32, .float16, .bfloat16])
    func equalsDoublePrecision(_ type: ElementType) throws {
        var random = SplitMix64(seed: 3)
        let input = Activations.random(rows: 4, width: 700, &random)
        let matrix = try WeightMatrix.random(rows: 70, columns: 700, type: type, &random)
        let weights = Activations(width: 700)
        matrix.copyRows(Array(0..<70), into: weights, on: compute)
        let output = Activations(width: 70)
        matrix.multiply(input, into: output, on: compute)
        for token in 0..<4 {
            for row in 0..<70 {
                let expected = zip(input.row(token), weights.row(row)).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                #expect(abs(Double(output.row(token)[row]) - expected) < 2e-4)
            }
        }
    }

    @Test("a row's result doesn't depend on the rows beside it, nor on the number of threads")
    func rowsAreIndependent() throws {
        var random = SplitMix64(seed: 4)
        let input = Activations.random(rows: 19, width: 300, &random)
        let matrix = try WeightMatrix.random(rows: 150, columns: 300, type: .float16, &random)
        let together = Activations(width: 150)
        matrix.multiply(input, into: together, on: compute)
        for row in 0..<19 {
            let alone = Activations(width: 300)
            alone.gather([row], of: input)
            let output = Activations(width: 150)
            matrix.multiply(alone, into: output, on: Compute(threads: 1, instructionSet: compute.instructionSet))
            #expect(output.row(0).map(\.bitPattern) == together.row(row).map(\.bitPattern), "row \(row)")
        }
    }

    @Test("f16 is widened exactly, subnormals, infinities and NaN included")
    func halvesAreExact() throws {
        let bits = (0...UInt16.max).map { $0 }
        let bytes = bits.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
        let file = FileManager.default.temporaryDirectory.appending(path: "nightshift-halves-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let region = try MappedFile(path: file.path).region(offset: 0, count: bytes.count)
        let matrix = WeightMatrix(rows: 256, columns: 256, mapped: region, type: .float16)
        for set in InstructionSet.available {
            let output = Activations(width: 256)
            matrix.copyRows(Array(0..<256), into: output, on: Compute(threads: 1, instructionSet: set))
            for (found, bits) in zip(output.values, bits) {
                let expected = Float(Float16(bitPattern: bits))
                #expect(found.bitPattern == expected.bitPattern || (found.isNaN && expected.isNaN))
            }
        }
    }

    @Test("a strided view is read in row-major order")
    func stridedView() throws {
        let values: [Float] = (0..<24).map(Float.init)
        let bytes = values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { Array($0) } }
        let file = FileManager.default.temporaryDirectory.appending(path: "nightshift-view-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let region = try MappedFile(path: file.path).region(offset: 0, count: bytes.count)
        let transposed = FloatBuffer(region: region, type: .float32, offset: 2, shape: [3, 2], strides: [1, 5])
        #expect(transposed.values == [2, 7, 3, 8, 4, 9])
    }
}
