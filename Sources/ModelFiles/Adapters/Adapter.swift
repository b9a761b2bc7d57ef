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

        public var rank: Int { a.shape[0] }
    }

    /// The folder that was opened.
    public let path: String
    public let configuration: AdapterConfiguration
    /// In the order of the modules' names.
    public let changes: [Change]

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
        var halves: [String: (a: StoredTensor?, b: StoredTensor?)] = [:]
        for name in file.names {
            let tensor = try file.tensor(named: name)
            guard let (module, isA) = Self.place(of: name) else {
                throw ModelFileError.tensor(
                    path: tensor.path, tensor: name,
                    expected: "a lora_A or lora_B matrix of a module, as peft names them", found: "that name")
            }
            guard tensor.shape.count == 2, tensor.type.elementType != nil else {
                throw ModelFileError.tensor(
                    path: tensor.path, tensor: name, expected: "a matrix of type f32, f16 or bf16",
                    found: "\(tensor.type.rawValue) \(tensor.shape)")
            }
            if isA {
                halves[module, default: (nil, nil)].a = tensor
            } else {
                halves[module, default: (nil, nil)].b = tensor
            }
        }
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
            return Change(module: module, a: a, b: b, scale: configuration.scale(of: module))
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

    /// The module that a tensor belongs to, and which of the two matrices it is.
    private static func place(of name: String) -> (module: String, isA: Bool)? {
        guard name.hasPrefix(prefix) else { return nil }
        // Some versions save the adapter's name, too.
        for (ending, isA) in [
            (".lora_A.weight", true), (".lora_B.weight", false), (".lora_A.default.weight", true),
            (".lora_B.default.weight", false),
        ] where name.hasSuffix(ending) {
            let module = String(name.dropFirst(prefix.count).dropLast(ending.count))
            // An adapter of the bare network leaves its prefix out.
            return (module.hasPrefix("h.") ? "transformer.\(module)" : module, isA)
        }
        return nil
    }
}
