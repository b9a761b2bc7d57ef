import Kernels
import TestSupport
import Testing

@Suite("Products of quantized weights")
struct QuantizedProductTests {
    /// Tokens, rows and columns around the tiles', panels', groups' and blocks' own sizes.
    static let sizes = [
        (1, 1, 1), (1, 15, 127), (2, 16, 128), (3, 17, 129), (4, 64, 60), (5, 63, 255), (6, 64, 256), (7, 65, 257),
        (13, 130, 600), (49, 70, 4229), (97, 129, 384),
    ]

    @Test("a product has the scalar bits", arguments: InstructionSetTests.vectorSets, Quantization.allCases)
    func scalarBits(_ set: InstructionSet, _ quantization: Quantization) {
        var random = SplitMix64(seed: 11)
        for (tokens, rows, columns) in Self.sizes {
            let input = Activations.random(rows: tokens, width: columns, &random)
            let matrix = WeightMatrix(rows: rows, columns: columns, values: .random(rows * columns, &random))
            let bias = FloatBuffer.random(rows, &random)
            let start = Activations.random(rows: tokens, width: rows, &random)
            for (gelu, result) in [(false, Product.Result.replace), (true, .replace), (false, .add)] {
                let results = [set, InstructionSetTests.scalar].map { set in
                    let compute = Compute(threads: 1, instructionSet: set)
                    let output = Activations(width: rows, rows: tokens)
                    for row in 0..<tokens { output.setRow(row, to: start.row(row)) }
                    matrix.quantized(to: quantization, on: compute)
                        .multiply(input, into: output, bias: bias, gelu: gelu, result: result, on: compute)
                    return output.values.map(\.bitPattern)
                }
                #expect(results[0] == results[1], "\(tokens) x \(rows) x \(columns), gelu \(gelu)")
            }
        }
    }

    @Test("every set multiplies codes at both ends of their range without saturating", arguments: Quantization.allCases)
    func largestCodes(_ quantization: Quantization) {
        for set in InstructionSet.available {
            let compute = Compute(threads: 1, instructionSet: set)
            let values = FloatBuffer((0..<64 * 256).map { $0 / 256 % 2 == 0 ? 1 : -1 })
            let matrix = WeightMatrix(rows: 64, columns: 256, values: values).quantized(to: quantization, on: compute)
            for sign in [Float(1), -1] {
                let input = Activations(width: 256, rows: 7)
                for row in 0..<7 { input.setRow(row, to: Array(repeating: sign, count: 256)) }
                let output = Activations(width: 64)
                matrix.multiply(input, into: output, on: compute)
                for (index, value) in output.values.enumerated() {
                    let expected: Float = (index % 2 == 0 ? 256 : -256) * sign
                    #expect(abs(value / expected - 1) < 0.08, "\(set), \(index)")
                }
            }
        }
    }

    @Test("a product is near that of the floats", arguments: [(Quantization.int8, 0.03), (.int4, 0.08)])
    func nearFloats(_ quantization: Quantization, _ tolerance: Double) {
        let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])
        var random = SplitMix64(seed: 12)
        let input = Activations.random(rows: 9, width: 1000, &random)
        // A feature much larger than the others, as transformers have them. Only its own group suffers: one scale for
        // the whole row would make the difference 0.07.
        for row in 0..<9 {
            var values = input.row(row)
            values[500] = 300
            input.setRow(row, to: values)
        }
        let matrix = WeightMatrix(rows: 150, columns: 1000, values: .random(150 * 1000, &random))
        let outputs = [matrix, matrix.quantized(to: quantization, on: compute)].map { matrix in
            let output = Activations(width: 150)
            matrix.multiply(input, into: output, on: compute)
            return output.values.map(Double.init)
        }
        let difference = zip(outputs[0], outputs[1]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let size = outputs[0].reduce(0) { $0 + $1 * $1 }
        #expect((difference / size).squareRoot() < tolerance)
    }

    @Test("a row's result depends on neither its neighbours, nor threads, nor products made with it")
    func rowsAreIndependent() {
        let set = InstructionSet.available[0]
        var random = SplitMix64(seed: 13)
        let input = Activations.random(rows: 103, width: 300, &random)
        for quantization in Quantization.allCases {
            let two = Compute(threads: 2, instructionSet: set)
            let matrix = WeightMatrix(rows: 200, columns: 300, values: .random(200 * 300, &random))
                .quantized(to: quantization, on: two)
            let other = WeightMatrix(rows: 70, columns: 300, values: .random(70 * 300, &random))
            let (together, beside) = (Activations(width: 200), Activations(width: 70))
            two.multiply(input, [Product(other, into: beside), Product(matrix, into: together)])
            let one = Compute(threads: 1, instructionSet: set)
            for row in 0..<103 {
                let (alone, output) = (Activations(width: 300), Activations(width: 200))
                alone.gather([row], of: input)
                matrix.multiply(alone, into: output, on: one)
                #expect(output.row(0).map(\.bitPattern) == together.row(row).map(\.bitPattern), "row \(row)")
            }
        }
    }

    @Test("an infinity or a NaN makes its own row NaN, and a row of zeros stays zero", arguments: Quantization.allCases)
    func notFinite(_ quantization: Quantization) {
        for set in InstructionSet.available {
            let compute = Compute(threads: 1, instructionSet: set)
            var random = SplitMix64(seed: 14)
            let matrix = WeightMatrix(rows: 20, columns: 200, values: .random(20 * 200, &random))
                .quantized(to: quantization, on: compute)
            let input = Activations.random(rows: 4, width: 200, &random)
            var values = input.row(0)
            values[150] = .infinity
            input.setRow(0, to: values)
            values[150] = .nan
            input.setRow(1, to: values)
            input.setRow(2, to: Array(repeating: 0, count: 200))
            let output = Activations(width: 20)
            matrix.multiply(input, into: output, on: compute)
            #expect(output.row(0).allSatisfy(\.isNaN) && output.row(1).allSatisfy(\.isNaN))
            #expect(output.row(2).allSatisfy { $0 == 0 } && output.row(3).allSatisfy(\.isFinite))
        }
    }
}

extension FloatBuffer {
    static func random(_ count: Int, _ random: inout SplitMix64) -> FloatBuffer {
        let buffer = FloatBuffer(count: count)
        buffer.fill { Float.random(in: -1...1, using: &random) }
        return buffer
    }
}
