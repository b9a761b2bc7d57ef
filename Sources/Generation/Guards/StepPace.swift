/// How long steps take that give each row one token: the measure of what guesses cost.
package struct StepPace: Sendable {
    /// Plain steps that a pace is known from.
    private static let fewestSteps = 2
    /// Steps with guesses after which a plain one is due: texts grow, and with them the time of a step.
    private static let mostGuessSteps = 32
    private static let weight = 0.25

    /// The pace is that of steps with so many rows.
    private var rows = 0
    private var seconds = 0.0
    private var plainSteps = 0
    private var guessSteps = 0

    package init() {}

    /// Whether the pace of so many rows is known well enough to tell what a guess costs.
    package func isKnown(rows: Int) -> Bool {
        rows == self.rows && plainSteps >= Self.fewestSteps && guessSteps < Self.mostGuessSteps
    }

    /// Takes note of a step in which each row got one token.
    package mutating func note(rows: Int, seconds: Double) {
        if rows != self.rows { self = StepPace() }
        self.rows = rows
        self.seconds = plainSteps == 0 ? seconds : self.seconds + Self.weight * (seconds - self.seconds)
        plainSteps += 1
        guessSteps = 0
    }

    /// Takes note of a step with guesses; returns what they cost: the tokens that the rows could have got, without
    /// guesses, in the time that the step took longer. `nil` where the clock doesn't tell.
    package mutating func noteGuesses(rows: Int, seconds: Double) -> Double? {
        guessSteps += 1
        guard rows == self.rows, self.seconds > 0 else { return nil }
        return Double(rows) * max(0, seconds / self.seconds - 1)
    }
}
