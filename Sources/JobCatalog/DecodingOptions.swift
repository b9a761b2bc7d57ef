import JSONText
public import Tokenization

/// How the engine is to choose tokens. Names and meanings are those of HuggingFace's generation configuration, spelled
/// out; the default of each field switches it off, whatever a checkpoint's `generation_config.json` says.
public struct DecodingOptions: Sendable, Equatable {
    /// When a beam search may end.
    public enum EarlyStopping: Sendable, Equatable {
        /// As soon as enough sequences have ended (`true`).
        case atOnce
        /// When the running ones are unlikely to win (`false`).
        case heuristic
        /// When the running ones can't win any more (`"never"`).
        case never
    }

    /// `max_new_tokens`, or OpenAI's `max_tokens`: at least 1.
    public var maximumNewTokens: Int
    /// `min_new_tokens`: the end token is masked until then; from 0 to ``maximumNewTokens``.
    public var minimumNewTokens = 0
    /// `do_sample`: draws at random; otherwise the likeliest token or beam is taken.
    public var isSampling = false
    /// `temperature`: above 0.
    public var temperature = 1.0
    /// `top_k`: 0 is off.
    public var topK = 0
    /// `top_p`: above 0, at most 1.
    public var topP = 1.0
    /// `min_p`: from 0 to 1; 0 is off.
    public var minP = 0.0
    /// `typical_p`: above 0, at most 1.
    public var typicalP = 1.0
    /// `epsilon_cutoff`: at least 0 and below 1; 0 is off.
    public var epsilonCutoff = 0.0
    /// `eta_cutoff`: at least 0 and below 1; 0 is off.
    public var etaCutoff = 0.0
    /// `repetition_penalty`: above 0; 1 is off.
    public var repetitionPenalty = 1.0
    /// `no_repeat_ngram_size`: 0 is off.
    public var noRepeatNgramSize = 0
    /// `bad_words`: texts that never come about in the spelling that the tokenizer gives them, at the beginning of the
    /// output or after a space.
    public var badWords: [String] = []
    /// `bad_words_ids`: sequences of tokens that are never completed.
    public var badWordIDs: [[TokenID]] = []
    /// `suppress_tokens`: tokens that are never produced.
    public var suppressedTokens: [TokenID] = []
    /// `max_cycle_repeats`: a text ends when its last tokens are one cycle so many times over; 0 is off. The one
    /// parameter that isn't off by default: nobody wants the rest of such a text, and it would take up the night.
    public var maximumCycleRepeats = 6
    /// `num_beams`: from 1 to 64; 1 is no beam search.
    public var beamCount = 1
    /// `length_penalty` of a beam search: from -32 to 32.
    public var lengthPenalty = 1.0
    /// `length_penalty_includes_prompt`, which HuggingFace has no name for: the length counts the prompt and not an end
    /// token, as its beam search did until November 2023.
    public var lengthPenaltyIncludesPrompt = false
    /// `early_stopping` of a beam search.
    public var earlyStopping = EarlyStopping.heuristic
    /// `seed`: at least 0; `nil` lets the worker choose one, and record it.
    public var seed: Int?

    /// Greedy decoding of at most so many tokens.
    public init(maximumNewTokens: Int) { self.maximumNewTokens = maximumNewTokens }
}

/// A decoding parameter by the name that definitions and `-o name=value` use.
enum ParameterName: String, CaseIterable {
    case maximumNewTokens = "max_new_tokens"
    case maximumTokens = "max_tokens"
    case minimumNewTokens = "min_new_tokens"
    case doSample = "do_sample"
    case temperature
    case topK = "top_k"
    case topP = "top_p"
    case minP = "min_p"
    case typicalP = "typical_p"
    case epsilonCutoff = "epsilon_cutoff"
    case etaCutoff = "eta_cutoff"
    case repetitionPenalty = "repetition_penalty"
    case noRepeatNgramSize = "no_repeat_ngram_size"
    case badWords = "bad_words"
    case badWordIDs = "bad_words_ids"
    case suppressedTokens = "suppress_tokens"
    case maximumCycleRepeats = "max_cycle_repeats"
    case beamCount = "num_beams"
    case lengthPenalty = "length_penalty"
    case lengthPenaltyIncludesPrompt = "length_penalty_includes_prompt"
    case earlyStopping = "early_stopping"
    case seed

    /// Whether naming the parameter only makes sense when sampling.
    var impliesSampling: Bool {
        switch self {
        case .temperature, .topK, .topP, .minP, .typicalP, .epsilonCutoff, .etaCutoff: true
        default: false
        }
    }
}

