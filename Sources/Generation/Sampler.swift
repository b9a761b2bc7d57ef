public import Tokenization

/// Chooses the next token of one text from the model's logits.
public struct Sampler: Sendable {
    private let parameters: DecodingParameters
    private let processors: LogitsProcessors

    /// - parameter tokenCount: ids that the tokenizer knows, all below it; rows of the head beyond are never chosen.
    public init(_ parameters: DecodingParameters, tokenCount: Int) {
        self.parameters = parameters
        processors = LogitsProcessors(parameters, tokenCount: tokenCount)
    }

    /// The next token: the likeliest, or a draw.
    ///
    /// - parameters:
    ///   - logits: one for each row of the vocabulary
    ///   - tokens: prompt and output so far
    ///   - generated: how many of `tokens` are output; the draw depends on the seed and this number alone
    /// - throws: ``GenerationError/notFinite(position:)``, ``GenerationError/noTokenLeft(position:)``.
    public func next(_ logits: ArraySlice<Float>, tokens: [TokenID], generated: Int) throws -> TokenID {
        try next(logits, tokens: tokens, generated: generated, allowed: nil)
    }

    /// - parameter allowed: what a constraint allows; `nil` without one
    package func next(
        _ logits: ArraySlice<Float>, tokens: [TokenID], generated: Int, allowed: TokenSet?
    ) throws -> TokenID {
        let scores = try processed(logits, tokens: tokens, generated: generated, allowed: allowed)
        guard parameters.doSample else {
            var best = 0
            for index in scores.indices where scores[index] > scores[best] { best = index }
            return TokenID(best)
        }
        return Self.draw(Warpers.probabilities(of: scores), at: uniform(step: generated))
    }

    /// What ``next(_:tokens:generated:)`` draws from.
    public func distribution(_ logits: ArraySlice<Float>, tokens: [TokenID], generated: Int) throws -> [Double] {
        Warpers.probabilities(of: try processed(logits, tokens: tokens, generated: generated, allowed: nil))
    }

    private func processed(
        _ logits: ArraySlice<Float>, tokens: [TokenID], generated: Int, allowed: TokenSet?
    ) throws -> [Float] {
        guard logits.allSatisfy(\.isFinite) else { throw GenerationError.notFinite(position: tokens.count - 1) }
        var scores = Array(logits)
        processors.process(&scores, tokens: tokens, generated: generated, allowed: allowed)
        if parameters.doSample { Warpers.warp(&scores, by: parameters) }
        guard scores.contains(where: { $0 > -.infinity }) else {
            throw GenerationError.noTokenLeft(position: tokens.count)
        }
        return scores
    }

    /// The token whose share of the running sum holds `point`.
    private static func draw(_ probabilities: [Double], at point: Double) -> TokenID {
        var sum = 0.0
        var last = 0
        for (index, probability) in probabilities.enumerated() where probability > 0 {
            sum += probability
            last = index
            if point < sum { break }
        }
        return TokenID(last)
    }

    /// A number in 0..<1 that depends on the seed and the step alone: SplitMix64 (Steele et al. 2014) at position `step`.
    private func uniform(step: Int) -> Double {
        var z = parameters.seed &+ (UInt64(step) &+ 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return Double(z >> 11) * 0x1p-53
    }
}
