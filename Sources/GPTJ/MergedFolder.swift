public import Foundation
import JSONText
public import Kernels
import ModelFiles

/// Writes a model with adapters folded in as a folder in HuggingFace's form, tensor by tensor, in memory of some tens of
/// MiB beside the adapters'.
public struct MergedFolder: Sendable {
    private struct Part: Sendable {
        let source: StoredTensor
        let name: String
        let declaration: SafetensorsWriter.Declaration
    }

    private let model: OpenedModel
    private let merge: AdapterMerge
    private let parts: [Part]

    public var tensorCount: Int { parts.count }
    /// Bytes that the weights will have.
    public let byteCount: Int

    /// Plans the folder.
    ///
    /// - parameter type: of the weights; `nil` for those that the model's files have, f16 for blocks
    /// - throws: `ModelFileError`, also for a model whose weights are packed, or that isn't a folder.
    public init(_ model: OpenedModel, merging merge: AdapterMerge, type: ElementType?) throws {
        guard model.located.gguf == nil else {
            throw ModelFileError.unsupported(
                path: model.located.url.path, found: "a GGUF file has no folder's files",
                advice: "Merge into another .gguf, or name the folder that it was converted from.")
        }
        let layout = CheckpointLayout(model.configuration)
        let checked = try layout.check(model.checkpoint)
        var entries = layout.entries
        if model.configuration.tiesWordEmbeddings, merge.unties {
            let shape = [model.configuration.vocabularySize, model.configuration.width]
            entries.append(CheckpointLayout.Entry(name: CheckpointLayout.head, shape: shape))
        }
        parts = try entries.map { entry in
            let tensor = checked[entry.name]
            guard tensor.type.rowFormat != nil else {
                throw ModelFileError.unsupported(
                    path: tensor.path, found: "its weights are packed as \(tensor.type.rawValue)",
                    advice: "Merge into the model that it was made from.")
            }
            return Part(
                source: tensor, name: entry.name,
                declaration: SafetensorsWriter.Declaration(
                    name: entry.name, shape: entry.shape, type: type ?? tensor.type.elementType ?? .float16))
        }
        byteCount = parts.reduce(0) { $0 + $1.declaration.shape.reduce($1.declaration.type.byteCount, *) }
        self.model = model
        self.merge = merge
    }

    /// What isn't handed on: weights, in any form and for any library.
    private static let weightEndings = [
        ".safetensors", ".bin", ".index.json", ".gguf", ".h5", ".msgpack", ".pt", ".pth", ".ckpt", ".onnx", ".partial",
    ]

    /// Writes all files into an empty folder.
    ///
    /// - parameter progress: called every few MiB with the bytes of weights written so far; what it throws ends the work.
    /// - throws: `OutputFileError`; Foundation's errors for files that can't be copied; `ModelFileError` for numbers that
    ///   the type can't hold.
    public func write(to folder: URL, on compute: Compute, progress: (_ byteCount: Int) throws -> Void) throws {
        try copyOthers(to: folder)
        try writeConfiguration(to: folder)
        let writer = try SafetensorsWriter(
            path: folder.appending(path: "model.safetensors").path, parts.map(\.declaration),
            metadata: [
                "format": "pt", "nightshift.adapters": merge.record,
                "nightshift.source.fingerprint": try model.checkpoint.fingerprint,
            ], replaces: false)
        var written = 0
        for part in parts {
            var failures = 0
            try merge.eachPiece(of: part.source, named: part.name, on: compute) { matrix in
                failures += try writer.append(matrix, on: compute) { count in
                    written += count
                    try progress(written)
                }
            }
            guard failures == 0 else {
                throw ModelFileError.tensor(
                    path: part.source.path, tensor: part.source.name,
                    expected: "finite numbers that \(part.declaration.type.rawValue) can hold, with the adapters added",
                    found: "\(failures) that it can't")
            }
        }
        try writer.finish()
    }

    private func copyOthers(to folder: URL) throws {
        let source = model.located.folder
        for name in try FileManager.default.contentsOfDirectory(atPath: source.path).sorted() {
            let lower = name.lowercased()
            guard name != "config.json", !name.hasPrefix("."), !Self.weightEndings.contains(where: lower.hasSuffix)
            else { continue }
            let file = source.appending(path: name).resolvingSymlinksInPath()
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue else {
                continue
            }
            try FileManager.default.copyItem(at: file, to: folder.appending(path: name))
        }
    }

    private func writeConfiguration(to folder: URL) throws {
        let file = model.located.folder.appending(path: "config.json")
        let bytes = try [UInt8](Data(contentsOf: file))
        guard case .object(var object) = try JSONParser.parse(bytes) else {
            throw ModelFileError.malformed(path: file.path, part: "the file", problem: "isn't a JSON object")
        }
        if merge.unties { object["tie_word_embeddings"] = false }
        let types = Set(parts.filter { $0.declaration.shape.count == 2 }.map(\.declaration.type))
        if types.count == 1, let type = types.first {
            let name = type == .float32 ? "float32" : type == .float16 ? "float16" : "bfloat16"
            // Its newer name, where the file has that.
            object[object["dtype"] == nil ? "torch_dtype" : "dtype"] = .string(name)
        }
        let output = try OutputFile(path: folder.appending(path: "config.json").path, replaces: false)
        try output.write(Array(JSONValue.object(object).text.utf8) + [0x0A])
        try output.finish()
    }
}
