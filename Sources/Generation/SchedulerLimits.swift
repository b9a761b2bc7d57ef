/// How much a scheduler takes on at once, and how.
public struct SchedulerLimits: Sendable {
    /// Texts that are generated side by side, each beam being one. A request of more runs alone.
    public var rows: Int
    /// Tokens to one pass over the weights: decoding rows first, the rest chunks of prompts.
    public var tokensPerStep: Int
    /// Requests of the same priority that came later and may go first, to each request that waits.
    public var overtakings: Int
    /// Whether prompts that begin alike are read once, as far as they are alike.
    public var sharesPrefixes: Bool
    /// Whether the model is given guesses at how texts go on while there are few of them; see ``Lookahead``.
    public var looksAhead: Bool
    /// Steps with more rows than this have no guesses: there, rows cost about as much as they give.
    static let mostGuessingRows = 8

    public init(
        rows: Int = 32, tokensPerStep: Int = 512, overtakings: Int = 64, sharesPrefixes: Bool = true,
        looksAhead: Bool = true
    ) {
        precondition(rows >= 1 && tokensPerStep >= 1 && overtakings >= 0)
        self.rows = rows
        self.tokensPerStep = tokensPerStep
        self.overtakings = overtakings
        self.sharesPrefixes = sharesPrefixes
        self.looksAhead = looksAhead
    }
}
