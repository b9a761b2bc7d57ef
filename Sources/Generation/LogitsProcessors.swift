import Tokenization

/// What changes the logits before a token is chosen, in HuggingFace's order: repetition penalty, repeated n-grams, bad
/// words, early ends, what a constraint doesn't allow, suppressed tokens. A beam search has them work on log-probabilities instead. The scores are changed
/// in place; a forbidden token gets -infinity.
struct LogitsProcessors: Sendable {
    private let parameters: DecodingParameters
    /// Ids from here on are rows of the head that no token of the vocabulary has: never trained, never produced.
    private let tokenCount: Int

    init(_ parameters: DecodingParameters, tokenCount: Int) {
        self.parameters = parameters
        self.tokenCount = tokenCount
    }

    /// - parameters:
    ///   - scores: one for each row of the vocabulary
    ///   - tokens: prompt and output so far
    ///   - generated: how many of `tokens` are output
    ///   - allowed: what a constraint allows. It goes before what forbids repetitions, bad words and early ends: where these
    ///     would leave none of its tokens, they are all left, but for suppressed ones.
    func process(_ scores: inout [Float], tokens: [TokenID], generated: Int, allowed: TokenSet? = nil) {
        let plain = allowed == nil ? [] : scores
        forbid(in: &scores, tokens: tokens, generated: generated)
        guard let allowed else { return }
        var isNoneLeft = true
        for id in scores.indices {
            if !allowed.contains(TokenID(id)) {
                scores[id] = -.infinity
            } else if scores[id] > -.infinity {
                isNoneLeft = false
            }
        }
        guard isNoneLeft else { return }
        for id in scores.indices where allowed.contains(TokenID(id)) { scores[id] = plain[id] }
        Self.forbid(parameters.suppressedTokens, in: &scores)
    }

    private func forbid(in scores: inout [Float], tokens: [TokenID], generated: Int) {
        for id in min(tokenCount, scores.count)..<scores.count { scores[id] = -.infinity }
        if let penalty = parameters.repetitionPenalty, penalty != 1 {
            for token in Set(tokens) {
                let score = scores[Int(token)]
                scores[Int(token)] = score < 0 ? score * Float(penalty) : score / Float(penalty)
            }
        }
        if let size = parameters.noRepeatNgramSize, size > 0 {
            Self.forbid(Self.completions(of: size, in: tokens), in: &scores)
        }
        for word in parameters.badWords where completes(word, tokens) { Self.forbid(word.suffix(1), in: &scores) }
        if generated < parameters.minNewTokens { Self.forbid(parameters.endTokens, in: &scores) }
        Self.forbid(parameters.suppressedTokens, in: &scores)
    }

    private static func forbid(_ tokens: some Sequence<TokenID>, in scores: inout [Float]) {
        for token in tokens where scores.indices.contains(Int(token)) { scores[Int(token)] = -.infinity }
    }

    /// Whether the last token of `word` would complete it. As in HuggingFace, there must be as many tokens before as the
    /// word has, and an end token alone is no bad word.
    private func completes(_ word: [TokenID], _ tokens: [TokenID]) -> Bool {
        if word.count == 1 { return !parameters.endTokens.contains(word[0]) }
        return tokens.count >= word.count && tokens.suffix(word.count - 1).elementsEqual(word.dropLast())
    }

    /// The tokens that followed the last `size - 1` tokens wherever these occurred before.
    private static func completions(of size: Int, in tokens: [TokenID]) -> [TokenID] {
        guard tokens.count >= size else { return [] }
        let prefix = tokens.suffix(size - 1)
        return (0...tokens.count - size).compactMap { start in
            tokens[start..<start + size - 1].elementsEqual(prefix) ? tokens[start + size - 1] : nil
        }
    }
}
