public import Generation
public import Tokenization

/// What to do with a document whose prompt doesn't fit the model's context or the definition's budget.
public enum OverflowPolicy: String, CaseIterable, Sendable {
    /// The job fails and says by how many tokens.
    case refuse
    /// The document's end is cut off and the result marked as truncated.
    case truncate
    /// The prompt's end is cut off, whatever stands there, and the result marked as truncated. Only for benchmarks that
    /// want it so: what the template says after the document is lost.
    case truncatePrompt = "truncate-prompt"
    /// Parts are worked on alone; what they bring, joined, is the document that the result is made of.
    case mapReduce = "map-reduce"
    /// Sections, none longer than the output's tokens allow and none across paragraphs, are worked on alone; what they bring
    /// is put together in order, with the document's paragraph breaks.
    case sections
    /// The passages that a question is about are looked up.
    case retrieve
    /// Of a transcript the newest turns are kept, whole ones only, and the result says how many were left out.
    case newestTurns = "newest-turns"
}

/// The form of a result's text, as the queue stores it.
public enum OutputFormat: String, CaseIterable, Sendable {
    case text
    case json
}

/// A job's prompt and everything the engine and the worker need to turn it into a result.
public struct RenderedPrompt: Sendable, Equatable {
    /// The style whose template was used: the one asked for or what stands in for it.
    public let style: PromptStyle
    /// The prompt in order. The template's text is trusted; what the job brought is plain.
    public private(set) var pieces: [TextPiece]
    /// The indices in ``pieces`` that hold the document, in order; a template may name it more than once.
    public let documentPieces: [Int]
    /// Generation ends before the first of these; the result never holds one.
    public let stopStrings: [String]
    /// How to choose tokens: the definition's parameters, those of its style, and the job's, the last winning.
    public let parameters: DecodingOptions
    /// The most tokens the prompt may have, where the definition says; the model's context limits it in any case.
    public let inputTokenBudget: Int?
    /// The most tokens of the document that one section has, where ``overflow`` is ``OverflowPolicy/sections``: what says the
    /// same in other words needs about as many, and some room.
    public let sectionTokenBudget: Int
    /// Tokens to keep free in the context for the output.
    public var outputTokenBudget: Int { parameters.maximumNewTokens }
    /// What to do where the prompt and the output's tokens don't fit.
    public let overflow: OverflowPolicy
    /// Turns what was generated into the result's text, together with ``stopStrings``.
    public let postProcessing: PostProcessing
    /// The form of the result's text.
    public let outputFormat: OutputFormat
    /// What the output must look like.
    public let constraint: Constraint?
    /// What the result may be instead of a quotation.
    public let noAnswer: NoAnswer?
    /// What the entries of a result that is a list must pass.
    public let check: ListCheck?
    /// What was read of a document that is one.
    public let transcript: Transcript?
    /// An adapter to load, by path or name.
    public let adapter: String?

    /// The prompt as one text, for people to look at.
    public var text: String { pieces.map(\.text).joined() }

    /// The same prompt over another document text: a shortened one, or one part of it.
    public func replacingDocument(with text: String) -> RenderedPrompt {
        var copy = self
        for index in documentPieces { copy.pieces[index] = .plain(text) }
        return copy
    }

    init(
        style: PromptStyle, pieces: [PromptTemplate.Piece], variant: StyleVariant, parameters: DecodingOptions,
        stopStrings: [String], overflow: OverflowPolicy, constraint: Constraint?, noAnswer: NoAnswer?,
        check: ListCheck?, transcript: Transcript?, adapter: String?, document: String
    ) {
        self.style = style
        self.pieces = pieces.map(\.piece)
        documentPieces = pieces.indices.filter { pieces[$0].name == InputName.document.rawValue }
        self.stopStrings = stopStrings
        self.parameters = parameters
        inputTokenBudget = variant.inputTokenBudget
        // By the definition's output: who asks for less by an option doesn't want a text in crumbs.
        sectionTokenBudget = max(variant.sectionTokenBudget ?? variant.parameters.maximumNewTokens * 4 / 5, 1)
        self.overflow = overflow
        postProcessing = variant.postProcessing.over(document)
        outputFormat = variant.outputFormat
        self.check = check
        self.transcript = transcript
        self.constraint = constraint
        self.noAnswer = noAnswer
        self.adapter = adapter
    }
}
