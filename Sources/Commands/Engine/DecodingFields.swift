import GPTJ
import Generation
import JSONText
import Tokenization

/// The decoding fields of a request, under HuggingFace's names.
struct DecodingFields {
    /// Every field that has a say in decoding.
    static let names: Set<String> = [
        "max_new_tokens", "min_new_tokens", "num_beams", "num_return_sequences", "early_stopping", "length_penalty",
        "no_repeat_ngram_size", "repetition_penalty", "do_sample", "temperature", "top_k", "top_p", "min_p",
        "typical_p", "epsilon_cutoff", "eta_cutoff", "bad_words_ids", "suppress_tokens", "seed", "eos_token_id",
        "length_penalty_includes_prompt", "max_cycle_repeats",
    ]

    let parameters: DecodingParameters

    /// - throws: ``RequestError`` for a field of a wrong type or one that asks for what the engine can't do.
    init(_ fields: RequestFields, configuration: GPTJConfiguration) throws {
        var parameters = DecodingParameters(maxNewTokens: try fields.integer("max_new_tokens") ?? 20)
        parameters.minNewTokens = try fields.integer("min_new_tokens") ?? 0
        parameters.doSample = try fields.bool("do_sample") ?? false
        parameters.temperature = try fields.number("temperature")
        parameters.topK = try fields.integer("top_k")
        parameters.topP = try fields.number("top_p")
        parameters.minP = try fields.number("min_p")
        parameters.typicalP = try fields.number("typical_p")
        parameters.epsilonCutoff = try fields.number("epsilon_cutoff")
        parameters.etaCutoff = try fields.number("eta_cutoff")
        parameters.badWords = try fields.tokenLists("bad_words_ids") ?? []
        parameters.suppressedTokens = Set(try fields.tokens("suppress_tokens") ?? [])
        parameters.repetitionPenalty = try fields.number("repetition_penalty")
        parameters.noRepeatNgramSize = try fields.integer("no_repeat_ngram_size")
        parameters.maxCycleRepeats = try fields.integer("max_cycle_repeats") ?? 0
        if let seed = try fields.integer("seed") { parameters.seed = UInt64(bitPattern: Int64(seed)) }
        parameters.endTokens = try Self.endTokens(fields, configuration: configuration)
        // With a minimum above an explicit maximum nothing can be right; without one the minimum moves the default.
        if !fields.has("max_new_tokens") { parameters.maxNewTokens = max(20, parameters.minNewTokens) }
        parameters.sequenceCount = try fields.integer("num_return_sequences") ?? 1
        parameters.beamCount = try fields.integer("num_beams") ?? 1
        parameters.lengthPenalty = try fields.number("length_penalty") ?? 1
        parameters.lengthPenaltyIncludesPrompt = try fields.bool("length_penalty_includes_prompt") ?? false
        parameters.earlyStopping = try Self.earlyStopping(fields)
        self.parameters = parameters
    }

    private static func earlyStopping(_ fields: RequestFields) throws -> DecodingParameters.EarlyStopping {
        switch fields["early_stopping"] {
        case nil, .bool(false): .heuristic
        case .bool(true): .atOnce
        case .string("never"): .never
        case let other?:
            throw RequestError("early_stopping: expected true, false or \"never\", found \(other.summary)")
        }
    }

    /// One id, a list, or null for none; by default the model's own.
    private static func endTokens(_ fields: RequestFields, configuration: GPTJConfiguration) throws -> Set<TokenID> {
        guard fields.has("eos_token_id") else { return Set(configuration.eosTokenIDs) }
        guard let value = fields["eos_token_id"] else { return [] }
        if case .integer(let number) = value {
            guard let token = TokenID(exactly: number), token >= 0 else {
                throw RequestError("eos_token_id: \(number) is no token id")
            }
            return [token]
        }
        return Set(try fields.tokens("eos_token_id") ?? [])
    }
}
