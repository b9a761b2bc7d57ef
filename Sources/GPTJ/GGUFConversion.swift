public import Kernels
import ModelFiles
import Tokenization

/// Writes a model as a GGUF file, tensor by tensor, in memory of some tens of MiB whatever its size.
public struct GGUFConversion: Sendable {
    static let sourceFingerprintKey = "nightshift.source.fingerprint"

    /// A tensor, and what it's written as.
    private struct Part: Sendable {
        let source: StoredTensor
        /// In the layout.
        let name: String
        let plan: GGUFTensorPlan
    }

    private let parts: [Part]
    private let merge: AdapterMerge?
    private let head: GGUFHead
    /// Tensors that were asked for in blocks but aren't, since their rows are no whole number of blocks.
    public let unblockedCount: Int

    public var tensorCount: Int { parts.count }
    /// Bytes that the file will have.
    public var fileByteCount: Int { head.fileByteCount }
    /// Bytes of the tensors that are read.
    public let sourceByteCount: Int

    /// Plans the file; reads no weights but the few that the fingerprint samples.
    ///
    /// - parameters:
    ///   - merge: what is added to the weights on the way
    ///   - program: name and version of what converts, for the record.
    /// - throws: `ModelFileError`, also for a model whose weights are packed already; `TokenizerError`.
    public init(_ model: OpenedModel, to form: WeightForm, merging merge: AdapterMerge? = nil, program: String) throws {
        self.merge = merge
        let layout = CheckpointLayout(model.configuration)
        let checked = try layout.check(model.checkpoint)
        var entries = layout.entries
        let isTied = model.configuration.tiesWordEmbeddings
        if isTied, form.isPacked || merge?.unties == true {
            // The embedding stays as it is, and a packed or changed copy of it makes the logits.
            let shape = [model.configuration.vocabularySize, model.configuration.width]
            entries.append(CheckpointLayout.Entry(name: CheckpointLayout.head, shape: shape))
        }
        parts = try entries.map { entry in
            let tensor = checked[entry.name]
            guard let format = tensor.type.rowFormat else { throw Self.packedError(tensor, model) }
            let encoding = form.encoding(
                of: entry, source: format,
                isAlsoHead: isTied && entry.kind == .embedding && !form.isPacked && merge?.unties != true)
            return Part(
                source: tensor, name: entry.name,
                plan: GGUFTensorPlan(
                    name: GGUFNames.ggufName(of: entry.name), shape: entry.shape, encoding: encoding))
        }
        unblockedCount =
            form == .eightBitBlocks || form == .fourBitBlocks
            ? parts.count { $0.plan.shape.count == 2 && $0.plan.encoding == .rows(.elements(.float32)) } : 0
        sourceByteCount = parts.reduce(0) { $0 + $1.source.byteCount }
        head = GGUFHead(
            fields: try Self.fields(of: model, form: form, program: program)
                + (merge.map { [(key: "nightshift.adapters", value: GGUFField.text($0.record))] } ?? []),
            tensors: parts.map(\.plan))
    }

    private static func packedError(_ tensor: StoredTensor, _ model: OpenedModel) -> ModelFileError {
        .unsupported(
            path: model.checkpoint.path,
            found: "its weights are packed as \(tensor.type.rawValue) for the engine and can't be turned back",
            advice: "Convert the model that it was made from.")
    }

    private static func fields(
        of model: OpenedModel, form: WeightForm, program: String
    ) throws -> [(key: String, value: GGUFField)] {
        var fields: [(key: String, value: GGUFField)] = [
            ("general.architecture", .text("gptj")), ("general.type", .text("model")),
        ]
        fields += try texts(of: model)
        fields += form.fileType.map { [("general.file_type", .uint32($0))] } ?? []
        if form == .eightBitBlocks || form == .fourBitBlocks {
            fields.append(("general.quantization_version", .uint32(2)))
        }
        fields += model.configuration.ggufFields
        if let definition = try model.tokenizerDefinition() {
            // What can't be used must not be handed on.
            _ = try Tokenizer(definition)
            fields += try definition.ggufFields(count: model.configuration.vocabularySize)
        }
        fields.append(("nightshift.program", .text(program)))
        fields.append((sourceFingerprintKey, .text(try model.checkpoint.fingerprint)))
        return fields
    }

    /// Name, author, licence and the like: those of a GGUF file are handed on.
    private static func texts(of model: OpenedModel) throws -> [(key: String, value: GGUFField)] {
        let taken: Set = ["general.architecture", "general.type", "general.name"]
        let metadata = model.checkpoint.gguf
        let name = try metadata?.text("general.name") ?? model.located.name
        let others = (metadata?.keys ?? []).filter { $0.hasPrefix("general.") && !taken.contains($0) }
        return [("general.name", .text(name))]
            + others.compactMap { key in
                // Numbers and lists say how that file was written.
                guard let text = try? metadata?.text(key) else { return nil }
                return (key, .text(text))
            }
    }

    /// Writes the file.
    ///
    /// - parameters:
    ///   - file: new and empty; who made it finishes it.
    ///   - progress: called every few MiB with the bytes written so far; what it throws ends the work.
    /// - throws: `OutputFileError`; `ModelFileError` for a tensor with numbers that the form can't hold.
    public func write(
        to file: OutputFile, on compute: Compute, progress: (_ byteCount: Int) throws -> Void
    ) throws {
        try file.write(head.bytes)
        for (part, offset) in zip(parts, head.offsets) {
            try file.write([UInt8](repeating: 0, count: offset - file.count))
            var failures = 0
            func write(_ matrix: WeightMatrix) throws {
                failures += try matrix.encode(as: part.plan.encoding, on: compute) { piece in
                    try file.write(piece)
                    try progress(file.count)
                }
            }
            if let merge {
                try merge.eachPiece(of: part.source, named: part.name, on: compute, write)
            } else {
                try write(part.source.checkedMatrix)
            }
            guard failures == 0 else {
                throw ModelFileError.tensor(
                    path: part.source.path, tensor: part.source.name,
                    expected: "finite numbers that \(part.plan.encoding.name) can hold",
                    found: "\(failures) that it can't")
            }
        }
        try file.write([UInt8](repeating: 0, count: head.fileByteCount - file.count))
        try progress(file.count)
    }
}

extension WeightEncoding {
    /// "f16", "q8_0", "int8".
    fileprivate var name: String {
        switch self {
        case .rows(.elements(let type)): type.rawValue
        case .rows(.blocks(let type)): type.rawValue
        case .panels(let quantization): quantization.rawValue
        }
    }
}
