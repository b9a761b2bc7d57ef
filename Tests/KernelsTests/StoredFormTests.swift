import Foundation
import Kernels
import TestSupport
import Testing

/// Weights in the forms of files: blocks of q8_0 and q4_0, panels in place, and floats turned into any of them.
@Suite("Stored forms of weights")
struct StoredFormTests {
    private let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])

    /// A matrix in another form, as the bytes that a file would hold, and the count of weights that it can't hold.
    private func encoded(
        _ matrix: WeightMatrix, as encoding: WeightEncoding, on compute: Compute? = nil
    ) -> (bytes: [UInt8], failures: Int) {
        var bytes: [UInt8] = []
        let failures = matrix.encode(as: encoding, on: compute ?? self.compute) { bytes += $0.bytes }
        #expect(bytes.count == encoding.byteCount(rows: matrix.rows, columns: matrix.columns))
        return (bytes, failures)
    }

    private func matrix(_ values: [Float], rows: Int = 1) -> WeightMatrix {
        WeightMatrix(rows: rows, columns: values.count / rows, values: FloatBuffer(values))
    }

    /// The bytes, mapped from a file behind `offset` others.
    private func mapped(_ bytes: [UInt8], offset: Int = 0) throws -> MappedRegion {
        let file = FileManager.default.temporaryDirectory.appending(path: "nightshift-form-\(UUID().uuidString)")
        try Data([UInt8](repeating: 0xEE, count: offset) + bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try MappedFile(path: file.path).region(offset: offset, count: bytes.count)
    }

    private func floats(_ matrix: WeightMatrix, on compute: Compute? = nil) -> [Float] {
        let output = Activations(width: matrix.columns)
        matrix.copyRows(Array(0..<matrix.rows), into: output, on: compute ?? self.compute)
        return output.values
    }

    // MARK: Golden bytes, by hand from the formats' formulas

    @Test("a block of q8_0 has the scale max / 127 and codes rounded to the nearest, ties away from zero")
    func eightBitBlock() {
        var values = [Float](repeating: 0, count: 32)
        // d = 1, so that codes are the numbers themselves.
        (values[0], values[1], values[2], values[3], values[31]) = (127, -2.5, 2.5, 0.49, -127)
        var expected = [UInt8](repeating: 0, count: 34)
        (expected[0], expected[1]) = (0x00, 0x3C)
        (expected[2], expected[3], expected[4], expected[5], expected[33]) = (127, 0xFD, 3, 0, 0x81)
        let (bytes, failures) = encoded(matrix(values), as: .rows(.blocks(.eightBits)))
        #expect(bytes == expected && failures == 0)
    }

    @Test("a block of q4_0 has the scale m / -8 and its halves in the low and high nibbles")
    func fourBitBlock() {
        var values = [Float](repeating: 0, count: 32)
        // The largest magnitude is 8, its number positive: d = -1, and codes are 8 minus the numbers.
        (values[0], values[1], values[16], values[31]) = (8, -7, 3, -8)
        var expected = [UInt8](repeating: 0x88, count: 18)
        (expected[0], expected[1]) = (0x00, 0xBC)
        (expected[2], expected[3], expected[17]) = (0x50, 0x8F, 0xF8)
        let (bytes, failures) = encoded(matrix(values), as: .rows(.blocks(.fourBits)))
        #expect(bytes == expected && failures == 0)
    }

    @Test("a block of zeros, or of numbers too small for a scale, is one of zeros", arguments: BlockType.allCases)
    func zeros(_ type: BlockType) throws {
        for value: Float in [0, -0, .leastNonzeroMagnitude, 1e-38] {
            let (bytes, failures) = encoded(matrix([Float](repeating: value, count: 64)), as: .rows(.blocks(type)))
            #expect(failures == 0)
            let back = WeightMatrix(rows: 1, columns: 64, mapped: try mapped(bytes), format: .blocks(type))
            #expect(floats(back).allSatisfy { $0 == 0 })
        }
    }

    // MARK: Rounding

    @Test("f16 and bf16 are rounded to the nearest, ties to even, and what is too large is counted")
    func halves() {
        var random = SplitMix64(seed: 31)
        var values = (0..<20_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
            .filter(\.isFinite)
        // Every half, and the middles between neighbours, where ties are.
        for bits in UInt16(0)..<0x7BFF {
            let (low, high) = (Float(Float16(bitPattern: bits)), Float(Float16(bitPattern: bits + 1)))
            values += [low, (low + high) / 2, -((low + high) / 2).nextUp, ((low + high) / 2).nextDown]
        }
        values += [65519.99, 65520, -65536, 0x1p-25, Float(0x1p-25).nextUp, .greatestFiniteMagnitude]
        let halves = encoded(matrix(values), as: .rows(.elements(.float16)))
        var infinite = 0
        for (index, value) in values.enumerated() {
            let expected = Float16(value)
            infinite += expected.isFinite ? 0 : 1
            let found = UInt16(halves.bytes[2 * index]) | UInt16(halves.bytes[2 * index + 1]) << 8
            #expect(found == expected.bitPattern, "\(value)")
        }
        #expect(halves.failures == infinite && infinite > 1000)

        let brains = encoded(matrix(values), as: .rows(.elements(.bfloat16)))
        infinite = 0
        for (index, value) in values.enumerated() {
            let found = Float(
                bitPattern: UInt32(brains.bytes[2 * index]) << 16 | UInt32(brains.bytes[2 * index + 1]) << 24)
            infinite += found.isFinite ? 0 : 1
            if found.isFinite {
                let below = Float(bitPattern: value.bitPattern & 0xFFFF_0000)
                let above = Float(bitPattern: below.bitPattern &+ 0x1_0000)
                let nearer = abs(Double(value) - Double(found))
                #expect(nearer <= abs(Double(value) - Double(below)))
                #expect(!above.isFinite || nearer <= abs(Double(value) - Double(above)))
            }
        }
        #expect(brains.failures == infinite && infinite > 0)
    }

    @Test("numbers that aren't finite are counted in every form, and a copy takes them as they are")
    func notFinite() {
        let values: [Float] = (0..<128).map { $0 == 5 ? .nan : $0 == 70 ? .infinity : Float($0) }
        for encoding: WeightEncoding in [
            .rows(.blocks(.eightBits)), .rows(.blocks(.fourBits)), .panels(.int8), .panels(.int4),
            .rows(.elements(.float16)), .rows(.elements(.bfloat16)),
        ] {
            #expect(encoded(matrix(values), as: encoding).failures >= 2, "\(encoding)")
        }
        let copy = encoded(matrix(values), as: .rows(.elements(.float32)))
        #expect(
            copy.failures == 0
                && copy.bytes
                    == values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
                    }
        )
    }

    // MARK: In place

    @Test("blocks are widened to scale times code by every instruction set", arguments: BlockType.allCases)
    func widened(_ type: BlockType) throws {
        var random = SplitMix64(seed: 32)
        // Any bytes: every scale that a half can be, every code.
        var bytes = (0..<type.byteCount * 300).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        for block in 0..<300 { bytes[block * type.byteCount + 1] &= 0xBB }
        let matrix = WeightMatrix(rows: 20, columns: 480, mapped: try mapped(bytes, offset: 3), format: .blocks(type))
        var expected: [Float] = []
        for block in 0..<300 {
            let data = bytes[block * type.byteCount..<(block + 1) * type.byteCount].map { $0 }
            let scale = Float(Float16(bitPattern: UInt16(data[0]) | UInt16(data[1]) << 8))
            let codes: [Int]
            switch type {
            case .eightBits: codes = data[2...].map { Int(Int8(bitPattern: $0)) }
            case .fourBits: codes = data[2...].map { Int($0 & 15) - 8 } + data[2...].map { Int($0 >> 4) - 8 }
            }
            expected += codes.map { scale * Float($0) }
        }
        for set in InstructionSet.available {
            let found = floats(matrix, on: Compute(threads: 1, instructionSet: set))
            #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(set)")
        }
    }

    @Test("a product with blocks has the bits of one with their floats", arguments: BlockType.allCases)
    func product(_ type: BlockType) throws {
        var random = SplitMix64(seed: 33)
        for (tokens, rows, columns) in [(1, 1, 32), (3, 17, 64), (7, 65, 288), (2, 130, 1056)] {
            let source = WeightMatrix(rows: rows, columns: columns, values: .random(rows * columns, &random))
            let bytes = encoded(source, as: .rows(.blocks(type))).bytes
            let blocks = WeightMatrix(rows: rows, columns: columns, mapped: try mapped(bytes), format: .blocks(type))
            #expect(blocks.blocks == type && blocks.quantization == nil)
            let widened = WeightMatrix(rows: rows, columns: columns, values: FloatBuffer(floats(blocks)))
            let input = Activations.random(rows: tokens, width: columns, &random)
            for set in InstructionSet.available {
                let compute = Compute(threads: 1, instructionSet: set)
                let outputs = [blocks, widened].map { matrix in
                    let output = Activations(width: rows)
                    matrix.multiply(input, into: output, on: compute)
                    return output.values.map(\.bitPattern)
                }
                #expect(outputs[0] == outputs[1], "\(set), \(tokens) x \(rows) x \(columns)")
                let packed = [blocks, widened].map { matrix in
                    encoded(matrix, as: .panels(.int8), on: compute).bytes
                }
                #expect(packed[0] == packed[1])
            }
        }
    }

    @Test("panels in a file are those in memory, and multiply to the same bits", arguments: Quantization.allCases)
    func panels(_ quantization: Quantization) throws {
        var random = SplitMix64(seed: 34)
        for (rows, columns) in [(1, 1), (64, 128), (65, 129), (200, 300)] {
            let source = WeightMatrix(rows: rows, columns: columns, values: .random(rows * columns, &random))
            let bytes = encoded(source, as: .panels(quantization)).bytes
            #expect(
                bytes
                    == encoded(
                        source, as: .panels(quantization),
                        on: Compute(threads: 1, instructionSet: InstructionSet.available.last!)
                    ).bytes)
            let inPlace = WeightMatrix(
                rows: rows, columns: columns, panels: try mapped(bytes, offset: 128), quantization: quantization)
            let input = Activations.random(rows: 5, width: columns, &random)
            let outputs = [inPlace, source.quantized(to: quantization, on: compute)].map { matrix in
                #expect(matrix.quantization == quantization && matrix.byteCount == bytes.count)
                let output = Activations(width: rows)
                matrix.multiply(input, into: output, on: compute)
                return output.values.map(\.bitPattern)
            }
            #expect(outputs[0] == outputs[1])
        }
    }

    @Test("a large matrix in pieces has the bytes of its parts")
    func pieces() {
        var random = SplitMix64(seed: 35)
        // 24 MiB of floats: two pieces.
        let (rows, columns) = (1536, 4096)
        let values = FloatBuffer.random(rows * columns, &random)
        let whole = WeightMatrix(rows: rows, columns: columns, values: values)
        for encoding: WeightEncoding in [.panels(.int8), .rows(.blocks(.eightBits)), .rows(.elements(.float32))] {
            var counts: [Int] = []
            var bytes: [UInt8] = []
            _ = whole.encode(as: encoding, on: compute) { piece in
                counts.append(piece.count)
                bytes += piece.bytes
            }
            let last = WeightMatrix(
                rows: 64, columns: columns, values: FloatBuffer(values.values((rows - 64) * columns..<rows * columns)))
            #expect(
                Array(bytes.suffix(encoding.byteCount(rows: 64, columns: columns))) == encoded(last, as: encoding).bytes
            )
            #expect(bytes.count == encoding.byteCount(rows: rows, columns: columns))
            if encoding == .rows(.elements(.float32)) { #expect(counts.count == 2) }
        }
    }

    // MARK: Surveys

    @Test("a survey of blocks or panels finds the range, and what isn't finite")
    func survey() throws {
        var random = SplitMix64(seed: 36)
        let source = WeightMatrix(rows: 70, columns: 160, values: .random(70 * 160, &random))
        for type in BlockType.allCases {
            let bytes = encoded(source, as: .rows(.blocks(type))).bytes
            func survey(_ bytes: [UInt8]) throws -> ValueSurvey {
                let region = try mapped(bytes)
                return ValueSurvey(WeightMatrix(rows: 70, columns: 160, mapped: region, format: .blocks(type))) { _ in }
            }
            let good = try survey(bytes)
            #expect(good.isFinite && good.count == 70 * 160)
            #expect(try #require(good.range).upperBound > 0.9 && #require(good.range).upperBound < 1.2)
            var damaged = bytes
            damaged[type.byteCount * 3 + 1] = 0x7E
            #expect(try survey(damaged).nanCount == 32)
        }
        for quantization in Quantization.allCases {
            let bytes = encoded(source, as: .panels(quantization)).bytes
            func survey(_ bytes: [UInt8]) throws -> ValueSurvey {
                let region = try mapped(bytes)
                return ValueSurvey(
                    WeightMatrix(rows: 70, columns: 160, panels: region, quantization: quantization)
                ) { _ in }
            }
            let good = try survey(bytes)
            #expect(good.isFinite && good.count == 70 * 160)
            #expect(try #require(good.range).upperBound > 0.9 && #require(good.range).upperBound < 1.2)
            // The scale of the third column's first group becomes a NaN.
            var damaged = bytes
            damaged[10] = 0xC0
            damaged[11] = 0x7F
            #expect(try survey(damaged).nanCount == 128)
            // A code that is never made, or a multiplier above the largest.
            damaged = bytes
            damaged[256 + (quantization == .int8 ? 1 : 2)] = quantization == .int8 ? 0 : 17
            #expect(try survey(damaged).nanCount == (quantization == .int8 ? 1 : 32))
        }
    }
}
