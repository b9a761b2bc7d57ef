package import Tokenization

/// Guesses how a text goes on from what stands in prompt and text already, so that one pass over the weights may give
/// several tokens: prompt lookup (Saxena 2023), a speculation (Leviathan et al. 2023) without a second model.
///
/// The model reads the guess along with the last token and says for each place what comes next. The text takes what it
/// would have taken anyway, also a draw, which depends on seed and place alone; the first wrong guess ends the gain. A
/// guess costs rows of a step that reads all weights anyway. Guesses are made as long as they pay: as long as more of
/// their tokens come true than other texts, or this one, could have had in the time that they took.
package struct Lookahead: Sendable {
    /// Tokens that must have occurred before to be continued the same way, the longest first.
    private static let patternLengths = [4, 3, 2]
    private static let mostTokens = 8
    /// Steps without guesses, after they didn't pay.
    private static let pauseSteps = 24
    /// The weight of the last step in the averages.
    private static let weight = 0.25
    /// What a guess is taken to cost before that is known, and what the cheapest costs; in tokens.
    private static let (supposedCost, leastCost) = (0.5, 0.1)

    /// Tokens of the next guess.
    private var count = 4
    /// Tokens of a guess that came true, on average; hopeful at first.
    private var accepted = 2.0
    /// What a guess cost on average, in tokens; see ``StepPace``.
    private var cost: Double?
    private var pause = 0
    /// All tokens guessed so far, and those of them that came true.
    package private(set) var total = (guessed: 0, right: 0)

    package init() {}

    /// Tokens that may follow; none where nothing is known or guessing doesn't pay.
    ///
    /// - parameters:
    ///   - tokens: prompt and output
    ///   - limit: no more than so many
    package func guess(after tokens: [TokenID], limit: Int) -> ArraySlice<TokenID> {
        guard pause == 0, limit > 0 else { return [] }
        for length in Self.patternLengths where tokens.count > length {
            let pattern = tokens[(tokens.count - length)...]
            let earlier = (0..<tokens.count - length).last { tokens[$0..<$0 + length].elementsEqual(pattern) }
            if let earlier { return tokens[(earlier + length)...].prefix(min(count, limit)) }
        }
        return []
    }

    /// Takes note of a step without a guess.
    package mutating func noteNothing() { pause = max(0, pause - 1) }

    /// Takes note of a step.
    ///
    /// - parameters:
    ///   - guessed: tokens that were guessed, at least one
    ///   - right: how many of them the text has taken
    ///   - cost: what they cost, in tokens; `nil` where nobody knows
    package mutating func note(guessed: Int, right: Int, cost: Double?) {
        total = (total.guessed + guessed, total.right + right)
        accepted += Self.weight * (Double(right) - accepted)
        if let cost { self.cost = self.cost.map { $0 + Self.weight * (cost - $0) } ?? cost }
        count = right == guessed ? min(2 * count, Self.mostTokens) : max(2, right + 1)
        guard accepted <= max(self.cost ?? Self.supposedCost, Self.leastCost) else { return }
        pause = Self.pauseSteps
        accepted = 2
        // What they cost may be another matter in a longer text.
        self.cost = nil
    }
}
