public import Foundation
public import GPTJ
import JSONText
public import Kernels
import ModelFiles

/// A model's folder as HuggingFace's libraries read it, written from what was trained.
public struct ModelFolder: Sendable {
    /// The files of a tokenizer that are copied beside the weights, where they are there.
    public static let tokenizerFiles = [
        "tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json",
    ]

    private let configuration: GPTJConfiguration
    private let type: ElementType
    private let tokenizer: URL

    /// - parameters:
    ///   - type: how weights are stored
    ///   - tokenizer: the folder whose tokenizer the model has
    public init(_ configuration: GPTJConfiguration, type: ElementType, tokenizer: URL) {
        self.configuration = configuration
        self.type = type
        self.tokenizer = tokenizer
    }

    /// Writes all files; each is whole or as it was before, the weights come last.
    ///
    /// - returns: how many weights aren't finite, or aren't any more in the stored type.
    /// - throws: `OutputFileError`; Foundation's errors where the tokenizer can't be read or the folder not be made.
    @discardableResult
    public func write(_ parameters: ParameterSet, to folder: URL, metadata: [String: String] = [:]) throws -> Int {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in Self.tokenizerFiles {
            let source = tokenizer.appending(path: name)
            guard FileManager.default.fileExists(atPath: source.path) else { continue }
            let target = folder.appending(path: name)
            if source.standardizedFileURL == target.standardizedFileURL { continue }
            try write([UInt8](Data(contentsOf: source)), to: target)
        }
        try write(Array(json.text.utf8) + [0x0A], to: folder.appending(path: "config.json"))
        try write(Array(generationJSON.text.utf8) + [0x0A], to: folder.appending(path: "generation_config.json"))
        let declarations = parameters.entries.map {
            SafetensorsWriter.Declaration(name: $0.name, shape: $0.shape, type: type)
        }
        let writer = try SafetensorsWriter(
            path: folder.appending(path: "model.safetensors").path, declarations,
            metadata: metadata.merging(["format": "pt"]) { $1 }, replaces: true)
        var failures = 0
        for entry in parameters.entries {
            failures += try writer.write(parameters.matrix(entry, of: parameters.values))
        }
        try writer.finish()
        return failures
    }

    private func write(_ bytes: [UInt8], to file: URL) throws {
        let output = try OutputFile(path: file.path, replaces: true)
        try output.write(bytes)
        try output.finish()
    }

    private var tokens: JSONObject {
        var object = JSONObject()
        object["bos_token_id"] = configuration.bosTokenID.map { .integer(Int($0)) } ?? .null
        let ends = configuration.eosTokenIDs.map { JSONValue.integer(Int($0)) }
        object["eos_token_id"] = ends.count == 1 ? ends[0] : ends.isEmpty ? .null : .array(ends)
        if let padding = configuration.padTokenID { object["pad_token_id"] = .integer(Int(padding)) }
        return object
    }

    private var generationJSON: JSONValue { .object(tokens) }

    private var json: JSONValue {
        var object: JSONObject = [
            "architectures": ["GPTJForCausalLM"], "model_type": "gptj", "activation_function": "gelu_new",
            "attn_pdrop": .number(0), "embd_pdrop": .number(0), "resid_pdrop": .number(0),
            "initializer_range": .number(0.02), "layer_norm_epsilon": .number(decimal(configuration.layerNormEpsilon)),
            "n_embd": .integer(configuration.width), "n_head": .integer(configuration.headCount),
            "n_inner": .integer(configuration.innerWidth), "n_layer": .integer(configuration.layerCount),
            "n_positions": .integer(configuration.contextLength), "rotary": true,
            "rotary_dim": .integer(configuration.rotaryLength), "scale_attn_weights": true,
            "tie_word_embeddings": .bool(configuration.tiesWordEmbeddings), "tokenizer_class": "GPT2Tokenizer",
            "torch_dtype": .string(type == .float32 ? "float32" : type == .float16 ? "float16" : "bfloat16"),
            "use_cache": true, "vocab_size": .integer(configuration.vocabularySize),
        ]
        object.members.append(contentsOf: tokens.members)
        return .object(object)
    }

    /// The number as it would be written, without the digits that a float doesn't have.
    private func decimal(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }
}
