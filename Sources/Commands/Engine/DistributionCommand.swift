import ArgumentParser
import Generation
import JSONText
import Worker

struct DistributionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distribution",
        abstract: "What the sampler would draw from, step by step.",
        discussion: """
            in:  {"id", "prompt_ids", "continuation_ids", sampling fields as in 'engine generate'}
            out: {"id", "probabilities": [[...], ...]}   one row for each id of the continuation

            EXAMPLES
              echo '{"id": 1, "prompt_ids": [3856], "continuation_ids": [274], "do_sample": true, "top_k": 5}' \
            | nightshift engine distribution --model ./gpt-j-6b
            """)

    @OptionGroup var options: ModelOptions

    func run() async throws {
        let loaded = try options.load()
        let reader = SequenceReader(model: loaded.makeModel(), adapters: loaded.adapters.mix)
        try await LineService().run { fields, emit in
            try fields.refuseUnknown(
                DecodingFields.names.union([
                    "prompt", "prompt_ids", "continuation", "continuation_ids", "allow_special",
                ]))
            let prompt = try fields.tokens("prompt", idsName: "prompt_ids", tokenizer: loaded.tokenizer)
            let continuation = try fields.tokens(
                "continuation", idsName: "continuation_ids", tokenizer: loaded.tokenizer)
            guard !prompt.isEmpty else { throw RequestError("the prompt has no tokens; give at least one") }
            var parameters = try DecodingFields(fields, configuration: loaded.configuration).parameters
            parameters.beamCount = 1
            // A distribution is what is drawn from, whether or not the request says that it would be.
            parameters.doSample = true
            parameters.maxNewTokens = max(parameters.maxNewTokens, continuation.count)
            try parameters.validate(vocabularySize: loaded.vocabularySize)
            let sampler = Sampler(parameters, tokenCount: loaded.tokenCount)
            let tokens = prompt + continuation
            var writer = JSONWriter()
            writer.appendRaw("{\"id\":")
            writer.append(fields.id)
            writer.appendRaw(",\"probabilities\":[")
            if !continuation.isEmpty {
                try reader.read(tokens.dropLast(), from: prompt.count - 1) { position, logits in
                    if position >= prompt.count { writer.appendRaw(",") }
                    let known = Array(tokens[...position])
                    let row = try sampler.distribution(
                        logits, tokens: known, generated: known.count - prompt.count)
                    writer.append(list: row) { $0.append($1) }
                }
            }
            writer.appendRaw("]}")
            try emit(writer.bytes)
        }
    }
}
