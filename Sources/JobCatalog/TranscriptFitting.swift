public import Tokenization

/// A prompt over a transcript with as many of its newest turns as fit.
public struct FittedTranscript: Sendable {
    public let prompt: RenderedPrompt
    public let tokens: [TokenID]
    /// Turns that were left out, the oldest.
    public let leftOut: Int
    /// All that there were.
    public let turnCount: Int

    /// What a person is told of it; `nil` where nothing was left out.
    public var note: String? {
        leftOut == 0 ? nil : "the oldest \(leftOut) of \(turnCount) turns"
    }
}

extension RenderedPrompt {
    /// The prompt with the newest turns of its transcript that fit into `limit` tokens, whole ones only; what stands above
    /// them stays.
    ///
    /// - returns: `nil` where the prompt has no transcript, or not even its last turn fits.
    public func fittingTurns(into limit: Int, by tokenizer: Tokenizer) -> FittedTranscript? {
        guard let transcript else { return nil }
        let count = transcript.turns.count
        func fitted(from first: Int) -> FittedTranscript? {
            let prompt = replacingDocument(with: transcript.text(from: first))
            let tokens = tokenizer.encode(prompt.pieces)
            guard tokens.count <= limit else { return nil }
            return FittedTranscript(prompt: prompt, tokens: tokens, leftOut: first, turnCount: count)
        }
        // A first guess from the turns one by one; their borders may cost or save a token each, so that it is tried.
        var room = limit - tokenizer.encode(replacingDocument(with: "").pieces).count
        var first = count
        while first > 0 {
            room -= tokenizer.encode(transcript.turns[first - 1].line + "\n").count
            if room < 0 { break }
            first -= 1
        }
        first = min(first, count - 1)
        while first > 0, fitted(from: first - 1) != nil { first -= 1 }
        while first < count {
            if let fitted = fitted(from: first) { return fitted }
            first += 1
        }
        return nil
    }
}
