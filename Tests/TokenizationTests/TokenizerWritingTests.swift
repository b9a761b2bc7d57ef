import Foundation
import Testing
import Tokenization

@Suite("Writing a tokenizer")
struct TokenizerWritingTests {
    private static let text = "the cat sat on the mat, the cat sat; naïve 12 1212"
    private static let special = ["<|endoftext|>", "<|out|>", "<|end|>"]

    @Test("the files give the tokenizer back, the older ones alone too")
    func roundTrip() throws {
        var words = WordCounter()
        words.add(Self.text)
        let definition = BytePairTrainer(vocabularySize: 280, specialTokens: Self.special).train(words)
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let roles = TokenizerDefinition.Roles(beginning: "<|endoftext|>", end: "<|end|>", padding: "<|endoftext|>")
        for (name, bytes) in definition.files(roles: roles, maximumLength: 128) {
            try Data(bytes).write(to: folder.appending(path: name))
        }
        let made = try Tokenizer(definition)
        let whole = try Tokenizer(folder: folder)
        try FileManager.default.removeItem(at: folder.appending(path: "tokenizer.json"))
        let parts = try Tokenizer(folder: folder)
        for text in [Self.text, "<|out|>cat<|end|>", "日本 \u{0}\n"] {
            for allowed in [false, true] {
                let expected = made.encode(text, allowSpecial: allowed)
                #expect(whole.encode(text, allowSpecial: allowed) == expected)
                #expect(parts.encode(text, allowSpecial: allowed) == expected)
            }
        }
        for token in Self.special {
            let id = try #require(whole.id(ofToken: token))
            #expect(whole.isSpecial(id) && parts.isSpecial(id))
        }
        let files = definition.files(roles: roles, maximumLength: 128).map(\.name)
        #expect(
            files == ["tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"])
    }
}
