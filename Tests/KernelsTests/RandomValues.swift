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

    var width: Int { headCount * headLength }

    /// Queries, keys and values, each `length` rows.
    var inputs: [[[Float]]] {
        var random = SplitMix64(seed: UInt64(headLength * 1000 + length))
        return (0..<3).map { _ in
            (0..<length).map { _ in (0..<width).map { _ in Float.random(in: -2...2, using: &random) } }
        }
    }

    /// The output of all positions, row-major, when the sequence comes in chunks of these sizes. The pages lie in the
    /// store in reverse order, beside those of another sequence.
    func run(chunks: [Int], threads: Int, _ set: InstructionSet) -> [Float] {
        let inputs = inputs
        let compute = Compute(threads: threads, instructionSet: set)
        let pageCount = (length + KeyValuePages.pageLength - 1) / KeyValuePages.pageLength
        let store = KeyValuePages(
            layerCount: 2, headCount: headCount, headLength: headLength, pageCapacity: pageCount + 1)
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
                KeyValuePages.Span(firstRow: 0, rowCount: 1, firstPosition: 0, pages: [0]),
                KeyValuePages.Span(firstRow: 1, rowCount: chunk, firstPosition: position, pages: pages),
            ]
            let output = Activations(width: width)
            store.append(layer: 1, keys: rows[1], values: rows[2], spans: spans)
            store.attend(layer: 1, queries: rows[0], spans: spans, into: output, on: compute)
            result += output.values.dropFirst(width)
            position += chunk
        }
        return result
    }
}
