public import Generation
public import Kernels
public import ModelFiles

/// A LoRA adapter (Hu et al. 2021) as the network uses it: thin matrices of floats beside weights of any type.
public final class GPTJAdapter: AdapterWeights {
    /// What it does to one block.
    struct Block: Sendable {
        /// Of q, k, v and fc_in, which read the same rows; outputs 0 to 3 in that order.
        var inputs: ThinFactors?
        var outProj: ThinFactors?
        var fcOut: ThinFactors?

        static let fcInOutput = 3

        var changesInner: Bool { inputs?.parts.contains { $0.output == Self.fcInOutput } == true }

        var byteCount: Int { [inputs, outProj, fcOut].reduce(0) { $0 + ($1?.byteCount ?? 0) } }
    }

    public let digest: String
    /// What it's called where it's shown.
    public let name: String
    /// The modules that it changes.
    public let modules: [String]
    let blocks: [Block]
    let embedding: EmbeddingFactors?
    let head: ThinFactors?
    private let width: Int
    private let innerWidth: Int
    private let vocabularySize: Int

    /// Sixteen digits of ``digest``, for records.
    public var fingerprint: String { Adapter.fingerprint(ofDigest: digest) }

    /// Bytes of memory.
    public var byteCount: Int {
        blocks.reduce((embedding?.byteCount ?? 0) + (head?.byteCount ?? 0)) { $0 + $1.byteCount }
    }

    /// Bytes of memory that an adapter will take.
    static func byteCount(of adapter: Adapter) -> Int {
        adapter.changes.reduce(0) { $0 + ($1.a.elementCount + $1.b.elementCount) * MemoryLayout<Float>.stride }
    }

    /// Reads an adapter's matrices and checks that they fit.
    ///
    /// - parameter weights: the model's, which copies of embeddings that came with the adapter must equal
    /// - throws: `ModelFileError` naming file and tensor.
    public init(
        _ adapter: Adapter, name: String, for configuration: GPTJConfiguration, beside weights: GPTJWeights? = nil,
        on compute: Compute
    ) throws {
        try AdapterLayout(configuration).check(adapter)
        try weights?.checkCopies(in: adapter, on: compute)
        let changes = Dictionary(uniqueKeysWithValues: adapter.changes.map { ($0.module, $0) })
        func factors(_ modules: [String]) -> ThinFactors? {
            let found = modules.enumerated().compactMap { output, module in
                changes[module].flatMap { change in
                    change.a.matrix.flatMap { a in
                        change.b.matrix.map { b in (output: output, a: a, b: b, scale: Float(change.scale)) }
                    }
                }
            }
            return found.isEmpty ? nil : ThinFactors(found, on: compute)
        }
        self.name = name
        digest = try adapter.digest
        modules = adapter.changes.map(\.module)
        blocks = (0..<configuration.layerCount).map { layer in
            let block = "transformer.h.\(layer)."
            return Block(
                inputs: factors(["attn.q_proj", "attn.k_proj", "attn.v_proj", "mlp.fc_in"].map { block + $0 }),
                outProj: factors([block + "attn.out_proj"]), fcOut: factors([block + "mlp.fc_out"]))
        }
        head = factors([AdapterLayout.head])
        embedding = changes[AdapterLayout.embedding].flatMap { change in
            guard let a = change.a.matrix, let b = change.b.matrix else { return nil }
            return EmbeddingFactors(a: a, b: b, scale: Float(change.scale), on: compute)
        }
        width = configuration.width
        innerWidth = configuration.innerWidth
        vocabularySize = configuration.vocabularySize
    }

    /// An adapter that means nothing: for measuring what adapters cost, and for tests.
    ///
    /// - parameters:
    ///   - modules: ends of modules' names, such as `q_proj`
    ///   - bound: of the numbers
    package init(
        random configuration: GPTJConfiguration, rank: Int, modules: Set<String>, seed: UInt64, bound: Float = 0.1,
        on compute: Compute
    ) {
        var state = seed
        func matrix(_ rows: Int, _ columns: Int) -> WeightMatrix {
            let buffer = FloatBuffer(count: rows * columns)
            buffer.fill {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return (Float(state >> 40) / 0x1p23 - 1) * bound
            }
            return WeightMatrix(rows: rows, columns: columns, values: buffer)
        }
        let (width, inner, vocabulary) = (configuration.width, configuration.innerWidth, configuration.vocabularySize)
        func factors(_ all: [(name: String, outputs: Int, inputs: Int)]) -> ThinFactors? {
            let found = all.enumerated().compactMap { output, module in
                modules.contains(module.name)
                    ? (output: output, a: matrix(rank, module.inputs), b: matrix(module.outputs, rank), scale: Float(1))
                    : nil
            }
            return found.isEmpty ? nil : ThinFactors(found, on: compute)
        }
        name = "random"
        digest = "\(seed) \(rank) \(modules.sorted())"
        self.modules = modules.sorted()
        blocks = (0..<configuration.layerCount).map { _ in
            Block(
                inputs: factors([
                    ("q_proj", width, width), ("k_proj", width, width), ("v_proj", width, width),
                    ("fc_in", inner, width),
                ]),
                outProj: factors([("out_proj", width, width)]), fcOut: factors([("fc_out", width, inner)]))
        }
        head = factors([("lm_head", vocabulary, width)])
        embedding =
            modules.contains("wte")
            ? EmbeddingFactors(a: matrix(rank, vocabulary), b: matrix(width, rank), scale: 1, on: compute) : nil
        self.width = width
        innerWidth = inner
        vocabularySize = vocabulary
    }

    /// Whether it was made for a network of this shape.
    func fits(_ configuration: GPTJConfiguration) -> Bool {
        blocks.count == configuration.layerCount && width == configuration.width
            && innerWidth == configuration.innerWidth && vocabularySize == configuration.vocabularySize
    }
}
