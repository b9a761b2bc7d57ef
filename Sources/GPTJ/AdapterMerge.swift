public import Kernels
public import ModelFiles

/// What adapters change of a model's own matrices, when they are folded into it for good.
public struct AdapterMerge: Sendable {
    /// By the weights' names in a checkpoint.
    private let changes: [String: [MergeFactors]]
    /// The adapters' fingerprints and scales, for the record.
    public let record: String

    /// Bytes of a piece of a matrix that is in memory at once.
    private static let pieceLength = 16 << 20

    /// Reads the adapters' matrices and checks that they fit.
    ///
    /// - throws: `ModelFileError` naming file and tensor.
    public init(
        _ adapters: [(adapter: Adapter, scale: Double)], into model: OpenedModel, on compute: Compute
    ) throws {
        let layout = AdapterLayout(model.configuration)
        let weights = try GPTJWeights(configuration: model.configuration, checkpoint: model.checkpoint)
        var changes: [String: [MergeFactors]] = [:]
        var records: [String] = []
        for (adapter, scale) in adapters {
            try layout.check(adapter)
            try weights.checkCopies(in: adapter, on: compute)
            for change in adapter.changes {
                guard let a = change.a.matrix, let b = change.b.matrix else {
                    preconditionFailure("the adapter was checked")
                }
                changes["\(change.module).weight", default: []].append(
                    MergeFactors(
                        a: a, b: b, scale: Float(change.scale * scale), isTransposed: change.isOfEmbedding, on: compute)
                )
            }
            records.append(
                Adapter.fingerprint(ofDigest: try adapter.digest) + (scale == 1 ? "" : "=\(scale)"))
        }
        self.changes = changes
        record = records.joined(separator: "+")
    }

    /// Whether the embedding and the matrix that makes logits can't be one any more.
    var unties: Bool { changes[CheckpointLayout.embedding] != nil || changes[CheckpointLayout.head] != nil }

    /// Hands out a weight's matrix with its changes, from its first row to its last, in pieces of whole panels.
    ///
    /// - parameter name: the weight's in the layout, which may be another than the tensor's own
    func eachPiece(
        of tensor: StoredTensor, named name: String, on compute: Compute, _ body: (WeightMatrix) throws -> Void
    ) rethrows {
        let matrix = tensor.checkedMatrix
        guard let changes = changes[name] else { return try body(matrix) }
        let height = max(1, Self.pieceLength / (4 * matrix.columns) / PanelLayout.rows) * PanelLayout.rows
        for first in stride(from: 0, to: matrix.rows, by: height) {
            try body(matrix.merged(rows: first..<min(first + height, matrix.rows), with: changes, on: compute))
        }
    }
}
