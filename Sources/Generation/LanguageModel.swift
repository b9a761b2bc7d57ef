public import Tokenization

/// A sequence whose keys and values a model holds in its pages; names it in every step.
public struct SequenceID: Hashable, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
}

/// A part of one ragged step: tokens that one sequence is extended by.
public struct SequenceStep: Sendable {
    /// Which positions of `tokens` get a row of logits.
    public enum Output: Sendable { case none, last, all }

    public var sequence: SequenceID
    /// The tokens that follow what the sequence holds already; one when decoding, a chunk of the prompt in prefill.
    public var tokens: [TokenID]
    public var output: Output
    /// What the model's weights are changed by for these tokens; of the kind that the model makes.
    public var adapters: AdapterMix

    public init(sequence: SequenceID, tokens: [TokenID], output: Output, adapters: AdapterMix = .none) {
        self.sequence = sequence
        self.tokens = tokens
        self.output = output
        self.adapters = adapters
    }

    /// Rows of logits that the step gives.
    var outputCount: Int {
        switch output {
        case .none: 0
        case .last: tokens.isEmpty ? 0 : 1
        case .all: tokens.count
        }
    }
}

/// Logits of one step: the rows asked for, in the order of the steps and, within a step, of its tokens.
public struct Logits: Sendable {
    /// Row-major, `[rowCount, vocabularySize]`.
    public var values: [Float]
    public let vocabularySize: Int
    public var rowCount: Int { vocabularySize == 0 ? 0 : values.count / vocabularySize }

    public init(values: [Float], vocabularySize: Int) {
        precondition(vocabularySize > 0 && values.count % vocabularySize == 0)
        self.values = values
        self.vocabularySize = vocabularySize
    }

    public func row(_ index: Int) -> ArraySlice<Float> {
        values[index * vocabularySize..<(index + 1) * vocabularySize]
    }
}

/// An autoregressive model as the scheduler sees it: sequences that grow by tokens, and logits for what comes next.
///
/// Owned by exactly one ``Scheduler``; never called from two threads at once. A row's result must not depend on what
/// else is in the step, nor on how its tokens were divided over steps.
public protocol LanguageModel: AnyObject {
    /// Rows of logits; ids from 0 below it.
    var vocabularySize: Int { get }
    /// The most tokens one sequence can hold, prompt and output together.
    var contextLength: Int { get }
    /// The most tokens that all open sequences may hold together.
    var tokenCapacity: Int { get }
    /// Tokens that sequences hold now, counted in whole pages.
    var tokensInUse: Int { get }
    /// Tokens to a page of keys and values: a sequence takes up whole pages.
    var pageLength: Int { get }

    /// Opens an empty sequence.
    func openSequence() -> SequenceID
    /// Opens a sequence that continues `sequence`; whole pages are shared, not copied.
    func forkSequence(_ sequence: SequenceID) -> SequenceID
    /// Opens a sequence that holds the first `tokenCount` tokens of `sequence`, a whole number of pages, all of which are
    /// shared.
    func forkSequence(_ sequence: SequenceID, prefix tokenCount: Int) -> SequenceID
    /// Forgets the tokens that a sequence holds beyond the first `tokenCount`, with what they took up.
    func truncateSequence(_ sequence: SequenceID, to tokenCount: Int)
    /// Forgets a sequence and gives its pages back.
    func closeSequence(_ sequence: SequenceID)
    /// Tokens that `sequence` holds.
    func length(of sequence: SequenceID) -> Int
    /// Extends each of the sequences named by its tokens, in one pass over the weights. No sequence is named twice.
    ///
    /// - throws: ``LanguageModelError`` when a token is no row of the vocabulary or a sequence would pass its context
    ///   or the pages; nothing has changed then.
    func step(_ steps: [SequenceStep]) throws -> Logits
}

public enum LanguageModelError: Error, Equatable, Sendable {
    case tokenOutOfRange(token: TokenID, vocabularySize: Int)
    case contextExceeded(length: Int, contextLength: Int)
    case pagesExhausted(needed: Int, available: Int)
}
