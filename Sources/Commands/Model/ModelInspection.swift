import Foundation
import GPTJ
import JSONText
import ModelFiles

/// All that can be said about a model without reading its weights, but for the fingerprint's samples of them.
struct ModelInspection {
    /// The folder, or the GGUF file.
    let url: URL
    /// Whether it's the model that is part of the executable.
    let isBuiltIn: Bool
    let configuration: GPTJConfiguration
    let checkpoint: Checkpoint
    let findings: CheckpointLayout.Findings
    let parameterCount: Int
    let tokenizer: TokenizerSummary
    let fingerprint: String
    /// Of the weights that a GGUF file was converted from, where it says so.
    let sourceFingerprint: String?

    /// - throws: `ModelFileError` when config.json or the weights can't be opened.
    init(_ located: LocatedModel) throws {
        let model = try OpenedModel(located)
        url = located.url
        isBuiltIn = located.isBuiltIn
        configuration = model.configuration
        checkpoint = model.checkpoint
        let layout = CheckpointLayout(configuration)
        parameterCount = layout.parameterCount
        findings = layout.compare(with: checkpoint)
        tokenizer = TokenizerSummary(model)
        fingerprint = try checkpoint.fingerprint
        sourceFingerprint = model.sourceFingerprint
    }

    /// Tensors in the order of the files.
    var tensors: [StoredTensor] { checkpoint.names.compactMap { checkpoint.tensors[$0] } }

    /// Tensors of one type and shape whose names differ by numbers only: one of each block.
    struct TensorGroup: Hashable {
        /// A name with `*` for numbers.
        let pattern: String
        let type: StoredType
        let shape: [Int]
    }

    /// The groups, each with its size, in the order of their first tensors.
    var groups: [(group: TensorGroup, count: Int)] {
        var order: [TensorGroup] = []
        var counts: [TensorGroup: Int] = [:]
        for tensor in tensors {
            let pattern = tensor.name.split(separator: ".", omittingEmptySubsequences: false)
                .map { Int($0) == nil ? $0 : "*" }.joined(separator: ".")
            let group = TensorGroup(pattern: pattern, type: tensor.type, shape: tensor.shape)
            if counts[group] == nil { order.append(group) }
            counts[group, default: 0] += 1
        }
        return order.map { ($0, counts[$0] ?? 0) }
    }

    /// Tensors and bytes of each type, the type with the most bytes first.
    var types: [(type: StoredType, tensorCount: Int, byteCount: Int)] {
        Dictionary(grouping: tensors, by: \.type)
            .map { ($0, $1.count, $1.reduce(0) { $0 + $1.byteCount }) }
            .sorted { ($0.2, $1.0.rawValue) > ($1.2, $0.0.rawValue) }
    }
}
