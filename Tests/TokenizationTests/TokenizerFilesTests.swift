import Foundation
import TestSupport
import Testing
import Tokenization

struct TokenizerFilesTests {
    /// A folder with these files, loaded.
    private func load(_ files: [String: String]) throws -> Tokenizer {
        try TemporaryFolder.with { folder in
            for (name, content) in files {
                try Data(content.utf8).write(to: folder.appending(path: name))
            }
            return try Tokenizer(folder: folder)
        }
    }

    private func description(_ body: () throws -> Tokenizer) -> String {
        do {
            _ = try body()
            return "no error"
        } catch {
            return error is TokenizerError ? "\(error)" : "another error: \(error)"
        }
    }

    private let vocabulary = #"{"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3, "Ġ": 4}"#

    @Test("vocabulary and merges are enough")
    func vocabularyAndMerges() throws {
        let tokenizer = try load(["vocab.json": vocabulary, "merges.txt": "#version: 0.2\r\na b\r\n\n"])
        #expect(tokenizer.encode("ab") == [2])
        #expect(tokenizer.encode("a<|endoftext|>", allowSpecial: true) == [0, 3])
        #expect(tokenizer.isSpecial(3))
        #expect(tokenizer.encode("ab b") == [2, 4, 1])
    }

    @Test("what is said about added tokens in three files is put together")
    func addedTokens() throws {
        let tokenizer = try load([
            "vocab.json": vocabulary, "merges.txt": "a b",
            "added_tokens.json": #"{"<one>": 5, "<two>": 6, "<four>": 8}"#,
            "special_tokens_map.json":
                #"{"eos_token": {"content": "<two>", "lstrip": true}, "additional_special_tokens": ["b", "<nowhere>"]}"#,
            "tokenizer_config.json":
                #"""
            {"add_prefix_space": true, "bos_token": "<four>", "pad_token": null, "added_tokens_decoder":
             {"7": {"content": "<three>", "special": true, "rstrip": true}, "8": {"content": "<four>"}}}
            """#,
        ])
        #expect(tokenizer.encode("<one>a  <two><three> <four>", allowSpecial: true) == [5, 4, 0, 6, 7, 8])
        #expect((0...9).filter { tokenizer.isSpecial($0) } == [1, 6, 7, 8])
        #expect(tokenizer.vocabularySize == 9)
        #expect(tokenizer.id(ofToken: "<nowhere>") == nil)
    }

    @Test("each mistake in the files is named with its file and place")
    func mistakes() {
        let merges = "a b"
        let cases: [([String: String], [String])] = [
            ([:], ["has no tokenizer"]),
            (["vocab.json": vocabulary], ["has no tokenizer", "merges.txt"]),
            (["vocab.json": "[]", "merges.txt": merges], ["vocab.json", "an object"]),
            (["vocab.json": #"{"a": "x"}"#, "merges.txt": merges], ["vocab.json", "\"a\"", "an id"]),
            (["vocab.json": #"{"a": -1}"#, "merges.txt": merges], ["vocab.json", "-1"]),
            (["vocab.json": #"{"a": 2147483648}"#, "merges.txt": merges], ["vocab.json", "2147483648"]),
            (["vocab.json": #"{"a": 1.5}"#, "merges.txt": merges], ["vocab.json", "1.5"]),
            (["vocab.json": #"{"a": 1, "b": 1}"#, "merges.txt": merges], ["vocab.json", "\"b\"", "id 1"]),
            (["vocab.json": #"{"a": 1, "a": 2}"#, "merges.txt": merges], ["vocab.json", "\"a\"", "twice"]),
            (["vocab.json": vocabulary, "merges.txt": "a b\na b c"], ["merges.txt", "merge 2", "a b c"]),
            (["vocab.json": vocabulary, "merges.txt": "ab"], ["merges.txt", "merge 1"]),
            (["vocab.json": vocabulary, "merges.txt": "a zzz"], ["merges.txt", "merge 1", "azzz"]),
            (
                ["vocab.json": vocabulary, "merges.txt": merges, "added_tokens.json": #"{"<x>": 2}"#],
                ["added_tokens.json", "<x>", "id 2"]
            ),
            (
                ["vocab.json": vocabulary, "merges.txt": merges, "tokenizer_config.json": #"{"add_prefix_space": 1}"#],
                ["tokenizer_config.json", "add_prefix_space", "true or false"]
            ),
            (
                [
                    "vocab.json": vocabulary, "merges.txt": merges,
                    "tokenizer_config.json": #"{"added_tokens_decoder": {"x": {}}}"#,
                ], ["tokenizer_config.json", "added_tokens_decoder"]
            ),
        ]
        for (files, parts) in cases {
            let description = description { try load(files) }
            for part in parts { #expect(description.contains(part), "\(description)") }
        }
    }

    @Test("a tokenizer.json of another kind is refused by the field that makes it so")
    func unsupported() {
        let model = #""type": "BPE", "vocab": {"a": 0}, "merges": []"#
        let byteLevel = #""pre_tokenizer": {"type": "ByteLevel"}"#
        let cases = [
            (#"{"model": {"type": "Unigram", "vocab": [["a", 0.5]]}}"#, "model.type"),
            (#"{"model": {\#(model), "byte_fallback": true}, \#(byteLevel)}"#, "model.byte_fallback"),
            (#"{"model": {\#(model), "end_of_word_suffix": "</w>"}, \#(byteLevel)}"#, "model.end_of_word_suffix"),
            (#"{"model": {\#(model), "dropout": 0.1}, \#(byteLevel)}"#, "model.dropout"),
            (#"{"model": {\#(model)}, "normalizer": {"type": "NFC"}, \#(byteLevel)}"#, "normalizer"),
            (#"{"model": {\#(model)}, "pre_tokenizer": {"type": "Whitespace"}}"#, "pre_tokenizer.type"),
            (#"{"model": {\#(model)}}"#, "pre_tokenizer"),
            (#"{"model": {\#(model), "unk_token": "?"}, \#(byteLevel)}"#, "unk_token"),
            (#"{"model": {\#(model)}, \#(byteLevel), "added_tokens": [{"id": 1}]}"#, "added_tokens[0].content"),
            (#"{"model": {\#(model)}, \#(byteLevel), "added_tokens": [{"content": "x"}]}"#, "added_tokens[0].id"),
            (#"{"model": {"vocab": {}, "merges": [["a"]]}, \#(byteLevel)}"#, "model.merges, merge 1"),
            (#"{"model": {"vocab": {}, "merges": 3}, \#(byteLevel)}"#, "model.merges"),
            (#"{"model": {"merges": []}, \#(byteLevel)}"#, "model.vocab"),
            (#"{"vocab": {}}"#, "model"),
            (#"[]"#, "an object"),
        ]
        for (json, part) in cases {
            let description = description { try Tokenizer(tokenizerJSON: Array(json.utf8), path: "tokenizer.json") }
            #expect(description.contains("tokenizer.json") && description.contains(part), "\(description)")
        }
    }

    @Test("a file of more values than a tokenizer could have is refused before they fill the memory")
    func flood() {
        let json = Array("[".utf8) + Array(repeating: Array("0,".utf8), count: 2_000_000).joined() + Array("0]".utf8)
        let description = description { try Tokenizer(tokenizerJSON: json, path: "tokenizer.json") }
        #expect(description.contains("tokenizer.json") && description.contains("more than 2000000 values"))
    }

    @Test("a pipe or a folder in the place of a file is refused, not waited for", .timeLimit(.minutes(15)))
    func notAFile() throws {
        try TemporaryFolder.with { folder in
            let path = folder.appending(path: "tokenizer.json").path
            #expect(mkfifo(path, 0o600) == 0)
            #expect(description { try Tokenizer(folder: folder) }.contains("not a regular file"))
        }
        try TemporaryFolder.with { folder in
            try FileManager.default.createDirectory(
                at: folder.appending(path: "tokenizer.json"), withIntermediateDirectories: false)
            #expect(description { try Tokenizer(folder: folder) }.contains("not a regular file"))
        }
    }

    @Suite(.enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
    struct Malformed {
        struct Case: Decodable {
            var id: String
            var expect: String
        }

        struct Cases: Decodable {
            var tokenizer: [Case]
        }

        @Test("each malformed tokenizer has the outcome that it must have")
        func outcomes() throws {
            let cases: Cases = try Golden.json("malformed/cases.json")
            let ids: [Golden.EncodeCase] = try Golden.json("malformed/tokenizer/base_ids.json")
            #expect(cases.tokenizer.count >= 6)
            for malformed in cases.tokenizer {
                let folder = SharedFiles.golden("malformed/tokenizer/\(malformed.id)")
                do {
                    let tokenizer = try Tokenizer(folder: folder)
                    #expect(malformed.expect != "reject", "\(malformed.id)")
                    for golden in ids {
                        #expect(tokenizer.encode(golden.text, allowSpecial: true) == golden.ids, "\(malformed.id)")
                    }
                } catch {
                    #expect(malformed.expect != "load", "\(malformed.id): \(error)")
                    #expect("\(error)".contains("tokenizer.json"), "\(error)")
                }
            }
        }

        @Test("a tokenizer.json that ends anywhere is refused")
        func truncated() throws {
            let whole = try Data(contentsOf: SharedFiles.golden("malformed/tokenizer/tok-ok/tokenizer.json"))
            for count in stride(from: 0, to: whole.count - 1, by: 37) {
                #expect(throws: TokenizerError.self) {
                    try Tokenizer(tokenizerJSON: whole.prefix(count), path: "tokenizer.json")
                }
            }
        }

        @Test("a tokenizer.json with any byte damaged is read or refused, but nothing else")
        func damaged() throws {
            let whole = try [UInt8](Data(contentsOf: SharedFiles.golden("malformed/tokenizer/tok-ok/tokenizer.json")))
            var generator = SplitMix(state: 1)
            var refused = 0
            for _ in 0..<300 {
                var bytes = whole
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
                do {
                    let tokenizer = try Tokenizer(tokenizerJSON: bytes, path: "tokenizer.json")
                    _ = tokenizer.decode(tokenizer.encode("a test é 日 <|endoftext|>", allowSpecial: true))
                } catch {
                    refused += 1
                }
            }
            #expect(refused > 0)
        }
    }
}
