package import Generation
import JSONText
package import JobCatalog
package import JobStore
import Passages
package import Tokenization

/// What is to be done with a claimed job.
package enum JobPlan: Sendable {
    /// A text is to be generated.
    case generate(PreparedJob)
    /// Its text is too long: parts of it are to be worked on first.
    case divide(JobDivision)
    /// Its text is there already.
    case write(JobResult)
}

/// A claimed job turned into a request: its prompt is built, tokenized and known to fit.
package struct PreparedJob: Sendable {
    package let request: GenerationRequest
    /// Scores the text that says that the document doesn't tell.
    package let noAnswerRequest: GenerationRequest?
    package let prompt: RenderedPrompt
    /// The document was cut to fit.
    package let isTruncated: Bool
    /// What of it the model doesn't see, in words.
    package let leftOut: String?
    /// What grounding is measured against.
    package let input: String
    package let seed: UInt64
    package let adapters: JobAdapters
    /// How the text is asked for, for the record.
    package let source: JobResult.Source
    /// Where what is quoted of the request's document stands in the job's text.
    let quotable: QuotableText
    /// The passages of a long text that the prompt holds.
    var evidence: [Evidence] = []
    /// Of how many parts of the text the result is made.
    var partCount: Int?
    /// Of a part: names all that its result follows from.
    var cacheKey: String?
}

