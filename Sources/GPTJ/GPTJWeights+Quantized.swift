public import Kernels

extension GPTJWeights {
    /// How the blocks' matrices are quantized and packed; `nil` for weights that are multiplied as floats.
    public var quantization: Quantization? { blocks.first?.fcIn.quantization }

    /// The format of the blocks that the checkpoint has most matrices in; `nil` for others.
    public var blockType: BlockType? {
        let types = blocks.first.map { [$0.qProj, $0.outProj, $0.fcIn, $0.fcOut].compactMap(\.blocks) } ?? []
        return types.contains(.fourBits) ? .fourBits : types.first
    }

    /// The same weights with matrices of 8 or 4 bits, in memory of their own.
    ///
    /// The embedding, of which a step reads one row for each token, and the vectors stay as they are. The vocabulary's
    /// matrix has 8 bits in any case: with 4, a thirtieth of GPT-J-6B's weights would cause a third of the loss (measured
    /// on the reference model: perplexity + 1.6 % instead of + 1.1 %).
    ///
    /// - parameter progress: told how many of the blocks are done
    /// - precondition: the blocks' matrices aren't packed
    public func quantized(
        to quantization: Quantization, on compute: Compute, progress: (_ blocks: Int) -> Void = { _ in }
    ) -> GPTJWeights {
        GPTJWeights(
            configuration: configuration, wte: wte,
            blocks: blocks.enumerated().map { index, block in
                progress(index)
                return block.quantized(to: quantization, on: compute)
            },
            lnF: lnF, lmHead: Self.quantizedHead(lmHead, to: quantization, on: compute), lmHeadBias: lmHeadBias)
    }

    static func quantizedHead(_ head: WeightMatrix, to quantization: Quantization?, on compute: Compute) -> WeightMatrix
    {
        quantization == nil || head.quantization != nil ? head : head.quantized(to: .int8, on: compute)
    }
}

extension GPTJWeights.Block {
    func quantized(to quantization: Quantization, on compute: Compute) -> Self {
        func quantized(_ matrix: WeightMatrix) -> WeightMatrix { matrix.quantized(to: quantization, on: compute) }
        return Self(
            ln1: ln1, qProj: quantized(qProj), kProj: quantized(kProj), vProj: quantized(vProj),
            outProj: quantized(outProj), fcIn: quantized(fcIn), fcInBias: fcInBias, fcOut: quantized(fcOut),
            fcOutBias: fcOutBias)
    }
}
