import JSONText
import ModelFiles
import Tokenization

/// The configuration as the keys of a GGUF file have it.
extension GPTJConfiguration {
    /// The keys of the sizes beside the fields of config.json.
    private static let sizes = [
        "n_layer": "gptj.block_count", "n_embd": "gptj.embedding_length", "n_head": "gptj.attention.head_count",
        "n_positions": "gptj.context_length", "rotary_dim": "gptj.rope.dimension_count",
    ]
    private static let innerKey = "gptj.feed_forward_length"
    private static let vocabularyKey = "gptj.vocab_size"
    private static let epsilonKey = "gptj.attention.layer_norm_epsilon"
    private static let bosKey = "tokenizer.ggml.bos_token_id"
    private static let eosKey = "tokenizer.ggml.eos_token_id"
    private static let padKey = "tokenizer.ggml.padding_token_id"
    /// All tokens that end a text: ours, since the format has room for one.
    private static let eosListKey = "nightshift.eos_token_ids"

    /// Reads the keys of a GGUF file. Embeddings are tied where it has no `output.weight`, as the format has it.
    ///
    /// - throws: `ModelFileError` naming the file and the key.
    init(gguf metadata: GGUFMetadata, checkpoint: Checkpoint) throws {
        try Self.refuseOtherNetworks(metadata)
        var members: [String: JSONValue] = [:]
        var names = Self.sizes
        for (field, key) in Self.sizes {
            guard let value = try metadata.integer(key) else {
                throw metadata.refusal(key, expected: "a whole number")
            }
            members[field] = .integer(value)
        }
        guard let epsilon = try metadata.double(Self.epsilonKey), epsilon.isFinite else {
            throw metadata.refusal(Self.epsilonKey, expected: "a number")
        }
        members["layer_norm_epsilon"] = .number(epsilon)
        members["n_inner"] = try metadata.integer(Self.innerKey).map { .integer($0) }
        let embedding = checkpoint.tensors[CheckpointLayout.embedding]
        members["vocab_size"] = (try metadata.integer(Self.vocabularyKey) ?? embedding?.shape.first)
            .map { .integer($0) }
        members["tie_word_embeddings"] = .bool(checkpoint.tensors[CheckpointLayout.head] == nil)
        for (field, key) in [
            ("bos_token_id", Self.bosKey), ("eos_token_id", Self.eosKey), ("pad_token_id", Self.padKey),
        ] {
            names[field] = key
            members[field] = try metadata.integer(key).map { .integer($0) }
        }
        if let tokens = try metadata.integers(Self.eosListKey, limit: 1 << 16) {
            members["eos_token_id"] = .array(tokens.map { .integer($0) })
            // A file that says so much says which tokens it doesn't have by leaving them out.
            members["bos_token_id"] = members["bos_token_id"] ?? .null
        }
        names.merge(["n_inner": Self.innerKey, "vocab_size": Self.vocabularyKey, "layer_norm_epsilon": Self.epsilonKey])
        {
            $1
        }
        try self.init(JSONFields(members, names: names, path: metadata.path), tokens: nil)
    }

    /// Refuses what this engine would compute wrongly.
    private static func refuseOtherNetworks(_ metadata: GGUFMetadata) throws {
        let architecture = try metadata.text("general.architecture")
        guard architecture == "gptj" else {
            throw metadata.refusal(
                "general.architecture", expected: "'gptj', the one architecture that this engine runs",
                found: architecture?.quoted ?? "nothing")
        }
        for (key, value) in [("gptj.rope.freq_base", 10000.0), ("gptj.rope.scale", 1), ("gptj.rope.scale_linear", 1)] {
            guard let found = try metadata.double(key), found != value else { continue }
            throw metadata.refusal(key, expected: "\(value), the one that GPT-J has", found: "\(found)")
        }
        if let scaling = try metadata.text("gptj.rope.scaling.type"), scaling != "none" {
            throw metadata.refusal("gptj.rope.scaling.type", expected: "'none'", found: scaling.quoted)
        }
        let heads = try metadata.integer("gptj.attention.head_count")
        if let found = try metadata.integer("gptj.attention.head_count_kv"), found != heads {
            throw metadata.refusal(
                "gptj.attention.head_count_kv", expected: "as many as gptj.attention.head_count", found: "\(found)")
        }
    }

    /// The keys that a GGUF file of this network has.
    var ggufFields: [(key: String, value: GGUFField)] {
        func number(_ key: String, _ value: Int) -> (key: String, value: GGUFField) { (key, .uint32(UInt32(value))) }
        var fields = [
            number(Self.vocabularyKey, vocabularySize), number("gptj.context_length", contextLength),
            number("gptj.embedding_length", width), number("gptj.block_count", layerCount),
            number(Self.innerKey, innerWidth), number("gptj.rope.dimension_count", rotaryLength),
            number("gptj.attention.head_count", headCount), (Self.epsilonKey, .float32(layerNormEpsilon)),
        ]
        fields += bosTokenID.map { [number(Self.bosKey, Int($0))] } ?? []
        fields += eosTokenIDs.first.map { [number(Self.eosKey, Int($0))] } ?? []
        fields += padTokenID.map { [number(Self.padKey, Int($0))] } ?? []
        fields.append((Self.eosListKey, .int32s(eosTokenIDs)))
        return fields
    }
}
