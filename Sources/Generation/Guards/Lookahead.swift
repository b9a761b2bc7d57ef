package import Tokenization

/// Guesses how a greedy text goes on from what stands in prompt and text already, so that one pass over the weights may
/// give several tokens: prompt lookup (Saxena 2023), a speculation (Leviathan et al. 2023) without a second model.
///
/// The model reads the guess along with the last token and says for each place what it would have chosen. The text takes
/// what it would have taken anyway; the first wrong guess ends the gain. A guess that comes true costs a row more in a step that
/// reads all weights anyway; a wrong one costs the same for nothing. Guesses are made as long as they pay, by the share that came
/// true lately and by what steps took with and without them.
package struct Lookahead: Sendable {
    /// Tokens that must have occurred before to be continued the same way, the longest first.
    private static let patternLengths = [4, 3, 2]
    private static let mostTokens = 8
    /// Steps without guesses, after they didn't pay.
    private static let pauseSteps = 24
    /// The weight of the last step in the averages.
    private static let weight = 0.25

    /// Tokens of the next guess.
    private var count = 4
    /// Tokens of a guess that came true, on average; hopeful at first.
    private var accepted = 2.0
    private var pause = 0
    /// Seconds to a step.
    private var plainSeconds: Double?
    private var guessSeconds: Double?

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

    /// Takes note of a step.
    ///
    /// - parameters:
    ///   - guessed: tokens that were guessed
    ///   - right: how many of them the text has taken
    ///   - seconds: what the step took
    package mutating func note(guessed: Int, right: Int, seconds: Double) {
        guard guessed > 0 else {
            pause = max(0, pause - 1)
            plainSeconds = Self.average(plainSeconds, seconds)
            return
        }
        accepted += Self.weight * (Double(right) - accepted)
        guessSeconds = Self.average(guessSeconds, seconds)
        count = right == guessed ? min(2 * count, Self.mostTokens) : max(2, right + 1)
        if !pays {
            pause = Self.pauseSteps
            accepted = 2
            // What they cost may be another matter in a longer text.
            guessSeconds = nil
        }
    }

    /// Whether steps with guesses give more tokens in their time than those without.
    private var pays: Bool {
        guard let plainSeconds, let guessSeconds, plainSeconds > 0 else { return accepted > 0.5 }
        return 1 + accepted > guessSeconds / plainSeconds
    }

    private static func average(_ average: Double?, _ value: Double) -> Double {
        average.map { $0 + weight * (value - $0) } ?? value
    }
}
