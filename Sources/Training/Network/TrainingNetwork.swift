public import GPTJ
public import Kernels
public import ModelFiles

/// A GPT-J as training sees it: the loss of a batch, and the gradients of all that is trained.
///
/// The forward pass is that of `GPTJModel`, over whole sequences, and keeps of each block what its backward pass needs;
/// with ``Memory/recomputed`` it keeps each block's input only and computes the rest again (Chen et al. 2016).
///
/// Not thread-safe: one batch at a time.
public final class TrainingNetwork {
    /// What is kept from the forward pass.
    public enum Memory: String, Sendable, CaseIterable {
        /// All that the backward pass needs: about `(6 width + innerWidth)` floats a token and block.
        case kept
        /// The blocks' inputs, `width` floats a token and block; a third more arithmetic.
        case recomputed
    }

    /// `transformer.h.{i}`
    struct Block {
        let norm: (weight: Parameter, bias: Parameter)  // ln_1
        var query, key, value, output: Projection  // attn.{q,k,v,out}_proj
        var inner, outer: Projection  // mlp.fc_in, mlp.fc_out
    }

    public let configuration: GPTJConfiguration
    /// What is left out at random in ``addGradients(of:gradientScale:)``.
    public let dropout: Dropout
    let products: MatrixProducts
    let memory: Memory
    let embedding: Weight  // transformer.wte
    var blocks: [Block]
    let finalNorm: (weight: Parameter, bias: Parameter)  // transformer.ln_f
    let head: Projection  // lm_head
    let normalization: LayerNormalization
    let attention: CausalAttention
    var rotary: RotaryTable
    var space: TrainingSpace
    /// Where the time goes, for who wants to know.
    public var profile: TrainingProfile?

    var compute: Compute { products.compute }

    /// A network all of whose parameters are trained.
    ///
    /// - parameter parameters: those of `configuration`, see `ParameterSet.init(_:)`.
    /// - throws: `OpenBLASError`
    public convenience init(
        _ configuration: GPTJConfiguration, training parameters: ParameterSet, memory: Memory = .kept,
        precision: MatrixProducts.Precision = .f32, on compute: Compute
    ) throws {
        try self.init(configuration, memory: memory, precision: precision, on: compute) { name in
            .trained(parameters.parameter(name))
        }
    }

    /// A network that stays as it is in its files but for an adapter, which is trained.
    ///
    /// - throws: `OpenBLASError`; `ModelFileError` for weights that are missing or packed.
    public convenience init(
        _ configuration: GPTJConfiguration, base: Checkpoint, training adapter: AdapterParameters,
        memory: Memory = .kept, precision: MatrixProducts.Precision = .f32, on compute: Compute
    ) throws {
        let checked = try CheckpointLayout(configuration).check(base)
        var matrices: [String: WeightMatrix] = [:]
        for entry in CheckpointLayout(configuration).entries {
            matrices[entry.name] = try checked[entry.name].trainableMatrix
        }
        try self.init(configuration, memory: memory, precision: precision, on: compute) { name in
            guard let matrix = matrices[name] else { preconditionFailure("the layout was checked") }
            return .frozen(matrix)
        } change: {
            adapter.change(of: $0)
        }
    }

    private init(
        _ configuration: GPTJConfiguration, memory: Memory, precision: MatrixProducts.Precision, on compute: Compute,
        weight: (_ name: String) -> Weight,
        change: (_ module: String) -> LowRankChange? = { _ in nil }
    ) throws {
        let dropout = Dropout()
        self.dropout = dropout
        var changeCount = 0
        func vector(_ name: String) -> Parameter {
            switch weight(name) {
            case .trained(let parameter): return parameter
            case .frozen(let matrix):
                let values = FloatMatrix(rows: matrix.rows, columns: matrix.columns)
                matrix.widen(0..<matrix.rows, into: values, on: compute)
                return Parameter(values: values, gradient: nil)
            }
        }
        func projection(_ name: String, bias: Bool) -> Projection {
            var change = change(name)
            change?.dropout = (dropout, place: Dropout.firstChange + changeCount)
            changeCount += 1
            return Projection(
                weight: weight(name + ".weight"), bias: bias ? vector(name + ".bias") : nil, change: change)
        }
        self.configuration = configuration
        self.memory = memory
        products = try MatrixProducts(precision, on: compute)
        embedding = weight("transformer.wte.weight")
        blocks = (0..<configuration.layerCount).map { layer in
            let prefix = "transformer.h.\(layer)."
            return Block(
                norm: (vector(prefix + "ln_1.weight"), vector(prefix + "ln_1.bias")),
                query: projection(prefix + "attn.q_proj", bias: false),
                key: projection(prefix + "attn.k_proj", bias: false),
                value: projection(prefix + "attn.v_proj", bias: false),
                output: projection(prefix + "attn.out_proj", bias: false),
                inner: projection(prefix + "mlp.fc_in", bias: true),
                outer: projection(prefix + "mlp.fc_out", bias: true))
        }
        finalNorm = (vector("transformer.ln_f.weight"), vector("transformer.ln_f.bias"))
        head =
            configuration.tiesWordEmbeddings
            ? Projection(weight: embedding, bias: vector("lm_head.bias")) : projection("lm_head", bias: true)
        normalization = LayerNormalization(epsilon: configuration.layerNormEpsilon)
        attention = CausalAttention(
            headCount: configuration.headCount, headLength: configuration.headLength, products: products)
        rotary = RotaryTable(rotaryLength: configuration.rotaryLength)
        space = TrainingSpace(configuration, rows: 0, memory: memory)
    }

    /// The loss of a batch: the sum of `weight * -log p(next token)` over its predictions.
    ///
    /// - precondition: tokens lie in the vocabulary, sequences in the context.
    public func loss(of batch: TrainingBatch) -> Double {
        prepare(batch)
        forward(batch)
        return score(batch, gradientScale: nil)
    }

    /// The loss of a batch, as ``loss(of:)`` has it; adds the gradients of `gradientScale * loss` to those of all that is
    /// trained.
    ///
    /// - precondition: tokens lie in the vocabulary, sequences in the context.
    public func addGradients(of batch: TrainingBatch, gradientScale: Double) -> Double {
        prepare(batch)
        dropout.isActive = true
        defer { dropout.isActive = false }
        forward(batch)
        let loss = score(batch, gradientScale: Float(gradientScale))
        backward(batch)
        return loss
    }

    private func prepare(_ batch: TrainingBatch) {
        precondition(batch.sequences.allSatisfy { $0.count <= configuration.contextLength })
        rotary.reserve(positions: batch.sequences.map(\.count).max() ?? 0)
        if space.capacity < batch.tokenCount {
            space = TrainingSpace(configuration, rows: batch.tokenCount, memory: memory)
        }
        space.rows = batch.tokenCount
    }
}
