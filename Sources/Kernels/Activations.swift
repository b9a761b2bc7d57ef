internal import CKernels

/// Rows of floats that a step computes on: `[rows, width]`, row-major; a row is one token of the ragged batch.
///
/// The memory is kept from step to step and grows when a step has more rows than any before.
@safe public final class Activations {
    /// Elements to a row.
    public let width: Int
    /// Rows in use. Contents are undefined after it's set.
    public var rows: Int {
        didSet {
            precondition(rows >= 0)
            if rows * width > buffer.count { buffer = FloatBuffer(count: rows * width) }
        }
    }
    private(set) var buffer: FloatBuffer

    public init(width: Int, rows: Int = 0) {
        precondition(width > 0 && rows >= 0)
        self.width = width
        self.rows = rows
        buffer = FloatBuffer(count: rows * width)
    }

    var base: UnsafeMutablePointer<Float> { unsafe buffer.base }

    /// A copy of a row.
    public func row(_ index: Int) -> [Float] {
        precondition(index >= 0 && index < rows)
        return buffer.values(index * width..<(index + 1) * width)
    }

    /// A copy of all rows, one after the other.
    public var values: [Float] { buffer.values(0..<rows * width) }

    /// Copies a row in.
    public func setRow(_ index: Int, to values: some Collection<Float>) {
        precondition(index >= 0 && index < rows && values.count == width)
        for (column, value) in values.enumerated() { unsafe base[index * width + column] = value }
    }

    /// Becomes the rows of `source` at `indices`, in that order.
    public func gather(_ indices: [Int], of source: Activations) {
        precondition(source.width == width && source !== self)
        rows = indices.count
        for (row, index) in indices.enumerated() {
            precondition(index >= 0 && index < source.rows)
            unsafe (base + row * width).update(from: source.base + index * width, count: width)
        }
    }

    /// Becomes the layer normalization of `source` (Ba et al. 2016), row by row; `weight` and `bias` have `width`
    /// elements.
    public func normalize(
        _ source: Activations, weight: FloatBuffer, bias: FloatBuffer, epsilon: Float, on compute: Compute
    ) {
        precondition(source.width == width && weight.count == width && bias.count == width && source !== self)
        rows = source.rows
        // A division and some passes over the row: about 16 operations an element.
        compute.divide(rows, unit: 1, work: 16 * rows * width) { part, _ in
            for row in part {
                unsafe compute.kernels.pointee.layer_norm(
                    Int64(width), source.base + row * width, weight.base, bias.base, epsilon, base + row * width)
            }
        }
    }

    /// Every element through GELU, as ``Product`` does it.
    public func gelu(on compute: Compute) {
        // An exponential and a division: about 32 operations an element.
        compute.divide(rows, unit: 1, work: 32 * rows * width) { part, _ in
            for row in part { unsafe compute.kernels.pointee.gelu(Int64(width), base + row * width) }
        }
    }

    /// Rotates the queries or keys of every head by their positions, GPT-J's interleaved pairs.
    ///
    /// - parameter positions: one for each row.
    public func rotate(by table: RotaryTable, positions: [Int], headLength: Int, on compute: Compute) {
        precondition(positions.count == rows && width % headLength == 0 && table.rotaryLength <= headLength)
        precondition(positions.allSatisfy { $0 >= 0 && $0 < table.positionCount })
        let half = table.rotaryLength / 2
        // Four operations a pair, and the head's other elements aren't touched.
        compute.divide(rows, unit: 1, work: 4 * rows * width / headLength * table.rotaryLength) { part, _ in
            for row in part {
                let angle = positions[row] * half
                for head in stride(from: 0, to: width, by: headLength) {
                    unsafe ck_rotate_pairs(
                        Int64(table.rotaryLength), table.cosines.base + angle, table.sines.base + angle,
                        base + row * width + head)
                }
            }
        }
    }
}
