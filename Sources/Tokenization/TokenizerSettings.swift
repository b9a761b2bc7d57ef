import Foundation
import JSONText

/// What the files beside `vocab.json` and `merges.txt` say: which tokens were added, and which of them are special.
///
/// Knowledge of a token may be spread over three files. `added_tokens_decoder` in `tokenizer_config.json` (newer models)
/// says all of it; `added_tokens.json` has ids only; the named tokens (`eos_token`, ...) of `special_tokens_map.json`
/// and `tokenizer_config.json` are special and may be in the vocabulary itself.
struct TokenizerSettings {
    /// The names under which special tokens are listed.
    private static let roles = [
        "bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token",
    ]

    private(set) var addsPrefixSpace = false
    /// Where added tokens come from, for error messages.
    let source: String
    private var described: [AddedToken] = []
    private var numbered: [TokenizerDefinition.Entry] = []
    /// Special tokens by content; the ids must come from elsewhere.
    private var named: [AddedToken] = []

    init(folder: URL) throws(TokenizerError) {
        source = folder.appending(path: "added_tokens.json").path
        let configuration = try Self.file("tokenizer_config.json", in: folder)
        let specialTokens = try Self.file("special_tokens_map.json", in: folder)
        let addedTokens = try Self.file("added_tokens.json", in: folder)

        addsPrefixSpace = try configuration["add_prefix_space"].flag(default: false)
        let decoder = configuration["added_tokens_decoder"]
        if decoder.value != nil {
            for member in try decoder.members() {
                let field = decoder.field(member)
                guard let number = Int(member.name) else {
                    throw decoder.wrong("an object whose names are ids")
                }
                let id = try JSONField(path: field.path, name: field.name, value: .integer(number)).tokenID()
                described.append(try AddedToken(field, id: id))
            }
        }
        if addedTokens.value != nil { numbered = try addedTokens.vocabularyEntries() }
        for file in [configuration, specialTokens] {
            for role in Self.roles where file[role].value != nil { try addNamed(file[role]) }
            let others = file["additional_special_tokens"]
            if others.value != nil {
                for other in try others.elements() { try addNamed(other) }
            }
        }
    }

    private static func file(_ name: String, in folder: URL) throws(TokenizerError) -> JSONField {
        let url = folder.appending(path: name)
        let field = JSONField(
            path: url.path, name: "", value: TokenizerFile.exists(url) ? try TokenizerFile.json(of: url) : nil)
        if field.value != nil { _ = try field.members() }
        return field
    }

    private mutating func addNamed(_ field: JSONField) throws(TokenizerError) {
        if case .string(let content) = field.value {
            named.append(AddedToken(id: 0, content: content))
        } else {
            var token = try AddedToken(field, id: 0)
            token.isSpecial = true
            named.append(token)
        }
    }

    /// The added tokens, given the vocabulary, which may hold the ids of special ones. Special tokens that have no id
    /// anywhere are none of this model's.
    func addedTokens(vocabulary: [TokenizerDefinition.Entry]) -> [AddedToken] {
        var named = named
        if named.isEmpty, described.isEmpty {
            // GPT-2's own token, which stands in no file of the oldest models.
            named = [AddedToken(id: 0, content: "<|endoftext|>")]
        }
        let namedByContent = Dictionary(named.map { (Array($0.content.utf8), $0) }) { first, _ in first }

        var tokens = described
        var known = Set(described.map { Array($0.content.utf8) })
        for index in tokens.indices where namedByContent[Array(tokens[index].content.utf8)] != nil {
            tokens[index].isSpecial = true
        }
        // Then what has only an id, and then the special ones that are in the vocabulary.
        let specialEntries = vocabulary.filter { namedByContent[$0.content] != nil }
        for entry in numbered + specialEntries where known.insert(entry.content).inserted {
            var token =
                namedByContent[entry.content]
                ?? AddedToken(
                    id: 0, content: String(decoding: entry.content, as: UTF8.self), isSpecial: false, isNormalized: true
                )
            token.id = entry.id
            tokens.append(token)
        }
        return tokens
    }
}

extension AddedToken {
    /// A token as `added_tokens`, `added_tokens_decoder` and `special_tokens_map.json` describe it.
    init(_ field: JSONField, id: TokenID) throws(TokenizerError) {
        let isSpecial = try field["special"].flag(default: false)
        self.init(
            id: id,
            content: try field["content"].string(),
            isSpecial: isSpecial,
            isNormalized: try field["normalized"].flag(default: !isSpecial),
            isSingleWord: try field["single_word"].flag(default: false),
            stripsLeft: try field["lstrip"].flag(default: false),
            stripsRight: try field["rstrip"].flag(default: false))
    }
}
