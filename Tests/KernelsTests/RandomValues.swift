import Foundation
import Kernels
import TestSupport

extension Activations {
    static func random(rows: Int, width: Int, _ random: inout SplitMix64) -> Activations {
        let result = Activations(width: width, rows: rows)
        for row in 0..<rows {
            result.setRow(row, to: (0..<width).map { _ in Float.random(in: -3...3, using: &random) })
        }
        return result
    }
}

extension WeightMatrix {
    /// A matrix that is mapped from a file, at an odd address, as safetensors may have it.
    static func random(
        rows: Int, columns: Int, type: ElementType, _ random: inout SplitMix64
    ) throws -> WeightMatrix {
        var bytes: [UInt8] = [0xff]
        for _ in 0..<rows * columns {
            let value = Float.random(in: -1...1, using: &random)
            switch type {
            case .float32: withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
            case .float16: withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { bytes += $0 }
            case .bfloat16: withUnsafeBytes(of: UInt16(value.bitPattern >> 16).littleEndian) { bytes += $0 }
            }
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "nightshift-matrix-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let region = try MappedFile(path: file.path).region(offset: 1, count: bytes.count - 1)
        return WeightMatrix(rows: rows, columns: columns, mapped: region, type: type)
    }
}

/// Attention over one sequence of random queries, keys and values.
struct AttentionCase {
    let headCount: Int
    let headLength: Int
    let length: Int
    /// Keys and values beyond the halves' range, at its rounding borders, and tiny ones.
    var hasExtremes = false

    var width: Int { headCount * headLength }

    /// Queries, keys and values, each `length` rows.
    var inputs: [[[Float]]] {
        var random = SplitMix64(seed: UInt64(headLength * 1000 + length))
        var inputs = (0..<3).map { _ in
            (0..<length).map { _ in (0..<width).map { _ in Float.random(in: -2...2, using: &random) } }
        }
        if hasExtremes {
            let extremes: [Float] = [
                65504, 65519.996, 65520, -70000, 6.1e-5, 5.96e-8, 2.98e-8, 2.9802326e-8, -1e-7, 0x1p-133, 0, -0.0,
                1.00049,
                1.00146,
            ]
            for token in 0..<length {
                // Queries of 0 keep the scores finite where keys aren't.
                for kind in 1..<3 { inputs[kind][token][token] = extremes[token % extremes.count] }
                for element in 0..<length { inputs[0][token][element] = 0 }
            }
        }
        return inputs
    }

    /// The output of all positions, row-major, when the sequence comes in chunks of these sizes. The pages lie in the
    /// store in reverse order, beside those of another sequence.
    func run(
        chunks: [Int], threads: Int, _ set: InstructionSet, keyValues: KeyValueType = .f32
    ) -> [Float] {
        let inputs = inputs
        let compute = Compute(threads: threads, instructionSet: set)
        let pageCount = (length + KeyValuePages.pageLength - 1) / KeyValuePages.pageLength
        let store = KeyValuePages(
            layerCount: 2, headCount: headCount, headLength: headLength, type: keyValues,
            pageCapacity: pageCount + 1)
        let pages = Array((0..<pageCount).map { pageCount - $0 })
        var result: [Float] = []
        var position = 0
        for chunk in chunks {
            // The other sequence's single token stands before this sequence's rows.
            let rows = inputs.map { kind -> Activations in
                let activations = Activations(width: width, rows: chunk + 1)
                activations.setRow(0, to: kind[0])
                for row in 0..<chunk { activations.setRow(row + 1, to: kind[position + row]) }
                return activations
            }
            let spans = [
                SequenceSpan(firstRow: 0, rowCount: 1, firstPosition: 0, pages: [0]),
                SequenceSpan(firstRow: 1, rowCount: chunk, firstPosition: position, pages: pages),
            ]
            let output = Activations(width: width)
            store.append(layer: 1, keys: rows[1], values: rows[2], spans: spans, on: compute)
            store.attend(layer: 1, queries: rows[0], plan: AttentionPlan(spans), into: output, on: compute)
            result += output.values.dropFirst(width)
            position += chunk
        }
        return result
    }
}
