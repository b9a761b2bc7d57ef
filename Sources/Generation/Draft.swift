import Tokenization

/// A token that was chosen to continue a text.
struct Choice: Sendable {
    let token: TokenID
    /// Under the model, without processors.
    let logprob: Double
    /// The likeliest tokens in its place, where asked for.
    let alternatives: [GenerationOutput.Alternative]
}

/// One text of a request as it grows. A value: beams that part ways copy it.
struct Draft: Sendable {
    private let request: GenerationRequest
    /// Prompt and output.
    private(set) var tokens: [TokenID]
    /// Tokens that begin a stop string: in a quotation, where none can be written, each ends the text instead, unless the
    /// document goes on with it.
    private let stopTokens: Set<TokenID>
    /// Set by the last token.
    private(set) var finishReason: FinishReason?
    private var text: OutputText
    private var tokenLogprobs: [Double] = []
    private var topLogprobs: [[GenerationOutput.Alternative]] = []
    /// `nil` where loops are let go on.
    private var loopDetector: LoopDetector?
    private var stoppedBy: Guard?
    /// Follows the constraint; `nil` without one.
    private var guide: (any TextGuide)?
    /// Tokens that the constraint leaves no choice about, the next first.
    private var forced: ArraySlice<TokenID> = []
    /// Whether nothing may follow the forced ones.
    private var endsAsForced = false

    /// - parameter guide: follows the request's constraint
    init(_ request: GenerationRequest, tokenizer: Tokenizer?, guide: (any TextGuide)?) throws(ConstraintError) {
        self.request = request
        self.guide = guide
        stopTokens = Self.stopTokens(of: request, tokenizer)
        let repeats = request.parameters.maxCycleRepeats
        loopDetector = repeats > 0 ? LoopDetector(repeats: repeats) : nil
        tokens = request.prompt
        text = OutputText(
            tokenizer: tokenizer, skipSpecialTokens: request.skipSpecialTokens, stopStrings: request.stopStrings)
        try look()
    }

    var generated: Int { tokens.count - request.prompt.count }

    /// Whether an end token is the last, or what stands for one.
    private(set) var endsWithEndToken = false

    // MARK: - Constraint

    /// The tokens that may follow; `nil` without a constraint. End tokens are among them just where the text may end.
    func allowedTokens() throws(ConstraintError) -> TokenSet? {
        guard let guide else { return nil }
        var allowed = try guide.allowedTokens()
        if let token = forced.first {
            allowed.removeAll()
            allowed.insert(token)
        }
        let canEnd = try guide.canEnd()
        for token in request.parameters.endTokens {
            if canEnd { allowed.insert(token) } else { allowed.remove(token) }
        }
        if canEnd { for token in stopTokens { allowed.insert(token) } }
        return allowed
    }

    /// What the output's tokens say, however they say it; `nil` without a constraint.
    var constrainedBytes: [UInt8]? { guide?.bytes }

    /// Tokens that are certain to follow and to be followed: what comes after the text's last token is of no interest.
    var forecast: ArraySlice<TokenID> {
        forced.dropLast(endsAsForced ? 1 : 0).prefix(max(0, request.parameters.maxNewTokens - generated - 1))
    }

    private static func stopTokens(of request: GenerationRequest, _ tokenizer: Tokenizer?) -> Set<TokenID> {
        guard let tokenizer, request.constraint?.dependsOnDocument == true else { return [] }
        return Set(request.stopStrings.compactMap { tokenizer.encode($0).first })
    }

    private func endsText(_ token: TokenID) throws(ConstraintError) -> Bool {
        if request.parameters.endTokens.contains(token) { return true }
        guard stopTokens.contains(token), let guide else { return false }
        return try !guide.allowedTokens().contains(token)
    }

    /// Looks for tokens that must follow.
    private mutating func look() throws(ConstraintError) {
        // Tokens that are never to be produced may leave another way to write the same.
        guard forced.isEmpty, let guide, request.parameters.suppressedTokens.isEmpty,
            request.parameters.badWords.isEmpty
        else { return }
        let tokens = try guide.forcedTokens()
        guard !tokens.isEmpty, request.parameters.endTokens.isDisjoint(with: tokens) else { return }
        var end = guide
        for token in tokens { try end.append(token) }
        forced = tokens[...]
        endsAsForced = try end.mustEnd()
    }

    // MARK: - Growth

    /// Adds a token; returns the text that became certain. Sets `finishReason` when it was the last.
    mutating func append(_ choice: Choice) throws(ConstraintError) -> String {
        tokens.append(choice.token)
        tokenLogprobs.append(choice.logprob)
        if request.topLogprobs > 0 { topLogprobs.append(choice.alternatives) }
        endsWithEndToken = try endsText(choice.token)
        if endsWithEndToken {
            finishReason = .stop
            return ""
        }
        let piece = text.append(choice.token)
        try guide?.append(choice.token)
        forced = forced.dropFirst()
        try look()
        let mustEnd = try guide?.mustEnd() ?? false
        let isLoop = loopDetector?.append(choice.token) ?? false
        if text.isStopped || mustEnd {
            finishReason = .stop
        } else if isLoop, generated >= request.parameters.minNewTokens {
            finishReason = .stop
            stoppedBy = .repetition
        } else if generated == request.parameters.maxNewTokens {
            finishReason = .length
        }
        return piece
    }

    /// The text as a result; cancelled where no token was the last.
    func output() -> GenerationOutput {
        var text = text
        _ = text.finish()
        var output = GenerationOutput()
        output.tokens = Array(tokens[request.prompt.count...])
        output.text = text.text
        // A stop string may be complete only now that the last bytes are known.
        output.finishReason = text.isStopped ? .stop : finishReason ?? .cancelled
        output.stoppedBy = stoppedBy
        output.hasEndToken = endsWithEndToken
        if request.constraint?.dependsOnDocument == true {
            output.quote(guide?.quoted(text.isStopped ? Array(text.text.utf8) : guide?.bytes ?? []))
        } else {
            output.meetsConstraint = meetsConstraint(text)
        }
        output.tokenLogprobs = tokenLogprobs
        output.topLogprobs = topLogprobs
        output.promptTokens = request.prompt.count
        return output
    }

    private func meetsConstraint(_ text: OutputText) -> Bool? {
        guard let guide else { return nil }
        // A stop string cuts the text off somewhere behind.
        return (try? text.isStopped ? guide.accepts(text.text) : guide.canEnd()) ?? false
    }
}

extension GenerationOutput {
    /// Leaves only what the text quotes of the document.
    fileprivate mutating func quote(_ quoted: QuotedText?) {
        meetsConstraint = quoted != nil
        guard let quoted else { return }
        text = quoted.text
        quotations = quoted.places
    }
}
