/// How an attempt ended, in its worker's words.
public enum JobEnding: Sendable {
    /// The text is there.
    case completed(JobResult)
    /// It went wrong; whether it is tried again follows from the failure and the attempts left.
    case failed(JobFailure)
    /// The worker stops: the job goes back as if it had not been tried. `partialText` is kept with the attempt.
    case interrupted(partialText: String? = nil, figures: AttemptFigures = AttemptFigures())
    /// The job is divided: it waits for its parts, as if it had not been tried.
    case divided(JobDivision)
    /// The worker stopped because the job is cancelled.
    case cancelled(partialText: String? = nil, figures: AttemptFigures = AttemptFigures())

    package var figures: AttemptFigures {
        switch self {
        case .completed(let result): result.figures
        case .failed(let failure): failure.figures
        case .divided(let division): division.figures
        case .interrupted(_, let figures), .cancelled(_, let figures): figures
        }
    }

    /// The text that is kept with the attempt when it can't become the result.
    package var lateText: String? {
        switch self {
        case .completed(let result): result.text
        case .failed(let failure): failure.partialText
        case .divided: nil
        case .interrupted(let text, _), .cancelled(let text, _): text
        }
    }
}

/// Why a text ends where it does.
public enum FinishReason: String, Sendable, Hashable, Codable {
    case stop, length, cancelled, error
}

/// What an attempt cost. All times are wall time in milliseconds.
public struct AttemptFigures: Sendable, Hashable {
    /// The share of loading the model that is charged to this attempt.
    public var loadMilliseconds: Int?
    /// Evaluation of the prompt: the time to the first token.
    public var promptMilliseconds: Int?
    /// The rest of the tokens.
    public var generateMilliseconds: Int?
    /// From claim to finish; where it is `nil` the store takes it from the times of both.
    public var totalMilliseconds: Int?
    public var promptTokens: Int?
    /// Of the prompt's tokens, those whose keys and values were there already.
    public var cachedTokens: Int?
    public var completionTokens: Int?
    public var finishReason: FinishReason?
    public var peakRSSMegabytes: Double?
    /// Model file, quantisation and version: what it takes to do it again.
    public var engine: String?
    public var seed: Int64?

    public init(
        loadMilliseconds: Int? = nil, promptMilliseconds: Int? = nil, generateMilliseconds: Int? = nil,
        totalMilliseconds: Int? = nil, promptTokens: Int? = nil, cachedTokens: Int? = nil, completionTokens: Int? = nil,
        finishReason: FinishReason? = nil, peakRSSMegabytes: Double? = nil, engine: String? = nil, seed: Int64? = nil
    ) {
        self.loadMilliseconds = loadMilliseconds
        self.promptMilliseconds = promptMilliseconds
        self.generateMilliseconds = generateMilliseconds
        self.totalMilliseconds = totalMilliseconds
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.completionTokens = completionTokens
        self.finishReason = finishReason
        self.peakRSSMegabytes = peakRSSMegabytes
        self.engine = engine
        self.seed = seed
    }
}

/// A finished text and what is known about it.
public struct JobResult: Sendable {
    public enum Format: String, Sendable, Codable {
        case text, json
    }

    public var text: String
    public var format: Format
    /// The input did not fit whole.
    public var truncated: Bool
    /// The fingerprint of model and adapters.
    public var model: String?
    /// Nats per completion token: how sure the model was.
    public var meanLogprob: Double?
    /// The share of the text's content words that the input holds, 0...1.
    public var grounding: Double?
    /// The share of 4-grams seen before in the text, 0...1.
    public var repetition: Double?
    /// What ended the text before it came to an end of its own, such as `repetition`; `nil` if nothing did.
    public var stoppedBy: String?
    /// What the text quotes of the job's text, in the order of the text. A place that doesn't hold the quotation when the
    /// result is written, since the text was changed meanwhile, is replaced by the first one that does, or left out.
    public var quotations: [Quotation]
    /// The text says that the job's text doesn't tell.
    public var isNoAnswer: Bool
    /// Nats per token by which a quotation was likelier than the text that says so; `nil` where they weren't compared.
    public var answerMargin: Double?
    /// What the model didn't see of the input, or what wasn't kept of its text, in words; `nil` for nothing.
    public var leftOut: String?
    /// The passages that the model has read of a text that was too long for it, in the order of the text. Stored as
    /// ``quotations`` are.
    public var evidence: [Evidence] = []
    /// Of how many parts of the text it was made; `nil` for a text in one piece.
    public var partCount: Int?
    /// Of a part's result: names all that it follows from, so that it can be found again.
    public var cacheKey: String?
    /// The job whose result this is a copy of.
    public var reusedFrom: Int64?
    /// How it was asked for; `nil` where nobody knows.
    public var source: Source?
    public var figures: AttemptFigures

    /// How a text was asked for.
    public struct Source: Sendable, Hashable {
        /// The definition of its kind, as written.
        public var definition: String
        /// The style of prompt, unless the job's own options say another.
        public var style: String

        public init(definition: String, style: String) {
            self.definition = definition
            self.style = style
        }
    }

    public init(
        text: String, format: Format = .text, truncated: Bool = false, model: String? = nil, meanLogprob: Double? = nil,
        grounding: Double? = nil, repetition: Double? = nil, stoppedBy: String? = nil, quotations: [Quotation] = [],
        isNoAnswer: Bool = false, answerMargin: Double? = nil, leftOut: String? = nil, source: Source? = nil,
        figures: AttemptFigures = AttemptFigures()
    ) {
        self.text = text
        self.format = format
        self.truncated = truncated
        self.model = model
        self.meanLogprob = meanLogprob
        self.grounding = grounding
        self.repetition = repetition
        self.stoppedBy = stoppedBy
        self.quotations = quotations
        self.isNoAnswer = isNoAnswer
        self.answerMargin = answerMargin
        self.leftOut = leftOut
        self.source = source
        self.figures = figures
    }
}

/// Why an attempt failed.
public struct JobFailure: Sendable {
    /// A short stable name such as `missing_question`, for programs.
    public var code: String
    /// What went wrong and what to do, for people; stored as one line.
    public var message: String
    /// Another attempt would fail in the same way: unknown kind, missing question, a document that is too long.
    public var isPermanent: Bool
    /// It was stopped for taking too long.
    public var timedOut: Bool
    public var partialText: String?
    public var figures: AttemptFigures

    public init(
        code: String, message: String, isPermanent: Bool = false, timedOut: Bool = false, partialText: String? = nil,
        figures: AttemptFigures = AttemptFigures()
    ) {
        self.code = code
        self.message = message
        self.isPermanent = isPermanent
        self.timedOut = timedOut
        self.partialText = partialText
        self.figures = figures
    }
}

/// Whether a finish counted.
public enum FinishOutcome: Sendable, Hashable {
    /// The job is in this state now.
    case stored(JobState)
    /// The job was no longer this attempt's; job and result are untouched, the text is kept with the attempt.
    case refused(Refusal)

    public enum Refusal: String, Sendable, Hashable {
        /// Somebody cancelled the job.
        case cancelled
        /// The lease ran out, or somebody released the job: another attempt has it, or will.
        case lost
        /// The job's row is gone.
        case deleted
    }
}
