import GPTJ
import Kernels

extension TrainingNetwork {
    /// The residual stream of all blocks, from the embedding on.
    func forward(_ batch: TrainingBatch) {
        measure(.rest) {
            embedding.gather(batch.tokens, into: space.residual(0), on: compute)
            if dropsResidual {
                dropout.apply(to: space.residual(0), into: space.residual(0), place: Dropout.embedding, on: compute)
            }
        }
        for layer in blocks.indices {
            let block = blocks[layer]
            let (tape, input, output) = (space.tape(layer), space.residual(layer), space.residual(layer + 1))
            run(block, batch, input: input, tape: tape)
            measure(.activation) { compute.gelu(tape.inner, into: space.activated) }
            // Attention and feed-forward read the same input, and both add to the residual.
            measure(.rest) { compute.copy(input, into: output) }
            measure(.products) {
                add(block.output, tape.attention, to: output, place: Dropout.attention(layer))
                add(block.outer, space.activated, to: output, place: Dropout.feedForward(layer))
            }
        }
    }

    /// Whether what is added to the residual stream is left out at random: where the whole network is trained.
    var dropsResidual: Bool {
        guard case .trained = embedding else { return false }
        return dropout.isDropping
    }

    private func add(_ projection: Projection, _ input: FloatMatrix, to output: FloatMatrix, place: Int) {
        guard dropsResidual else { return projection.forward(input, into: output, adding: true, by: products) }
        let branch = space.attentionGradient
        projection.forward(input, into: branch, by: products)
        dropout.apply(to: branch, into: branch, place: place, on: compute)
        compute.add(branch, to: output)
    }

    /// What a block computes before it adds to the residual.
    func run(_ block: Block, _ batch: TrainingBatch, input: FloatMatrix, tape: BlockTape) {
        measure(.normalization) {
            normalization.forward(
                input, weight: block.norm.weight.values, bias: block.norm.bias.values, into: tape.normed,
                tape.statistics, on: compute)
        }
        measure(.products) {
            Projection.forward(
                tape.normed,
                [
                    (block.query, tape.queries), (block.key, tape.keys), (block.value, tape.values),
                    (block.inner, tape.inner),
                ], by: products)
        }
        measure(.rest) { rotate([tape.queries, tape.keys], batch, isBackward: false) }
        measure(.attention) {
            attention.forward(
                queries: tape.queries, keys: tape.keys, values: tape.values, sequences: batch.sequences,
                into: tape.attention, logSums: tape.logSums)
        }
    }

    func rotate(_ matrices: [FloatMatrix], _ batch: TrainingBatch, isBackward: Bool) {
        for matrix in matrices {
            compute.rotate(
                matrix, by: rotary, positions: batch.positions, headLength: configuration.headLength,
                isBackward: isBackward)
        }
    }

    /// The loss, from the last residual stream. With a scale the gradient of ln_f's output is left in
    /// `space.residualGradient`'s place for ``backward(_:)``, and those of head and ln_f are added.
    func score(_ batch: TrainingBatch, gradientScale: Float?) -> Double {
        let (rows, labels, weights) = batch.predictions
        let last = space.residual(blocks.count)
        let normed = space.finalNormed
        measure(.normalization) {
            normalization.forward(
                last, weight: finalNorm.weight.values, bias: finalNorm.bias.values, into: normed,
                space.finalStatistics, on: compute)
        }
        let loss = CrossEntropy(on: compute)
        // Only what predicts goes through the head, and only as many rows at a time as the memory for logits allows.
        let (logits, inputs, gradients) = (space.logits, space.headInputs, space.headGradients)
        // The gradient of ln_f's output, where its rows predict.
        let normedGradient = space.attentionGradient
        if gradientScale != nil { compute.fill(normedGradient) }
        var total = 0.0
        for start in stride(from: 0, to: rows.count, by: space.headRows) {
            let part = start..<min(start + space.headRows, rows.count)
            let (x, y) = (inputs.rows(0..<part.count), logits.rows(0..<part.count))
            measure(.rest) { compute.gather(Array(rows[part]), of: normed, into: x) }
            measure(.products) { head.forward(x, into: y, by: products) }
            total += measure(.crossEntropy) {
                loss(y, labels: Array(labels[part]), weights: Array(weights[part]), gradientScale: gradientScale)
            }
            if gradientScale == nil { continue }
            let dx = gradients.rows(0..<part.count)
            measure(.products) { head.backward(x, outputGradient: y, into: dx, by: products) }
            measure(.rest) { compute.scatter(dx, addingTo: Array(rows[part]), of: normedGradient) }
        }
        if gradientScale != nil {
            measure(.normalization) {
                compute.fill(space.residualGradient)
                normalization.backward(
                    last, space.finalStatistics, weight: finalNorm.weight.values, outputGradient: normedGradient,
                    addingTo: space.residualGradient, weightGradient: finalNorm.weight.gradient,
                    biasGradient: finalNorm.bias.gradient, on: compute)
            }
        }
        return total
    }
}
