internal import CKernels

/// A weight matrix `[rows, columns]` as the checkpoint has it: a row holds the weights of one output.
///
/// The one face that weights of every type have. Weights that were stored as f32, f16, bf16, q8_0 or q4_0 stay where they
/// are, in the mapped file, and are widened to floats in the inner loop, which is exact; a matrix that isn't contiguous in
/// its file is copied. Weights of 8 or 4 bits packed for the inner loop are made from those, or lie in the mapped file.
@safe public struct WeightMatrix: Sendable {
    /// Outputs.
    public let rows: Int
    /// Inputs.
    public let columns: Int
    let storage: Storage

    enum Storage: Sendable {
        case mapped(MappedRegion, RowFormat)
        case owned(FloatBuffer)
        case packed(MemoryBlock, Quantization)
        case mappedPanels(MappedRegion, Quantization)
    }

    /// Bytes that a product reads of it.
    public var byteCount: Int {
        switch storage {
        case .mapped(let region, _), .mappedPanels(let region, _): region.count
        case .owned(let values): values.count * MemoryLayout<Float>.stride
        case .packed(let panels, _): panels.byteCount
        }
    }

    /// How the weights were quantized; `nil` for floats, and for blocks, which are multiplied as the floats they are.
    public var quantization: Quantization? {
        switch storage {
        case .packed(_, let quantization), .mappedPanels(_, let quantization): quantization
        case .mapped, .owned: nil
        }
    }

    /// The format of the blocks that the weights are stored in; `nil` for others.
    public var blocks: BlockType? {
        if case .mapped(_, .blocks(let type)) = storage { type } else { nil }
    }

    /// The bytes in a mapped file that a product reads; `nil` for weights in memory.
    public var mappedRegion: MappedRegion? {
        switch storage {
        case .mapped(let region, _), .mappedPanels(let region, _): region
        case .owned, .packed: nil
        }
    }

    /// Weights in place.
    ///
    /// - precondition: `region` holds exactly `rows * columns` elements of `format`.
    public init(rows: Int, columns: Int, mapped region: MappedRegion, format: RowFormat) {
        precondition(rows > 0 && columns > 0 && region.count == rows * format.byteCount(of: columns))
        self.rows = rows
        self.columns = columns
        storage = .mapped(region, format)
    }

    /// Weights in place, of one element each.
    ///
    /// - precondition: `region` holds exactly `rows * columns` elements of `type`.
    public init(rows: Int, columns: Int, mapped region: MappedRegion, type: ElementType) {
        self.init(rows: rows, columns: columns, mapped: region, format: .elements(type))
    }

    /// Packed weights in place.
    ///
    /// - precondition: `region` is a matrix of that size in ``PanelLayout``, and begins at a multiple of its alignment.
    public init(rows: Int, columns: Int, panels region: MappedRegion, quantization: Quantization) {
        precondition(rows > 0 && columns > 0)
        precondition(region.count == quantization.byteCount(rows: rows, columns: columns))
        precondition(region.offset.isMultiple(of: PanelLayout.alignment), "panels at an odd address")
        self.rows = rows
        self.columns = columns
        storage = .mappedPanels(region, quantization)
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
    /// - precondition: the matrix isn't packed.
    public func quantized(to quantization: Quantization, on compute: Compute) -> WeightMatrix {
        let panels = MemoryBlock(byteCount: quantization.byteCount(rows: rows, columns: columns))
        unsafe pack(rows: 0..<rows, to: quantization, into: panels.base, on: compute)
        return WeightMatrix(rows: rows, columns: columns, panels: panels, quantization: quantization)
    }

    /// Packs some rows, whole panels but for the matrix's last, into the panels that begin at `target`.
    func pack(
        rows part: Range<Int>, to quantization: Quantization, into target: UnsafeMutableRawPointer, on compute: Compute
    ) {
        precondition(part.lowerBound.isMultiple(of: PanelLayout.rows))
        unsafe withFloats { weights, format in
            let first = unsafe weights + part.lowerBound * format.byteCount(of: columns)
            // An element takes about as long as 64 multiply-adds.
            let count = PanelLayout.panelCount(rows: part.count)
            compute.divide(count, unit: 1, work: 64 * part.count * columns) { panels, _ in
                unsafe ck_pack_weights(
                    compute.kernels, first, format.kernelType, Int64(part.count), Int64(columns),
                    Int64(panels.lowerBound), Int64(panels.upperBound), quantization.bits, target)
            }
        }
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
        if quantization != nil {
            return unsafe withPanels { panels, quantization in
                var arguments = unsafe ck_quantized_arguments(
                    x: compute.quantized.view, panels: panels, bits: quantization.bits,
                    first: Int64(part.lowerBound), end: Int64(part.upperBound), bias: bias, y: product.output.base,
                    y_stride: Int64(rows), scratch: compute.scratch(of: thread), accumulate: accumulate, gelu: gelu)
                unsafe compute.quantizedKernels.pointee.linear(&arguments)
            }
        }
        unsafe withFloats { weights, format in
            var arguments = unsafe ck_linear_arguments(
                rows: Int64(input.rows), inner: Int64(columns), first: Int64(part.lowerBound),
                end: Int64(part.upperBound), x: UnsafePointer(input.base), x_stride: Int64(columns), w: weights,
                w_type: format.kernelType, bias: bias, y: product.output.base, y_stride: Int64(rows),
                scratch: compute.scratch(of: thread).assumingMemoryBound(to: Float.self), accumulate: accumulate,
                gelu: gelu)
            unsafe compute.kernels.pointee.linear(&arguments)
        }
    }

    /// Becomes the rows of `output`: those of this matrix at `indices`, widened. The embedding of tokens.
    ///
    /// - precondition: the matrix isn't packed, and every index is a row.
    public func copyRows(_ indices: [Int], into output: Activations, on compute: Compute) {
        precondition(output.width == columns)
        output.rows = indices.count
        unsafe withFloats { weights, format in
            let rowBytes = format.byteCount(of: columns)
            for (row, index) in indices.enumerated() {
                precondition(index >= 0 && index < rows)
                unsafe compute.kernels.pointee.widen(
                    Int64(columns), weights + index * rowBytes, format.kernelType, output.base + row * columns)
            }
        }
    }

    /// Runs `body` with the rows, which are floats or blocks that stand for floats.
    func withFloats(_ body: (UnsafeRawPointer, RowFormat) -> Void) {
        switch storage {
        case .mapped(let region, let format):
            unsafe region.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { preconditionFailure("a matrix has at least one element") }
                unsafe body(base, format)
            }
        case .owned(let buffer):
            unsafe body(UnsafeRawPointer(buffer.base), .elements(.float32))
        case .packed, .mappedPanels:
            preconditionFailure("the matrix holds no floats")
        }
    }

    private func withPanels(_ body: (UnsafeRawPointer, Quantization) -> Void) {
        switch storage {
        case .packed(let panels, let quantization):
            unsafe body(UnsafeRawPointer(panels.base), quantization)
        case .mappedPanels(let region, let quantization):
            unsafe region.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { preconditionFailure("a matrix has at least one element") }
                unsafe body(base, quantization)
            }
        case .mapped, .owned:
            preconditionFailure("the matrix isn't packed")
        }
    }
}
