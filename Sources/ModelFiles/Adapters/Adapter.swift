public import Foundation

/// A LoRA adapter as the PyPI package `peft` saves it: for some modules of a network two thin matrices, whose product
/// changes the module's own.
public struct Adapter: Sendable {
    /// One module's change, `W + scale * B A`.
    public struct Change: Sendable {
        /// The module under the network's full name, such as `transformer.h.0.attn.q_proj`.
        public let module: String
        public let a: StoredTensor  // [rank, inputs]
        public let b: StoredTensor  // [outputs, rank]
        public let scale: Double
        /// It was made for an embedding, of which `a` has a column for each token, and `b` a row for each number of its
        /// vectors: the transpose of the embedding's own matrix.
        public let isOfEmbedding: Bool

        public var rank: Int { a.shape[0] }
    }

    /// The folder that was opened.
    public let path: String
    public let configuration: AdapterConfiguration
    /// In the order of the modules' names.
    public let changes: [Change]
    /// Weights of the base model's embeddings that `peft` saves beside changes of them, by their names in a checkpoint.
    public let copies: [String: StoredTensor]

    /// What an adapter's weights are called, the first that is there.
    public static let fileNames = ["adapter_model.safetensors", "adapter_model.bin"]

    /// Opens an adapter's folder; reads no weights.
    ///
    /// - throws: ``ModelFileError``.
    public init(folder: URL) throws {
        let configuration = try AdapterConfiguration(folder: folder)
        let files = Self.fileNames.map { folder.appending(path: $0) }
        guard let file = files.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw ModelFileError.noWeights(folder: folder.path, lookedFor: Self.fileNames)
        }
        try self.init(path: folder.path, configuration, Checkpoint.open(file: file))
    }

    init(path: String, _ configuration: AdapterConfiguration, _ file: Checkpoint) throws {
        self.path = path
        self.configuration = configuration
        var halves: [String: Halves] = [:]
        var copies: [String: StoredTensor] = [:]
        for name in file.names {
            let tensor = try file.tensor(named: name)
            if let copy = Self.copiedWeight(of: name) {
                copies[copy] = tensor
                continue
            }
            guard let place = Self.place(of: name) else {
                throw ModelFileError.tensor(
                    path: tensor.path, tensor: name,
                    expected: "a lora_A or lora_B matrix of a module, as peft names them", found: "that name")
            }
            guard tensor.shape.count == 2, tensor.type.elementType != nil, tensor.elementCount > 0 else {
                throw ModelFileError.tensor(
                    path: tensor.path, tensor: name, expected: "a matrix of type f32, f16 or bf16",
                    found: "\(tensor.type.rawValue) \(tensor.shape)")
            }
            var found = halves[place.module] ?? Halves(isOfEmbedding: place.isOfEmbedding)
            guard found.isOfEmbedding == place.isOfEmbedding, (place.isA ? found.a : found.b) == nil else {
                throw ModelFileError.tensor(
                    path: tensor.path, tensor: name, expected: "one change of \(place.module)", found: "two")
            }
            if place.isA { found.a = tensor } else { found.b = tensor }
            halves[place.module] = found
        }
        self.copies = copies
        changes = try halves.keys.sorted().map { module in
            guard let a = halves[module]?.a, let b = halves[module]?.b else {
                throw ModelFileError.tensorsMissing(path: file.path, tensors: ["lora_A or lora_B of \(module)"])
            }
            let rank = configuration.rank(of: module)
            for (tensor, length) in [(a, a.shape[0]), (b, b.shape[1])] where length != rank {
                throw ModelFileError.tensor(
                    path: tensor.path, tensor: tensor.name,
                    expected: "rank \(rank), by \(AdapterConfiguration.fileName)", found: "shape \(tensor.shape)")
            }
            return Change(
                module: module, a: a, b: b, scale: configuration.scale(of: module),
                isOfEmbedding: halves[module]?.isOfEmbedding == true)
        }
        guard !changes.isEmpty else {
            throw ModelFileError.malformed(
                path: file.path, part: "the file", problem: "holds no lora_A or lora_B matrix")
        }
    }

    /// The name under which `peft` saves one of a module's matrices.
    public static func tensorName(module: String, isA: Bool) -> String {
        "\(prefix)\(module).lora_\(isA ? "A" : "B").weight"
    }

    private static let prefix = "base_model.model."

    private struct Halves {
        var a: StoredTensor?
        var b: StoredTensor?
        var isOfEmbedding: Bool
    }

    /// The module that a tensor belongs to, and which of the two matrices it is.
    private static func place(of name: String) -> (module: String, isA: Bool, isOfEmbedding: Bool)? {
        guard name.hasPrefix(prefix) else { return nil }
        // Some versions save the adapter's name, too.
        for (ending, isA, isOfEmbedding) in [
            (".lora_A.weight", true, false), (".lora_B.weight", false, false), (".lora_A.default.weight", true, false),
            (".lora_B.default.weight", false, false), (".lora_embedding_A", true, true),
            (".lora_embedding_B", false, true), (".lora_embedding_A.default", true, true),
            (".lora_embedding_B.default", false, true),
        ] where name.hasSuffix(ending) {
            return (fullName(name.dropFirst(prefix.count).dropLast(ending.count)), isA, isOfEmbedding)
        }
        return nil
    }

    /// The weight that a tensor is a copy of: those of embeddings are saved beside changes of them.
    private static func copiedWeight(of name: String) -> String? {
        guard name.hasPrefix(prefix) else { return nil }
        let bare = name.dropFirst(prefix.count)
        for module in ["transformer.wte", "wte", "lm_head"] {
            for ending in ["weight", "bias"]
            where bare == "\(module).base_layer.\(ending)" || bare == "\(module).\(ending)" {
                return "\(fullName(Substring(module))).\(ending)"
            }
        }
        return nil
    }

    /// An adapter of the bare network leaves its prefix out.
    private static func fullName(_ module: Substring) -> String {
        module.hasPrefix("h.") || module == "wte" ? "transformer.\(module)" : String(module)
    }
}
