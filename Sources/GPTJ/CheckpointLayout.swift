import Kernels
public import ModelFiles

/// The tensors that a configuration demands of a checkpoint, under HuggingFace's names.
public struct CheckpointLayout: Sendable {
    /// One tensor: its name and the lengths of its axes, `[out, in]` for a matrix.
    public struct Entry: Sendable, Equatable {
        public let name: String
        public let shape: [Int]

        /// What a tensor is for, on which depends what types it may have.
        enum Kind { case vector, embedding, head, blockMatrix }

        var kind: Kind {
            if shape.count < 2 { return .vector }
            switch name {
            case CheckpointLayout.embedding: return .embedding
            case CheckpointLayout.head: return .head
            default: return .blockMatrix
            }
        }
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

    /// What of the layout a checkpoint has, and what is wrong with it.
    public struct Findings: Sendable {
        /// Tensors of the right shape and type, under the layout's names.
        public let tensors: [String: StoredTensor]
        /// Tensors of another shape, or of a type that the engine doesn't compute with.
        public let misfits: [Misfit]
        public let missing: [Entry]
        /// Names of saved constants that are passed over.
        public let buffers: [String]
        /// Names of tensors that the network has no use for: a sign of another model's configuration.
        public let unexpected: [String]

        /// The checkpoint's file or folder.
        let path: String
        /// What says which tensors there must be.
        let configurationSource: String

        /// All misfits, then all that is missing.
        public var problems: [ModelProblem] {
            misfits.map { misfit in
                ModelProblem(
                    path: misfit.tensor.path, tensor: misfit.tensor.name,
                    problem: "expected \(misfit.expected), found \(misfit.found)")
            }
                + missing.map { entry in
                    ModelProblem(
                        path: path, tensor: entry.name,
                        problem: "is missing; \(configurationSource) demands it with shape \(entry.shape)")
                }
        }
    }

    /// A tensor that isn't what it must be.
    public struct Misfit: Sendable {
        public let tensor: StoredTensor
        public let expected: String
        public let found: String

        var error: ModelFileError {
            .tensor(path: tensor.path, tensor: tensor.name, expected: expected, found: found)
        }
    }

    /// Looks for every tensor of the layout in `checkpoint`; reads no weights.
    public func compare(with checkpoint: Checkpoint) -> Findings {
        var tensors: [String: StoredTensor] = [:]
        var taken: Set<String> = tiesWordEmbeddings ? [Self.head] : []
        var misfits: [Misfit] = []
        var missing: [Entry] = []
        let packing = packing(of: checkpoint)
        for entry in entries {
            guard let tensor = Self.find(entry.name, in: checkpoint) else {
                missing.append(entry)
                continue
            }
            taken.insert(tensor.name)
            if let misfit = Self.misfit(tensor, entry, packing: packing, source: checkpoint.configurationSource) {
                misfits.append(misfit)
            } else {
                tensors[entry.name] = tensor
            }
        }
        let rest = checkpoint.names.filter { !taken.contains($0) }
        return Findings(
            tensors: tensors, misfits: misfits, missing: missing, buffers: rest.filter(Self.isBuffer),
            unexpected: rest.filter { !Self.isBuffer($0) }, path: checkpoint.path,
            configurationSource: checkpoint.configurationSource)
    }

    /// Finds every tensor of the layout in `checkpoint`.
    ///
    /// - throws: `ModelFileError`: `tensor` for the first of another shape or of a type that the engine doesn't compute
    ///   with, or `tensorsMissing` with all that are absent.
    public func check(_ checkpoint: Checkpoint) throws -> CheckedCheckpoint {
        let findings = compare(with: checkpoint)
        if let misfit = findings.misfits.first { throw misfit.error }
        guard findings.missing.isEmpty else {
            throw ModelFileError.tensorsMissing(
                path: checkpoint.path, tensors: findings.missing.map { "\($0.name) \($0.shape)" })
        }
        var tensors = findings.tensors
        if tiesWordEmbeddings { tensors[Self.head] = tensors[Self.embedding] }
        return CheckedCheckpoint(tensors: tensors, buffers: findings.buffers, unexpected: findings.unexpected)
    }

    private static func find(_ name: String, in checkpoint: Checkpoint) -> StoredTensor? {
        checkpoint.tensors[name]
            ?? (name.hasPrefix(networkPrefix) ? checkpoint.tensors[String(name.dropFirst(networkPrefix.count))] : nil)
    }

    private static func misfit(
        _ tensor: StoredTensor, _ entry: Entry, packing: Quantization?, source: String
    ) -> Misfit? {
        if tensor.shape != entry.shape {
            return Misfit(
                tensor: tensor, expected: "shape \(entry.shape), by \(source)", found: "shape \(tensor.shape)")
        }
        let (isFit, expected): (Bool, String) =
            switch entry.kind {
            case .vector: (tensor.type.elementType != nil, "numbers of type f32, f16 or bf16")
            case .embedding: (tensor.type.rowFormat != nil, "numbers of type f32, f16, bf16, q8_0 or q4_0")
            case .head: (tensor.type.isComputable, "numbers of type f32, f16, bf16, q8_0, q4_0 or int8")
            case .blockMatrix:
                (
                    tensor.type.isComputable && tensor.type.quantization == packing,
                    packing.map { "\($0) weights, as the other blocks' matrices are" }
                        ?? "numbers of type f32, f16, bf16, q8_0 or q4_0"
                )
            }
        return isFit ? nil : Misfit(tensor: tensor, expected: expected, found: "type \(tensor.type.rawValue)")
    }

    /// How the blocks' matrices are packed, by the first one.
    private func packing(of checkpoint: Checkpoint) -> Quantization? {
        entries.lazy.filter { $0.kind == .blockMatrix }.compactMap { Self.find($0.name, in: checkpoint) }.first?
            .type.quantization
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

extension Checkpoint {
    /// What says which tensors there must be, for errors.
    var configurationSource: String { gguf == nil ? "config.json" : "the file's keys" }
}
