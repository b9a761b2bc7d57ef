public import Foundation
import JSONText
import ModelFiles
public import Tokenization

/// The sizes and constants of one GPT-J network, from the `config.json` beside its weights or the keys of a GGUF file.
///
/// Every value is checked: products of any two of the sizes fit an `Int` with room to spare, heads divide the width, and
/// the rotated part of a head is even and fits it.
public struct GPTJConfiguration: Sendable, Equatable {
    /// Blocks (`n_layer`).
    public let layerCount: Int
    /// Length of the residual stream and of an embedding (`n_embd`).
    public let width: Int
    /// Attention heads (`n_head`).
    public let headCount: Int
    /// Leading elements of each head that rotary embedding turns (`rotary_dim`); even.
    public let rotaryLength: Int
    /// Length of the hidden layer of the feed-forward part (`n_inner`; 4 × width where it is null).
    public let innerWidth: Int
    /// The most positions of a sequence (`n_positions`).
    public let contextLength: Int
    /// Rows of the embedding and of the logits (`vocab_size`); a tokenizer may know fewer.
    public let vocabularySize: Int
    public let layerNormEpsilon: Float
    /// Whether the embedding's matrix is also that of the logits (`tie_word_embeddings`).
    public let tiesWordEmbeddings: Bool
    /// The token that stands before a text without a prompt; `nil` where the vocabulary has no such row.
    public let bosTokenID: TokenID?
    /// Tokens that end a text. Identifiers outside of the vocabulary are left out: they can't come up.
    public let eosTokenIDs: [TokenID]
    public let padTokenID: TokenID?

    /// Length of one head's queries, keys and values.
    public var headLength: Int { width / headCount }

    /// Reads `config.json` of a model's folder, and `generation_config.json` where there is one: its tokens win.
    ///
    /// - throws: `ModelFileError` naming the file and the field.
    public init(folder: URL) throws {
        let advice = "A model's folder needs its config.json beside the weights."
        let configuration = try ModelFile.object(
            in: folder.appending(path: "config.json").path, limit: Self.maximumFileLength, advice: advice)
        let generation = folder.appending(path: "generation_config.json")
        let overrides =
            FileManager.default.fileExists(atPath: generation.path)
            ? try ModelFile.object(in: generation.path, limit: Self.maximumFileLength, advice: advice) : nil
        try self.init(configuration, tokens: overrides)
    }

    /// Reads the contents of a `config.json`.
    ///
    /// - parameter path: the file, for errors.
    /// - throws: `ModelFileError` naming the file and the field.
    public init(json: [UInt8], path: String) throws {
        try self.init(JSONFields(json: json, path: path, part: "the file"), tokens: nil)
    }

    private static let maximumFileLength = 4 << 20

    /// Takes the fields under the names that transformers' `GPTJConfig` knows, with its defaults for those left out.
    ///
    /// - parameter tokens: the fields of `generation_config.json`.
    init(_ fields: JSONFields, tokens: JSONFields?) throws {
        try Self.refuseOtherNetworks(fields)
        layerCount = try Self.size("n_layer", or: "num_hidden_layers", of: fields, default: 28, limit: 1 << 12)
        width = try Self.size("n_embd", or: "hidden_size", of: fields, default: 4096, limit: 1 << 20)
        headCount = try Self.size("n_head", or: "num_attention_heads", of: fields, default: 16, limit: 1 << 16)
        contextLength = try Self.size(
            "n_positions", or: "max_position_embeddings", of: fields, default: 2048, limit: 1 << 20)
        vocabularySize = try Self.size("vocab_size", of: fields, default: 50400, limit: 1 << 24)
        innerWidth = try Self.size("n_inner", of: fields, default: 4 * width, limit: 1 << 22)
        guard width.isMultiple(of: headCount) else {
            throw fields.refusal("n_head", expected: "a divisor of n_embd, which is \(width)", found: "\(headCount)")
        }
        rotaryLength = try Self.rotaryLength(of: fields, headLength: width / headCount, headCount: headCount)
        let epsilon = try fields.double("layer_norm_epsilon") ?? 1e-5
        // Below that, float32 can't tell it from 0.
        guard epsilon >= 1e-38, epsilon < 1 else {
            throw fields.refusal("layer_norm_epsilon", expected: "a number between 1e-38 and 1")
        }
        layerNormEpsilon = Float(epsilon)
        tiesWordEmbeddings = try fields.bool("tie_word_embeddings") ?? false
        let vocabulary = 0..<vocabularySize
        bosTokenID = try Self.tokens("bos_token_id", of: fields, tokens, default: [50256], in: vocabulary).first
        eosTokenIDs = try Self.tokens("eos_token_id", of: fields, tokens, default: [50256], in: vocabulary)
        padTokenID = try Self.tokens("pad_token_id", of: fields, tokens, default: [], in: vocabulary).first
    }

