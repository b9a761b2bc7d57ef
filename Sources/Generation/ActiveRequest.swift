import Tokenization

/// A request on its way: what the model holds of it, and how its texts are found.
struct ActiveRequest {
    /// A sequence that the model extends for the request.
    struct Row {
        let sequence: SequenceID
        /// Tokens that the model holds.
        var fed = 0
    }

    let id: RequestID
    let request: GenerationRequest
    var search: any TextSearch
    /// In the order of the search's rows; empty while the request waits.
    var rows: [Row] = []
    /// The blocks that its prompt shares with others, from the first token on; pinned while it's active.
    var path: [PrefixCache.BlockID] = []
    /// Tokens of the prompt that were read for others.
    var cachedTokens = 0
    /// Guesses at how its only text goes on.
    var lookahead = Lookahead()
    var admittedAt: ContinuousClock.Instant?
    var firstTokenAt: ContinuousClock.Instant?

    /// - parameter guide: follows the request's constraint
    init(
        id: RequestID, request: GenerationRequest, tokenizer: Tokenizer?, tokenCount: Int, guide: (any TextGuide)?
    ) throws(ConstraintError) {
        self.id = id
        self.request = request
        search =
            request.parameters.beamCount > 1
            ? try BeamTexts(request, tokenizer: tokenizer, tokenCount: tokenCount, guide: guide)
            : try SampledTexts(request, tokenizer: tokenizer, tokenCount: tokenCount, guide: guide)
    }

    /// The prompt was read; each step adds one token to each row.
    var isDecoding: Bool { search.generated > 0 }

    /// How its only text may go on; no more tokens than the text may still have before its last. None where there are
    /// several texts, which go on together.
    func guess() -> ArraySlice<TokenID> {
        let parameters = request.parameters
        guard parameters.width == 1 else { return [] }
        return lookahead.guess(
            after: search.tokens(ofRow: 0), limit: parameters.maxNewTokens - search.generated - 1)
    }

    /// Tokens of a row that the model doesn't hold yet; none while the row waits for others.
    func unfed(ofRow row: Int) -> ArraySlice<TokenID> { search.tokens(ofRow: row)[rows[row].fed...] }

    func output(at time: ContinuousClock.Instant) -> GenerationOutput {
        var outputs = search.outputs()
        if let admittedAt {
            for index in outputs.indices {
                outputs[index].cachedTokens = cachedTokens
                outputs[index].guessedTokens = lookahead.total.guessed
                outputs[index].rightGuesses = lookahead.total.right
                outputs[index].promptDuration = admittedAt.duration(to: firstTokenAt ?? time)
                outputs[index].generateDuration = (firstTokenAt ?? time).duration(to: time)
            }
        }
        var first = outputs.removeFirst()
        first.others = outputs
        return first
    }
}
