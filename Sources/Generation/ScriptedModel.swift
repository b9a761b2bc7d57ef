import Tokenization

/// A language model without weights: the logits of a position are a hash of all tokens up to it.
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
    private var sequences: [SequenceID: [TokenID]] = [:]
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

    public var tokensInUse: Int { sequences.values.reduce(0) { $0 + wholePages($1.count) } }

    private func wholePages(_ count: Int) -> Int { (count + pageLength - 1) / pageLength * pageLength }

    public func openSequence() -> SequenceID { insert([]) }
    public func forkSequence(_ sequence: SequenceID) -> SequenceID { insert(tokens(of: sequence)) }
    public func closeSequence(_ sequence: SequenceID) {
        precondition(sequences.removeValue(forKey: sequence) != nil, "the sequence isn't open")
    }
    public func length(of sequence: SequenceID) -> Int { tokens(of: sequence).count }

    private func insert(_ tokens: [TokenID]) -> SequenceID {
        defer { nextID += 1 }
        sequences[SequenceID(rawValue: nextID)] = tokens
        return SequenceID(rawValue: nextID)
    }

    private func tokens(of sequence: SequenceID) -> [TokenID] {
        guard let tokens = sequences[sequence] else { preconditionFailure("the sequence isn't open") }
        return tokens
    }

    public func step(_ steps: [SequenceStep]) throws -> Logits {
        beforeStep()
        precondition(Set(steps.map(\.sequence)).count == steps.count, "a sequence is named twice")
        var needed = tokensInUse
        for step in steps {
            for token in step.tokens where token < 0 || token >= vocabularySize {
                throw LanguageModelError.tokenOutOfRange(token: token, vocabularySize: vocabularySize)
            }
            let held = tokens(of: step.sequence).count
            let length = held + step.tokens.count
            if length > contextLength {
                throw LanguageModelError.contextExceeded(length: length, contextLength: contextLength)
            }
            needed += wholePages(length) - wholePages(held)
        }
        if needed > tokenCapacity {
            throw LanguageModelError.pagesExhausted(needed: needed, available: tokenCapacity)
        }
        stepSizes.append(steps.reduce(0) { $0 + $1.tokens.count })
        var values: [Float] = []
        for step in steps {
            var tokens = tokens(of: step.sequence)
            for (index, token) in step.tokens.enumerated() {
                tokens.append(token)
                if step.output == .all || (step.output == .last && index == step.tokens.count - 1) {
                    values += logits(after: tokens)
                }
            }
            sequences[step.sequence] = tokens
        }
        return Logits(values: values, vocabularySize: vocabularySize)
    }

    /// Numbers from -4 up to 4, one for each id.
    private func logits(after tokens: [TokenID]) -> [Float] {
        let state = tokens.reduce(seed &+ 1) { Self.mix($0 ^ UInt64(UInt32(bitPattern: $1))) }
        return (0..<vocabularySize).map { Float(Self.mix(state &+ UInt64($0)) >> 40) / 0x1p21 - 4 }
    }

    /// The finalizer of SplitMix64 (Steele et al. 2014).
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
