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
    /// Set by the last token.
    private(set) var finishReason: FinishReason?
    private var text: OutputText
    private var tokenLogprobs: [Double] = []
    private var topLogprobs: [[GenerationOutput.Alternative]] = []

    init(_ request: GenerationRequest, tokenizer: Tokenizer?) {
        self.request = request
        tokens = request.prompt
        text = OutputText(
            tokenizer: tokenizer, skipSpecialTokens: request.skipSpecialTokens, stopStrings: request.stopStrings)
    }

    var generated: Int { tokens.count - request.prompt.count }

    /// Whether an end token is the last.
    var endsWithEndToken: Bool {
        generated > 0 && tokens.last.map { request.parameters.endTokens.contains($0) } == true
    }

    /// Adds a token; returns the text that became certain. Sets `finishReason` when it was the last.
    mutating func append(_ choice: Choice) -> String {
        tokens.append(choice.token)
        tokenLogprobs.append(choice.logprob)
        if request.topLogprobs > 0 { topLogprobs.append(choice.alternatives) }
        if request.parameters.endTokens.contains(choice.token) {
            finishReason = .stop
            return ""
        }
        let piece = text.append(choice.token)
        if text.isStopped {
            finishReason = .stop
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
        output.tokenLogprobs = tokenLogprobs
        output.topLogprobs = topLogprobs
        output.promptTokens = request.prompt.count
        return output
    }
}
