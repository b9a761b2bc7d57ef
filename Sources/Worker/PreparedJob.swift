package import Generation
import JSONText
package import JobCatalog
package import JobStore
import Passages
package import Tokenization

/// A claimed job turned into a request: its prompt is built, tokenized and known to fit.
package struct PreparedJob: Sendable {
    package let request: GenerationRequest
    /// Scores the text that says that the document doesn't tell.
    package let noAnswerRequest: GenerationRequest?
    package let prompt: RenderedPrompt
    /// The document was cut to fit.
    package let isTruncated: Bool
    /// What grounding is measured against.
    package let input: String
    package let seed: UInt64
    package let adapters: JobAdapters
    /// How the text is asked for, for the record.
    package let source: JobResult.Source
}

/// Why a job can't be turned into a request.
package struct JobRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// For programs: `unknown_kind`, `invalid_job`, `document_too_long`, `adapter`, `unsupported`.
    package let code: String
    /// For people.
    package let description: String
    /// Another attempt would end the same.
    package var isPermanent = true
}

/// Turns jobs into requests, by the catalog's definitions and the model's tokenizer.
package struct JobPreparation: Sendable {
    package let catalog: JobCatalog
    package let tokenizer: Tokenizer
    package let contextLength: Int
    package let endTokens: Set<TokenID>
    package let style: PromptStyle
    /// For jobs and kinds that name none.
    package let adapters: JobAdapters
    package let adapterFinder: (any AdapterFinder)?

    package init(
        catalog: JobCatalog, tokenizer: Tokenizer, contextLength: Int, endTokens: Set<TokenID>, style: PromptStyle,
        adapters: JobAdapters = .none, adapterFinder: (any AdapterFinder)? = nil
    ) {
        self.catalog = catalog
        self.tokenizer = tokenizer
        self.contextLength = contextLength
        self.endTokens = endTokens
        self.style = style
        self.adapters = adapters
        self.adapterFinder = adapterFinder
    }

    /// - throws: ``JobRefusal``.
    package func prepare(_ job: ClaimedJob) throws(JobRefusal) -> PreparedJob {
        if let template = job.template {
            throw JobRefusal(
                code: "unsupported",
                description: "the job names the stored template '\(template.name)'; this version uses the kind's own. "
                    + "Clear the column template_id, or put the template into a definition of your own")
        }
        let inputs = try inputs(of: job)
        let rendered: RenderedPrompt
        let source: JobResult.Source
        do {
            let definition = try catalog.definition(named: job.kind)
            rendered = try definition.prompt(style: style, inputs: inputs)
            source = JobResult.Source(definition: definition.yaml, style: style.rawValue)
        } catch {
            throw Self.refusal(for: error)
        }
        let adapters = try adapters(named: rendered.adapter)
        let fitted = try fit(rendered, document: inputs.document ?? "")
        let seed = rendered.parameters.seed.map { UInt64($0) } ?? Self.seed(for: job.id)
        let request = GenerationRequest(
            prompt: fitted.tokens,
            parameters: DecodingParameters(
                rendered.parameters, tokenizer: tokenizer, endTokens: endTokens, seed: seed),
            stopStrings: rendered.stopStrings, constraint: rendered.constraint, document: fitted.document,
            adapters: adapters.mix, priority: job.priority)
        return PreparedJob(
            request: request,
            noAnswerRequest: try rendered.noAnswer.map { noAnswer throws(JobRefusal) in
                try self.request(scoring: noAnswer.text, after: request)
            },
            prompt: fitted.prompt, isTruncated: fitted.isTruncated, input: inputs.document ?? "", seed: seed,
            adapters: adapters, source: source)
    }

    private func adapters(named names: String?) throws(JobRefusal) -> JobAdapters {
        guard let names else { return adapters }
        guard let adapterFinder else {
            throw JobRefusal(code: "adapter", description: "adapter '\(names)': this engine takes no adapters")
        }
        do {
            return try adapterFinder.adapters(named: names)
        } catch {
            throw JobRefusal(code: "adapter", description: error.description, isPermanent: !error.isPassing)
        }
    }

    /// A request that can bring nothing but a text, with or without a space before it as words of byte-level tokens have
    /// one.
    private func request(
        scoring text: String, after request: GenerationRequest
    ) throws(JobRefusal) -> GenerationRequest {
        var scoring = request
        // The model may write it in other tokens than the tokenizer would.
        scoring.parameters = DecodingParameters(
            maxNewTokens: min(tokenizer.encode(" " + text).count + 4, contextLength - request.prompt.count))
        scoring.stopStrings = []
        scoring.document = nil
        do {
            scoring.constraint = try Self.constraints.constraint(
                ["choices": [.string(text), .string(" " + text)]])
        } catch {
            throw JobRefusal(code: "invalid_job", description: "no_answer_text: \(error)")
        }
        return scoring
    }

    private static let constraints = ConstraintCache()

    private func inputs(of job: ClaimedJob) throws(JobRefusal) -> JobInputs {
        do {
            return JobInputs(
                document: job.text, title: job.document?.title, question: job.question,
                options: try JobOptions.parse(json: job.optionsJSON))
        } catch {
            throw Self.refusal(for: error)
        }
    }

    private static func refusal(for error: any Error) -> JobRefusal {
        let code =
            switch error {
            case JobCatalogError.unknownKind: "unknown_kind"
            case JobCatalogError.missingInput(_, .question): "missing_question"
            case JobCatalogError.missingInput(_, .document): "missing_document"
            default: "invalid_job"
            }
        return JobRefusal(code: code, description: String(describing: error))
    }

    // MARK: - Length

    /// The beginning of a document without a sentence that was cut in two, as far as it has any that wasn't.
    private static func wholeSentences(of beginning: String, in document: String) -> String {
        let length = beginning.utf8.count
        var end = 0
        for sentence in Sentences(of: document) {
            if sentence.upperBound > length { break }
            end = sentence.upperBound
        }
        return end > 0 ? String(decoding: beginning.utf8.prefix(end), as: UTF8.self) : beginning
    }

    /// A prompt that fits, and what may be quoted of the document: all of it or its beginning.
    private struct Fitted {
        let prompt: RenderedPrompt
        let tokens: [TokenID]
        let document: String
        var isTruncated = false
    }

    private func fit(
        _ prompt: RenderedPrompt, document: String
    ) throws(JobRefusal) -> Fitted {
        let limit = min(contextLength - prompt.outputTokenBudget, prompt.inputTokenBudget ?? .max)
        let tokens = tokenizer.encode(prompt.pieces)
        if tokens.count <= limit { return Fitted(prompt: prompt, tokens: tokens, document: document) }
        if prompt.overflow == .truncatePrompt, limit > 0 {
            return Fitted(prompt: prompt, tokens: Array(tokens.prefix(limit)), document: document, isTruncated: true)
        }
        guard prompt.overflow == .truncate else {
            throw tooLong(prompt, tokens: tokens.count, limit: limit)
        }
        guard let cut = truncate(prompt, document: document, excess: tokens.count - limit, limit: limit) else {
            throw tooLong(prompt, tokens: tokens.count, limit: limit)
        }
        return cut
    }

    private func tooLong(_ prompt: RenderedPrompt, tokens: Int, limit: Int) -> JobRefusal {
        let wanted =
            switch prompt.overflow {
            case .refuse, .truncate, .truncatePrompt: ""
            case .mapReduce, .retrieve:
                " ('\(prompt.overflow.rawValue)' isn't there yet)"
            }
        return JobRefusal(
            code: "document_too_long",
            description: "the prompt has \(tokens) tokens; \(max(limit, 0)) fit beside \(prompt.outputTokenBudget) of "
                + "output in the model's context of \(contextLength)\(wanted). Split the document, lower max_new_tokens, "
                + "or add the job with -o overflow=truncate to use its beginning")
    }

    /// Shortens the document until the prompt fits; `nil` when the prompt doesn't fit without any document.
    private func truncate(
        _ prompt: RenderedPrompt, document: String, excess: Int, limit: Int
    ) -> Fitted? {
        let ids = tokenizer.encode(document)
        let copies = max(prompt.documentPieces.count, 1)
        var kept = ids.count - (excess + copies - 1) / copies
        while kept >= 0 {
            // Cutting may change how the border is tokenized, so that the result is measured anew.
            let beginning = Self.wholeCharacters(tokenizer.decode(ids.prefix(kept)))
            let shortened = prompt.replacingDocument(with: beginning)
            let tokens = tokenizer.encode(shortened.pieces)
            if tokens.count <= limit {
                return Fitted(
                    prompt: shortened, tokens: tokens, document: Self.wholeSentences(of: beginning, in: document),
                    isTruncated: true)
            }
            kept -= max(1, (tokens.count - limit + copies - 1) / copies)
        }
        return nil
    }

    /// Without the replacement character that a character cut in two ends in.
    private static func wholeCharacters(_ text: String) -> String {
        var scalars = text.unicodeScalars
        while scalars.last == "\u{FFFD}" { scalars.removeLast() }
        return String(scalars)
    }

    /// A seed for a job that names none: the same at every attempt, another one for every job.
    private static func seed(for job: Int64) -> UInt64 {
        var z = UInt64(bitPattern: job) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        // Fits the column's signed integer.
        return (z ^ (z >> 31)) >> 1
    }
}

