import ArgumentParser
import Generation
import JSONText
import Tokenization
import Worker

struct ScoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "How likely a continuation is: log-probabilities of its tokens.",
        discussion: """
            in:  {"id", "prompt_ids", "continuation_ids"}, or "prompt" and "continuation" as texts
            out: {"id", "logprobs": [...], "sum"}   nats

            EXAMPLES
              echo '{"id": 1, "prompt": "Bees make", "continuation": " honey"}' | nightshift engine score --model ./gpt-j-6b
            """)

    @OptionGroup var options: ModelOptions

    func run() async throws {
        let loaded = try options.load()
        let reader = SequenceReader(model: loaded.makeModel(), adapters: loaded.adapters.mix)
        try await LineService().run { fields, emit in
            try fields.refuseUnknown(["prompt", "prompt_ids", "continuation", "continuation_ids", "allow_special"])
            let prompt = try fields.tokens("prompt", idsName: "prompt_ids", tokenizer: loaded.tokenizer)
            let continuation = try fields.tokens(
                "continuation", idsName: "continuation_ids", tokenizer: loaded.tokenizer)
            guard !prompt.isEmpty else { throw RequestError("the prompt has no tokens; give at least one") }
            var logprobs: [Double] = []
            // The last token's own logits are nobody's.
            let tokens = prompt + continuation
            for token in tokens where token < 0 || Int(token) >= loaded.vocabularySize {
                throw RequestError("token \(token) isn't in the vocabulary")
            }
            if !continuation.isEmpty {
                try reader.read(tokens.dropLast(), from: prompt.count - 1) { position, logits in
                    try logits.requireFinite(position: position)
                    logprobs.append(LogProbabilities.of(tokens[position + 1], in: logits))
                }
            }
            var writer = JSONWriter()
            writer.append([
                "id": fields.id, "logprobs": .array(logprobs.map { .number($0) }),
                "sum": .number(logprobs.reduce(0, +)),
            ])
            try emit(writer.bytes)
        }
    }
}
