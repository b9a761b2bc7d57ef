internal import CKernels

/// A weight matrix `[rows, columns]` as the checkpoint has it: a row holds the weights of one output.
///
/// The one face that weights of every type have. Weights that were stored as f32, f16 or bf16 stay where they are, in
/// the mapped file, and are widened to floats in the inner loop, which is exact; a matrix that isn't contiguous in its
/// file is copied.
@safe public struct WeightMatrix: Sendable {
    /// Outputs.
    public let rows: Int
    /// Inputs.
    public let columns: Int
    private let storage: Storage

    private enum Storage: Sendable {
        case mapped(MappedRegion, ElementType)
        case owned(FloatBuffer)
    }

    /// What the numbers are stored as.
    public var elementType: ElementType {
        switch storage {
        case .mapped(_, let type): type
        case .owned: .float32
        }
    }

    /// Bytes that a product reads of it.
    public var byteCount: Int { rows * columns * elementType.byteCount }

    /// Weights in place.
    ///
    /// - precondition: `region` holds exactly `rows * columns` elements of `type`.
    public init(rows: Int, columns: Int, mapped region: MappedRegion, type: ElementType) {
        precondition(rows > 0 && columns > 0 && region.count == rows * columns * type.byteCount)
        self.rows = rows
        self.columns = columns
        storage = .mapped(region, type)
    }

    /// Weights in memory, row-major.
    ///
    /// - precondition: `values` holds `rows * columns` elements.
    public init(rows: Int, columns: Int, values: FloatBuffer) {
        precondition(rows > 0 && columns > 0 && values.count == rows * columns)
        self.rows = rows
        self.columns = columns
        storage = .owned(values)
    }

    /// What becomes of a product's sums.
    public enum Result: Sendable {
        /// They replace what the output held.
        case replace
        /// They are added to it: the residual stream.
        case add
    }

    /// `output[i, n] = sum over j of input[i, j] * self[n, j] + bias[n]`, through GELU where asked.
    ///
    /// - parameters:
    ///   - input: `[tokens, columns]`
    ///   - output: `[tokens, rows]`; gets as many rows as `input` unless it's added to
    ///   - bias: `rows` elements
    public func multiply(
        _ input: Activations, into output: Activations, bias: FloatBuffer? = nil, gelu: Bool = false,
        result: Result = .replace, on compute: Compute
    ) {
        precondition(input.width == columns && output.width == rows && bias.map { $0.count == rows } ?? true)
        if result == .replace { output.rows = input.rows }
        precondition(output.rows == input.rows)
        if input.rows == 0 { return }
        unsafe withBytes { weights, type in
            compute.divide(rows, unit: ck_panel_columns, work: input.rows * rows * columns) { part, thread in
                var arguments = unsafe ck_linear_arguments(
                    rows: Int64(input.rows), inner: Int64(columns), first: Int64(part.lowerBound),
                    end: Int64(part.upperBound), x: UnsafePointer(input.base), x_stride: Int64(columns), w: weights,
                    w_type: type.kernelType, bias: bias.map { unsafe UnsafePointer($0.base) }, y: output.base,
                    y_stride: Int64(rows), scratch: compute.scratch(of: thread), accumulate: result == .add ? 1 : 0,
                    gelu: gelu ? 1 : 0)
                unsafe compute.kernels.pointee.linear(&arguments)
            }
        }
    }

    /// Becomes the rows of `output`: those of this matrix at `indices`, widened. The embedding of tokens.
    ///
    /// - precondition: every index is a row.
    public func copyRows(_ indices: [Int], into output: Activations, on compute: Compute) {
        precondition(output.width == columns)
        output.rows = indices.count
        unsafe withBytes { weights, type in
            for (row, index) in indices.enumerated() {
                precondition(index >= 0 && index < rows)
                unsafe compute.kernels.pointee.widen(
                    Int64(columns), weights + index * columns * type.byteCount, type.kernelType,
                    output.base + row * columns)
            }
        }
    }

    private func withBytes(_ body: (UnsafeRawPointer, ElementType) -> Void) {
        switch storage {
        case .mapped(let region, let type):
            unsafe region.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { preconditionFailure("a matrix has at least one element") }
                unsafe body(base, type)
            }
        case .owned(let buffer):
            unsafe body(UnsafeRawPointer(buffer.base), .float32)
        }
    }
}

extension ElementType {
    var kernelType: ck_type {
        switch self {
        case .float32: ck_type_f32
        case .float16: ck_type_f16
        case .bfloat16: ck_type_bf16
        }
    }
}
