import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Attention over pages")
struct AttentionTests {
    @Test("equals softmax(q k / sqrt(d)) v in double precision", arguments: [(1, 1), (10, 33), (16, 32), (64, 100)])
    func equalsDefinition(_ headLength: Int, _ length: Int) {
        let attention = AttentionCase(headCount: 3, headLength: headLength, length: length)
        let inputs = attention.inputs.map { $0.map { $0.map(Double.init) } }
        let output = attention.run(chunks: [length], threads: 2, InstructionSet.available[0])
        for position in 0..<length {
            for head in 0..<3 {
                let elements = head * headLength..<(head + 1) * headLength
                let scores = (0...position).map { key in
                    elements.reduce(0.0) { $0 + inputs[0][position][$1] * inputs[1][key][$1] }
                        / Double(headLength).squareRoot()
                }
                let largest = scores.max()!
                let weights = scores.map { exp($0 - largest) }
                let sum = weights.reduce(0, +)
                for element in elements {
                    let expected = (0...position).reduce(0.0) { $0 + weights[$1] / sum * inputs[2][$1][element] }
                    let found = Double(output[position * attention.width + element])
                    // f32 sums of `length` terms of size about 1.
                    #expect(abs(found - expected) < 1e-5, "position \(position), element \(element)")
                }
            }
        }
    }

    @Test("has the same bits in any chunks, with one thread or more")
    func chunksDontMatter() {
        let attention = AttentionCase(headCount: 2, headLength: 16, length: 77)
        let whole = attention.run(chunks: [77], threads: 1, InstructionSet.available[0]).map(\.bitPattern)
        for chunks in [[1, 76], [31, 1, 45], [32, 32, 13], Array(repeating: 1, count: 77), [40, 37]] {
            let found = attention.run(chunks: chunks, threads: 2, InstructionSet.available[0]).map(\.bitPattern)
            #expect(found == whole, "chunks \(chunks)")
        }
    }
}
