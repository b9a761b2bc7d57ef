public import Tokenization

/// How the next token is chosen. Names, meanings and order of application are those of HuggingFace's `generate`; what
/// isn't set is off.
public struct DecodingParameters: Sendable, Equatable {
    /// The most tokens to generate, end-of-text included.
    public var maxNewTokens: Int
    /// End tokens are forbidden before this many tokens are there.
    public var minNewTokens = 0
    /// Draw at random; otherwise the likeliest token is taken (greedy).
    public var doSample = false
    /// Divides the logits; > 0.
    public var temperature: Double?
    /// Keeps the k likeliest tokens, and those level with the k-th; 0 is off.
    public var topK: Int?
    /// Keeps the likeliest tokens whose probabilities reach p together; in 0...1, 1 is off. Holtzman et al. 2019.
    public var topP: Double?
    /// Keeps tokens of at least this share of the highest probability; in 0...1.
    public var minP: Double?
    /// Keeps the tokens whose information is nearest to the distribution's entropy until they reach this mass; in
    /// 0...1, 1 is off. Meister et al. 2022.
    public var typicalP: Double?
    /// Divides positive and multiplies negative logits of tokens that occur in prompt or output; > 0, 1 is off.
    /// Keskar et al. 2019.
    public var repetitionPenalty: Double?
    /// Forbids tokens that would complete an n-gram that prompt and output hold already; 0 is off. Paulus et al. 2017.
    public var noRepeatNgramSize: Int?
    /// Tokens that end the text; empty: none does.
    public var endTokens: Set<TokenID> = []
    /// Makes a draw repeatable: the same seed gives the same text, whatever runs beside it.
    public var seed: UInt64 = 0

    public init(maxNewTokens: Int) {
        self.maxNewTokens = maxNewTokens
    }

    /// Checks every range.
    ///
    /// - throws: ``GenerationError/parameter(name:value:allowed:)``.
    public func validate() throws {
        func require(_ holds: Bool, _ name: String, _ value: some CustomStringConvertible, _ allowed: String) throws {
            if !holds { throw GenerationError.parameter(name: name, value: value.description, allowed: allowed) }
        }
        try require(maxNewTokens >= 1, "max_new_tokens", maxNewTokens, "at least 1")
        try require(minNewTokens >= 0, "min_new_tokens", minNewTokens, "at least 0")
        try require(
            minNewTokens <= maxNewTokens, "min_new_tokens", minNewTokens, "at most max_new_tokens, \(maxNewTokens)")
        if let temperature {
            try require(temperature > 0 && temperature.isFinite, "temperature", temperature, "a number above 0")
        }
        if let topK { try require(topK >= 0, "top_k", topK, "at least 0") }
        if let topP { try require((0...1).contains(topP), "top_p", topP, "0 to 1") }
        if let minP { try require((0...1).contains(minP), "min_p", minP, "0 to 1") }
        if let typicalP { try require(typicalP > 0 && typicalP <= 1, "typical_p", typicalP, "above 0, at most 1") }
        if let repetitionPenalty {
            try require(
                repetitionPenalty > 0 && repetitionPenalty.isFinite, "repetition_penalty", repetitionPenalty,
                "a number above 0")
        }
        if let noRepeatNgramSize {
            try require(noRepeatNgramSize >= 0, "no_repeat_ngram_size", noRepeatNgramSize, "at least 0")
        }
    }
}
