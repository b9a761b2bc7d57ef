import Foundation
import GPTJ
import Generation
import Kernels
import ModelFiles
import Tokenization

/// A model with its tokenizer, ready to make schedulers and services over it.
struct LoadedModel: Sendable {
    let name: String
    let folder: URL
    let weights: GPTJWeights
    /// The weights as the file has them.
    let stored: GPTJWeights
    let weightType: ModelOptions.WeightType
    let keyValueType: KeyValueType
    /// `nil` for a folder without one: such a model takes and gives token ids.
    let tokenizer: Tokenizer?
    /// Names the weights in results.
    let fingerprint: String
    let threads: Int
    let instructionSet: InstructionSet
    let limits: SchedulerLimits
    let loadDuration: Duration
    private let keyValueBytes: Int

    var configuration: GPTJConfiguration { weights.configuration }
    /// Rows of the logits.
    var vocabularySize: Int { configuration.vocabularySize }
    /// Ids that may be generated lie below it.
    var tokenCount: Int { tokenizer?.vocabularySize ?? vocabularySize }

    init(
        _ located: LocatedModel, weights weightType: ModelOptions.WeightType, threads: Int,
        instructionSet: InstructionSet, keyValues keyValueType: KeyValueType, keyValueBytes: Int,
        limits: SchedulerLimits
    ) throws {
        let clock = ContinuousClock()
        let start = clock.now
        folder = located.folder
        name = located.folder.standardizedFileURL.lastPathComponent
        let configuration = try GPTJConfiguration(folder: located.folder)
        let checkpoint = try located.checkpoint()
        let stored = try GPTJWeights(configuration: configuration, checkpoint: checkpoint)
        weights = Self.quantized(
            stored, to: weightType, on: Compute(threads: threads, instructionSet: instructionSet))
        self.stored = stored
        self.weightType = weightType
        self.keyValueType = keyValueType
        do {
            tokenizer = try Tokenizer(folder: located.folder)
        } catch TokenizerError.noTokenizer {
            tokenizer = nil
        }
        fingerprint = try checkpoint.fingerprint
        self.threads = threads
        self.instructionSet = instructionSet
        self.keyValueBytes = keyValueBytes
        self.limits = limits
        loadDuration = start.duration(to: clock.now)
    }

    private static func quantized(
        _ stored: GPTJWeights, to type: ModelOptions.WeightType, on compute: Compute
    ) -> GPTJWeights {
        guard let quantization = type.quantization else { return stored }
        let line = ProgressLine()
        defer { line.clear() }
        let count = stored.configuration.layerCount
        return stored.quantized(to: quantization, on: compute) { layer in
            line.update("packing \(type) weights: layer \(layer + 1) of \(count)")
        }
    }

    /// Tokens whose keys and values fit into the memory that is set aside for them; no more than a full batch of whole
    /// contexts could want, and at least a page.
    var tokenCapacity: Int {
        Self.tokenCapacity(configuration, keyValueType, rows: limits.rows, keyValueBytes: keyValueBytes)
    }

    static func tokenCapacity(
        _ configuration: GPTJConfiguration, _ type: KeyValueType, rows: Int, keyValueBytes: Int
    ) -> Int {
        let wanted = rows * (configuration.contextLength + KeyValuePages.pageLength)
        return max(
            KeyValuePages.pageLength, min(wanted, keyValueBytes / GPTJModel.bytesPerToken(configuration, type)))
    }

    /// A model over the weights, with keys and values of its own.
    func makeModel() -> GPTJModel {
        makeModel(weights: weights, on: Compute(threads: threads, instructionSet: instructionSet))
    }

    /// A model over `weights`, which are these in one of their forms.
    func makeModel(weights: GPTJWeights, keyValues: KeyValueType? = nil, on compute: Compute) -> GPTJModel {
        GPTJModel(
            weights: weights, compute: compute, keyValueType: keyValues ?? keyValueType, tokenCapacity: tokenCapacity)
    }

    func makeService() -> GenerationService {
        GenerationService(tokenizer: tokenizer, limits: limits) { makeModel() }
    }

    /// "name int8 kv=f16 avx512-vnni threads=2 nightshift/0.1": what a result needs to be made again.
    var engineDescription: String {
        "\(name) \(weightType) kv=\(keyValueType.rawValue) \(instructionSet.name) threads=\(threads) nightshift/\(Version.current)"
    }
}
