public import Generation
public import Kernels
import Tokenization

/// GPT-J (Wang and Komatsuzaki 2021) as a language model: the network of HuggingFace's `GPTJForCausalLM`, in f32, over
/// paged keys and values and ragged batches.
///
/// Not thread-safe: one owner calls it.
public final class GPTJModel: LanguageModel {
    public let configuration: GPTJConfiguration
    let weights: GPTJWeights
    let compute: Compute
    let keyValues: KeyValuePages
    var rotary: RotaryTable
    var pages: PageTable
    var space: Workspace
    let lowRankSpace = LowRankSpace()
    /// Set to an empty one to have the steps' time divided up; costs some microseconds a layer.
    public var profile: StepProfile?

    /// - parameters:
    ///   - weights: shared, never written
    ///   - compute: used by this model alone while it steps
    ///   - keyValueType: how keys and values are held
    ///   - tokenCapacity: tokens that all sequences may hold together; rounded up to whole pages. Memory is taken as
    ///     sequences grow.
    public init(weights: GPTJWeights, compute: Compute, keyValueType: KeyValueType = .f32, tokenCapacity: Int) {
        let configuration = weights.configuration
        self.configuration = configuration
        self.weights = weights
        self.compute = compute
        let pageLength = KeyValuePages.pageLength
        let pageCapacity = (max(tokenCapacity, 1) + pageLength - 1) / pageLength
        keyValues = KeyValuePages(
            layerCount: configuration.layerCount, headCount: configuration.headCount,
            headLength: configuration.headLength, type: keyValueType, pageCapacity: pageCapacity)
        pages = PageTable(pageLength: pageLength, capacity: pageCapacity)
        rotary = RotaryTable(rotaryLength: configuration.rotaryLength)
        space = Workspace(configuration)
    }

    /// Bytes of keys and values that one token takes.
    public static func bytesPerToken(_ configuration: GPTJConfiguration, _ type: KeyValueType) -> Int {
        KeyValuePages.pageBytes(
            layerCount: configuration.layerCount, headCount: configuration.headCount,
            headLength: configuration.headLength, type: type) / KeyValuePages.pageLength
    }

    public var vocabularySize: Int { configuration.vocabularySize }
    public var contextLength: Int { configuration.contextLength }
    public var pageLength: Int { KeyValuePages.pageLength }
    public var tokenCapacity: Int { pages.capacity * pageLength }
    public var tokensInUse: Int { pages.usedCount * pageLength }

    public func openSequence() -> SequenceID { pages.open() }
    public func forkSequence(_ sequence: SequenceID) -> SequenceID { pages.fork(sequence) }
    public func forkSequence(_ sequence: SequenceID, prefix tokenCount: Int) -> SequenceID {
        pages.fork(sequence, prefix: tokenCount)
    }
    public func truncateSequence(_ sequence: SequenceID, to tokenCount: Int) {
        pages.truncate(sequence, to: tokenCount)
    }
    public func closeSequence(_ sequence: SequenceID) { pages.close(sequence) }
    public func length(of sequence: SequenceID) -> Int { pages[sequence].length }

    public func step(_ steps: [SequenceStep]) throws -> Logits {
        let batch = try admit(steps)
        precondition(batch.changes.allSatisfy { $0.adapter.fits(configuration) }, "the adapter is another network's")
        let attention = AttentionPlan(batch.spans)
        embed(batch)
        for layer in weights.blocks.indices { run(layer, batch, attention) }
        normalizeFinal()
        return logits(of: batch)
    }

    /// Checks a step and makes room for it; nothing has changed when it throws.
    func admit(_ steps: [SequenceStep]) throws -> RaggedBatch {
        var needed = 0
        for step in steps {
            for token in step.tokens where token < 0 || token >= vocabularySize {
                throw LanguageModelError.tokenOutOfRange(token: token, vocabularySize: vocabularySize)
            }
            let length = pages[step.sequence].length + step.tokens.count
            guard length <= contextLength else {
                throw LanguageModelError.contextExceeded(length: length, contextLength: contextLength)
            }
            needed += pages.pagesNeeded(toExtend: step.sequence, by: step.tokens.count)
        }
        guard needed <= pages.freeCount else {
            throw LanguageModelError.pagesExhausted(needed: needed, available: pages.freeCount)
        }
        var batch = RaggedBatch()
        for step in steps {
            let position = pages[step.sequence].length
            if let copy = pages.extend(step.sequence, by: step.tokens.count) {
                keyValues.copyPage(copy.source, to: copy.target)
            }
            batch.append(step, firstPosition: position, pages: pages[step.sequence].pages)
        }
        rotary.reserve(positions: (batch.positions.max() ?? 0) + 1)
        return batch
    }
}
