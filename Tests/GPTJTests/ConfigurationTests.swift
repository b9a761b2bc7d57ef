import Foundation
import GPTJ
import ModelFiles
import TestSupport
import Testing

@Suite("The configuration of a network")
struct ConfigurationTests {
    private func configuration(_ json: String) throws -> GPTJConfiguration {
        try GPTJConfiguration(json: Array(json.utf8), path: "config.json")
    }

    @Test("Fields left out have GPT-J-6B's values")
    func defaults() throws {
        let configuration = try configuration("{}")
        #expect(configuration.layerCount == 28)
        #expect(configuration.width == 4096)
        #expect(configuration.headCount == 16)
        #expect(configuration.headLength == 256)
        #expect(configuration.rotaryLength == 64)
        #expect(configuration.innerWidth == 16384)
        #expect(configuration.contextLength == 2048)
        #expect(configuration.vocabularySize == 50400)
        #expect(configuration.layerNormEpsilon == 1e-5)
        #expect(!configuration.tiesWordEmbeddings)
        #expect(configuration.bosTokenID == 50256)
        #expect(configuration.eosTokenIDs == [50256])
        #expect(configuration.padTokenID == nil)
    }

    @Test(
        "The published configuration is that of an empty one",
        .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
    func published() throws {
        #expect(try GPTJConfiguration(folder: SharedFiles.golden("config/gpt-j-6b")) == configuration("{}"))
    }

    @Test("Sizes may have the general names of transformers")
    func aliases() throws {
        let configuration = try configuration(
            #"{"hidden_size": 96, "num_attention_heads": 3, "num_hidden_layers": 5, "max_position_embeddings": 7, "rotary_dim": 32}"#
        )
        #expect(configuration.width == 96)
        #expect(configuration.headLength == 32)
        #expect(configuration.layerCount == 5)
        #expect(configuration.contextLength == 7)
        #expect(configuration.innerWidth == 384)
        #expect(throws: ModelFileError.self) { try self.configuration(#"{"n_layer": 4, "num_hidden_layers": 5}"#) }
    }

    @Test("End tokens are one number, a list or null; those outside of the vocabulary can't come up")
    func endTokens() throws {
        #expect(try configuration(#"{"eos_token_id": 7}"#).eosTokenIDs == [7])
        #expect(try configuration(#"{"eos_token_id": [7, 60000, 9, -1]}"#).eosTokenIDs == [7, 9])
        #expect(try configuration(#"{"eos_token_id": null}"#).eosTokenIDs == [])
        #expect(try configuration(#"{"vocab_size": 64}"#).eosTokenIDs == [])
        #expect(try configuration(#"{"vocab_size": 64}"#).bosTokenID == nil)
        #expect(try configuration(#"{"pad_token_id": 3}"#).padTokenID == 3)
    }

    @Test("generation_config.json has the last word on tokens")
    func generationConfiguration() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "configuration-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(#"{"eos_token_id": 7, "bos_token_id": 8}"#.utf8).write(to: folder.appending(path: "config.json"))
        #expect(try GPTJConfiguration(folder: folder).eosTokenIDs == [7])
        let generation = folder.appending(path: "generation_config.json")
        try Data(#"{"eos_token_id": [1, 2]}"#.utf8).write(to: generation)
        let configuration = try GPTJConfiguration(folder: folder)
        #expect(configuration.eosTokenIDs == [1, 2])
        #expect(configuration.bosTokenID == 8)
        try Data(#"{"eos_token_id": "x"}"#.utf8).write(to: generation)
        let error = #expect(throws: ModelFileError.self) { try GPTJConfiguration(folder: folder) }
        #expect(error?.description.contains("generation_config.json: field eos_token_id") == true)
    }

    @Test(
        "A value that can't be is refused by the field's name",
        arguments: [
            (#"{"model_type": "gpt_neox"}"#, "model_type"),
            (#"{"architectures": ["LlamaForCausalLM"]}"#, "architectures"),
            (#"{"activation_function": "relu"}"#, "activation_function"),
            (#"{"scale_attn_weights": false}"#, "scale_attn_weights"),
            (#"{"rotary": false}"#, "rotary"),
            (#"{"quantization_config": {"bits": 4}}"#, "quantization_config"),
            (#"{"n_head": 3}"#, "n_head"),
            (#"{"n_head": 0}"#, "n_head"),
            (#"{"n_layer": -1}"#, "n_layer"),
            (#"{"n_layer": 1e3}"#, "n_layer"),
            (#"{"n_layer": "28"}"#, "n_layer"),
            (#"{"n_layer": 1000000000}"#, "n_layer"),
            (#"{"n_embd": 9223372036854775807}"#, "n_embd"),
            (#"{"n_embd": 9223372036854775808}"#, "n_embd"),
            (#"{"n_embd": 1073741824, "n_head": 1}"#, "n_embd"),
            (#"{"n_inner": 4611686018427387904}"#, "n_inner"),
            (#"{"vocab_size": 0}"#, "vocab_size"),
            (#"{"n_positions": 4294967296}"#, "n_positions"),
            (#"{"rotary_dim": 63}"#, "rotary_dim"),
            (#"{"rotary_dim": 258}"#, "rotary_dim"),
            (#"{"rotary_dim": 0}"#, "rotary_dim"),
            (#"{"rotary_dim": null}"#, "rotary_dim"),
            (#"{"layer_norm_epsilon": 0}"#, "layer_norm_epsilon"),
            (#"{"layer_norm_epsilon": -1e-5}"#, "layer_norm_epsilon"),
            (#"{"layer_norm_epsilon": "small"}"#, "layer_norm_epsilon"),
            (#"{"tie_word_embeddings": 1}"#, "tie_word_embeddings"),
            (#"{"bos_token_id": {}}"#, "bos_token_id"),
        ])
    func refusals(json: String, field: String) throws {
        let error = #expect(throws: ModelFileError.self) { try configuration(json) }
        guard case .field("config.json", field, _, _)? = error else {
            Issue.record("expected \(field) to be named, got \(error.debugDescription)")
            return
        }
    }

    @Test("null as rotary_dim turns the whole head of a network that has one")
    func wholeHead() throws {
        #expect(try configuration(#"{"rotary_dim": null, "n_embd": 8, "n_head": 1}"#).rotaryLength == 8)
    }

    @Test("What is no JSON object is refused", arguments: ["", "[]", "{", #"{"n_layer": 1, "n_layer": 2}"#, "{} {}"])
    func garbage(json: String) throws {
        #expect(throws: ModelFileError.self) { try configuration(json) }
    }

    @Test("A configuration damaged at random is refused or has sizes that fit together")
    func damage() throws {
        let good = Array(#"{"n_layer":2,"n_embd":64,"n_head":4,"rotary_dim":8,"n_inner":null,"vocab_size":512}"#.utf8)
        let telling = Array(#"0123456789-.eE",:{}[]xl"#.utf8)
        var state: UInt64 = 1
        var acceptedCount = 0
        for _ in 0..<20_000 {
            var json = good
            for _ in 0..<2 {
                // Knuth's linear congruential generator; its high bits are the good ones.
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                json[Int(state >> 33) % json.count] = telling[Int(state >> 40) % telling.count]
            }
            do {
                let configuration = try GPTJConfiguration(json: json, path: "config.json")
                acceptedCount += 1
                #expect(configuration.headLength * configuration.headCount == configuration.width)
                #expect(configuration.rotaryLength <= configuration.headLength)
                _ = CheckpointLayout(configuration).parameterCount
            } catch is ModelFileError {}
        }
        #expect(acceptedCount > 1000)
    }
}
