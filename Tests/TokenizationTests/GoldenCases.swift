import Foundation
import TestSupport
import Tokenization

/// The reference values of the tokenizer.
enum Golden {
    struct EncodeCase: Decodable {
        var id: String?
        var category: String?
        var text: String
        var ids: [TokenID]
        var decoded: String?
        var decodedSkipSpecial: String?
    }

    struct DecodeCase: Decodable {
        var id: String
        var ids: [TokenID]
        var bytesHex: String
        var decoded: String
        var decodedSkipSpecial: String
    }

    struct CharacterClasses: Decodable {
        var letter: [[UInt32]]
        var number: [[UInt32]]
        var space: [[UInt32]]
    }

    static func lines<Case: Decodable>(_ path: String, as type: Case.Type = Case.self) throws -> [Case] {
        try lines(at: SharedFiles.golden(path))
    }

    static func lines<Case: Decodable>(at url: URL, as type: Case.Type = Case.self) throws -> [Case] {
        try Data(contentsOf: url).split(separator: UInt8(ascii: "\n")).map { try decode(Data($0)) }
    }

    static func json<Value: Decodable>(_ path: String) throws -> Value {
        try decode(Data(contentsOf: SharedFiles.golden(path)))
    }

    private static func decode<Value: Decodable>(_ data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Value.self, from: data)
    }

    /// GPT-J's tokenizer in every form that users have.
    enum Form: String, CaseIterable {
        case published = "gpt-j-6b"
        case resaved = "gpt-j-6b-resaved"
        case publishedVocabularyAndMerges
        case resavedVocabularyAndMerges

        func tokenizer() throws -> Tokenizer {
            switch self {
            case .published, .resaved:
                return try Tokenizer(folder: SharedFiles.golden("tokenizer/\(rawValue)"))
            case .publishedVocabularyAndMerges:
                return try Tokenizer.withoutTokenizerJSON(SharedFiles.golden("tokenizer/gpt-j-6b"))
            case .resavedVocabularyAndMerges:
                return try Tokenizer.withoutTokenizerJSON(SharedFiles.golden("tokenizer/gpt-j-6b-resaved"))
            }
        }
    }
}

extension Tokenizer {
    /// The tokenizer of a folder as if it had no tokenizer.json.
    static func withoutTokenizerJSON(_ folder: URL) throws -> Tokenizer {
        try TemporaryFolder.with { copy in
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
            where name.hasSuffix(".json") && name != "tokenizer.json" || name == "merges.txt" {
                try FileManager.default.createSymbolicLink(
                    at: copy.appending(path: name), withDestinationURL: folder.appending(path: name))
            }
            return try Tokenizer(folder: copy)
        }
    }
}

enum TemporaryFolder {
    static func with<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tokenization-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }
}
