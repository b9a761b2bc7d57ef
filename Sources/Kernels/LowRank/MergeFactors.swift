internal import CKernels

/// A change of low rank that is added to a matrix itself, rather than to what the matrix makes of rows.
public struct MergeFactors: Sendable {
    /// Of the matrix.
    public let rows: Int
    public let columns: Int
    private let rank: Int
    private let left: FloatBuffer  // [rows, rank], with the scale in it
    private let right: FloatBuffer  // [rank, columns rounded up to sixteen]

    private var rightStride: Int { Self.stride(of: columns) }

    private static func stride(of columns: Int) -> Int { (columns + 15) / 16 * 16 }

    /// - parameters:
    ///   - a: `[rank, inputs]`
    ///   - b: `[outputs, rank]`
    ///   - isTransposed: the matrix is `[inputs, outputs]`, as embeddings are
    public init(a: WeightMatrix, b: WeightMatrix, scale: Float, isTransposed: Bool = false, on compute: Compute) {
        precondition(a.rows == b.columns, "factors of one change")
        (rows, columns, rank) = isTransposed ? (a.columns, b.rows, a.rows) : (b.rows, a.columns, a.rows)
        let (flat, thin) = (FloatBuffer(count: a.rows * a.columns), FloatBuffer(count: b.rows * b.columns))
        a.widen(into: flat, at: 0, on: compute)
        b.widen(into: thin, at: 0, on: compute)
        left = FloatBuffer(count: rows * rank)
        let stride = Self.stride(of: columns)
        right = FloatBuffer(count: rank * stride)
        for row in 0..<rows {
            for index in 0..<rank {
                let value = unsafe isTransposed ? flat.base[index * rows + row] : thin.base[row * rank + index]
                unsafe left.base[row * rank + index] = value * scale
            }
        }
        for index in 0..<rank {
            for column in 0..<columns {
                unsafe right.base[index * stride + column] =
                    isTransposed ? thin.base[column * rank + index] : flat.base[index * columns + column]
            }
        }
    }

    fileprivate func add(to values: FloatBuffer, rows part: Range<Int>, on compute: Compute) {
        compute.divide(part.count, unit: 1, work: part.count * rank * columns) { lines, _ in
            unsafe compute.kernels.pointee.product(
                Int64(lines.count), Int64(columns), Int64(rank),
                left.base + (part.lowerBound + lines.lowerBound) * rank, Int64(rank), right.base, Int64(rightStride),
                values.base + lines.lowerBound * columns, Int64(columns), 1)
        }
    }
}

extension WeightMatrix {
    /// Some rows as floats, with changes added to them.
    ///
    /// - precondition: the matrix isn't packed, and the changes are of its size.
    public func merged(rows part: Range<Int>, with changes: [MergeFactors], on compute: Compute) -> WeightMatrix {
        precondition(part.lowerBound >= 0 && part.upperBound <= rows && !part.isEmpty)
        precondition(changes.allSatisfy { $0.rows == rows && $0.columns == columns }, "changes of another matrix")
        let values = FloatBuffer(count: part.count * columns)
        unsafe withFloats { weights, format in
            let rowBytes = format.byteCount(of: columns)
            compute.divide(part.count, unit: 1, work: part.count * columns) { lines, _ in
                for line in lines {
                    unsafe compute.kernels.pointee.widen(
                        Int64(columns), weights + (part.lowerBound + line) * rowBytes, format.kernelType,
                        values.base + line * columns)
                }
            }
        }
        for change in changes { change.add(to: values, rows: part, on: compute) }
        return WeightMatrix(rows: part.count, columns: columns, values: values)
    }
}
