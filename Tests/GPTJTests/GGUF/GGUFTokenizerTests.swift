import Foundation
import GPTJ
import ModelFiles
import TestSupport
import Testing
import Tokenization

/// Tokenizers that went through a GGUF file give the ids and texts that they gave before.
@Suite("Tokenizers in GGUF files", .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
struct GGUFTokenizerTests {
    private struct Case: Decodable {
        let text: String
        let ids: [TokenID]
        let variant: String?
    }

    private func cases(_ path: String) throws -> [Case] {
        try Data(contentsOf: SharedFiles.golden(path)).split(separator: UInt8(ascii: "\n"))
            .map { try JSONDecoder().decode(Case.self, from: Data($0)) }
    }

    /// The tokenizer of a model with these files, after a conversion. The network is one of zeros.
    private func convert(tokenizerFiles: [String: Data], vocabularySize: Int = 50400) throws -> Tokenizer {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-tok-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, data) in tokenizerFiles { try data.write(to: folder.appending(path: name)) }
        let json = #"{"n_layer": 1, "n_embd": 4, "n_head": 1, "rotary_dim": 2, "vocab_size": \#(vocabularySize)}"#
        try Data(json.utf8).write(to: folder.appending(path: "config.json"))
        let layout = CheckpointLayout(try GPTJConfiguration(folder: folder))
        var (header, offset) = ([String](), 0)
        for entry in layout.entries {
            let end = offset + 2 * entry.shape.reduce(1, *)
            header.append(
                #""\#(entry.name)": {"dtype": "F16", "shape": \#(entry.shape), "data_offsets": [\#(offset), \#(end)]}"#)
            offset = end
        }
        let text = Array("{\(header.joined(separator: ","))}".utf8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
        try Data(length + text + [UInt8](repeating: 0, count: offset))
            .write(to: folder.appending(path: "model.safetensors"))
        let converted = try ConvertedModel(folder, to: .float16)
        return try Tokenizer(#require(try converted.open().tokenizerDefinition()))
    }

    @Test(
        "GPT-J's tokenizer in each form that users have gives HuggingFace's ids",
        arguments: ["gpt-j-6b", "gpt-j-6b-resaved"], [true, false])
    func published(_ name: String, hasTokenizerJSON: Bool) throws {
        let folder = SharedFiles.golden("tokenizer/\(name)")
        var files: [String: Data] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path)
        where file.hasSuffix(".json") && (hasTokenizerJSON || file != "tokenizer.json") || file == "merges.txt" {
            files[file] = try Data(contentsOf: folder.appending(path: file))
        }
        let (tokenizer, original) = (try convert(tokenizerFiles: files), try Tokenizer(folder: folder))
        #expect(tokenizer.vocabularySize == original.vocabularySize)
        #expect(tokenizer.addedTokens == original.addedTokens)
        for id in TokenID(0)..<TokenID(original.vocabularySize) {
            #expect(tokenizer.bytes(of: id) == original.bytes(of: id))
            #expect(tokenizer.isSpecial(id) == original.isSpecial(id))
        }
        for golden in try cases("tokenizer/encode.jsonl") {
            #expect(tokenizer.encode(golden.text, allowSpecial: true) == golden.ids)
            #expect(tokenizer.decode(golden.ids).utf8.elementsEqual(golden.text.utf8))
        }
    }

    @Test("how added tokens are matched survives, and tokens that the network doesn't know are refused")
    func variants() throws {
        let base = try String(contentsOf: SharedFiles.golden("tokenizer/gpt-j-6b/tokenizer.json"), encoding: .utf8)
        let start = try #require(base.range(of: #""added_tokens":"#))
        let end = try #require(base.range(of: #","normalizer":"#))
        let cases = try Dictionary(grouping: cases("tokenizer/variants.jsonl")) { $0.variant ?? "" }
        #expect(!cases.isEmpty)
        for (variant, cases) in cases {
            let section = try String(
                contentsOf: SharedFiles.golden("tokenizer/variant-\(variant)/added_tokens_section.json"),
                encoding: .utf8)
            let json = Data(base.replacingCharacters(in: start.upperBound..<end.lowerBound, with: section).utf8)
            let tokenizer = try convert(tokenizerFiles: ["tokenizer.json": json], vocabularySize: 50432)
            #expect(try tokenizer.addedTokens == Tokenizer(tokenizerJSON: json, path: variant).addedTokens)
            for golden in cases {
                #expect(tokenizer.encode(golden.text, allowSpecial: true) == golden.ids, "\(variant): \(golden.text)")
            }
            let error = #expect(throws: TokenizerError.self) {
                try convert(tokenizerFiles: ["tokenizer.json": json])
            }
            #expect(error?.description.contains("must be below 50400, the size of the network's vocabulary") == true)
        }
    }

    @Test("settings that the format has no room for survive")
    func settings() throws {
        let json = """
            {"added_tokens": [{"id": 3, "content": "ab", "special": false, "lstrip": true}],
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true, "use_regex": false},
             "decoder": {"type": "ByteLevel"},
             "model": {"type": "BPE", "unk_token": "?", "fuse_unk": true, "ignore_merges": true,
                       "vocab": {"a": 0, "b": 1, "Ġ": 2, "ab": 3, "?": 9, "ba": 5}, "merges": ["a b", "b a"]}}
            """
        let original = try Tokenizer(tokenizerJSON: json.utf8, path: "x")
        let tokenizer = try convert(tokenizerFiles: ["tokenizer.json": Data(json.utf8)], vocabularySize: 12)
        for text in ["ab", "ba", " ab  ab", "bab", "aXYb", "zz", " "] {
            for allows in [false, true] {
                #expect(tokenizer.encode(text, allowSpecial: allows) == original.encode(text, allowSpecial: allows))
            }
        }
        #expect(tokenizer.vocabularySize == 10 && tokenizer.bytes(of: 7) == nil)
        #expect(tokenizer.addedTokens == original.addedTokens)
    }
}
