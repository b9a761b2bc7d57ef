import Tokenization

/// What changes the logits before a token is chosen, in HuggingFace's order: repetition penalty, repeated n-grams, early
/// ends. The scores are changed in place; a forbidden token gets -infinity.
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
    func process(_ scores: inout [Float], tokens: [TokenID], generated: Int) {
        for id in min(tokenCount, scores.count)..<scores.count { scores[id] = -.infinity }
        if let penalty = parameters.repetitionPenalty, penalty != 1 {
            for token in Set(tokens) {
                let score = scores[Int(token)]
                scores[Int(token)] = score < 0 ? score * Float(penalty) : score / Float(penalty)
            }
        }
        if let size = parameters.noRepeatNgramSize, size > 0 {
            for token in Self.completions(of: size, in: tokens) { scores[Int(token)] = -.infinity }
        }
        if generated < parameters.minNewTokens {
            for token in parameters.endTokens where Int(token) < scores.count { scores[Int(token)] = -.infinity }
        }
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
