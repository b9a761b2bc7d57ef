import Kernels
public import ModelFiles

/// The matrices of a network that an adapter may change.
public struct AdapterLayout: Sendable {
    /// By the modules' full names, `[outputs, inputs]` as a checkpoint has them.
    public let shapes: [String: [Int]]

    static let embedding = "transformer.wte"
    static let head = "lm_head"

    public init(_ configuration: GPTJConfiguration) {
        var shapes: [String: [Int]] = [:]
        for entry in CheckpointLayout(configuration).entries where entry.shape.count == 2 {
            shapes[String(entry.name.dropLast(".weight".count))] = entry.shape
        }
        // Also where it is the embedding: the change of one isn't one of the other.
        shapes[Self.head] = [configuration.vocabularySize, configuration.width]
        self.shapes = shapes
    }

    /// - throws: `ModelFileError` for a change of a module that the network doesn't have, or of other lengths.
    public func check(_ adapter: Adapter) throws {
        for change in adapter.changes {
            let found = [change.b.shape[0], change.a.shape[1]]
            guard let shape = shapes[change.module] else {
                throw ModelFileError.tensor(
                    path: change.a.path, tensor: change.a.name, expected: "a matrix of this model",
                    found: "\(change.module), which it doesn't have")
            }
            guard change.isOfEmbedding == (change.module == Self.embedding) else {
                throw ModelFileError.tensor(
                    path: change.a.path, tensor: change.a.name,
                    expected: change.isOfEmbedding
                        ? "lora_A and lora_B, as \(change.module) is no embedding"
                        : "lora_embedding_A and lora_embedding_B, as \(change.module) is the embedding",
                    found: "that name")
            }
            // peft changes an embedding's transpose.
            let expected = change.isOfEmbedding ? [shape[1], shape[0]] : shape
            guard found == expected else {
                let tensor = found[0] == expected[0] ? change.a : change.b
                throw ModelFileError.tensor(
                    path: tensor.path, tensor: tensor.name,
                    expected: "a change of \(expected), as the model's \(change.module) has it",
                    found: "one of \(found); the adapter is another model's")
            }
        }
        for (name, copy) in adapter.copies.sorted(by: { $0.key < $1.key }) {
            let expected =
                name.hasSuffix(".bias")
                ? shapes[Self.head].map { [$0[0]] } : shapes[String(name.dropLast(".weight".count))]
            guard copy.shape == expected, copy.type.elementType != nil else {
                throw ModelFileError.tensor(
                    path: copy.path, tensor: copy.name,
                    expected: "the model's own \(expected ?? []), which isn't changed",
                    found: "\(copy.type.rawValue) \(copy.shape)")
            }
        }
    }
}

extension GPTJWeights {
    /// Rows of a copied embedding that are compared.
    private static var comparedRows: Int { 64 }

    /// - throws: `ModelFileError` for a copy of an embedding with other numbers than the model's: one that was trained
    ///   as a whole, which no adapter says.
    func checkCopies(in adapter: Adapter, on compute: Compute) throws {
        for (name, own) in [(CheckpointLayout.embedding, wte), (CheckpointLayout.head, lmHead)] {
            guard let copy = adapter.copies[name], let other = copy.matrix, own.quantization == nil,
                other.rows == own.rows, other.columns == own.columns
            else { continue }
            let rows = (0..<min(Self.comparedRows, own.rows)).map { $0 * own.rows / min(Self.comparedRows, own.rows) }
            let (mine, theirs) = (Activations(width: own.columns), Activations(width: own.columns))
            own.copyRows(rows, into: mine, on: compute)
            other.copyRows(rows, into: theirs, on: compute)
            // The adapter may hold them in fewer bits than the model, or in more.
            let differs = zip(mine.values, theirs.values).contains { !(abs($0 - $1) <= 1e-2 * max(0.1, abs($0))) }
            if differs {
                throw ModelFileError.tensor(
                    path: copy.path, tensor: copy.name,
                    expected: "the model's own numbers, which an adapter doesn't change",
                    found: "others; merge the adapter into its own model with peft")
            }
        }
    }
}
