public import ModelFiles

/// The tensors that a configuration demands of a checkpoint, under HuggingFace's names.
public struct CheckpointLayout: Sendable {
    /// One tensor: its name and the lengths of its axes, `[out, in]` for a matrix.
    public struct Entry: Sendable, Equatable {
        public let name: String
        public let shape: [Int]
    }

    /// In the order of the computation. Without `lm_head.weight` where the embeddings are tied.
    public let entries: [Entry]
    /// Whether `lm_head.weight` is the embedding.
    private let tiesWordEmbeddings: Bool

    public static let embedding = "transformer.wte.weight"
    public static let head = "lm_head.weight"
    /// The prefix that files saved from the bare network (`GPTJModel`) leave out.
    private static let networkPrefix = "transformer."

    public init(_ configuration: GPTJConfiguration) {
        let (width, inner, vocabulary) = (configuration.width, configuration.innerWidth, configuration.vocabularySize)
        var entries = [Entry(name: Self.embedding, shape: [vocabulary, width])]
        for layer in 0..<configuration.layerCount {
            entries += Self.block(layer, width: width, inner: inner)
        }
        entries.append(Entry(name: "transformer.ln_f.weight", shape: [width]))
        entries.append(Entry(name: "transformer.ln_f.bias", shape: [width]))
        if !configuration.tiesWordEmbeddings { entries.append(Entry(name: Self.head, shape: [vocabulary, width])) }
        entries.append(Entry(name: "lm_head.bias", shape: [vocabulary]))
        self.entries = entries
        tiesWordEmbeddings = configuration.tiesWordEmbeddings
    }

    /// The ten tensors of one block.
    private static func block(_ layer: Int, width: Int, inner: Int) -> [Entry] {
        let prefix = "transformer.h.\(layer)."
        return [
            Entry(name: prefix + "ln_1.weight", shape: [width]),
            Entry(name: prefix + "ln_1.bias", shape: [width]),
            Entry(name: prefix + "attn.q_proj.weight", shape: [width, width]),
            Entry(name: prefix + "attn.k_proj.weight", shape: [width, width]),
            Entry(name: prefix + "attn.v_proj.weight", shape: [width, width]),
            Entry(name: prefix + "attn.out_proj.weight", shape: [width, width]),
            Entry(name: prefix + "mlp.fc_in.weight", shape: [inner, width]),
            Entry(name: prefix + "mlp.fc_in.bias", shape: [inner]),
            Entry(name: prefix + "mlp.fc_out.weight", shape: [width, inner]),
            Entry(name: prefix + "mlp.fc_out.bias", shape: [width]),
        ]
    }

    /// Numbers of the whole network, each weight counted once.
    public var parameterCount: Int { entries.reduce(0) { $0 + $1.shape.reduce(1, *) } }

    /// Finds every tensor of the layout in `checkpoint`.
    ///
    /// - throws: `ModelFileError`: `tensorsMissing` with all that are absent, or `tensor` for the first of another shape
    ///   or of a type that the engine doesn't compute with.
    public func check(_ checkpoint: Checkpoint) throws -> CheckedCheckpoint {
        var tensors: [String: StoredTensor] = [:]
        var taken: Set<String> = []
        var missing: [String] = []
        for entry in entries {
            guard let tensor = Self.find(entry.name, in: checkpoint) else {
                missing.append("\(entry.name) \(entry.shape)")
                continue
            }
            try Self.check(tensor, entry)
            tensors[entry.name] = tensor
            taken.insert(tensor.name)
        }
        guard missing.isEmpty else { throw ModelFileError.tensorsMissing(path: checkpoint.path, tensors: missing) }
        if tiesWordEmbeddings {
            tensors[Self.head] = tensors[Self.embedding]
            taken.insert(Self.head)
        }
        let rest = checkpoint.names.filter { !taken.contains($0) }
        return CheckedCheckpoint(
            tensors: tensors, buffers: rest.filter(Self.isBuffer), unexpected: rest.filter { !Self.isBuffer($0) })
    }

    private static func find(_ name: String, in checkpoint: Checkpoint) -> StoredTensor? {
        checkpoint.tensors[name]
            ?? (name.hasPrefix(networkPrefix) ? checkpoint.tensors[String(name.dropFirst(networkPrefix.count))] : nil)
    }

    private static func check(_ tensor: StoredTensor, _ entry: Entry) throws {
        guard tensor.shape == entry.shape else {
            throw ModelFileError.tensor(
                path: tensor.path, tensor: tensor.name, expected: "shape \(entry.shape), by config.json",
                found: "shape \(tensor.shape)")
        }
        guard tensor.type.elementType != nil else {
            throw ModelFileError.tensor(
                path: tensor.path, tensor: tensor.name, expected: "numbers of type f32, f16 or bf16",
                found: "type \(tensor.type.rawValue)")
        }
    }

    /// Constants that older versions of transformers saved with the weights: causal masks, their fill value, and
    /// tables of rotary angles. The engine makes its own.
    private static func isBuffer(_ name: String) -> Bool {
        [".attn.bias", ".attn.masked_bias", ".attn.embed_positions", ".rotary_emb.inv_freq", ".attn.inv_freq"]
            .contains { name.hasSuffix($0) }
    }
}

/// A checkpoint that has all that a configuration demands.
public struct CheckedCheckpoint: Sendable {
    /// The weights under HuggingFace's full names, whatever the file calls them. `lm_head.weight` is always there: the
    /// embedding's tensor where the two are tied.
    private let tensors: [String: StoredTensor]
    /// Names of saved constants that are passed over.
    public let buffers: [String]
    /// Names of tensors that the network has no use for: a sign of another model's configuration.
    public let unexpected: [String]

    init(tensors: [String: StoredTensor], buffers: [String], unexpected: [String]) {
        self.tensors = tensors
        self.buffers = buffers
        self.unexpected = unexpected
    }

    /// A weight of the layout, or `lm_head.weight`.
    ///
    /// - precondition: the layout has an entry of that name.
    public subscript(name: String) -> StoredTensor {
        guard let tensor = tensors[name] else { preconditionFailure("\(name) is not in the layout") }
        return tensor
    }
}
