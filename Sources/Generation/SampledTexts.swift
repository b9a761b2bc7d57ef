import Tokenization

/// Draws of one prompt, or the greedy text: each row goes its own way.
struct SampledTexts: TextSearch {
    private let request: GenerationRequest
    private let samplers: [Sampler]
    private var drafts: [Draft]
    /// The drafts that go on, by row.
    private var rows: [Int]
    /// How each row goes on; `nil` where its logits aren't there yet.
    private var choices: [Choice?]

    /// - parameters:
    ///   - tokenCount: see ``Sampler``
    ///   - guide: follows the request's constraint
    init(
        _ request: GenerationRequest, tokenizer: Tokenizer?, tokenCount: Int, guide: (any TextGuide)?
    ) throws(ConstraintError) {
        self.request = request
        let count = request.parameters.sequenceCount
        samplers = (0..<count).map { Sampler(request.parameters.draw($0), tokenCount: tokenCount) }
        drafts = Array(repeating: try Draft(request, tokenizer: tokenizer, guide: guide), count: count)
        rows = [0]
        choices = [nil]
    }

    func tokens(ofRow row: Int) -> [TokenID] { drafts[rows[row]].tokens }
    func forecast(ofRow row: Int) -> ArraySlice<TokenID> { rows.count == 1 ? drafts[rows[row]].forecast : [] }
    var generated: Int { drafts.map(\.generated).max() ?? 0 }

    mutating func take(_ logits: ArraySlice<Float>, row: Int) throws -> SearchProgress {
        if generated == 0 {
            // All texts begin with the prompt, which was read once.
            return try advance(try drafts.indices.map { ($0, row, try choose(for: $0, logits)) })
        }
        choices[row] = try choose(for: rows[row], logits)
        let complete = choices.compactMap(\.self)
        guard complete.count == rows.count else { return .waiting }
        return try advance(rows.indices.map { (rows[$0], $0, complete[$0]) })
    }

    private func choose(for draft: Int, _ logits: ArraySlice<Float>) throws -> Choice {
        let token = try samplers[draft].next(
            logits, tokens: drafts[draft].tokens, generated: drafts[draft].generated,
            allowed: drafts[draft].allowedTokens())
        return Choice(
            token: token, logprob: LogProbabilities.of(token, in: logits),
            alternatives: LogProbabilities.alternatives(request.topLogprobs, in: logits))
    }

    /// Extends drafts by their choices; those that go on are the new rows.
    private mutating func advance(_ steps: [(draft: Int, row: Int, choice: Choice)]) throws -> SearchProgress {
        var text = ""
        var parents: [Int] = []
        rows = []
        for (draft, row, choice) in steps {
            let piece = try drafts[draft].append(choice)
            if draft == 0 { text = piece }
            if drafts[draft].finishReason == nil {
                rows.append(draft)
                parents.append(row)
            }
        }
        choices = Array(repeating: nil, count: rows.count)
        return rows.isEmpty ? .over : .rows(continuing: parents, text: text)
    }

    func outputs() -> [GenerationOutput] { drafts.map { $0.output() } }
}
