public import ModelFiles
public import Tokenization

/// A model's files, opened: what the network is and where its weights lie, whatever the form.
public struct OpenedModel: Sendable {
    public let located: LocatedModel
    public let configuration: GPTJConfiguration
    public let checkpoint: Checkpoint

    /// Reads the configuration and the heads of the files with weights.
    ///
    /// - throws: `ModelFileError`.
    public init(_ located: LocatedModel) throws {
        self.located = located
        if located.gguf == nil {
            configuration = try GPTJConfiguration(folder: located.folder)
            checkpoint = try located.checkpoint()
        } else {
            checkpoint = try located.checkpoint()
            configuration = try GPTJConfiguration(of: checkpoint)
        }
    }

    /// The tokenizer; `nil` for a model that takes and gives token ids only.
    ///
    /// - throws: `TokenizerError` for one that can't be used.
    public func tokenizerDefinition() throws(TokenizerError) -> TokenizerDefinition? {
        if let metadata = checkpoint.gguf { return try TokenizerDefinition(gguf: metadata) }
        return try located.tokenizerDefinitionOfFolder()
    }

    /// The form that most of its matrices have; f16 for those that can't be written.
    public var usualForm: WeightForm {
        let name = CheckpointLayout(configuration).entries.first { $0.kind == .blockMatrix }?.name ?? ""
        let tensor = checkpoint.tensors[name] ?? checkpoint.tensors[String(name.dropFirst("transformer.".count))]
        return tensor.flatMap { WeightForm(rawValue: $0.type.rawValue) } ?? .float16
    }

    /// The fingerprint of the weights that a GGUF file was converted from, where it says so.
    public var sourceFingerprint: String? { try? checkpoint.gguf?.text(GGUFConversion.sourceFingerprintKey) }
}

extension LocatedModel {
    /// The tokenizer alone, without a look at a folder's weights; `nil` for a model without one.
    ///
    /// - throws: `TokenizerError` for one that can't be used, `ModelFileError` for a GGUF file that can't be opened.
    public func tokenizerDefinition() throws -> TokenizerDefinition? {
        if gguf != nil { return try checkpoint().gguf.flatMap { try TokenizerDefinition(gguf: $0) } }
        return try tokenizerDefinitionOfFolder()
    }

    fileprivate func tokenizerDefinitionOfFolder() throws(TokenizerError) -> TokenizerDefinition? {
        do {
            return try TokenizerDefinition(folder: folder)
        } catch .noTokenizer {
            return nil
        }
    }
}

extension GPTJConfiguration {
    /// The configuration that a GGUF file has in it.
    ///
    /// - throws: `ModelFileError`.
    init(of checkpoint: Checkpoint) throws {
        guard let metadata = checkpoint.gguf else { preconditionFailure("only GGUF files hold their configuration") }
        try self.init(gguf: metadata, checkpoint: checkpoint)
    }
}
