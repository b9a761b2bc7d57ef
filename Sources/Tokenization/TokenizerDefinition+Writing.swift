import JSONText

/// Writing a tokenizer as HuggingFace's libraries read it.
extension TokenizerDefinition {
    /// Which tokens begin and end a text and fill a gap, in `tokenizer_config.json`.
    public struct Roles: Sendable, Equatable {
        public var beginning: String
        public var end: String
        public var padding: String

        public init(beginning: String, end: String, padding: String) {
            self.beginning = beginning
            self.end = end
            self.padding = padding
        }
    }

    /// The files of a model's folder that make up the tokenizer, by name.
    ///
    /// - parameters:
    ///   - roles: special tokens; `nil` where there are none
    ///   - maximumLength: positions of the model that it's for
    public func files(roles: Roles?, maximumLength: Int) -> [(name: String, bytes: [UInt8])] {
        func bytes(_ value: JSONValue) -> [UInt8] { Array(value.text.utf8) + [0x0A] }
        var configuration = specialTokens(roles)
        configuration["tokenizer_class"] = "GPT2Tokenizer"
        configuration["add_prefix_space"] = .bool(addsPrefixSpace)
        configuration["clean_up_tokenization_spaces"] = false
        configuration["model_max_length"] = .integer(maximumLength)
        configuration["added_tokens_decoder"] = .object(
            JSONObject(
                members: addedTokens.map { token in
                    var json = token.json
                    if case .object(var object) = json {
                        object["id"] = nil
                        json = .object(object)
                    }
                    return .init(name: "\(token.id)", value: json)
                }))
        return [
            ("tokenizer.json", bytes(wholeJSON)), ("vocab.json", bytes(vocabularyJSON)), ("merges.txt", mergeLines),
            ("tokenizer_config.json", bytes(.object(configuration))),
            ("special_tokens_map.json", bytes(.object(specialTokens(roles)))),
        ]
    }

    private func specialTokens(_ roles: Roles?) -> JSONObject {
        var object = JSONObject()
        guard let roles else { return object }
        object["bos_token"] = .string(roles.beginning)
        object["eos_token"] = .string(roles.end)
        object["unk_token"] = .string(roles.beginning)
        object["pad_token"] = .string(roles.padding)
        let named = [roles.beginning, roles.end, roles.padding]
        let others = addedTokens.filter { $0.isSpecial && !named.contains($0.content) }
        object["additional_special_tokens"] = .array(others.map { .string($0.content) })
        return object
    }

    private var vocabularyJSON: JSONValue {
        .object(
            JSONObject(
                members: vocabulary.map {
                    .init(name: String(decoding: $0.content, as: UTF8.self), value: .integer(Int($0.id)))
                }))
    }

    private var mergeLines: [UInt8] {
        merges.reduce(into: Array("#version: 0.2\n".utf8)) { bytes, merge in
            bytes += merge.left + [0x20] + merge.right + [0x0A]
        }
    }

    private var wholeJSON: JSONValue {
        func byteLevel(prefixSpace: Bool, trim: Bool) -> JSONValue {
            [
                "type": "ByteLevel", "add_prefix_space": .bool(prefixSpace), "trim_offsets": .bool(trim),
                "use_regex": .bool(splitsIntoWords),
            ]
        }
        return [
            "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(addedTokens.map(\.json)),
            "normalizer": .null, "pre_tokenizer": byteLevel(prefixSpace: addsPrefixSpace, trim: true),
            "post_processor": byteLevel(prefixSpace: true, trim: false),
            "decoder": byteLevel(prefixSpace: true, trim: true),
            "model": [
                "type": "BPE", "dropout": .null,
                "unk_token": unknownToken.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null,
                "continuing_subword_prefix": .null, "end_of_word_suffix": .null, "fuse_unk": .bool(fusesUnknown),
                "byte_fallback": false, "ignore_merges": .bool(ignoresMergesOfKnownWords), "vocab": vocabularyJSON,
                "merges": .array(
                    merges.map { merge in
                        .array([merge.left, merge.right].map { .string(String(decoding: $0, as: UTF8.self)) })
                    }),
            ],
        ]
    }
}
