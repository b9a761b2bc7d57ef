import Generation
import Kernels

/// Activations that are kept from step to step. `T` is the number of rows of the step.
struct Workspace {
    let residual: Activations  // [T, width]: the stream that every block adds to
    let normed: Activations  // [T, width]
    let queries: Activations  // [T, width]
    let keys: Activations  // [T, width]
    let values: Activations  // [T, width]
    let attention: Activations  // [T, width]
    let inner: Activations  // [T, innerWidth]
    let outputs: Activations  // [rows that get logits, width]
    let logits: Activations  // [rows that get logits, vocabulary]

    init(_ configuration: GPTJConfiguration) {
        residual = Activations(width: configuration.width)
        normed = Activations(width: configuration.width)
        queries = Activations(width: configuration.width)
        keys = Activations(width: configuration.width)
        values = Activations(width: configuration.width)
        attention = Activations(width: configuration.width)
        inner = Activations(width: configuration.innerWidth)
        outputs = Activations(width: configuration.width)
        logits = Activations(width: configuration.vocabularySize)
    }
}

/// The forward pass, from tokens to logits; the equations are those of HuggingFace's `modeling_gptj.py`.
extension GPTJModel {
    /// `residual = wte[tokens]`
    func embed(_ batch: RaggedBatch) {
        timed(.norms) { weights.wte.copyRows(batch.tokens, into: space.residual, on: compute) }
        for change in batch.changes {
            guard let embedding = change.adapter.embedding else { continue }
            timed(.adapters) {
                compute.add(embedding, of: batch.tokens, to: space.residual, at: change.all, in: lowRankSpace)
            }
        }
    }

    /// One parallel block: attention and feed-forward read the same normalized input, and both add to the residual.
    func run(_ layer: Int, _ batch: RaggedBatch, _ attention: AttentionPlan) {
        let block = weights.blocks[layer]
        let isInnerChanged = batch.changes.contains { $0.adapter.blocks[layer].changesInner }
        timed(.norms) {
            space.normed.normalize(
                space.residual, weight: block.ln1.weight, bias: block.ln1.bias,
                epsilon: configuration.layerNormEpsilon, on: compute)
        }
        timed(.inputs) {
            compute.multiply(
                space.normed,
                [
                    Product(block.qProj, into: space.queries),
                    Product(block.kProj, into: space.keys),
                    Product(block.vProj, into: space.values),
                    Product(block.fcIn, into: space.inner, bias: block.fcInBias, gelu: !isInnerChanged),
                ])
        }
        add(batch, of: space.normed, to: [space.queries, space.keys, space.values, space.inner]) {
            $0.blocks[layer].inputs
        }
        // What the product would have done last; the same bits.
        if isInnerChanged { timed(.adapters) { space.inner.gelu(on: compute) } }

        // residual += out_proj(attention(h))
        let headLength = configuration.headLength
        timed(.rotary) {
            for rows in [space.queries, space.keys] {
                rows.rotate(by: rotary, positions: batch.positions, headLength: headLength, on: compute)
            }
        }
        timed(.store) {
            keyValues.append(layer: layer, keys: space.keys, values: space.values, spans: batch.spans, on: compute)
        }
        timed(.attention) {
            keyValues.attend(layer: layer, queries: space.queries, plan: attention, into: space.attention, on: compute)
        }
        timed(.outProj) {
            block.outProj.multiply(space.attention, into: space.residual, result: .add, on: compute)
        }
        add(batch, of: space.attention, to: [space.residual]) { $0.blocks[layer].outProj }

        // residual += fc_out(gelu(fc_in(h)))
        timed(.fcOut) {
            block.fcOut.multiply(space.inner, into: space.residual, bias: block.fcOutBias, result: .add, on: compute)
        }
        add(batch, of: space.inner, to: [space.residual]) { $0.blocks[layer].fcOut }
    }

    /// What adapters add to products of `input`.
    private func add(
        _ batch: RaggedBatch, of input: Activations, to outputs: [Activations],
        _ factors: (GPTJAdapter) -> ThinFactors?
    ) {
        for change in batch.changes {
            guard let factors = factors(change.adapter) else { continue }
            timed(.adapters) { compute.add(factors, of: input, to: outputs, at: change.all, in: lowRankSpace) }
        }
    }

    /// `normed = ln_f(residual)`
    func normalizeFinal() {
        timed(.norms) {
            space.normed.normalize(
                space.residual, weight: weights.lnF.weight, bias: weights.lnF.bias,
                epsilon: configuration.layerNormEpsilon, on: compute)
        }
    }

    /// `lm_head(normed[rows])`: only rows that somebody asked for pay for the vocabulary.
    func logits(of batch: RaggedBatch) -> Logits {
        timed(.lmHead) {
            space.outputs.gather(batch.outputRows, of: space.normed)
            weights.lmHead.multiply(space.outputs, into: space.logits, bias: weights.lmHeadBias, on: compute)
        }
        for change in batch.changes {
            guard let head = change.adapter.head else { continue }
            timed(.adapters) {
                compute.add(head, of: space.outputs, to: [space.logits], at: change.outputs, in: lowRankSpace)
            }
        }
        return timed(.logits) { Logits(values: space.logits.values, vocabularySize: vocabularySize) }
    }

    /// The residual stream of one sequence from its start: the embeddings, the stream after each block, and the output
    /// of `ln_f`, each `[tokens, width]`.
    ///
    /// - throws: as ``step(_:)``.
    package func hiddenStates(of tokens: [Int32]) throws -> [[Float]] {
        let sequence = openSequence()
        defer { closeSequence(sequence) }
        let batch = try admit([SequenceStep(sequence: sequence, tokens: tokens, output: .none)])
        let attention = AttentionPlan(batch.spans)
        embed(batch)
        var stages = [space.residual.values]
        for layer in weights.blocks.indices {
            run(layer, batch, attention)
            stages.append(space.residual.values)
        }
        normalizeFinal()
        stages.append(space.normed.values)
        return stages
    }
}
