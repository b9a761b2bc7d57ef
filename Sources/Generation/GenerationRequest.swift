public import Tokenization

/// One text to be generated.
public struct GenerationRequest: Sendable {
    /// The prompt's tokens; at least one.
    public var prompt: [TokenID]
    public var parameters: DecodingParameters
    /// Texts that end the output when they appear in it, also across the borders of tokens; the output ends before the
    /// first of them.
    public var stopStrings: [String]
    /// For each token, log-probabilities of this many alternatives are kept.
    public var topLogprobs: Int
    /// Leaves special tokens out of the text. An end token that ended it is never part of it.
    public var skipSpecialTokens: Bool
    /// What the text must look like; needs a tokenizer.
    public var constraint: Constraint?
    /// What the text is about, for constraints that depend on it.
    public var document: String?
    /// What the model's weights are changed by for this text.
    public var adapters: AdapterMix
    /// A request waits as long as one of a lower number does.
    public var priority: Int

    public init(
        prompt: [TokenID], parameters: DecodingParameters, stopStrings: [String] = [], topLogprobs: Int = 0,
        skipSpecialTokens: Bool = true, constraint: Constraint? = nil, document: String? = nil,
        adapters: AdapterMix = .none,
        priority: Int = 0
    ) {
        self.prompt = prompt
        self.parameters = parameters
        self.stopStrings = stopStrings.filter { !$0.isEmpty }
        self.topLogprobs = topLogprobs
        self.skipSpecialTokens = skipSpecialTokens
        self.constraint = constraint
        self.document = document
        self.adapters = adapters
        self.priority = priority
    }
}

/// Why a text ended.
public enum FinishReason: String, Sendable, Codable {
    /// An end token, a stop string, or nothing more that the constraint allows.
    case stop
    /// `max_new_tokens` were generated.
    case length
    /// Somebody asked for it.
    case cancelled
}

/// What may end a text before it has come to an end of its own.
public enum Guard: String, Sendable, Codable {
    /// It said the same over and over.
    case repetition
}

/// A generated text with what a result says about how it came about.
public struct GenerationOutput: Sendable {
    public struct Alternative: Sendable, Equatable {
        public let token: TokenID
        public let logprob: Double
    }

    /// Every generated token: an end token and the tokens of a stop string are among them.
    public var tokens: [TokenID] = []
    /// The text before the stop; empty without a tokenizer.
    public var text = ""
    public var finishReason = FinishReason.length
    /// Whether the last token is an end token, or, in a quotation, stands for one: no part of the text.
    public var hasEndToken = false
    /// Whether the text meets the request's constraint; one that was cut off may not. `nil` without a constraint.
    public var meetsConstraint: Bool?
    /// Where the document holds what the text quotes of it, in UTF-8 bytes, in the order of the text; for constraints that
    /// quote. ``text`` is the quotations alone then, each on a line of its own.
    public var quotations: [Range<Int>] = []
    /// What ended the text besides what was asked for; `nil` if nothing did.
    public var stoppedBy: Guard?
    /// Log-probability of each token under the model, without processors, in nats.
    public var tokenLogprobs: [Double] = []
    /// The likeliest tokens at each step, where asked for.
    public var topLogprobs: [[Alternative]] = []
    /// What a beam search ranked the text by: its processed log-probability over its length's power, HuggingFace's
    /// `sequences_scores`; `nil` where there was no search.
    public var sequenceScore: Double?
    /// The further texts of a request that asked for several, the best first; each without `others` of its own.
    public var others: [GenerationOutput] = []
    /// This text and the others.
    public var all: [GenerationOutput] { [self] + others }
    public var promptTokens = 0
    /// Of `promptTokens`, those that were not read for this request: their keys and values were there already, or came
    /// from another that begins alike.
    public var cachedTokens = 0
    /// Tokens that were guessed ahead, and those of them that came true: each saved a pass over the weights.
    public var guessedTokens = 0
    public var rightGuesses = 0
    /// From admission to the first token.
    public var promptDuration: Duration = .zero
    /// From the first token to the last.
    public var generateDuration: Duration = .zero

    /// The mean log-probability of a token; `nil` for an empty text.
    public var meanLogprob: Double? {
        tokenLogprobs.isEmpty ? nil : tokenLogprobs.reduce(0, +) / Double(tokenLogprobs.count)
    }
}
