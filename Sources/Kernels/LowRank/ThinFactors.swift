internal import CKernels

/// Changes of low rank to one or more matrices that multiply the same input: each is `B A`, a thin matrix by a flat one
/// (Hu et al. 2021, LoRA).
///
/// The flat ones stand below each other in one matrix, so that the input is read once for all of them.
public struct ThinFactors: Sendable {
    /// One matrix's change.
    public struct Part: Sendable {
        /// Which of the outputs it belongs to, as the caller counts them.
        public let output: Int
        /// Its rows of `a`.
        let ranks: Range<Int>
        let b: WeightMatrix  // [outputs, rank]
    }

    let a: WeightMatrix  // [ranks of all parts, inputs]
    public let parts: [Part]

    public var inputs: Int { a.columns }

    /// Bytes of memory.
    public var byteCount: Int { parts.reduce(a.byteCount) { $0 + $1.b.byteCount } }

    /// - parameter changes: for each, the output that it belongs to, `a` as `[rank, inputs]`, `b` as `[outputs, rank]`,
    ///   both of f32, f16 or bf16, and a scale, which is multiplied into `b`
    /// - precondition: there is a change, and all have as many inputs
    public init(_ changes: [(output: Int, a: WeightMatrix, b: WeightMatrix, scale: Float)], on compute: Compute) {
        let inputs = changes[0].a.columns
        let ranks = changes.reduce(0) { $0 + $1.a.rows }
        let stacked = FloatBuffer(count: ranks * inputs)
        var first = 0
        var parts: [Part] = []
        for change in changes {
            precondition(change.a.columns == inputs && change.b.columns == change.a.rows, "factors of one change")
            change.a.widen(into: stacked, at: first * inputs, on: compute)
            let b = FloatBuffer(count: change.b.rows * change.b.columns)
            change.b.widen(into: b, at: 0, on: compute)
            for index in 0..<b.count { unsafe b.base[index] *= change.scale }
            let part = first..<first + change.a.rows
            parts.append(
                Part(
                    output: change.output, ranks: part,
                    b: WeightMatrix(rows: change.b.rows, columns: part.count, values: b)))
            first += change.a.rows
        }
        a = WeightMatrix(rows: ranks, columns: inputs, values: stacked)
        self.parts = parts
    }
}

extension WeightMatrix {
    /// All elements as floats, from an index of `output` on.
    func widen(into output: FloatBuffer, at offset: Int, on compute: Compute) {
        precondition(offset >= 0 && offset + rows * columns <= output.count)
        unsafe withFloats { weights, format in
            let rowBytes = format.byteCount(of: columns)
            for row in 0..<rows {
                unsafe compute.kernels.pointee.widen(
                    Int64(columns), weights + row * rowBytes, format.kernelType,
                    output.base + offset + row * columns)
            }
        }
    }
}
