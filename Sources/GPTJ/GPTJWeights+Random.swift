package import Generation
package import Kernels

extension GPTJWeights {
    /// Weights of the right shapes and sizes that mean nothing: for measuring speed without a checkpoint.
    ///
    /// - parameters:
    ///   - configuration: how much memory it takes is the caller's business
    ///   - quantization: of the matrices; `nil` for floats. Each block is quantized before the next is made.
    ///   - progress: told how many of the blocks there are
    package init(
        random configuration: GPTJConfiguration, quantization: Quantization?, on compute: Compute,
        progress: (_ blocks: Int) -> Void = { _ in }
    ) {
        var state: UInt64 = 1
        /// Numbers in -bound..<bound from a linear congruential generator (Knuth's MMIX constants).
        func buffer(_ count: Int, bound: Float) -> FloatBuffer {
            let buffer = FloatBuffer(count: count)
            // A variable of its own spares a check of exclusive access for each number.
            var own = state
            buffer.fill {
                own = own &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return (Float(own >> 40) / 0x1p23 - 1) * bound
            }
            state = own
            return buffer
        }
        func matrix(_ rows: Int, _ columns: Int) -> WeightMatrix {
            WeightMatrix(rows: rows, columns: columns, values: buffer(rows * columns, bound: 0.03))
        }
        let (width, inner, vocabulary) = (configuration.width, configuration.innerWidth, configuration.vocabularySize)
        self.init(
            configuration: configuration, wte: matrix(vocabulary, width),
            blocks: (0..<configuration.layerCount).map { layer in
                progress(layer)
                let block = Block(
                    ln1: LayerNorm(weight: buffer(width, bound: 1), bias: buffer(width, bound: 0.1)),
                    qProj: matrix(width, width), kProj: matrix(width, width), vProj: matrix(width, width),
                    outProj: matrix(width, width), fcIn: matrix(inner, width), fcInBias: buffer(inner, bound: 0.1),
                    fcOut: matrix(width, inner), fcOutBias: buffer(width, bound: 0.1))
                return quantization.map { block.quantized(to: $0, on: compute) } ?? block
            },
            lnF: LayerNorm(weight: buffer(width, bound: 1), bias: buffer(width, bound: 0.1)),
            lmHead: Self.quantizedHead(matrix(vocabulary, width), to: quantization, on: compute),
            lmHeadBias: buffer(vocabulary, bound: 0.1))
    }

    /// Bytes of the matrices that one step reads whatever its rows: all but the embedding.
    package var bytesPerStep: Int {
        blocks.reduce(lmHead.byteCount) { sum, block in
            [block.qProj, block.kProj, block.vProj, block.outProj, block.fcIn, block.fcOut]
                .reduce(sum) { $0 + $1.byteCount }
        }
    }
}

extension GPTJModel {
    /// A sequence that holds `length` tokens' keys and values of no meaning: for measuring decoding without reading
    /// prompts first.
    ///
    /// - throws: ``LanguageModelError`` when there's no room.
    package func openFilledSequence(length: Int) throws -> SequenceID {
        let sequence = openSequence()
        guard length <= contextLength, pages.pagesNeeded(toExtend: sequence, by: length) <= pages.freeCount else {
            closeSequence(sequence)
            throw LanguageModelError.contextExceeded(length: length, contextLength: contextLength)
        }
        _ = pages.extend(sequence, by: length)
        rotary.reserve(positions: length)
        for page in pages[sequence].pages { keyValues.fillPage(page, on: compute) }
        return sequence
    }
}