extension DecodingOptions {
    /// A limit no real request comes near; keeps arithmetic on counts far from overflow.
    private static let maximumCount = 1_000_000
    /// Bad words and suppressed tokens: each costs a look at every step.
    private static let maximumListLength = 10_000

    /// Sets the parameters named, each checked against its range, and then against each other.
    ///
    /// Who names a temperature or another parameter of sampling wants sampling: it is switched on unless `do_sample`
    /// is named as well. Who names a lower `max_new_tokens` alone lowers `min_new_tokens` with it. A null leaves a
    /// parameter as it is.
    ///
    /// - throws: ``ValueProblem`` with the parameter's name.
    mutating func apply(_ values: [ParameterName: JSONValue]) throws(ValueProblem) {
        let stated = values.filter { $0.value != .null }
        if let both = stated[.maximumTokens], stated[.maximumNewTokens] != nil {
            throw ValueProblem(name: "max_tokens", value: both, expected: "max_new_tokens or max_tokens, not both")
        }
        if stated[.doSample] == nil, stated.keys.contains(where: \.impliesSampling) { isSampling = true }
        // In the order of the enumeration, so that of two wrong values always the same one is reported.
        for name in ParameterName.allCases {
            if let value = stated[name] { try set(name, value) }
        }
        if stated[.minimumNewTokens] == nil { minimumNewTokens = min(minimumNewTokens, maximumNewTokens) }
        if minimumNewTokens > maximumNewTokens {
            throw ValueProblem(
                name: ParameterName.minimumNewTokens.rawValue, value: .integer(minimumNewTokens),
                expected: "at most max_new_tokens, which is \(maximumNewTokens)")
        }
        if beamCount > 1, isSampling {
            throw ValueProblem(
                name: ParameterName.beamCount.rawValue, value: .integer(beamCount),
                expected: "1 beside sampling: a beam search draws nothing (do_sample is true, or implied by "
                    + "\(Self.samplingNames)); leave one of the two out")
        }
    }

    private static let samplingNames = ParameterName.allCases.filter(\.impliesSampling).map(\.rawValue)
        .joined(separator: ", ")

    private mutating func set(_ name: ParameterName, _ value: JSONValue) throws(ValueProblem) {
        let value = NamedValue(name: name.rawValue, value: value)
        switch name {
        case .maximumNewTokens, .maximumTokens: maximumNewTokens = try value.integer(1...Self.maximumCount)
        case .minimumNewTokens: minimumNewTokens = try value.integer(0...Self.maximumCount)
        case .doSample: isSampling = try value.boolean()
        case .temperature: temperature = try value.number("a number above 0") { $0 > 0 }
        case .topK: topK = try value.integer(0...Self.maximumCount)
        case .topP: topP = try value.number("a number above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        case .minP: minP = try value.number("a number from 0 to 1") { (0...1).contains($0) }
        case .typicalP: typicalP = try value.number("a number above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        case .epsilonCutoff: epsilonCutoff = try value.number("a number from 0 to below 1") { (0..<1).contains($0) }
        case .etaCutoff: etaCutoff = try value.number("a number from 0 to below 1") { (0..<1).contains($0) }
        case .repetitionPenalty: repetitionPenalty = try value.number("a number above 0") { $0 > 0 }
        case .noRepeatNgramSize: noRepeatNgramSize = try value.integer(0...Self.maximumCount)
        case .badWords: badWords = try value.texts(atMost: Self.maximumListLength)
        case .badWordIDs: badWordIDs = try value.tokenLists(atMost: Self.maximumListLength)
        case .suppressedTokens: suppressedTokens = try value.tokens(atMost: Self.maximumListLength)
        case .maximumCycleRepeats:
            maximumCycleRepeats = try value.integer(0...1000)
            if maximumCycleRepeats == 1 { throw value.problem("0, which is off, or a whole number from 2 to 1000") }
        case .beamCount: beamCount = try value.integer(1...64)
        case .lengthPenalty: lengthPenalty = try value.number("a number from -32 to 32") { (-32...32).contains($0) }
        case .lengthPenaltyIncludesPrompt: lengthPenaltyIncludesPrompt = try value.boolean()
        case .earlyStopping:
            if value.value == .string("never") {
                earlyStopping = .never
            } else {
                earlyStopping = try value.boolean(expected: "true, false or never") ? .atOnce : .heuristic
            }
        case .seed: seed = try value.integer(0...Int.max)
        }
    }
}
