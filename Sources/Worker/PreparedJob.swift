package import Generation
package import JobCatalog
package import JobStore
package import Tokenization

/// A claimed job turned into a request: its prompt is built, tokenized and known to fit.
package struct PreparedJob: Sendable {
    package let request: GenerationRequest
    package let prompt: RenderedPrompt
    /// The document was cut to fit.
    package let isTruncated: Bool
    /// What grounding is measured against.
    package let input: String
    package let seed: UInt64
}

/// Why a job can't be turned into a request. Another attempt would end the same.
package struct JobRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// For programs: `unknown_kind`, `invalid_job`, `document_too_long`, `unsupported`.
    package let code: String
    /// For people.
    package let description: String
}

/// Turns jobs into requests, by the catalog's definitions and the model's tokenizer.
package struct JobPreparation: Sendable {
    package let catalog: JobCatalog
    package let tokenizer: Tokenizer
    package let contextLength: Int
    package let endTokens: Set<TokenID>
    package let style: PromptStyle

    package init(
        catalog: JobCatalog, tokenizer: Tokenizer, contextLength: Int, endTokens: Set<TokenID>, style: PromptStyle
    ) {
        self.catalog = catalog
        self.tokenizer = tokenizer
        self.contextLength = contextLength
        self.endTokens = endTokens
        self.style = style
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
        do {
            rendered = try catalog.definition(named: job.kind).prompt(style: style, inputs: inputs)
        } catch {
            throw Self.refusal(for: error)
        }
        if rendered.adapter != nil {
            throw JobRefusal(
                code: "unsupported",
                description: "the definition of '\(job.kind)' asks for an adapter, which this version doesn't have")
        }
        let fitted = try fit(rendered, document: inputs.document ?? "")
        let seed = rendered.parameters.seed.map { UInt64($0) } ?? Self.seed(for: job.id)
        return PreparedJob(
            request: GenerationRequest(
                prompt: fitted.tokens,
                parameters: DecodingParameters(
                    rendered.parameters, tokenizer: tokenizer, endTokens: endTokens, seed: seed),
                stopStrings: rendered.stopStrings, constraint: rendered.constraint, document: inputs.document,
                priority: job.priority),
            prompt: fitted.prompt, isTruncated: fitted.isTruncated, input: inputs.document ?? "", seed: seed)
    }

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

    private func fit(
        _ prompt: RenderedPrompt, document: String
    ) throws(JobRefusal) -> (prompt: RenderedPrompt, tokens: [TokenID], isTruncated: Bool) {
        let limit = min(contextLength - prompt.outputTokenBudget, prompt.inputTokenBudget ?? .max)
        let tokens = tokenizer.encode(prompt.pieces)
        if tokens.count <= limit { return (prompt, tokens, false) }
        if prompt.overflow == .truncatePrompt, limit > 0 { return (prompt, Array(tokens.prefix(limit)), true) }
        guard prompt.overflow == .truncate else {
            throw tooLong(prompt, tokens: tokens.count, limit: limit)
        }
        guard let cut = truncate(prompt, document: document, excess: tokens.count - limit, limit: limit) else {
            throw tooLong(prompt, tokens: tokens.count, limit: limit)
        }
        return (cut.prompt, cut.tokens, true)
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
    ) -> (prompt: RenderedPrompt, tokens: [TokenID])? {
        let ids = tokenizer.encode(document)
        let copies = max(prompt.documentPieces.count, 1)
        var kept = ids.count - (excess + copies - 1) / copies
        while kept >= 0 {
            // Cutting may change how the border is tokenized, so that the result is measured anew.
            let shortened = prompt.replacingDocument(with: Self.wholeCharacters(tokenizer.decode(ids.prefix(kept))))
            let tokens = tokenizer.encode(shortened.pieces)
            if tokens.count <= limit { return (shortened, tokens) }
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
