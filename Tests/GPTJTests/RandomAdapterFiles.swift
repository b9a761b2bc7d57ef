import Foundation
import Kernels
import ModelFiles
import TestSupport

/// A folder that lives as long as a test.
final class TemporaryAdapterFolder {
    let url = FileManager.default.temporaryDirectory.appending(path: "nightshift-adapter-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// Writes adapters of random numbers as peft does.
struct RandomAdapterFiles {
    let rank: Int
    let alpha: Int
    /// Module, inputs, outputs, and whether it's an embedding, whose inputs are tokens.
    let shapes: [(module: String, inputs: Int, outputs: Int, isEmbedding: Bool)]
    var seed: UInt64 = 1

    func write(to folder: URL) throws -> Adapter {
        var random = SplitMix64(seed: seed)
        func matrix(_ rows: Int, _ columns: Int) -> FloatMatrix {
            let matrix = FloatMatrix(rows: rows, columns: columns)
            for row in 0..<rows {
                for column in 0..<columns { matrix[row, column] = Float.random(in: -0.3...0.3, using: &random) }
            }
            return matrix
        }
        let config = """
            {"peft_type": "LORA", "r": \(rank), "lora_alpha": \(alpha), "bias": "none", "use_rslora": false}
            """
        try Data(config.utf8).write(to: folder.appending(path: "adapter_config.json"))
        var tensors: [(SafetensorsWriter.Declaration, FloatMatrix)] = []
        for shape in shapes {
            let prefix = "base_model.model.\(shape.module)."
            let (a, b) =
                shape.isEmbedding
                ? ("lora_embedding_A", "lora_embedding_B") : ("lora_A.weight", "lora_B.weight")
            tensors.append(
                (.init(name: prefix + a, shape: [rank, shape.inputs], type: .float32), matrix(rank, shape.inputs)))
            tensors.append(
                (.init(name: prefix + b, shape: [shape.outputs, rank], type: .float32), matrix(shape.outputs, rank)))
        }
        let writer = try SafetensorsWriter(
            path: folder.appending(path: "adapter_model.safetensors").path, tensors.map(\.0), replaces: true)
        for tensor in tensors { _ = try writer.write(tensor.1) }
        try writer.finish()
        return try Adapter(folder: folder)
    }
}
