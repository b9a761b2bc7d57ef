internal import CKernels

/// A weight matrix `[rows, columns]` as the checkpoint has it: a row holds the weights of one output.
///
/// The one face that weights of every type have. Weights that were stored as f32, f16 or bf16 stay where they are, in
/// the mapped file, and are widened to floats in the inner loop, which is exact; a matrix that isn't contiguous in its
/// file is copied. Weights of 8 or 4 bits are made from those, packed for the inner loop.
@safe public struct WeightMatrix: Sendable {
    /// Outputs.
    public let rows: Int
    /// Inputs.
    public let columns: Int
    private let storage: Storage

    private enum Storage: Sendable {
        case mapped(MappedRegion, ElementType)
        case owned(FloatBuffer)
        case packed(MemoryBlock, Quantization)
    }

    /// Bytes that a product reads of it.
    public var byteCount: Int {
        switch storage {
        case .mapped(let region, _): region.count
        case .owned(let values): values.count * MemoryLayout<Float>.stride
        case .packed(let panels, _): panels.byteCount
        }
    }

    /// How the weights were quantized; `nil` for floats.
    public var quantization: Quantization? {
        if case .packed(_, let quantization) = storage { quantization } else { nil }
    }

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

    private init(rows: Int, columns: Int, panels: MemoryBlock, quantization: Quantization) {
        self.rows = rows
        self.columns = columns
        storage = .packed(panels, quantization)
    }

    /// The same matrix with weights of 8 or 4 bits, in memory of its own.
    ///
    /// - precondition: the matrix holds floats.
    public func quantized(to quantization: Quantization, on compute: Compute) -> WeightMatrix {
        let panelCount = (rows + Int(ck_panel_columns) - 1) / Int(ck_panel_columns)
        let panels = MemoryBlock(byteCount: quantization.byteCount(rows: rows, columns: columns))
        unsafe withFloats { weights, type in
            // An element takes about as long as 64 multiply-adds.
            compute.divide(panelCount, unit: 1, work: 64 * rows * columns) { part, _ in
                unsafe ck_pack_weights(
                    compute.kernels, weights, type.kernelType, Int64(rows), Int64(columns), Int64(part.lowerBound),
                    Int64(part.upperBound), quantization.bits, panels.base)
            }
        }
        return WeightMatrix(rows: rows, columns: columns, panels: panels, quantization: quantization)
    }

    /// `output = input * selfᵀ`, as ``Product`` has it.
    public func multiply(
        _ input: Activations, into output: Activations, bias: FloatBuffer? = nil, gelu: Bool = false,
        result: Product.Result = .replace, on compute: Compute
    ) {
        compute.multiply(input, [Product(self, into: output, bias: bias, gelu: gelu, result: result)])
    }

    /// One thread's part of a product: the columns `part` of its output. Matrices of integers multiply what
    /// `compute.quantized` holds.
    func multiply(_ input: Activations, _ product: Product, columns part: Range<Int>, thread: Int, on compute: Compute)
    {
        let bias = unsafe product.bias.map { unsafe UnsafePointer($0.base) }
        let (accumulate, gelu): (Int32, Int32) = (product.result == .add ? 1 : 0, product.gelu ? 1 : 0)
        if case .packed(let panels, let quantization) = storage {
            var arguments = unsafe ck_quantized_arguments(
                x: compute.quantized.view, panels: UnsafeRawPointer(panels.base), bits: quantization.bits,
                first: Int64(part.lowerBound), end: Int64(part.upperBound), bias: bias, y: product.output.base,
                y_stride: Int64(rows), scratch: compute.scratch(of: thread), accumulate: accumulate, gelu: gelu)
            return unsafe compute.quantizedKernels.pointee.linear(&arguments)
        }
        unsafe withFloats { weights, type in
            var arguments = unsafe ck_linear_arguments(
                rows: Int64(input.rows), inner: Int64(columns), first: Int64(part.lowerBound),
                end: Int64(part.upperBound), x: UnsafePointer(input.base), x_stride: Int64(columns), w: weights,
                w_type: type.kernelType, bias: bias, y: product.output.base, y_stride: Int64(rows),
                scratch: compute.scratch(of: thread).assumingMemoryBound(to: Float.self), accumulate: accumulate,
                gelu: gelu)
            unsafe compute.kernels.pointee.linear(&arguments)
        }
    }

    /// Becomes the rows of `output`: those of this matrix at `indices`, widened. The embedding of tokens.
    ///
    /// - precondition: the matrix holds floats, and every index is a row.
    public func copyRows(_ indices: [Int], into output: Activations, on compute: Compute) {
        precondition(output.width == columns)
        output.rows = indices.count
        unsafe withFloats { weights, type in
            for (row, index) in indices.enumerated() {
                precondition(index >= 0 && index < rows)
                unsafe compute.kernels.pointee.widen(
                    Int64(columns), weights + index * columns * type.byteCount, type.kernelType,
                    output.base + row * columns)
            }
        }
    }

    private func withFloats(_ body: (UnsafeRawPointer, ElementType) -> Void) {
        switch storage {
        case .mapped(let region, let type):
            unsafe region.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { preconditionFailure("a matrix has at least one element") }
                unsafe body(base, type)
            }
        case .owned(let buffer):
            unsafe body(UnsafeRawPointer(buffer.base), .float32)
        case .packed:
            preconditionFailure("the matrix holds no floats")
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
