import Foundation

/// What the machine takes for a token, in seconds of wall-clock time.
///
/// A step of the engine reads the weights once and then writes a token to each text that is under way, so the time of a
/// text depends on how many run beside it: `step + rows * token`. The three figures are those that explain the busy time
/// best, by weighted least squares, none below zero.
struct EngineSpeed: Sendable, Equatable {
    /// For reading a token of a prompt.
    var promptToken: Double
    /// For a step, whatever it writes.
    var step: Double
    /// For writing a token of a text.
    var token: Double
    /// How far one night lies from another: the standard deviation of the logarithm of the time over the expected one.
    var spread: Double

    /// The share of what's known that a week-old night still has.
    static func weight(age: Double) -> Double { pow(0.5, max(0, age) / (3 * 86_400)) }

    /// How the three relate where nothing else is known, by measurement of GPT-J-6B's width: reading the weights once takes
    /// as long as computing some fifteen tokens.
    private static let usual = (promptToken: 1.0, step: 15.0, token: 1.2)
    private static let sessionGap = 1800.0

    /// - parameter now: seconds since 1970; recent times count more.
    init?(_ slots: [BusySlot], now: Double) {
        let slots = slots.filter { $0.seconds > 0 && $0.promptTokens + $0.completionTokens > 0 }
        let unit = slots.reduce(0) { $0 + Self.usualCost($1) }
        let seconds = slots.reduce(0) { $0 + $1.seconds }
        guard unit > 0, seconds > 0 else { return nil }
        // In units of the usual costs, all three are about 1 where the machine is as usual.
        let scale = seconds / unit
        let units = [Self.usual.promptToken * scale, Self.usual.step * scale, Self.usual.token * scale]
        let typical = seconds / Double(slots.count)
        var matrix = [[Double]](repeating: [0, 0, 0], count: 3)
        var target = [0.0, 0, 0]
        var weights = 0.0
        var squares = 0.0
        for slot in slots {
            let weight = Self.weight(age: now - slot.end) / max(slot.seconds, typical / 10)
            let row = [slot.promptTokens * units[0], slot.steps * units[1], slot.completionTokens * units[2]]
            for i in 0..<3 {
                for j in 0..<3 { matrix[i][j] += weight * row[i] * row[j] }
                target[i] += weight * row[i] * slot.seconds
            }
            weights += weight
            squares += weight * slot.seconds * slot.seconds
        }
        guard weights > 0 else { return nil }
        // What the times can't tell apart is as usual: the prior counts as much as a hundredth of them.
        let prior = squares / 100
        for i in 0..<3 {
            matrix[i][i] += prior
            target[i] += prior
        }
        let found = Self.nonnegativeSolution(matrix, target)
        (promptToken, step, token) = (found[0] * units[0], found[1] * units[1], found[2] * units[2])
        spread = 0
        spread = Self.spread(slots, self, now: now)
    }

    /// The expected time of a slot.
    func seconds(_ slot: BusySlot) -> Double {
        promptToken * slot.promptTokens + step * slot.steps + token * slot.completionTokens
    }

    private static func usualCost(_ slot: BusySlot) -> Double {
        usual.promptToken * slot.promptTokens + usual.step * slot.steps + usual.token * slot.completionTokens
    }

    /// Coordinate descent; the matrix is positive definite, so that it converges.
    private static func nonnegativeSolution(_ matrix: [[Double]], _ target: [Double]) -> [Double] {
        var solution = [1.0, 1, 1]
        for _ in 0..<2000 {
            var change = 0.0
            for i in 0..<3 {
                var rest = target[i]
                for j in 0..<3 where j != i { rest -= matrix[i][j] * solution[j] }
                let value = max(0, rest / matrix[i][i])
                change = max(change, abs(value - solution[i]))
                solution[i] = value
            }
            if change < 1e-9 { break }
        }
        return solution
    }

    /// By sessions, between which the machine stood idle for half an hour. A single one can't tell how nights differ.
    private static func spread(_ slots: [BusySlot], _ speed: EngineSpeed, now: Double) -> Double {
        var sessions: [(seconds: Double, expected: Double, end: Double)] = []
        for slot in slots {
            if let last = sessions.last, slot.end - slot.seconds - last.end < sessionGap {
                sessions[sessions.count - 1] = (
                    last.seconds + slot.seconds, last.expected + speed.seconds(slot), slot.end
                )
            } else {
                sessions.append((slot.seconds, speed.seconds(slot), slot.end))
            }
        }
        var (sum, weights, squares) = (0.0, 0.0, 0.0)
        for session in sessions where session.expected > 0 {
            let weight = weight(age: now - session.end) * session.seconds.squareRoot()
            let distance = log(session.seconds / session.expected)
            sum += weight
            squares += weight * weight
            weights += weight * distance * distance
        }
        guard sum > 0, squares > 0 else { return 0.5 }
        // Of few sessions, or one that outweighs all others, little is known.
        let count = sum * sum / squares
        let own = (weights / sum).squareRoot()
        let unknown = 0.2
        let known = ((own * own * (count - 1) + unknown * unknown) / count).squareRoot()
        // Both the spread and the middle are estimates themselves, the rougher the fewer the nights.
        return max(0.04, known * (1 + 0.9 / count) * (1 + 1 / count).squareRoot())
    }
}