extension DecodingParameters {
    /// The catalog's parameters as the engine takes them.
    init(_ parameters: DecodingOptions, tokenizer: Tokenizer, endTokens: Set<TokenID>, seed: UInt64) {
        self.init(maxNewTokens: parameters.maximumNewTokens)
        minNewTokens = parameters.minimumNewTokens
        doSample = parameters.isSampling
        temperature = parameters.temperature
        topK = parameters.topK
        topP = parameters.topP
        minP = parameters.minP
        typicalP = parameters.typicalP
        epsilonCutoff = parameters.epsilonCutoff
        etaCutoff = parameters.etaCutoff
        repetitionPenalty = parameters.repetitionPenalty
        noRepeatNgramSize = parameters.noRepeatNgramSize
        maxCycleRepeats = parameters.maximumCycleRepeats
        badWords = parameters.badWordIDs + Self.spellings(of: parameters.badWords, tokenizer)
        suppressedTokens = Set(parameters.suppressedTokens)
        beamCount = parameters.beamCount
        lengthPenalty = parameters.lengthPenalty
        lengthPenaltyIncludesPrompt = parameters.lengthPenaltyIncludesPrompt
        earlyStopping =
            switch parameters.earlyStopping {
            case .atOnce: .atOnce
            case .heuristic: .heuristic
            case .never: .never
            }
        self.endTokens = endTokens
        self.seed = seed
    }
    /// The tokens of each text as a word: at the beginning of an output, and after a space.
    private static func spellings(of words: [String], _ tokenizer: Tokenizer) -> [[TokenID]] {
        words.flatMap { [tokenizer.encode($0), tokenizer.encode(" " + $0)] }.filter { !$0.isEmpty }
    }
}
