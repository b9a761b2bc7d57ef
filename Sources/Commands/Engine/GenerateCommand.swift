import ArgumentParser
import Generation
import JSONText
import JobStore
import Tokenization
import Worker

struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Prompts to texts; many at once, answers as they finish.",
        discussion: """
            in:  {"id", "prompt" or "prompt_ids", "max_new_tokens", "min_new_tokens", "do_sample", "temperature",
                 "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff", "repetition_penalty",
                 "no_repeat_ngram_size", "bad_words_ids", "suppress_tokens", "num_beams", "early_stopping",
                 "length_penalty", "length_penalty_includes_prompt", "num_return_sequences", "seed", "stop": [...],
                 "eos_token_id", "logprobs": n, "allow_special", "skip_special_tokens", "constraint", "document",
                 "max_cycle_repeats", "adapter"}
                 Names and meanings are those of HuggingFace's generate; what isn't named is off. eos_token_id: one id,
                 a list, or null for none; by default the model's own. max_new_tokens: 20 by default.
                 length_penalty_includes_prompt (ours): the length counts the prompt and not the end token, as in
                 HuggingFace before transformers#27351, which MLPerf's GPT-J figures were made with.
                 max_cycle_repeats (ours): ends a text whose last tokens are one cycle of up to 64 tokens so many times
                 over, and at least 32 tokens; 0, the default, lets it go on.
                 adapter: a LoRA adapter by name or path, "tales" or "tales=0.5", several with commas between them, or
                 "none"; by default those of --adapter.
                 constraint: {"choices": ["yes", "no"]}, {"regex": "[0-9]{4}"}, {"json": {schema}}, or "json" for any
                 JSON; Docs/constraints.md tells what is understood.
                 "span" or {"span": {"max_words": 40, "min_words": 2}}: a passage of the document, word for word;
                 "sentences" or {"sentences": {"max": 3, "min_words": 4}}: whole sentences of it, in its order.
                 The text ends where nothing may follow; end tokens are allowed only where it may end.
            out: {"id", "sequence", "ids", "text", "finish_reason", "score", "prompt_tokens", "cached_tokens",
                 "completion_tokens", "guessed_tokens", "right_guesses", "prompt_ms", "generate_ms"}
                 One line a returned sequence. sequence: 0 for the best of a beam search, or the first draw. score: of a
                 beam search HuggingFace's sequences_scores, else the mean log-probability of the tokens. ids hold the
                 end token where one ended the text; text doesn't. guessed_tokens: read ahead on a guess; right_guesses:
                 those that came true, each of which saved a step. "incomplete" (with a constraint): whether the text
                 was cut off before it met the constraint. "stopped_by": "repetition" where max_cycle_repeats ended it.
                 quotations (with "span" and "sentences"): where the document holds them, [{"begin", "end"}] in
                 characters from 0; text is the quotations alone, each on a line of its own.

            EXAMPLES
              echo '{"id": 1, "prompt": "Bees make", "max_new_tokens": 8}' | nightshift engine generate --model ./gpt-j-6b
            """)

    @OptionGroup var options: ModelOptions

    private static let fieldNames = DecodingFields.names.union([
        "prompt", "prompt_ids", "stop", "logprobs", "allow_special", "skip_special_tokens", "document", "constraint",
        "adapter",
    ])

    func run() async throws {
        let loaded = try options.load()
        let service = loaded.makeService()
        let constraints = ConstraintCache()
        let input = StandardInput()
        let failures = try await withThrowingTaskGroup(of: Int.self) { group in
            var failures = 0
            var running = 0
            // Enough requests to fill the batch, not all of a long input at once.
            let window = 4 * loaded.limits.rows
            while let line = try await input.nextLine() {
                if running == window {
                    failures += try await group.next() ?? 0
                    running -= 1
                }
                group.addTask { try await Self.answer(line, loaded, service, constraints) }
                running += 1
            }
            for try await count in group { failures += count }
            return failures
        }
        try LineService.finish(failures: failures)
    }

    /// Answers one line; returns the number of failures, 0 or 1.
    private static func answer(
        _ line: [UInt8], _ loaded: LoadedModel, _ service: GenerationService, _ constraints: ConstraintCache
    ) async throws -> Int {
        var id = JSONValue.null
        do {
            let fields = try LineService.parse(line)
            id = fields.id
            let request = try request(from: fields, loaded, constraints)
            let outputs = try await outputs(of: request, loaded, service)
            for (sequence, output) in outputs.enumerated() {
                try Console.write(Self.line(id: id, sequence: sequence, output, request) + [0x0A])
            }
            return 0
        } catch let error as CommandError {
            throw error
        } catch {
            try LineService.report(error, id: id)
            return 1
        }
    }

    /// All texts that a request asks for, by rank.
    private static func outputs(
        of request: GenerationRequest, _ loaded: LoadedModel, _ service: GenerationService
    ) async throws -> [GenerationOutput] {
        let parameters = request.parameters
        guard parameters.doSample, parameters.sequenceCount > 1 else { return try await service.generate(request).all }
        if parameters.sequenceCount <= loaded.limits.rows {
            // The prompt is read once for all draws, where there is memory for all of them.
            do { return try await service.generate(request).all } catch GenerationError.memoryExceeded {}
        }
        try parameters.validate(vocabularySize: loaded.vocabularySize)
        return try await withThrowingTaskGroup(of: (Int, GenerationOutput).self) { group in
            for index in 0..<parameters.sequenceCount {
                var draw = request
                draw.parameters = parameters.draw(index)
                group.addTask { [draw] in (index, try await service.generate(draw)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private static func request(
        from fields: RequestFields, _ loaded: LoadedModel, _ constraints: ConstraintCache
    ) throws -> GenerationRequest {
        try fields.refuseUnknown(fieldNames)
        let decoding = try DecodingFields(fields, configuration: loaded.configuration)
        let stops = try fields.strings("stop") ?? []
        if !stops.isEmpty, loaded.tokenizer == nil {
            throw RequestError("stop: the model has no tokenizer, so that its output has no text")
        }
        if stops.contains("") { throw RequestError("stop: an empty string would end every text") }
        let logprobs = try fields.integer("logprobs") ?? 0
        guard (0...100).contains(logprobs) else { throw RequestError("logprobs is \(logprobs); allowed: 0 to 100") }
        let prompt = try fields.tokens("prompt", idsName: "prompt_ids", tokenizer: loaded.tokenizer)
        let skipsSpecial = try fields.bool("skip_special_tokens") ?? false
        return GenerationRequest(
            prompt: prompt, parameters: decoding.parameters, stopStrings: stops, topLogprobs: logprobs,
            skipSpecialTokens: skipsSpecial,
            constraint: try fields["constraint"].map { try constraints.constraint($0) },
            document: try fields.string("document"),
            adapters: try fields.string("adapter").map { try loaded.adapterLibrary.adapters(named: $0).mix }
                ?? loaded.adapters.mix)
    }

    private static func line(
        id: JSONValue, sequence: Int, _ output: GenerationOutput, _ request: GenerationRequest
    ) -> [UInt8] {
        var object: JSONObject = [
            "id": id,
            "sequence": .integer(sequence),
            "ids": .array(output.tokens.map { .integer(Int($0)) }),
            "text": .string(output.text),
            "finish_reason": .string(output.finishReason.rawValue),
            "score": (output.sequenceScore ?? output.meanLogprob).map { .number($0) } ?? .null,
            "prompt_tokens": .integer(output.promptTokens),
            "cached_tokens": .integer(output.cachedTokens),
            "completion_tokens": .integer(output.tokens.count),
            "guessed_tokens": .integer(output.guessedTokens),
            "right_guesses": .integer(output.rightGuesses),
            "prompt_ms": .number(output.promptDuration.milliseconds),
            "generate_ms": .number(output.generateDuration.milliseconds),
        ]
        if let meetsConstraint = output.meetsConstraint { object["incomplete"] = .bool(!meetsConstraint) }
        if request.constraint?.dependsOnDocument == true, let document = request.document {
            object["quotations"] = .array(
                output.quotations.map { Quotation(bytes: $0, of: document) }.map {
                    ["begin": .integer($0.begin), "end": .integer($0.end)]
                })
        }
        if let stoppedBy = output.stoppedBy { object["stopped_by"] = .string(stoppedBy.rawValue) }
        if !output.topLogprobs.isEmpty {
            object["token_logprobs"] = .array(output.tokenLogprobs.map { .number($0) })
            object["top_logprobs"] = .array(
                output.topLogprobs.map { step in
                    .array(step.map { ["id": .integer(Int($0.token)), "logprob": .number($0.logprob)] })
                })
        }
        var writer = JSONWriter()
        writer.append(.object(object))
        return writer.bytes
    }
}

extension Duration {
    /// Milliseconds, rounded to microseconds.
    var milliseconds: Double {
        let (seconds, attoseconds) = components
        return (Double(seconds) * 1e6 + (Double(attoseconds) / 1e12).rounded()) / 1e3
    }
}
