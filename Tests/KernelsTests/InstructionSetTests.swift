import Kernels
import TestSupport
import Testing

/// Every instruction set must give the scalar definition's bits, at sizes around the vectors', tiles' and blocks' own.
@Suite("Instruction sets")
struct InstructionSetTests {
    static let scalar = InstructionSet.available.last!
    static let vectorSets = InstructionSet.available.filter { $0.name != "scalar" }

    @Test("the scalar definition is always there, last, and the best set is the first")
    func scalarIsLast() throws {
        #expect(Self.scalar.name == "scalar")
        #expect(try InstructionSet.named(nil).name == InstructionSet.available[0].name)
    }

    @Test("a set that this processor can't run is refused by name")
    func unknownSet() {
        let error = #expect(throws: InstructionSetError.self) { try InstructionSet.named("mmx") }
        #expect(error?.description.contains("'mmx'") == true)
    }

    @Test("a linear product has the scalar bits", arguments: vectorSets, [ElementType.float32, .float16, .bfloat16])
    func linear(_ set: InstructionSet, _ type: ElementType) throws {
        var random = SplitMix64(seed: 7)
        for (tokens, rows, columns) in [
            (1, 1, 1), (1, 15, 16), (2, 16, 15), (3, 17, 17), (5, 63, 255), (6, 64, 256), (7, 65, 257), (13, 130, 600),
        ] {
            let input = Activations.random(rows: tokens, width: columns, &random)
            let matrix = try WeightMatrix.random(rows: rows, columns: columns, type: type, &random)
            let bias = FloatBuffer((0..<rows).map { _ in Float.random(in: -1...1, using: &random) })
            let start = Activations.random(rows: tokens, width: rows, &random)
            for (gelu, result) in [(false, Product.Result.replace), (true, .replace), (false, .add)] {
                let results = [set, Self.scalar].map { set in
                    let output = Activations(width: rows, rows: tokens)
                    for row in 0..<tokens { output.setRow(row, to: start.row(row)) }
                    matrix.multiply(
                        input, into: output, bias: bias, gelu: gelu, result: result,
                        on: Compute(threads: 1, instructionSet: set))
                    return output.values.map(\.bitPattern)
                }
                #expect(results[0] == results[1], "\(tokens) x \(rows) x \(columns), gelu \(gelu)")
            }
        }
    }

    @Test("a layer normalization has the scalar bits", arguments: vectorSets)
    func layerNorm(_ set: InstructionSet) {
        var random = SplitMix64(seed: 8)
        for width in [1, 2, 15, 16, 17, 60, 256, 1000] {
            let input = Activations.random(rows: 3, width: width, &random)
            let weight = FloatBuffer((0..<width).map { _ in Float.random(in: -2...2, using: &random) })
            let bias = FloatBuffer((0..<width).map { _ in Float.random(in: -2...2, using: &random) })
            let results = [set, Self.scalar].map { set in
                let output = Activations(width: width)
                output.normalize(
                    input, weight: weight, bias: bias, epsilon: 1e-5, on: Compute(threads: 1, instructionSet: set))
                return output.values.map(\.bitPattern)
            }
            #expect(results[0] == results[1], "width \(width)")
        }
    }

    @Test("attention has the scalar bits", arguments: vectorSets, KeyValueType.allCases)
    func attention(_ set: InstructionSet, _ type: KeyValueType) {
        for (headLength, length) in [(10, 33), (16, 1), (64, 100), (72, 50), (80, 7), (200, 65)] {
            let results = [set, Self.scalar].map { set in
                AttentionCase(headCount: 2, headLength: headLength, length: length)
                    .run(chunks: [length], threads: 1, set, keyValues: type).map(\.bitPattern)
            }
            #expect(results[0] == results[1], "\(length) tokens, \(headLength) elements")
        }
    }

    @Test(
        "attention over keys and values of any size has the scalar bits", arguments: vectorSets, KeyValueType.allCases)
    func attentionExtremes(_ set: InstructionSet, _ type: KeyValueType) {
        let results = [set, Self.scalar].map { set in
            AttentionCase(headCount: 1, headLength: 80, length: 40, hasExtremes: true)
                .run(chunks: [40], threads: 1, set, keyValues: type).map(\.bitPattern)
        }
        #expect(results[0] == results[1])
    }
}
