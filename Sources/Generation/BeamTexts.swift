import Tokenization

/// The best texts of a beam search; each row is a beam.
struct BeamTexts: TextSearch {
    /// What the logits of one row say about its continuations.
    private struct Offer: Sendable {
        let continuations: [BeamSearch<Draft>.Continuation]
        /// Without processors, beside `continuations`.
        let logprobs: [TokenID: Double]
        let alternatives: [GenerationOutput.Alternative]
    }

    private let request: GenerationRequest
    private let processors: LogitsProcessors
    private var search: BeamSearch<Draft>
    /// By row; `nil` where the logits aren't there yet.
    private var offers: [Offer?] = [nil]
    /// With a constraint: what the texts say that have ended.
    private var endedTexts: Set<[UInt8]> = []

    /// - parameters:
    ///   - tokenCount: see ``Sampler``
    ///   - guide: follows the request's constraint
    init(
        _ request: GenerationRequest, tokenizer: Tokenizer?, tokenCount: Int, guide: (any TextGuide)?
    ) throws(ConstraintError) {
        self.request = request
        processors = LogitsProcessors(request.parameters, tokenCount: tokenCount)
        search = BeamSearch(
            from: try Draft(request, tokenizer: tokenizer, guide: guide), promptLength: request.prompt.count,
            request.parameters)
    }

    func tokens(ofRow row: Int) -> [TokenID] { search.running[row].text.tokens }
    /// Which beam a token belongs to is known only once all have one.
    func forecast(ofRow row: Int) -> ArraySlice<TokenID> { [] }
    var generated: Int { search.length }

    mutating func take(_ logits: ArraySlice<Float>, row: Int) throws -> SearchProgress {
        offers[row] = try offer(logits, search.running[row].text)
        let complete = offers.compactMap(\.self)
        guard complete.count == offers.count else { return .waiting }
        // A constraint leaves so few texts that their spellings in tokens would crowd out the others.
        var openTexts: Set<[UInt8]> = []
        var endedTexts = endedTexts
        let parents = try search.advance(complete.map(\.continuations)) {
            (beam, draft, continuation) throws(ConstraintError) in
            var draft = draft
            _ = try draft.append(
                Choice(
                    token: continuation.token, logprob: complete[beam].logprobs[continuation.token] ?? -.infinity,
                    alternatives: complete[beam].alternatives))
            let hasEnded = draft.finishReason != nil
            if let bytes = draft.constrainedBytes {
                let isNew = hasEnded ? endedTexts.insert(bytes).inserted : openTexts.insert(bytes).inserted
                if !isNew { return .superfluous }
            }
            if draft.endsWithEndToken { return .endToken(draft) }
            return hasEnded ? .ended(draft) : .open(draft)
        }
        self.endedTexts = endedTexts
        if search.isOver {
            // The processors left nothing to end with.
            if search.finished.isEmpty {
                throw GenerationError.noTokenLeft(position: request.prompt.count + search.length)
            }
            return .over
        }
        offers = Array(repeating: nil, count: parents.count)
        // Which text wins is known at the end only.
        return .rows(continuing: parents, text: "")
    }

    private func offer(_ logits: ArraySlice<Float>, _ draft: Draft) throws -> Offer {
        let tokens = draft.tokens
        guard logits.allSatisfy(\.isFinite) else { throw GenerationError.notFinite(position: tokens.count - 1) }
        let plain = LogProbabilities.all(logits)
        // Not normalized again: what the processors take away is lost to the beam's score.
        var scores = plain
        processors.process(&scores, tokens: tokens, generated: generated, allowed: try draft.allowedTokens())
        let best = LogProbabilities.largest(BeamSearch<Draft>.continuationCount(request.parameters), of: scores)
        return Offer(
            continuations: best.map { .init(token: $0.token, logprob: Double($0.value)) },
            logprobs: Dictionary(uniqueKeysWithValues: best.map { ($0.token, Double(plain[Int($0.token)])) }),
            alternatives: LogProbabilities.alternatives(request.topLogprobs, in: logits))
    }

    func outputs() -> [GenerationOutput] {
        let ranked = search.isOver ? search.finished : search.standing
        let outputs = ranked.map { hypothesis in
            var output = hypothesis.text.output()
            output.sequenceScore = hypothesis.score
            // Even a text that ended might have been surpassed.
            if !search.isOver { output.finishReason = .cancelled }
            return output
        }
        // A text that was cut off before it met the constraint is no answer while there is one.
        let byWorth = outputs.filter { $0.meetsConstraint != false } + outputs.filter { $0.meetsConstraint == false }
        return Array(byWorth.prefix(request.parameters.sequenceCount))
    }
}
