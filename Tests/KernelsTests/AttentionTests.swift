import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Attention over pages")
struct AttentionTests {
    /// Lengths around those of a page and of a block of pages.
    @Test(
        "equals softmax(q k / sqrt(d)) v in double precision",
        arguments: [(1, 1), (10, 33), (16, 32), (64, 100), (16, 512), (16, 513), (20, 1100)])
    func equalsDefinition(_ headLength: Int, _ length: Int) {
        let attention = AttentionCase(headCount: 3, headLength: headLength, length: length)
        let output = attention.run(chunks: [length], threads: 2, InstructionSet.available[0])
        for (found, expected) in zip(output, attention.expected) {
            // f32 sums of `length` terms of size about 1.
            #expect(abs(Double(found) - expected) < 1e-5)
        }
    }

    /// A key or value is off by half a step at most: 2^-11 of itself as a half, 1 / 254 of its group's largest as a byte.
    @Test(
        "keys and values of fewer bits change the result by what their rounding explains",
        arguments: [(KeyValueType.f16, 2e-3), (.int8, 2e-2)])
    func rounding(_ type: KeyValueType, _ bound: Double) {
        let attention = AttentionCase(headCount: 2, headLength: 64, length: 100)
        let output = attention.run(chunks: [100], threads: 1, InstructionSet.available[0], keyValues: type)
        var largest = 0.0
        for (found, expected) in zip(output, attention.expected) {
            largest = max(largest, abs(Double(found) - expected))
        }
        #expect(largest < bound)
        // They were rounded: exact ones come closer.
        #expect(largest > 1e-5)
    }

    @Test("has the same bits in any chunks, with one thread or more", arguments: KeyValueType.allCases)
    func chunksDontMatter(_ type: KeyValueType) {
        let attention = AttentionCase(headCount: 2, headLength: 16, length: 577)
        let set = InstructionSet.available[0]
        let whole = attention.run(chunks: [577], threads: 1, set, keyValues: type).map(\.bitPattern)
        for chunks in [
            [1, 576], [31, 1, 545], [512, 65], [511, 2, 64], Array(repeating: 1, count: 577), [40, 500, 37],
        ] {
            let found = attention.run(chunks: chunks, threads: 2, set, keyValues: type).map(\.bitPattern)
            #expect(found == whole, "chunks \(chunks.prefix(5))")
        }
    }

    /// Sequences that share their first pages, each with rows of its own, in one step.
    @Test("has the same bits over shared pages as over copies of them", arguments: KeyValueType.allCases)
    func sharedPages(_ type: KeyValueType) {
        let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])
        let (heads, headLength, width) = (2, 32, 64)
        var random = SplitMix64(seed: 99)
        for round in 0..<12 {
            let shared = Int.random(in: 1...20, using: &random)
            let sequences = Int.random(in: 2...60, using: &random)
            let prefix = Activations.random(rows: shared * KeyValuePages.pageLength, width: width, &random)
            // Some part earlier than others; some read several tokens.
            let tails = (0..<sequences).map { _ in
                (keep: Int.random(in: 1...shared, using: &random), rows: Int.random(in: 1...3, using: &random))
            }
            let rowCount = tails.reduce(0) { $0 + $1.rows }
            let step = (0..<3).map { _ in Activations.random(rows: rowCount, width: width, &random) }
            let outputs = [true, false].map { isShared in
                let store = KeyValuePages(
                    layerCount: 1, headCount: heads, headLength: headLength, type: type,
                    pageCapacity: 1 + shared + sequences * (shared + 1))
                func write(_ pages: [Int]) {
                    let span = SequenceSpan(
                        firstRow: 0, rowCount: pages.count * KeyValuePages.pageLength, firstPosition: 0, pages: pages)
                    store.append(layer: 0, keys: prefix, values: prefix, spans: [span], on: compute)
                }
                write(Array(0..<shared))
                var (firstRow, free) = (0, shared)
                var spans: [SequenceSpan] = []
                for (keep, rows) in tails {
                    var pages = Array(0..<keep)
                    if !isShared {
                        pages = Array(free..<free + keep)
                        free += keep
                        write(pages)
                    }
                    spans.append(
                        SequenceSpan(
                            firstRow: firstRow, rowCount: rows, firstPosition: keep * KeyValuePages.pageLength,
                            pages: pages + [free]))
                    free += 1
                    firstRow += rows
                }
                let output = Activations(width: width)
                store.append(layer: 0, keys: step[1], values: step[2], spans: spans, on: compute)
                store.attend(layer: 0, queries: step[0], plan: AttentionPlan(spans), into: output, on: compute)
                return output.values.map(\.bitPattern)
            }
            #expect(outputs[0] == outputs[1], "round \(round): \(sequences) sequences over \(shared) pages")
        }
    }

    @Test("a copied page holds what the other holds", arguments: KeyValueType.allCases)
    func copiedPage(_ type: KeyValueType) {
        let compute = Compute(threads: 1, instructionSet: InstructionSet.available[0])
        var random = SplitMix64(seed: 5)
        let rows = (0..<3).map { _ in Activations.random(rows: 20, width: 48, &random) }
        let store = KeyValuePages(layerCount: 2, headCount: 3, headLength: 16, type: type, pageCapacity: 2)
        var span = SequenceSpan(firstRow: 0, rowCount: 20, firstPosition: 0, pages: [0])
        let outputs = (0..<2).map { page in
            if page == 0 { store.append(layer: 1, keys: rows[1], values: rows[2], spans: [span], on: compute) }
            if page == 1 { store.copyPage(0, to: 1) }
            span.pages = [page]
            let output = Activations(width: 48)
            store.attend(layer: 1, queries: rows[0], plan: AttentionPlan([span]), into: output, on: compute)
            return output.values
        }
        #expect(outputs[0] == outputs[1])
    }
}

extension AttentionCase {
    /// The definition, in double precision; row-major.
    var expected: [Double] {
        let inputs = inputs.map { $0.map { $0.map(Double.init) } }
        var output = [Double](repeating: 0, count: length * width)
        for position in 0..<length {
            for head in 0..<headCount {
                let elements = head * headLength..<(head + 1) * headLength
                let scores = (0...position).map { key in
                    elements.reduce(0.0) { $0 + inputs[0][position][$1] * inputs[1][key][$1] }
                        / Double(headLength).squareRoot()
                }
                let largest = scores.max()!
                let weights = scores.map { exp($0 - largest) }
                let sum = weights.reduce(0, +)
                for element in elements {
                    output[position * width + element] =
                        (0...position).reduce(0.0) { $0 + weights[$1] / sum * inputs[2][$1][element] }
                }
            }
        }
        return output
    }
}
