public import Foundation
import Kernels

/// All tensors of a model's files, whatever their form. Files are mapped and only their headers are read: opening
/// takes milliseconds and little memory, whatever the size of the weights.
public struct Checkpoint: Sendable {
    /// How the weights are stored.
    public enum Form: String, Sendable {
        case safetensors = "safetensors"
        case shardedSafetensors = "safetensors, sharded"
        case torch = "torch"
        case shardedTorch = "torch, sharded"
        case gguf = "gguf"
    }

    /// A file that tensors lie in.
    public struct File: Sendable, Equatable {
        public let path: String
        /// Bytes in the file.
        public let byteCount: Int
    }

    public let form: Form
    /// The folder or file that was opened, for errors.
    public let path: String
    /// The files with tensors; of a sharded checkpoint in the order of their names.
    public let files: [File]
    public let tensors: [String: StoredTensor]
    /// The tensors' names in the order of the files and, within a file, of its data or its pickle.
    public let names: [String]
    /// Free-form texts of the safetensors files, joined.
    public let metadata: [String: String]
    /// What a GGUF file says beside its tensors, which is all there is to know of the model; `nil` for other forms.
    package let gguf: GGUFMetadata?

    /// What ``open(folder:)`` looks for, the first that is there.
    public static let fileNames = [
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
    ]

    /// Opens the weights of a model's folder: the first of ``fileNames`` that is there, safetensors before torch.
    ///
    /// - throws: ``ModelFileError``.
    public static func open(folder: URL) throws -> Checkpoint {
        let files = fileNames.map { folder.appending(path: $0) }
        guard let file = files.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw ModelFileError.noWeights(folder: folder.path, lookedFor: fileNames)
        }
        return try open(file: file)
    }

    /// Opens one file of weights, or the index of a sharded checkpoint; the name's ending says which.
    ///
    /// - throws: ``ModelFileError``.
    public static func open(file: URL) throws -> Checkpoint {
        if file.lastPathComponent.hasSuffix(".index.json") { return try open(index: file) }
        if GGUFFile.isName(file.path) {
            return try open(gguf: ModelFile.map(file.path, advice: "The download may be incomplete."))
        }
        let part = try read(file.path)
        return try Checkpoint(
            form: part.isSafetensors ? .safetensors : .torch, path: file.path, parts: [part], selected: nil)
    }

    /// The tensor called `name`.
    ///
    /// - throws: ``ModelFileError/tensorsMissing(path:tensors:)``.
    public func tensor(named name: String) throws -> StoredTensor {
        guard let tensor = tensors[name] else { throw ModelFileError.tensorsMissing(path: path, tensors: [name]) }
        return tensor
    }

    /// What one file holds.
    private struct Part {
        let file: File
        /// The shard's name in the index; `nil` where there is no index.
        let shard: String?
        let isSafetensors: Bool
        let tensors: [StoredTensor]
        let metadata: [String: String]
    }

    private static func read(_ path: String, shard: String? = nil) throws -> Part {
        let file = try ModelFile.map(path, advice: "The download may be incomplete.")
        let isSafetensors = path.hasSuffix(".safetensors")
        let (tensors, metadata) =
            isSafetensors ? try SafetensorsFile.read(file) : (try TorchFile.read(file), [:])
        return Part(
            file: File(path: path, byteCount: file.count), shard: shard, isSafetensors: isSafetensors,
            tensors: tensors, metadata: metadata)
    }

    /// Opens a GGUF file that is mapped.
    ///
    /// - throws: ``ModelFileError``.
    static func open(gguf file: MappedFile) throws -> Checkpoint {
        let contents = try GGUFFile.read(file)
        let part = Part(
            file: File(path: file.path, byteCount: file.count), shard: nil, isSafetensors: false,
            tensors: contents.tensors, metadata: [:])
        return try Checkpoint(
            form: .gguf, path: file.path, parts: [part], selected: nil, gguf: contents.metadata)
    }

    private static func open(index: URL) throws -> Checkpoint {
        let shardIndex = try ShardIndex(index)
        let parts = try shardIndex.shards.map { try read(shardIndex.path(ofShard: $0), shard: $0) }
        return try Checkpoint(
            form: parts.allSatisfy(\.isSafetensors) ? .shardedSafetensors : .shardedTorch, path: index.path,
            parts: parts, selected: shardIndex)
    }

    /// - parameter selected: which tensor to take from which shard; `nil` takes all of every part.
    private init(
        form: Form, path: String, parts: [Part], selected: ShardIndex?, gguf: GGUFMetadata? = nil
    ) throws {
        var tensors: [String: StoredTensor] = [:]
        var names: [String] = []
        for part in parts {
            for tensor in part.tensors {
                if let selected, selected.shardOfTensor[tensor.name] != part.shard { continue }
                guard tensors.updateValue(tensor, forKey: tensor.name) == nil else {
                    throw ModelFileError.tensor(
                        path: part.file.path, tensor: tensor.name, expected: "one tensor of this name", found: "two")
                }
                names.append(tensor.name)
            }
        }
        if let selected, let absent = selected.shardOfTensor.first(where: { tensors[$0.key] == nil }) {
            throw ModelFileError.tensor(
                path: selected.path(ofShard: absent.value), tensor: absent.key,
                expected: "it in this shard, where \(path) says it is", found: "nothing")
        }
        guard !tensors.isEmpty else {
            throw ModelFileError.malformed(path: path, part: "the file", problem: "there are no tensors in it")
        }
        self.form = form
        self.path = path
        files = parts.map(\.file)
        self.tensors = tensors
        self.names = names
        self.gguf = gguf
        metadata = parts.reduce(into: [:]) { $0.merge($1.metadata) { first, _ in first } }
    }
}
