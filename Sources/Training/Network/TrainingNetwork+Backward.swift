import GPTJ
import Kernels

extension TrainingNetwork {
    /// From the gradient of the last residual stream to those of all blocks and the embedding.
    func backward(_ batch: TrainingBatch) {
        for layer in blocks.indices.reversed() { backward(layer, batch) }
        if case .trained(let parameter) = embedding, let gradient = parameter.gradient {
            compute.scatter(space.residualGradient, addingTo: batch.tokens, of: gradient)
        }
    }

    /// `space.residualGradient` is that behind the block, and becomes that before it.
    private func backward(_ layer: Int, _ batch: TrainingBatch) {
        let block = blocks[layer]
        let (tape, input) = (space.tape(layer), space.residual(layer))
        if memory == .recomputed { run(block, batch, input: input, tape: tape) }
        let (dx, dh) = (space.residualGradient, space.normedGradient)

        // fc_out(gelu(fc_in(h)))
        compute.gelu(tape.inner, into: space.activated)
        block.outer.backward(space.activated, outputGradient: dx, into: space.innerGradient, by: products)
        compute.geluBackward(tape.inner, space.innerGradient)
        block.inner.backward(tape.normed, outputGradient: space.innerGradient, into: dh, by: products)

        // out_proj(attention(h))
        block.output.backward(tape.attention, outputGradient: dx, into: space.attentionGradient, by: products)
        attention.backward(
            queries: tape.queries, keys: tape.keys, values: tape.values, sequences: batch.sequences,
            output: tape.attention, logSums: tape.logSums, outputGradient: space.attentionGradient,
            queryGradient: space.queryGradient, keyGradient: space.keyGradient, valueGradient: space.valueGradient)
        rotate([space.queryGradient, space.keyGradient], batch, isBackward: true)
        for (projection, gradient) in [
            (block.query, space.queryGradient), (block.key, space.keyGradient), (block.value, space.valueGradient),
        ] {
            projection.backward(tape.normed, outputGradient: gradient, into: dh, adding: true, by: products)
        }

        // The residual passes its gradient on; ln_1 adds to it.
        normalization.backward(
            input, tape.statistics, weight: block.norm.weight.values, outputGradient: dh, addingTo: dx,
            weightGradient: block.norm.weight.gradient, biasGradient: block.norm.bias.gradient, on: compute)
    }
}
