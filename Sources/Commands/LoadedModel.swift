import Foundation
import GPTJ
import Generation
import Kernels
import ModelFiles
import Tokenization
import Worker

/// A model with its tokenizer, ready to make schedulers and services over it.
struct LoadedModel: Sendable {
    let name: String
    let located: LocatedModel
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
    /// What texts are generated with that name no adapters of their own.
    let adapters: JobAdapters
    let adapterLibrary: AdapterLibrary
    let loadDuration: Duration
    private let keyValueBytes: Int

    var configuration: GPTJConfiguration { weights.configuration }
    /// Rows of the logits.
    var vocabularySize: Int { configuration.vocabularySize }
    /// Ids that may be generated lie below it.
    var tokenCount: Int { tokenizer?.vocabularySize ?? vocabularySize }

    init(
        _ located: LocatedModel, weights weightType: ModelOptions.WeightType?, threads: Int,
        instructionSet: InstructionSet, keyValues: KeyValueType?, keyValueBytes: Int,
        adapters: [AdapterReference] = [], adapterBytes: Int = 512 << 20, limits: SchedulerLimits
    ) throws {
        let clock = ContinuousClock()
        let start = clock.now
        self.located = located
        name = located.name
        let model = try OpenedModel(located)
        let stored = try GPTJWeights(configuration: model.configuration, checkpoint: model.checkpoint)
        let type = try Self.type(requested: weightType, stored: stored, path: located.url.path)
        weights = Self.weights(stored, as: type, on: Compute(threads: threads, instructionSet: instructionSet))
        self.stored = stored
        self.weightType = type
        keyValueType = keyValues ?? .suiting(weights.quantization)
        tokenizer = try model.tokenizerDefinition().map(Tokenizer.init)
        fingerprint = try model.checkpoint.fingerprint
        self.threads = threads
        self.instructionSet = instructionSet
        self.keyValueBytes = keyValueBytes
        self.limits = limits
        adapterLibrary = AdapterLibrary(
            shelf: AdapterShelf(stored, byteLimit: adapterBytes, instructionSet: instructionSet),
            locator: AdapterLocator(environment: ProcessInfo.processInfo.environment))
        self.adapters = try adapterLibrary.adapters(adapters)
        loadDuration = start.duration(to: clock.now)
    }

    /// How the weights will be held.
    ///
    /// - throws: ``CommandError`` (64) when they're packed in another way than asked for.
    static func type(
        requested: ModelOptions.WeightType?, stored: GPTJWeights, path: String
    ) throws -> ModelOptions.WeightType {
        guard let packed = stored.quantization else {
            return requested ?? .init(stored.blockType.map { $0 == .eightBits ? .int8 : .int4 })
        }
        let type = ModelOptions.WeightType(packed)
        guard requested == nil || requested == type else {
            throw CommandError(
                .usage,
                "\(path): its weights are packed as \(type), and can't be had as \(requested ?? type). Leave out "
                    + "--weights, or name the model that it was converted from")
        }
        return type
    }

    private static func weights(
        _ stored: GPTJWeights, as type: ModelOptions.WeightType, on compute: Compute
    ) -> GPTJWeights {
        guard let quantization = type.quantization, stored.quantization == nil else { return stored }
        let line = ProgressLine()
        defer { line.clear() }
        let count = stored.configuration.layerCount
        return stored.quantized(to: quantization, on: compute) { layer in
            line.update("packing \(type) weights: layer \(layer + 1) of \(count)")
        }
    }

    /// Whether weights were quantized when the model was loaded, so that ``stored`` are others.
    var isQuantizedByLoading: Bool { weights.quantization != nil && stored.quantization == nil }

    /// Whether nothing is computed with fewer bits than the model's files have.
    var isExact: Bool { !isQuantizedByLoading && keyValueType == .f32 }

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