/// Why a job can't be turned into a request.
package struct JobRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// For programs: `unknown_kind`, `invalid_job`, `document_too_long`, `part_too_long`, `adapter`, `missing_turn`.
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
    /// Of the weights, as far as they are known.
    package let model: String
    /// For jobs and kinds that name none.
    package let adapters: JobAdapters
    package let adapterFinder: (any AdapterFinder)?
    let library = PassageLibrary()

    package init(
        catalog: JobCatalog, tokenizer: Tokenizer, contextLength: Int, endTokens: Set<TokenID>, style: PromptStyle,
        model: String = "", adapters: JobAdapters = .none, adapterFinder: (any AdapterFinder)? = nil
    ) {
        self.catalog = catalog
        self.tokenizer = tokenizer
        self.contextLength = contextLength
        self.endTokens = endTokens
        self.style = style
        self.model = model
        self.adapters = adapters
        self.adapterFinder = adapterFinder
    }

    /// What to do with a job. A part of another job is never divided again.
    ///
    /// - throws: ``JobRefusal``.
    package func plan(_ job: ClaimedJob) throws(JobRefusal) -> JobPlan {
        let inputs = try inputs(of: job)
        let (definition, rendered) = try render(job, inputs)
        let task = LongTask(job: job, definition: definition, prompt: rendered, document: inputs.document ?? "")
        if !job.parts.isEmpty, rendered.overflow.dividesIntoParts { return try combine(task) }
        let room = PromptRoom(rendered, tokenizer: tokenizer, contextLength: contextLength)
        if rendered.overflow == .sections {
            if job.isPart, let text = Self.kept(task.document) { return .write(text) }
            if let division = try sections(task, room) { return .divide(division) }
        }
        let tokens = tokenizer.encode(rendered.pieces)
        if tokens.count <= room.limit {
            return .generate(try prepared(task, rendered, tokens: tokens, QuotableText(task.document)))
        }
        if job.isPart {
            throw JobRefusal(
                code: "part_too_long",
                description: "this part of job \(job.parentID ?? 0) has \(tokens.count) tokens with its prompt, and "
                    + "\(max(room.limit, 0)) fit: it was made for a longer context. To have the job divided anew, delete "
                    + "its parts (DELETE FROM jobs WHERE parent_id = \(job.parentID ?? 0)) and retry it")
        }
        switch rendered.overflow {
        case .mapReduce: return .divide(try division(task, room, tokens: tokens.count))
        case .retrieve: return try retrieve(task, room, tokens: tokens.count)
        case .refuse, .sections: throw tooLong(rendered, tokens: tokens.count, room)
        case .truncate, .truncatePrompt:
            let cut = try truncate(task, room, tokens: tokens)
            return .generate(
                try prepared(
                    task, cut.prompt, tokens: cut.tokens, QuotableText(cut.document), isTruncated: true))
        case .newestTurns:
            guard let fitted = rendered.fittingTurns(into: room.limit, by: tokenizer) else {
                throw tooLong(rendered, tokens: tokens.count, room)
            }
            return .generate(
                try prepared(
                    task, fitted.prompt, tokens: fitted.tokens, QuotableText(task.document), isTruncated: true,
                    leftOut: fitted.note))
        }
    }

    /// - throws: ``JobRefusal``, also for a job that has to be divided.
    package func prepare(_ job: ClaimedJob) throws(JobRefusal) -> PreparedJob {
        if case .generate(let prepared) = try plan(job) { return prepared }
        throw JobRefusal(
            code: "document_too_long", description: "the document is too long for one prompt; add the job to a queue")
    }

    private func render(
        _ job: ClaimedJob, _ inputs: JobInputs
    ) throws(JobRefusal) -> (JobDefinition, RenderedPrompt) {
        do {
            let stored = try job.template.map {
                try StoredTemplate(
                    name: $0.name, version: $0.version, body: $0.body, optionsJSON: $0.optionsJSON)
            }
            let definition = try catalog.definition(named: job.kind)
            return (definition, try definition.prompt(style: style, inputs: inputs, stored: stored))
        } catch {
            throw Self.refusal(for: error)
        }
    }

    /// The request of a prompt that is known to fit.
    func prepared(
        _ task: LongTask, _ prompt: RenderedPrompt, tokens: [TokenID], _ quotable: QuotableText,
        isTruncated: Bool = false,
        leftOut: String? = nil
    ) throws(JobRefusal) -> PreparedJob {
        let job = task.job
        let adapters = try adapters(named: prompt.adapter)
        let key = job.isPart ? cacheKey(task, prompt, tokens: tokens, adapters) : nil
        let seed =
            prompt.parameters.seed.map { UInt64($0) }
            // The same part gives the same text, whichever job it is a part of.
            ?? key.map { Self.seed(for: Int64(truncatingIfNeeded: UInt64($0.prefix(15), radix: 16) ?? 0)) }
            ?? Self.seed(for: job.id)
        let request = GenerationRequest(
            prompt: tokens,
            parameters: DecodingParameters(prompt.parameters, tokenizer: tokenizer, endTokens: endTokens, seed: seed),
            stopStrings: prompt.stopStrings, constraint: prompt.constraint, document: quotable.text,
            adapters: adapters.mix, priority: job.priority)
        var prepared = PreparedJob(
            request: request,
            noAnswerRequest: try prompt.noAnswer.map { noAnswer throws(JobRefusal) in
                try self.request(scoring: noAnswer.text, after: request)
            },
            prompt: prompt, isTruncated: isTruncated, leftOut: leftOut, input: task.document, seed: seed,
            adapters: adapters, source: JobResult.Source(definition: task.definition.yaml, style: style.rawValue),
            quotable: quotable)
        prepared.cacheKey = key
        return prepared
    }

    /// Names all that a part's result follows from: the model, its adapters, the definition, the options, and the tokens
    /// that are read.
    private func cacheKey(
        _ task: LongTask, _ prompt: RenderedPrompt, tokens: [TokenID], _ adapters: JobAdapters
    ) -> String {
        let texts = [
            model + adapters.fingerprints, task.job.kind, task.definition.yaml, prompt.style.rawValue,
            task.job.optionsJSON,
            task.job.question ?? "", task.job.template.map { "\($0.body)\u{0}\($0.optionsJSON)" } ?? "",
            "\(contextLength)", "\(task.job.isPart)",
        ]
        return ContentHash.of(
            texts.map { Array($0.utf8) } + [tokens.flatMap { withUnsafeBytes(of: $0.littleEndian) { Array($0) } }])
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
        // It was discarded when it was added; a retry can't read what isn't in the queue.
        if let reason = UnreadableDocument.reason(inMetadata: job.metadataJSON) {
            throw JobRefusal(
                code: UnreadableDocument.code, description: "\(reason); once it is put right, add it again")
        }
        do {
            var inputs = JobInputs(
                document: job.text, title: job.document?.title, question: job.question,
                options: try JobOptions.parse(json: job.optionsJSON))
            inputs.earlierTurns = try job.conversation.map { try Self.earlierTurn($0) }
            return inputs
        } catch let refusal as JobRefusal {
            throw refusal
        } catch {
            throw Self.refusal(for: error)
        }
    }

    private static func earlierTurn(_ job: ClaimedJob.EarlierJob) throws -> EarlierTurn {
        guard let text = job.text, let reply = job.reply else {
            throw JobRefusal(
                code: "missing_turn",
                description: "it goes on with the conversation of job \(job.id), whose text or result is gone. Put the "
                    + "whole conversation into the job's own text, and clear the column 'continues'")
        }
        return EarlierTurn(
            text: text, reply: reply, speaker: try JobOptions.parse(json: job.optionsJSON)["speaker"]?.plainText)
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
