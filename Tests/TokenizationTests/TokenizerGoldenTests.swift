import Foundation
import TestSupport
import Testing
import Tokenization

@Suite(.enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
struct TokenizerGoldenTests {
    @Test("every text has HuggingFace's ids and comes back byte for byte", arguments: Golden.Form.allCases)
    func encode(form: Golden.Form) throws {
        let tokenizer = try form.tokenizer()
        let cases = try Golden.lines("tokenizer/encode.jsonl", as: Golden.EncodeCase.self)
        #expect(cases.count > 2000)
        for golden in cases {
            #expect(tokenizer.encode(golden.text, allowSpecial: true) == golden.ids, "\(golden.id ?? "")")
            if golden.category != "special" {
                #expect(tokenizer.encode(golden.text) == golden.ids, "\(golden.id ?? "")")
            }
            let decoded = tokenizer.decode(golden.ids)
            #expect(decoded.utf8.elementsEqual(golden.text.utf8), "\(golden.id ?? "")")
            let skipped = tokenizer.decode(golden.ids, skipSpecial: true)
            #expect(skipped.utf8.elementsEqual((golden.decodedSkipSpecial ?? golden.text).utf8), "\(golden.id ?? "")")
        }
    }

    @Test("what isn't allowed to be special is plain text", arguments: Golden.Form.allCases)
    func plainText(form: Golden.Form) throws {
        let tokenizer = try form.tokenizer()
        for golden in try Golden.lines("tokenizer/encode.jsonl", as: Golden.EncodeCase.self) {
            let ids = tokenizer.encode(golden.text)
            #expect(ids.allSatisfy { $0 < 50256 }, "\(golden.id ?? "")")
            #expect(tokenizer.decode(ids, skipSpecial: true).utf8.elementsEqual(golden.text.utf8), "\(golden.id ?? "")")
        }
    }

    @Test("any ids have HuggingFace's text, also where they are no UTF-8", arguments: Golden.Form.allCases)
    func decode(form: Golden.Form) throws {
        let tokenizer = try form.tokenizer()
        for golden in try Golden.lines("tokenizer/decode.jsonl", as: Golden.DecodeCase.self) {
            let bytes = golden.ids.flatMap { tokenizer.bytes(of: $0) ?? [] }
            #expect(bytes.map { String(format: "%02x", $0) }.joined() == golden.bytesHex, "\(golden.id)")
            #expect(tokenizer.decode(golden.ids).utf8.elementsEqual(golden.decoded.utf8), "\(golden.id)")
            let skipped = tokenizer.decode(golden.ids, skipSpecial: true)
            #expect(skipped.utf8.elementsEqual(golden.decodedSkipSpecial.utf8), "\(golden.id)")
        }
    }

    @Test("every token stands for its bytes", arguments: Golden.Form.allCases)
    func tokenBytes(form: Golden.Form) throws {
        let tokenizer = try form.tokenizer()
        let golden: [String] = try Golden.json("tokenizer/token_bytes.json")
        #expect(tokenizer.vocabularySize == golden.count)
        for (id, hex) in golden.enumerated() {
            let bytes = try #require(tokenizer.bytes(of: TokenID(id)))
            #expect(bytes.map { String(format: "%02x", $0) }.joined() == hex, "token \(id)")
            #expect(tokenizer.isSpecial(TokenID(id)) == (id == 50256), "token \(id)")
        }
        #expect(tokenizer.bytes(of: TokenID(golden.count)) == nil)
        #expect(tokenizer.bytes(of: -1) == nil)
        #expect(tokenizer.id(ofToken: "Ġthe") == 262)
        #expect(tokenizer.id(ofToken: "<|extratoken_143|>") == 50399)
        #expect(tokenizer.id(ofToken: "<|extratoken_144|>") == nil)
    }

    @Test("further added tokens are found as HuggingFace finds them")
    func variants() throws {
        struct Variant: Decodable {
            var variant: String
            var text: String
            var ids: [TokenID]
            var decoded: String
            var decodedSkipSpecial: String
        }
        let base = try Data(contentsOf: SharedFiles.golden("tokenizer/gpt-j-6b/tokenizer.json"))
        var tokenizers: [String: Tokenizer] = [:]
        for golden in try Golden.lines("tokenizer/variants.jsonl", as: Variant.self) {
            if tokenizers[golden.variant] == nil {
                let section = SharedFiles.golden("tokenizer/variant-\(golden.variant)/added_tokens_section.json")
                var object = try #require(JSONSerialization.jsonObject(with: base) as? [String: Any])
                object["added_tokens"] = try JSONSerialization.jsonObject(with: Data(contentsOf: section))
                tokenizers[golden.variant] = try Tokenizer(
                    tokenizerJSON: JSONSerialization.data(withJSONObject: object), path: section.path)
            }
            let tokenizer = try #require(tokenizers[golden.variant])
            #expect(tokenizer.encode(golden.text, allowSpecial: true) == golden.ids, "\(golden.text)")
            #expect(tokenizer.decode(golden.ids) == golden.decoded, "\(golden.text)")
            #expect(tokenizer.decode(golden.ids, skipSpecial: true) == golden.decodedSkipSpecial, "\(golden.text)")
        }
        #expect(!tokenizers.isEmpty)
    }

    @Test("characters are classed as Unicode 16 has them")
    func characterClasses() throws {
        let golden: Golden.CharacterClasses = try Golden.json("tokenizer/char_classes.json")
        var expected = [CharacterClass](repeating: .other, count: 0x110000)
        for (ranges, kind) in [
            (golden.letter, CharacterClass.letter), (golden.number, .number), (golden.space, .space),
        ] {
            for range in ranges {
                for codePoint in range[0]...range[1] { expected[Int(codePoint)] = kind }
            }
        }
        let different = expected.indices.filter {
            Unicode.Scalar(UInt32($0)) != nil && CharacterClass(UInt32($0)) != expected[$0]
        }
        #expect(different == [])
    }
}

@Suite(.enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
struct ReferenceModelTests {
    struct Prompt: Decodable {
        var prompt: String?
        var promptIds: [TokenID]?
    }

    @Test("the reference model's prompts have their ids, from either form of its tokenizer", arguments: [true, false])
    func prompts(fromTokenizerJSON: Bool) throws {
        let folder = try #require(SharedFiles.folder).appending(path: "models/reference-small")
        let tokenizer =
            try fromTokenizerJSON ? Tokenizer(folder: folder) : Tokenizer.withoutTokenizerJSON(folder)
        #expect(tokenizer.vocabularySize == 4096)
        #expect((0..<4096).filter { tokenizer.isSpecial($0) } == Array(0..<16))
        var count = 0
        for golden in try Golden.lines(at: folder.appending(path: "golden.jsonl"), as: Prompt.self) {
            guard let prompt = golden.prompt else { continue }
            #expect(tokenizer.encode(prompt, allowSpecial: true) == golden.promptIds)
            #expect(tokenizer.encode(prompt).allSatisfy { $0 >= 16 })
            count += 1
        }
        #expect(count >= 20)
    }
}
