import Tokenization

/// A language model without weights: the logits of a position are a hash of all tokens up to it, and of the adapters that
/// each of them was read with.
///
/// The in-memory twin of ``LanguageModel`` for tests: a scheduler that mixed up two sequences, fed a token twice or lost
/// one would get other texts out of it. It keeps the same promises as a real model and checks its caller as strictly.
public final class ScriptedModel: LanguageModel {
    public let vocabularySize: Int
    public let contextLength: Int
    public let tokenCapacity: Int
    public let pageLength: Int
    /// Tokens of each step, for tests of how steps are filled.
    public private(set) var stepSizes: [Int] = []

    private let seed: UInt64
    private let beforeStep: () -> Void
    /// A page stands for itself; it is in use as long as a sequence holds it.
    private final class Page {}
    private struct Sequence {
        var tokens: [TokenID] = []
        /// One for each token: which adapters it was read with.
        var mixes: [UInt64] = []
        var pages: [Page] = []
    }
    private var sequences: [SequenceID: Sequence] = [:]
    private var nextID = 0

    /// - parameter beforeStep: called at the beginning of each step; may sleep, as a slow model would.
    public init(
        vocabularySize: Int, contextLength: Int, tokenCapacity: Int, pageLength: Int = 8, seed: UInt64 = 0,
        beforeStep: @escaping () -> Void = {}
    ) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.tokenCapacity = tokenCapacity
        self.pageLength = pageLength
        self.seed = seed
        self.beforeStep = beforeStep
    }

    public var tokensInUse: Int {
        Set(sequences.values.flatMap(\.pages).map(ObjectIdentifier.init)).count * pageLength
    }

    public func openSequence() -> SequenceID { insert(Sequence()) }
    public func forkSequence(_ sequence: SequenceID) -> SequenceID { insert(self[sequence]) }
    public func forkSequence(_ sequence: SequenceID, prefix tokenCount: Int) -> SequenceID {
        let whole = self[sequence]
        precondition(
            tokenCount >= 0 && tokenCount <= whole.tokens.count && tokenCount % pageLength == 0,
            "a prefix is whole pages of what the sequence holds")
        return insert(
            Sequence(
                tokens: Array(whole.tokens.prefix(tokenCount)), mixes: Array(whole.mixes.prefix(tokenCount)),
                pages: Array(whole.pages.prefix(tokenCount / pageLength))
            ))
    }
    public func truncateSequence(_ sequence: SequenceID, to tokenCount: Int) {
        var whole = self[sequence]
        precondition(tokenCount >= 0 && tokenCount <= whole.tokens.count, "the sequence doesn't hold so many tokens")
        whole.tokens.removeLast(whole.tokens.count - tokenCount)
        whole.mixes.removeLast(whole.mixes.count - tokenCount)
        whole.pages.removeLast(whole.pages.count - (tokenCount + pageLength - 1) / pageLength)
        sequences[sequence] = whole
    }
    public func closeSequence(_ sequence: SequenceID) {
        precondition(sequences.removeValue(forKey: sequence) != nil, "the sequence isn't open")
    }
    public func length(of sequence: SequenceID) -> Int { self[sequence].tokens.count }

    private func insert(_ sequence: Sequence) -> SequenceID {
        defer { nextID += 1 }
        sequences[SequenceID(rawValue: nextID)] = sequence
        return SequenceID(rawValue: nextID)
    }

    private subscript(id: SequenceID) -> Sequence {
        guard let sequence = sequences[id] else { preconditionFailure("the sequence isn't open") }
        return sequence
    }

    /// Whether another sequence holds the last page, which this one must write to.
    private func sharesLastPage(_ sequence: Sequence) -> Bool {
        guard let last = sequence.pages.last, sequence.tokens.count % pageLength != 0 else { return false }
        return sequences.values.count { $0.pages.contains { $0 === last } } > 1
    }

    public func step(_ steps: [SequenceStep]) throws -> Logits {
        beforeStep()
        precondition(Set(steps.map(\.sequence)).count == steps.count, "a sequence is named twice")
        var needed = tokensInUse
        for step in steps {
            for token in step.tokens where token < 0 || token >= vocabularySize {
                throw LanguageModelError.tokenOutOfRange(token: token, vocabularySize: vocabularySize)
            }
            let sequence = self[step.sequence]
            let length = sequence.tokens.count + step.tokens.count
            if length > contextLength {
                throw LanguageModelError.contextExceeded(length: length, contextLength: contextLength)
            }
            let pages = (length + pageLength - 1) / pageLength - sequence.pages.count
            needed += (pages + (sharesLastPage(sequence) ? 1 : 0)) * pageLength
        }
        if needed > tokenCapacity {
            throw LanguageModelError.pagesExhausted(needed: needed, available: tokenCapacity)
        }
        stepSizes.append(steps.reduce(0) { $0 + $1.tokens.count })
        var values: [Float] = []
        for step in steps {
            var sequence = self[step.sequence]
            if sharesLastPage(sequence) { sequence.pages[sequence.pages.count - 1] = Page() }
            let mix = Self.hash(step.adapters)
            for (index, token) in step.tokens.enumerated() {
                if sequence.tokens.count % pageLength == 0 { sequence.pages.append(Page()) }
                sequence.tokens.append(token)
                sequence.mixes.append(mix)
                if step.output == .all || (step.output == .last && index == step.tokens.count - 1) {
                    values += logits(after: sequence)
                }
            }
            sequences[step.sequence] = sequence
        }
        return Logits(values: values, vocabularySize: vocabularySize)
    }

    /// Numbers from -4 up to 4, one for each id.
    private func logits(after sequence: Sequence) -> [Float] {
        let state = zip(sequence.tokens, sequence.mixes).reduce(seed &+ 1) { state, part in
            Self.mix(state ^ UInt64(UInt32(bitPattern: part.0)) ^ part.1)
        }
        return (0..<vocabularySize).map { Float(Self.mix(state &+ UInt64($0)) >> 40) / 0x1p21 - 4 }
    }

    /// 0 without adapters.
    private static func hash(_ adapters: AdapterMix) -> UInt64 {
        adapters.entries.reduce(0) { state, entry in
            entry.weights.digest.utf8.reduce(mix(state ^ UInt64(entry.scale.bitPattern)) | 1) { mix($0 ^ UInt64($1)) }
        }
    }

    /// The finalizer of SplitMix64 (Steele et al. 2014).
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
