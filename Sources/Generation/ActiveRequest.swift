import Tokenization

/// A request on its way: what was read, what was written.
struct ActiveRequest {
    let id: RequestID
    let request: GenerationRequest
    /// Prompt and output.
    private(set) var tokens: [TokenID]
    /// How many of `tokens` the model holds.
    var fed = 0
    var sequence = SequenceID(rawValue: -1)
    var admittedAt: ContinuousClock.Instant?
    private(set) var finishReason: FinishReason?

    private let sampler: Sampler
    private var text: OutputText
    private var output = GenerationOutput()
    private var firstTokenAt: ContinuousClock.Instant?

    init(id: RequestID, request: GenerationRequest, sampler: Sampler, text: OutputText) {
        self.id = id
        self.request = request
        self.sampler = sampler
        self.text = text
        tokens = request.prompt
        output.promptTokens = request.prompt.count
    }

    var generated: Int { tokens.count - request.prompt.count }
    /// The prompt was read; each step adds one token.
    var isDecoding: Bool { generated > 0 }

    /// Chooses the next token; returns the text that became certain. Sets `finishReason` when it was the last.
    mutating func choose(from logits: ArraySlice<Float>, at time: ContinuousClock.Instant) throws -> String {
        let token = try sampler.next(logits, tokens: tokens, generated: generated)
        if firstTokenAt == nil { firstTokenAt = time }
        tokens.append(token)
        output.tokenLogprobs.append(LogProbabilities.of(token, in: logits))
        if request.topLogprobs > 0 {
            output.topLogprobs.append(
                LogProbabilities.top(request.topLogprobs, in: logits)
                    .map { GenerationOutput.Alternative(token: $0.token, logprob: $0.logprob) })
        }
        if request.parameters.endTokens.contains(token) {
            finishReason = .stop
            return ""
        }
        let piece = text.append(token)
        if text.isStopped {
            finishReason = .stop
        } else if generated == request.parameters.maxNewTokens {
            finishReason = .length
        }
        return piece
    }

    mutating func finish(_ reason: FinishReason, at time: ContinuousClock.Instant) -> GenerationOutput {
        _ = text.finish()
        output.tokens = Array(tokens[request.prompt.count...])
        output.text = text.text
        // A stop string may be complete only now that the last bytes are known.
        output.finishReason = text.isStopped ? .stop : reason
        if let admittedAt {
            output.promptDuration = admittedAt.duration(to: firstTokenAt ?? time)
            output.generateDuration = (firstTokenAt ?? time).duration(to: time)
        }
        return output
    }
}
