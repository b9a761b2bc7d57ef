internal import CKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Causal attention over whole sequences, with its backward pass: `softmax(q kᵀ / sqrt(headLength)) v`, head by head.
///
/// Scores are computed again in the backward pass (Dao et al. 2022, "FlashAttention"), so that memory grows with the
/// rows and not with their square.
public final class CausalAttention {
    /// Queries that are computed on together: few, since half of the last block of their scores is computed in vain.
    private static let blockRows = 64

    private let products: MatrixProducts
    private let headCount: Int
    private let headLength: Int
    /// By thread, `[blockRows, longest sequence]`, twice: scores, and their gradients.
    private var space: [(scores: FloatMatrix, gradients: FloatMatrix)] = []

    public init(headCount: Int, headLength: Int, products: MatrixProducts) {
        self.products = products
        self.headCount = headCount
        self.headLength = headLength
    }

    private var compute: Compute { products.compute }
    private var scale: Float { 1 / Float(headLength).squareRoot() }

    /// - parameters:
    ///   - queries, keys, values, output: `[rows, headCount * headLength]`; queries and keys are rotated
    ///   - sequences: rows that attend to those before them and themselves; they don't overlap
    ///   - logSums: `[headCount, rows]`: the logarithm of each softmax's denominator, for the backward pass
    public func forward(
        queries: FloatMatrix, keys: FloatMatrix, values: FloatMatrix, sequences: [Range<Int>],
        into output: FloatMatrix, logSums: FloatMatrix
    ) {
        reserve(sequences)
        let kernels = unsafe compute.trainingKernels
        eachHead(of: sequences) { rows, head, columns, thread in
            let k = products.pack(keys.rows(rows).columns(columns).transposed, slot: 0, thread: thread)
            let v = products.pack(values.rows(rows).columns(columns).asIs, slot: 1, thread: thread)
            eachBlock(of: rows.count) { block in
                let scores = space[thread].scores.rows(0..<block.count).columns(0..<block.upperBound)
                let part = rows.lowerBound + block.lowerBound..<rows.lowerBound + block.upperBound
                products.multiply(queries.rows(part).columns(columns).asIs, k, into: scores)
                for (index, position) in block.enumerated() {
                    let row = unsafe scores.row(index)
                    let count = Int64(position + 1)
                    let shift = unsafe scale * kernels.pointee.largest(count, row)
                    let sum = unsafe kernels.pointee.exponentials(count, scale, shift, row)
                    unsafe kernels.pointee.scale(count, 1 / sum, row)
                    unsafe clear(row, from: position + 1, to: block.upperBound)
                    logSums[head, rows.lowerBound + position] = shift + logf(sum)
                }
                products.multiply(scores.asIs, v, into: output.rows(part).columns(columns))
            }
        }
    }

    /// Replaces the gradients of queries, keys and values by what they get of `outputGradient`.
    ///
    /// - parameter output: of the forward pass.
    public func backward(
        queries: FloatMatrix, keys: FloatMatrix, values: FloatMatrix, sequences: [Range<Int>], output: FloatMatrix,
        logSums: FloatMatrix, outputGradient: FloatMatrix, queryGradient: FloatMatrix, keyGradient: FloatMatrix,
        valueGradient: FloatMatrix
    ) {
        reserve(sequences)
        let kernels = unsafe compute.trainingKernels
        eachHead(of: sequences) { rows, head, columns, thread in
            func part(_ matrix: FloatMatrix, _ range: Range<Int>) -> FloatMatrix {
                matrix.rows(rows.lowerBound + range.lowerBound..<rows.lowerBound + range.upperBound).columns(columns)
            }
            let transposedKeys = products.pack(part(keys, 0..<rows.count).transposed, slot: 0, thread: thread)
            let transposedValues = products.pack(part(values, 0..<rows.count).transposed, slot: 1, thread: thread)
            let packedKeys = products.pack(part(keys, 0..<rows.count).asIs, slot: 2, thread: thread)
            var isFirst = true
            // From the last block, which reaches all keys: it replaces their gradients, the others add to them.
            eachBlock(of: rows.count, isReversed: true) { block in
                let reach = 0..<block.upperBound
                let weights = space[thread].scores.rows(0..<block.count).columns(reach)
                let gradients = space[thread].gradients.rows(0..<block.count).columns(reach)
                let (q, dy) = (part(queries, block), part(outputGradient, block))
                products.multiply(q.asIs, transposedKeys, into: weights)
                products.multiply(dy.asIs, transposedValues, into: gradients)
                for (index, position) in block.enumerated() {
                    let (weight, gradient) = unsafe (weights.row(index), gradients.row(index))
                    let count = Int64(position + 1)
                    let shift = logSums[head, rows.lowerBound + position]
                    unsafe _ = kernels.pointee.exponentials(count, scale, shift, weight)
                    // The sum of p dp is that of y dy.
                    let mean = unsafe kernels.pointee.dot(
                        Int64(headLength), part(output, block).row(index), dy.row(index))
                    unsafe kernels.pointee.softmax_back(count, weight, Float(mean), scale, gradient)
                    unsafe clear(weight, from: position + 1, to: block.upperBound)
                    unsafe clear(gradient, from: position + 1, to: block.upperBound)
                }
                products.multiply(gradients.asIs, packedKeys, into: part(queryGradient, block))
                // Each of a slot's factors is used up before the next takes its place.
                let queries = products.pack(q.asIs, slot: 3, thread: thread)
                products.multiply(gradients.transposed, queries, into: part(keyGradient, reach), adding: !isFirst)
                let outputs = products.pack(dy.asIs, slot: 3, thread: thread)
                products.multiply(weights.transposed, outputs, into: part(valueGradient, reach), adding: !isFirst)
                isFirst = false
            }
        }
    }

    private func clear(_ row: UnsafeMutablePointer<Float>, from start: Int, to end: Int) {
        if start < end { unsafe (row + start).update(repeating: 0, count: end - start) }
    }

    private func reserve(_ sequences: [Range<Int>]) {
        let longest = sequences.map(\.count).max() ?? 0
        guard space.isEmpty || space[0].scores.columns < longest else { return }
        space = (0..<compute.team.count).map { _ in
            (
                FloatMatrix(rows: Self.blockRows, columns: longest),
                FloatMatrix(rows: Self.blockRows, columns: longest)
            )
        }
    }

    private func eachHead(
        of sequences: [Range<Int>],
        _ body: (_ rows: Range<Int>, _ head: Int, _ columns: Range<Int>, _ thread: Int) -> Void
    ) {
        let work = sequences.reduce(0) { $0 + $1.count * $1.count } * headCount * headLength
        // Long ones first, so that no thread is left alone with one at the end.
        let order = sequences.sorted { $0.count > $1.count }
        compute.distribute(order.count * headCount, work: work) { item, thread in
            let head = item % headCount
            body(order[item / headCount], head, head * headLength..<(head + 1) * headLength, thread)
        }
    }

    private func eachBlock(of count: Int, isReversed: Bool = false, _ body: (Range<Int>) -> Void) {
        let starts = Array(stride(from: 0, to: count, by: Self.blockRows))
        for start in isReversed ? starts.reversed() : starts { body(start..<min(start + Self.blockRows, count)) }
    }
}
