public import Tokenization

/// How the next token is chosen. Names, meanings and order of application are those of HuggingFace's `generate`; what
/// isn't set is off.
public struct DecodingParameters: Sendable, Equatable {
    /// When a beam search may end; HuggingFace's `early_stopping`.
    public enum EarlyStopping: Sendable, Equatable {
        /// As soon as enough texts have ended (`true`).
        case atOnce
        /// When the best running text, as long as it is now, is no better than the worst that ended (`false`).
        case heuristic
        /// When no running text can become better than the worst that ended (`"never"`).
        case never
    }

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
    /// Keeps tokens of at least this probability; at least 0 and below 1, 0 is off. Hewitt et al. 2022.
    public var epsilonCutoff: Double?
    /// Keeps tokens of at least this probability or, where the distribution is flat, a lower one by its entropy; at
    /// least 0 and below 1, 0 is off. Hewitt et al. 2022.
    public var etaCutoff: Double?
    /// Sequences that are never completed; one that is an end token alone has no effect.
    public var badWords: [[TokenID]] = []
    /// Tokens that are never produced.
    public var suppressedTokens: Set<TokenID> = []
    /// Ends a text whose last tokens are one cycle of up to 64 tokens so many times over, and at least 32 tokens; 0 is off.
    /// Not before ``minNewTokens``.
    public var maxCycleRepeats = 0
    /// Tokens that end the text; empty: none does.
    public var endTokens: Set<TokenID> = []
    /// Makes a draw repeatable: the same seed gives the same text, whatever runs beside it.
    public var seed: UInt64 = 0
    /// Texts that are searched side by side for the likeliest one; 1 is no search.
    public var beamCount = 1
    /// The power of its length that a text's log-probability is divided by: above 0 it favours long texts.
    public var lengthPenalty = 1.0
    /// Counts the prompt, and not an end token, in the length that ``lengthPenalty`` works on.
    ///
    /// HuggingFace did so for models like GPT-J until transformers#27351 of November 2023, and the reference figures of
    /// MLPerf's GPT-J benchmark date from before. Off, as HuggingFace is since. All else is today's search, which ranks
    /// otherwise than that of then where texts reach the most tokens: it let all beams compete with what had ended.
    public var lengthPenaltyIncludesPrompt = false
    public var earlyStopping = EarlyStopping.heuristic
    /// Texts to return: as many draws, or the best of a beam search.
    public var sequenceCount = 1

    public init(maxNewTokens: Int) {
        self.maxNewTokens = maxNewTokens
    }

    /// The parameters of one of the draws that ``sequenceCount`` asks for, from 0: with a seed of its own.
    public func draw(_ index: Int) -> DecodingParameters {
        var parameters = self
        parameters.sequenceCount = 1
        parameters.seed &+= UInt64(index) &* 0xD1B5_4A32_D192_ED03
        return parameters
    }

    /// Sequences that the model extends side by side.
    var width: Int { max(beamCount, sequenceCount) }

    /// Checks every range.
    ///
    /// - parameter vocabularySize: rows of the model's logits
    /// - throws: ``GenerationError``.
    public func validate(vocabularySize: Int) throws {
        try validateLengths()
        try validateSampling()
        try validateSearch()
        for token in badWords.joined() { try Self.check(token, vocabularySize) }
        for token in suppressedTokens { try Self.check(token, vocabularySize) }
        // A model's configuration may name an end token beyond its vocabulary; it is never produced.
        for token in endTokens where token < 0 { try Self.check(token, vocabularySize) }
    }

    private static func check(_ token: TokenID, _ vocabularySize: Int) throws {
        guard token >= 0, Int(token) < vocabularySize else {
            throw GenerationError.tokenOutOfRange(token: token, vocabularySize: vocabularySize)
        }
    }

    private func require(
        _ holds: Bool, _ name: String, _ value: some CustomStringConvertible, _ allowed: String
    ) throws {
        if !holds { throw GenerationError.parameter(name: name, value: value.description, allowed: allowed) }
    }

    private func validateLengths() throws {
        try require(maxNewTokens >= 1, "max_new_tokens", maxNewTokens, "at least 1")
        try require(minNewTokens >= 0, "min_new_tokens", minNewTokens, "at least 0")
        try require(
            minNewTokens <= maxNewTokens, "min_new_tokens", minNewTokens, "at most max_new_tokens, \(maxNewTokens)")
    }

    private func validateSampling() throws {
        if let temperature {
            try require(temperature > 0 && temperature.isFinite, "temperature", temperature, "a number above 0")
        }
        if let topK { try require(topK >= 0, "top_k", topK, "at least 0") }
        if let topP { try require((0...1).contains(topP), "top_p", topP, "0 to 1") }
        if let minP { try require((0...1).contains(minP), "min_p", minP, "0 to 1") }
        if let typicalP { try require(typicalP > 0 && typicalP <= 1, "typical_p", typicalP, "above 0, at most 1") }
        for (name, value) in [("epsilon_cutoff", epsilonCutoff), ("eta_cutoff", etaCutoff)] {
            if let value { try require((0..<1).contains(value), name, value, "at least 0, below 1") }
        }
        if let repetitionPenalty {
            try require(
                repetitionPenalty > 0 && repetitionPenalty.isFinite, "repetition_penalty", repetitionPenalty,
                "a number above 0")
        }
        if let noRepeatNgramSize {
            try require(noRepeatNgramSize >= 0, "no_repeat_ngram_size", noRepeatNgramSize, "at least 0")
        }
        try require(
            maxCycleRepeats == 0 || (2...1000).contains(maxCycleRepeats), "max_cycle_repeats", maxCycleRepeats,
            "0, which is off, or 2 to 1000")
        try require(!badWords.contains([]), "bad_words_ids", "[]", "sequences of at least one token")
    }

    private func validateSearch() throws {
        try require((1...1024).contains(beamCount), "num_beams", beamCount, "1 to 1024")
        try require(beamCount == 1 || !doSample, "num_beams", beamCount, "1 with do_sample")
        // Keeps the power of any length within what a double holds.
        try require((-32...32).contains(lengthPenalty), "length_penalty", lengthPenalty, "-32 to 32")
        let (most, allowed) =
            switch (beamCount, doSample) {
            case (2..., _): (beamCount, "1 to num_beams, \(beamCount)")
            case (_, true): (1024, "1 to 1024")
            default: (1, "1, or do_sample or num_beams above 1: greedy decoding has one answer")
            }
        try require((1...most).contains(sequenceCount), "num_return_sequences", sequenceCount, allowed)
    }
}
