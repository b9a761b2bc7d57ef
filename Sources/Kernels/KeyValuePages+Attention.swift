internal import CKernels

/// What one thread needs while it attends.
final class AttentionWorkspace {
    /// `[chunkRows, paddedLength]`
    let queries: FloatBuffer
    /// `[chunkRows, tokensPerBlock]`: scores, then weights.
    let scores: FloatBuffer
    /// `[chunkRows, paddedLength]`: weighted values, not yet divided by the weights' sum.
    let sums: FloatBuffer
    /// By row, the largest score so far.
    let largest: FloatBuffer
    /// By row, the sum of the weights so far.
    let total: FloatBuffer
    /// A block's elements, widened.
    let widened: FloatBuffer

    init(paddedLength: Int) {
        queries = FloatBuffer(count: AttentionPlan.chunkRows * paddedLength)
        scores = FloatBuffer(count: AttentionPlan.chunkRows * AttentionPlan.tokensPerBlock)
        sums = FloatBuffer(count: AttentionPlan.chunkRows * paddedLength)
        largest = FloatBuffer(count: AttentionPlan.chunkRows)
        total = FloatBuffer(count: AttentionPlan.chunkRows)
        widened = FloatBuffer(count: KeyValuePages.pageLength * paddedLength)
    }
}

extension KeyValuePages {
    /// Causal attention (Vaswani et al. 2017) of a step's queries over their own sequences, the step's keys and values
    /// included: `softmax(q k / sqrt(headLength)) v`, head by head, with the softmax carried from block to block of keys
    /// (Dao et al. 2022, "FlashAttention").
    ///
    /// A query's arithmetic follows the pages of its sequence, so that its result doesn't depend on the other rows.
    ///
    /// - parameters:
    ///   - queries: `[rows, headCount * headLength]`, rotated
    ///   - output: the same shape
    public func attend(
        layer: Int, queries: Activations, plan: AttentionPlan, into output: Activations, on compute: Compute
    ) {
        precondition(queries.width == headCount * headLength && output.width == queries.width && output !== queries)
        output.rows = queries.rows
        while workspaces.count < compute.team.count {
            workspaces.append(AttentionWorkspace(paddedLength: paddedLength))
        }
        compute.distribute(plan.chunks.count * headCount, work: 2 * plan.pairs * headCount * headLength) {
            item, thread in
            let (chunk, head) = item.quotientAndRemainder(dividingBy: headCount)
            attend(
                layer: layer, head: head, queries: queries, chunk: plan.chunks[chunk], into: output,
                space: workspaces[thread], on: compute)
        }
    }

    private func attend(
        layer: Int, head: Int, queries: Activations, chunk: AttentionPlan.Chunk, into output: Activations,
        space: AttentionWorkspace, on compute: Compute
    ) {
        let width = headCount * headLength
        for (place, row) in chunk.rows.enumerated() {
            let source = unsafe queries.base + row.index * width + head * headLength
            unsafe (space.queries.base + place * paddedLength).update(from: source, count: headLength)
            unsafe (space.sums.base + place * paddedLength).update(repeating: 0, count: paddedLength)
            unsafe space.largest.base[place] = -.infinity
            unsafe space.total.base[place] = 0
        }
        for (index, visits) in chunk.blocks.enumerated() {
            multiply(visits, values: false, layer: layer, head: head, space: space, on: compute)
            weigh(chunk.rows, block: index, space: space, on: compute)
            multiply(visits, values: true, layer: layer, head: head, space: space, on: compute)
        }
        for (place, row) in chunk.rows.enumerated() {
            let target = unsafe output.base + row.index * width + head * headLength
            unsafe target.update(from: space.sums.base + place * paddedLength, count: headLength)
            unsafe compute.attentionKernels.pointee.scale(Int64(headLength), 1 / space.total.base[place], target)
        }
    }

    /// Queries by keys into scores, or weights by values into sums, page by page.
    private func multiply(
        _ visits: [AttentionPlan.Visit], values: Bool, layer: Int, head: Int, space: AttentionWorkspace,
        on compute: Compute
    ) {
        let (kernels, tokens) = unsafe (compute.attentionKernels, AttentionPlan.tokensPerBlock)
        for (index, visit) in visits.enumerated() {
            let row = visit.rows.lowerBound
            let vectors = unsafe (values ? space.sums : space.queries).base + row * paddedLength
            let scores = unsafe space.scores.base + row * tokens + visit.slot * Self.pageLength
            let next = index + 1 < visits.count ? visits[index + 1].page : values ? nil : visits[0].page
            var product = unsafe ck_page_product(
                type: type.kernelType, length: Int64(paddedLength), rows: Int64(visit.rows.count),
                tokens: Int64(visit.tokens), x: values ? scores : vectors,
                x_stride: Int64(values ? tokens : paddedLength), page: block(visit.page, layer, head, values: values),
                next: next.map {
                    unsafe UnsafeRawPointer(block($0, layer, head, values: values || index + 1 == visits.count))
                },
                y: values ? vectors : scores, y_stride: Int64(values ? paddedLength : tokens),
                scratch: space.widened.base)
            if values { unsafe kernels.pointee.mix(&product) } else { unsafe kernels.pointee.scores(&product) }
        }
    }

    /// The scores of a block become weights; what was summed up before is brought to their measure.
    private func weigh(_ rows: [AttentionPlan.Row], block: Int, space: AttentionWorkspace, on compute: Compute) {
        let scale = 1 / Float(headLength).squareRoot()
        let (kernels, tokens) = unsafe (compute.attentionKernels, AttentionPlan.tokensPerBlock)
        for (place, row) in rows.enumerated() {
            let visible = min(tokens, row.visible - block * tokens)
            guard visible > 0 else { continue }
            let line = unsafe space.scores.base + place * tokens
            let factor = unsafe kernels.pointee.weigh(
                Int64(visible), scale, line, space.largest.base + place, space.total.base + place)
            // The page's other tokens come after the row, though rows beside it may see them.
            let end = (visible + Self.pageLength - 1) / Self.pageLength * Self.pageLength
            for token in visible..<end { unsafe line[token] = 0 }
            if block > 0, factor != 1 {
                unsafe kernels.pointee.scale(Int64(paddedLength), factor, space.sums.base + place * paddedLength)
            }
        }
    }
}
