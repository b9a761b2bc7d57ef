import JobStore

/// What the jobs of a kind have needed so far.
struct KindHabits: Sendable {
    /// A mean, and how far single values lie from it.
    struct Habit: Sendable {
        var mean: Double
        var deviation: Double
    }

    private(set) var count = 0
    /// Tokens of prompts.
    private(set) var prompt = Habit(mean: 0, deviation: 0)
    /// Of those, the share that had to be read.
    private(set) var readShare = 1.0
    private(set) var completion = Habit(mean: 0, deviation: 0)

    private var weight = 0.0
    private var sums = (prompt: 0.0, promptSquares: 0.0, read: 0.0, completion: 0.0, completionSquares: 0.0)

    mutating func note(_ timing: AttemptTiming, weight: Double) {
        count += 1
        self.weight += weight
        let (prompt, completion) = (Double(timing.promptTokens), Double(timing.completionTokens))
        sums.prompt += weight * prompt
        sums.promptSquares += weight * prompt * prompt
        sums.read += weight * Double(max(0, timing.promptTokens - timing.cachedTokens))
        sums.completion += weight * completion
        sums.completionSquares += weight * completion * completion
    }

    /// Makes the habits of what was counted.
    mutating func settle() {
        guard weight > 0 else { return }
        func habit(_ sum: Double, _ squares: Double) -> Habit {
            let mean = sum / weight
            return Habit(mean: mean, deviation: max(0, squares / weight - mean * mean).squareRoot())
        }
        prompt = habit(sums.prompt, sums.promptSquares)
        completion = habit(sums.completion, sums.completionSquares)
        readShare = sums.prompt > 0 ? min(max(sums.read / sums.prompt, 0), 1) : 1
    }

    /// By kind, and of all kinds together under `nil`.
    static func all(_ timings: [AttemptTiming], now: Double) -> [String?: KindHabits] {
        var habits: [String?: KindHabits] = [:]
        for timing in timings where timing.outcome == "completed" {
            let weight = EngineSpeed.weight(age: now - Double(timing.finishedAt) / 1000)
            habits[timing.kind, default: KindHabits()].note(timing, weight: weight)
            habits[nil, default: KindHabits()].note(timing, weight: weight)
        }
        for key in habits.keys { habits[key]?.settle() }
        return habits
    }
}
