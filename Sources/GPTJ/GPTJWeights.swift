import Kernels
public import ModelFiles

/// The weights of a GPT-J, under the checkpoint's names; matrices stay in the mapped files unless they are quantized when
/// they're loaded.
public struct GPTJWeights: Sendable {
    /// Scale and shift of a layer normalization, `[width]` each.
    struct LayerNorm: Sendable {
        let weight: FloatBuffer
        let bias: FloatBuffer
    }

    /// `transformer.h.{i}`: one parallel block. Matrices are `[outputs, inputs]`.
    struct Block: Sendable {
        let ln1: LayerNorm
        let qProj: WeightMatrix  // [width, width]
        let kProj: WeightMatrix  // [width, width]
        let vProj: WeightMatrix  // [width, width]
        let outProj: WeightMatrix  // [width, width]
        let fcIn: WeightMatrix  // [innerWidth, width]
        let fcInBias: FloatBuffer  // [innerWidth]
        let fcOut: WeightMatrix  // [width, innerWidth]
        let fcOutBias: FloatBuffer  // [width]
    }

    public let configuration: GPTJConfiguration
    let wte: WeightMatrix  // [vocabulary, width]
    let blocks: [Block]
    let lnF: LayerNorm
    let lmHead: WeightMatrix  // [vocabulary, width]; the embedding itself where they're tied
    let lmHeadBias: FloatBuffer  // [vocabulary]

    /// Finds every tensor that `configuration` demands and checks its shape; reads the vectors, maps the matrices.
    ///
    /// - throws: ``ModelFileError`` that names file and tensor.
    public init(configuration: GPTJConfiguration, checkpoint: Checkpoint) throws {
        let checked = try CheckpointLayout(configuration).check(checkpoint)
        func vector(_ name: String) -> FloatBuffer { checked[name].checkedFloats }
        func matrix(_ name: String) -> WeightMatrix { checked[name].checkedMatrix }

        self.configuration = configuration
        wte = matrix("transformer.wte.weight")
        blocks = (0..<configuration.layerCount).map { layer in
            let block = "transformer.h.\(layer)"
            return Block(
                ln1: LayerNorm(weight: vector("\(block).ln_1.weight"), bias: vector("\(block).ln_1.bias")),
                qProj: matrix("\(block).attn.q_proj.weight"),
                kProj: matrix("\(block).attn.k_proj.weight"),
                vProj: matrix("\(block).attn.v_proj.weight"),
                outProj: matrix("\(block).attn.out_proj.weight"),
                fcIn: matrix("\(block).mlp.fc_in.weight"),
                fcInBias: vector("\(block).mlp.fc_in.bias"),
                fcOut: matrix("\(block).mlp.fc_out.weight"),
                fcOutBias: vector("\(block).mlp.fc_out.bias"))
        }
        lnF = LayerNorm(weight: vector("transformer.ln_f.weight"), bias: vector("transformer.ln_f.bias"))
        lmHead = configuration.tiesWordEmbeddings ? wte : matrix("lm_head.weight")
        lmHeadBias = vector("lm_head.bias")
    }

    init(
        configuration: GPTJConfiguration, wte: WeightMatrix, blocks: [Block], lnF: LayerNorm, lmHead: WeightMatrix,
        lmHeadBias: FloatBuffer
    ) {
        self.configuration = configuration
        self.wte = wte
        self.blocks = blocks
        self.lnF = lnF
        self.lmHead = lmHead
        self.lmHeadBias = lmHeadBias
    }
}

extension StoredTensor {
    /// The tensor's elements as floats, row-major.
    fileprivate var checkedFloats: FloatBuffer {
        guard let floats else { preconditionFailure("the layout was checked") }
        return floats
    }

    /// The tensor as a matrix: in place where it's contiguous in its file.
    var checkedMatrix: WeightMatrix {
        guard let matrix else { preconditionFailure("the layout was checked") }
        return matrix
    }
}
