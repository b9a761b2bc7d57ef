/// A window on a ``FloatBuffer``: `[rows, columns]`, row-major, with a stride from row to row.
///
/// A value that refers to shared memory: copies see the same elements.
@safe public struct FloatMatrix: Sendable {
    public let rows: Int
    public let columns: Int
    /// Elements from the start of a row to that of the next.
    public let stride: Int
    let buffer: FloatBuffer
    let offset: Int

    /// - precondition: every element lies within the buffer.
    public init(_ buffer: FloatBuffer, offset: Int = 0, rows: Int, columns: Int, stride: Int? = nil) {
        let stride = stride ?? columns
        precondition(rows >= 0 && columns >= 0 && offset >= 0 && stride >= columns)
        precondition(rows == 0 || offset + (rows - 1) * stride + columns <= buffer.count)
        self.buffer = buffer
        self.offset = offset
        self.rows = rows
        self.columns = columns
        self.stride = stride
    }

    /// A matrix of its own memory, zeros at first.
    public init(rows: Int, columns: Int) {
        self.init(FloatBuffer(count: rows * columns), rows: rows, columns: columns)
    }

    public func rows(_ range: Range<Int>) -> FloatMatrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows)
        return FloatMatrix(
            buffer, offset: offset + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
    }

    public func columns(_ range: Range<Int>) -> FloatMatrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns)
        return FloatMatrix(
            buffer, offset: offset + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }

    /// A copy of the elements, row by row.
    public var values: [Float] {
        (0..<rows).flatMap { row in buffer.values(offset + row * stride..<offset + row * stride + columns) }
    }

    public subscript(row: Int, column: Int) -> Float {
        get {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns)
            return buffer[offset + row * stride + column]
        }
        nonmutating set {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns)
            buffer[offset + row * stride + column] = newValue
        }
    }

    /// Whether the rows follow each other without gaps.
    var isContiguous: Bool { stride == columns || rows <= 1 }

    var base: UnsafeMutablePointer<Float> { unsafe buffer.base + offset }

    func row(_ index: Int) -> UnsafeMutablePointer<Float> { unsafe base + index * stride }
}
