internal import CKernels

/// Room for changes of low rank, kept from step to step.
@safe public final class LowRankSpace {
    /// Rows that are multiplied together: a change of many rows goes by so many at a time.
    static let rowsAtOnce = 64

    fileprivate var input = FloatBuffer(count: 0)  // [rows at once, inputs]
    fileprivate var inner = FloatBuffer(count: 0)  // [rows at once, ranks of all parts]
    fileprivate var delta = FloatBuffer(count: 0)  // [rows at once, outputs of the widest part]

    public init() {}

    fileprivate func reserve(_ buffer: inout FloatBuffer, _ count: Int) {
        if buffer.count < count { buffer = FloatBuffer(count: count) }
    }
}

/// Some rows of a step that one change applies to.
public struct ChangedRows: Sendable, Equatable {
    /// Ascending.
    public var rows: [Int]
    /// What each row's change is multiplied by.
    public var scales: [Float]

    public init(rows: [Int] = [], scales: [Float] = []) {
        precondition(rows.count == scales.count)
        self.rows = rows
        self.scales = scales
    }
}

extension Compute {
    /// `outputs[part.output][i] += scale[i] * b a input[i]` for the rows `i` that are changed.
    ///
    /// A row's result depends on that row and its scale alone.
    ///
    /// - parameter outputs: by the parts' `output`, each with as many rows as the input; none of them is the input
    public func add(
        _ factors: ThinFactors, of input: Activations, to outputs: [Activations], at changed: ChangedRows,
        in space: LowRankSpace
    ) {
        precondition(input.width == factors.inputs)
        let width = input.width
        eachBlock(of: changed) { rows, scales in
            space.reserve(&space.input, rows.count * width)
            for (place, row) in rows.enumerated() {
                precondition(row >= 0 && row < input.rows)
                unsafe (space.input.base + place * width).update(from: input.base + row * width, count: width)
            }
            let ranks = factors.a.rows
            space.reserve(&space.inner, rows.count * ranks)
            divide(work: rows.count * ranks * width) { thread, threads in
                let part = part(thread, of: threads, count: ranks, unit: 16)
                if part.isEmpty { return }
                unsafe linear(
                    factors.a, x: space.input.base, stride: width, rows: rows.count, columns: part,
                    into: space.inner.base, stride: ranks, thread: thread)
            }
            finish(factors, to: outputs, rows, scales, space)
        }
    }

    /// The same for a change of an embedding, whose input is a token: `outputs[part.output][i] += scale[i] * b a[tokens[i]]`.
    ///
    /// - parameter tokens: one for each row of the output
    public func add(
        _ factors: EmbeddingFactors, of tokens: [Int], to output: Activations, at changed: ChangedRows,
        in space: LowRankSpace
    ) {
        precondition(tokens.count == output.rows)
        let ranks = factors.rank
        eachBlock(of: changed) { rows, scales in
            space.reserve(&space.inner, rows.count * ranks)
            for (place, row) in rows.enumerated() {
                let token = tokens[row]
                precondition(token >= 0 && token < factors.vocabulary)
                unsafe (space.inner.base + place * ranks)
                    .update(from: factors.a.base + token * ranks, count: ranks)
            }
            finish(part: factors.part, of: ranks, to: output, rows, scales, isFirst: true, space)
        }
    }

    private func eachBlock(of changed: ChangedRows, _ body: (ArraySlice<Int>, ArraySlice<Float>) -> Void) {
        var start = 0
        while start < changed.rows.count {
            let end = min(start + LowRankSpace.rowsAtOnce, changed.rows.count)
            body(changed.rows[start..<end], changed.scales[start..<end])
            start = end
        }
    }

    private func finish(
        _ factors: ThinFactors, to outputs: [Activations], _ rows: ArraySlice<Int>, _ scales: ArraySlice<Float>,
        _ space: LowRankSpace
    ) {
        for (index, part) in factors.parts.enumerated() {
            finish(
                part: part, of: factors.a.rows, to: outputs[part.output], rows, scales, isFirst: index == 0, space)
        }
    }

    /// Multiplies what stands in `space.inner` by one part's `b`, and adds it to the output's rows.
    private func finish(
        part: ThinFactors.Part, of ranks: Int, to output: Activations, _ rows: ArraySlice<Int>,
        _ scales: ArraySlice<Float>, isFirst: Bool, _ space: LowRankSpace
    ) {
        let width = output.width
        precondition(part.b.rows == width && rows.allSatisfy { $0 >= 0 && $0 < output.rows })
        if isFirst {
            for (place, scale) in scales.enumerated() where scale != 1 {
                for index in place * ranks..<(place + 1) * ranks { unsafe space.inner.base[index] *= scale }
            }
        }
        space.reserve(&space.delta, rows.count * width)
        let places = rows.map(Int64.init)
        let rank = part.ranks.count
        divide(work: rows.count * (rank + 1) * width) { thread, threads in
            let columns = self.part(thread, of: threads, count: width, unit: Int(ck_panel_columns))
            if columns.isEmpty { return }
            unsafe linear(
                part.b, x: space.inner.base + part.ranks.lowerBound, stride: ranks, rows: rows.count, columns: columns,
                into: space.delta.base, stride: width, thread: thread)
            unsafe places.withUnsafeBufferPointer { places in
                guard let places = places.baseAddress else { return }
                unsafe ck_add_rows(
                    Int64(rows.count), Int64(columns.lowerBound), Int64(columns.upperBound), space.delta.base,
                    Int64(width), places, output.base, Int64(width))
            }
        }
    }

    private func linear(
        _ matrix: WeightMatrix, x: UnsafePointer<Float>, stride xStride: Int, rows: Int, columns: Range<Int>,
        into y: UnsafeMutablePointer<Float>, stride yStride: Int, thread: Int
    ) {
        unsafe matrix.withFloats { weights, format in
            var arguments = unsafe ck_linear_arguments(
                rows: Int64(rows), inner: Int64(matrix.columns), first: Int64(columns.lowerBound),
                end: Int64(columns.upperBound), x: x, x_stride: Int64(xStride), w: weights,
                w_type: format.kernelType, bias: nil, y: y, y_stride: Int64(yStride),
                scratch: scratch(of: thread).assumingMemoryBound(to: Float.self), accumulate: 0, gelu: 0)
            unsafe kernels.pointee.linear(&arguments)
        }
    }
}
