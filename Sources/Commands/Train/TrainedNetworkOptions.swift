import ArgumentParser
import Foundation
import GPTJ
import Kernels
import ModelFiles
import Tokenization
import Training

/// Which network is trained, and where it begins.
struct TrainedNetworkOptions: ParsableArguments {
    @Option(help: "The model's shape: a config.json as HuggingFace has it.", completion: .file())
    var shape: String?

    @Option(
        help: ArgumentHelp("Begin with this model's weights instead of random ones.", valueName: "folder"),
        completion: .directory)
    var weightsFrom: String?

    @Option(
        help: "The tokenizer's folder; by default that of --weights-from.", completion: .directory)
    var tokenizer: String?

    func validate() throws {
        guard shape != nil || weightsFrom != nil else {
            throw ValidationError("--shape must say what the model is like, or --weights-from where it begins")
        }
        guard tokenizer != nil || weightsFrom != nil else { throw ValidationError("--tokenizer must name a folder") }
    }

    private static func folder(_ path: String) -> URL { URL(filePath: path, directoryHint: .isDirectory) }

    /// - throws: ``CommandError`` (66); `ModelFileError`.
    func configuration() throws -> GPTJConfiguration {
        if let shape {
            guard let data = FileManager.default.contents(atPath: shape) else {
                throw CommandError(.noInput, "\(shape): there is no such file, or it can't be read")
            }
            return try GPTJConfiguration(json: [UInt8](data), path: shape)
        }
        return try GPTJConfiguration(folder: Self.folder(weightsFrom ?? ""))
    }

    /// The tokenizer's folder and what tells it apart.
    ///
    /// - throws: ``CommandError`` (65) where it has tokens that the network doesn't; `TokenizerError`.
    func tokenizer(for configuration: GPTJConfiguration) throws -> (folder: URL, fingerprint: String) {
        let folder = Self.folder(tokenizer ?? weightsFrom ?? "")
        let definition = try TokenizerDefinition(folder: folder)
        let count = try Tokenizer(definition).vocabularySize
        guard count <= configuration.vocabularySize else {
            throw CommandError(
                .badData,
                "\(folder.path): has \(count.grouped) tokens, and the network knows "
                    + "\(configuration.vocabularySize.grouped); set vocab_size to at least as many")
        }
        return (folder, TokenizerFingerprint.fingerprint(of: definition))
    }

    /// The parameters as training begins.
    func parameters(_ configuration: GPTJConfiguration, seed: UInt64, on compute: Compute) throws -> ParameterSet {
        guard let weightsFrom else {
            let parameters = ParameterSet(configuration)
            parameters.initialize(seed: seed)
            return parameters
        }
        return try ParameterSet(
            configuration, checkpoint: Checkpoint.open(folder: Self.folder(weightsFrom)), on: compute)
    }
}
