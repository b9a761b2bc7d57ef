import ArgumentParser
import JSONText
import Tokenization

struct TokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Texts to token ids.",
        discussion: """
            in:  {"id", "text", "allow_special"}   allow_special: true parses special tokens such as <|endoftext|>
            out: {"id", "ids"}

            EXAMPLES
              echo '{"id": 1, "text": "Bees make honey."}' | nightshift engine tokenize --model ./gpt-j-6b
            """)

    @OptionGroup var options: ModelOptions

    func run() async throws {
        let tokenizer = try options.loadTokenizer()
        try await LineService().run { fields, emit in
            try fields.refuseUnknown(["text", "allow_special"])
            guard let text = try fields.string("text") else { throw RequestError("text is missing") }
            let ids = tokenizer.encode(text, allowSpecial: try fields.bool("allow_special") ?? false)
            var writer = JSONWriter()
            writer.append(["id": fields.id, "ids": .array(ids.map { .integer(Int($0)) })])
            try emit(writer.bytes)
        }
    }
}

struct DetokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detokenize",
        abstract: "Token ids to texts.",
        discussion: """
            in:  {"id", "ids", "skip_special"}   skip_special: true leaves special tokens out
            out: {"id", "text"}                  invalid UTF-8 becomes U+FFFD

            EXAMPLES
              echo '{"id": 1, "ids": [3856, 274]}' | nightshift engine detokenize --model ./gpt-j-6b
            """)

    @OptionGroup var options: ModelOptions

    func run() async throws {
        let tokenizer = try options.loadTokenizer()
        try await LineService().run { fields, emit in
            try fields.refuseUnknown(["ids", "skip_special"])
            guard let ids = try fields.tokens("ids") else { throw RequestError("ids is missing") }
            if let stranger = ids.first(where: { tokenizer.bytes(of: $0) == nil }) {
                throw RequestError("ids: \(stranger) is no token of this tokenizer")
            }
            let text = tokenizer.decode(ids, skipSpecial: try fields.bool("skip_special") ?? false)
            var writer = JSONWriter()
            writer.append(["id": fields.id, "text": .string(text)])
            try emit(writer.bytes)
        }
    }
}