    /// A size from 1 to `limit`, far above any network and far below what overflows.
    private static func size(
        _ name: String, or alias: String? = nil, of fields: JSONFields, default: Int, limit: Int
    ) throws -> Int {
        let given = try fields.integer(name)
        let givenByAlias = try alias.flatMap { try fields.integer($0) }
        if let given, let alias, let givenByAlias, given != givenByAlias {
            throw fields.refusal(alias, expected: "the same as \(name), \(given)")
        }
        let value = given ?? givenByAlias ?? `default`
        guard (1...limit).contains(value) else {
            throw fields.refusal(name, expected: "a whole number from 1 to \(limit)", found: "\(value)")
        }
        return value
    }

    private static func rotaryLength(of fields: JSONFields, headLength: Int, headCount: Int) throws -> Int {
        // transformers takes null for "as many as the width", which works where there is one head.
        let isNull = fields.members["rotary_dim"] == .null
        let length = try fields.integer("rotary_dim") ?? (isNull ? headLength * headCount : 64)
        guard length >= 2, length <= headLength, length.isMultiple(of: 2) else {
            throw fields.refusal(
                "rotary_dim",
                expected: "an even number from 2 to \(headLength), the length of a head (n_embd / n_head)",
                found: isNull ? "null, which stands for \(length)" : "\(length)")
        }
        return length
    }

    /// One token, a list of them or null, from the first of the two files that has the field.
    private static func tokens(
        _ name: String, of fields: JSONFields, _ overrides: JSONFields?, default: [TokenID], in vocabulary: Range<Int>
    ) throws -> [TokenID] {
        let source = overrides?.members[name] == nil ? fields : overrides ?? fields
        let values: [JSONValue]
        switch source.members[name] {
        case nil: return `default`.filter { vocabulary.contains(Int($0)) }
        case .null: return []
        case .array(let list): values = list
        case .some(let value): values = [value]
        }
        return try values.compactMap { value in
            guard case .integer(let token) = value else {
                throw source.refusal(name, expected: "the number of a token, a list of them or null")
            }
            return vocabulary.contains(token) ? TokenID(token) : nil
        }
    }

    /// Refuses what this engine would compute wrongly.
    private static func refuseOtherNetworks(_ fields: JSONFields) throws {
        if let type = try fields.string("model_type"), type != "gptj" {
            throw fields.refusal("model_type", expected: "'gptj', the one architecture that this engine runs")
        }
        if case .array(let architectures)? = fields["architectures"], !architectures.isEmpty {
            let areAllForeign = architectures.allSatisfy { architecture in
                guard case .string(let name) = architecture else { return true }
                return !name.hasPrefix("GPTJ")
            }
            guard !areAllForeign else {
                throw fields.refusal(
                    "architectures", expected: "'GPTJForCausalLM'", found: architectures.first?.summary)
            }
        }
        // Three names of one function, the tanh form of GELU.
        let activations = ["gelu_new", "gelu_pytorch_tanh", "gelu_fast"]
        if let activation = try fields.string("activation_function"), !activations.contains(activation) {
            throw fields.refusal(
                "activation_function", expected: "'gelu_new' (the tanh form of GELU), the one that is supported")
        }
        for name in ["rotary", "scale_attn_weights"] where try fields.bool(name) == false {
            throw fields.refusal(name, expected: "true: GPT-J has no other form")
        }
        guard fields["quantization_config"] == nil else {
            throw fields.refusal(
                "quantization_config", expected: "none: weights must be f32, f16 or bf16; use the original model")
        }
    }
}
