import GPTJ
import Kernels

extension TrainingNetwork {
    /// From the gradient of the last residual stream to those of all blocks and the embedding.
    func backward(_ batch: TrainingBatch) {
        for layer in blocks.indices.reversed() { backward(layer, batch) }
        if case .trained(let parameter) = embedding, let gradient = parameter.gradient {
            if dropsResidual {
                dropout.apply(
                    to: space.residualGradient, into: space.residualGradient, place: Dropout.embedding, on: compute)
            }
            measure(.rest) { compute.scatter(space.residualGradient, addingTo: batch.tokens, of: gradient) }
        }
    }

    /// The gradient of what a branch added to the residual stream; its place is that of the queries' gradient.
    private func branchGradient(_ residual: FloatMatrix, place: Int) -> FloatMatrix {
        guard dropsResidual else { return residual }
        dropout.apply(to: residual, into: space.queryGradient, place: place, on: compute)
        return space.queryGradient
    }

    /// `space.residualGradient` is that behind the block, and becomes that before it.
    private func backward(_ layer: Int, _ batch: TrainingBatch) {
        let block = blocks[layer]
        let (tape, input) = (space.tape(layer), space.residual(layer))
        if memory == .recomputed { run(block, batch, input: input, tape: tape) }
        let (dx, dh) = (space.residualGradient, space.normedGradient)

        // fc_out(gelu(fc_in(h)))
        measure(.activation) { compute.gelu(tape.inner, into: space.activated) }
        measure(.products) {
            block.outer.backward(
                space.activated, outputGradient: branchGradient(dx, place: Dropout.feedForward(layer)),
                into: space.innerGradient, by: products)
        }
        measure(.activation) { compute.geluBackward(tape.inner, space.innerGradient) }

        // out_proj(attention(h))
        measure(.products) {
            block.output.backward(
                tape.attention, outputGradient: branchGradient(dx, place: Dropout.attention(layer)),
                into: space.attentionGradient, by: products)
        }
        measure(.attention) {
            attention.backward(
                queries: tape.queries, keys: tape.keys, values: tape.values, sequences: batch.sequences,
                output: tape.attention, logSums: tape.logSums, outputGradient: space.attentionGradient,
                queryGradient: space.queryGradient, keyGradient: space.keyGradient, valueGradient: space.valueGradient)
        }
        measure(.rest) { rotate([space.queryGradient, space.keyGradient], batch, isBackward: true) }
        measure(.products) {
            Projection.backward(
                tape.normed,
                [
                    (block.inner, space.innerGradient), (block.query, space.queryGradient),
                    (block.key, space.keyGradient), (block.value, space.valueGradient),
                ], into: dh, by: products)
        }

        // The residual passes its gradient on; ln_1 adds to it.
        measure(.normalization) {
            normalization.backward(
                input, tape.statistics, weight: block.norm.weight.values, outputGradient: dh, addingTo: dx,
                weightGradient: block.norm.weight.gradient, biasGradient: block.norm.bias.gradient, on: compute)
        }
    }
}
