public import Foundation
public import JobStore

/// Jobs that are to be done, as far as they are known.
public struct ForecastJobs: Sendable, Hashable {
    public var kind: String
    public var count: Int
    /// Of each; `nil` where nobody has counted, for what jobs of the kind have had so far.
    public var promptTokens: Int?
    /// Of each, the prompt tokens that have to be read; `nil` for the share that has had to be so far.
    public var uncachedTokens: Int?
    /// The most tokens that each may write; `nil` for no limit but the kind's habit.
    public var maximumTokens: Int?

    public init(
        kind: String, count: Int = 1, promptTokens: Int? = nil, uncachedTokens: Int? = nil, maximumTokens: Int? = nil
    ) {
        self.kind = kind
        self.count = count
        self.promptTokens = promptTokens
        self.uncachedTokens = uncachedTokens
        self.maximumTokens = maximumTokens
    }
}

/// How long jobs will take on this machine, learnt from the attempts it has made.
///
/// What is learnt: the speed of the engine, from wall-clock time with jobs in hand; how long prompts and texts of each kind
/// are; how much of the prompts is shared; how many texts run side by side; how much is done twice. Recent nights count
/// more: after three days half as much.
public struct Forecast: Sendable {
    /// The engine whose times these are.
    public let engine: String
    /// Attempts that were learnt from.
    public let attempts: Int
    /// When the latest of them ended.
    public let latest: Date
    /// Texts that run side by side where enough jobs wait.
    public let rows: Double

    let speed: EngineSpeed
    private let habits: [String?: KindHabits]
    /// The work of all attempts over that of those that were completed.
    private let waste: Double
    private let workersSoFar: Double
    private let rowsSoFar: Int

    /// The engine's own default.
    private static let usualRows = 32.0

    /// - Parameters:
    ///   - timings: in any order; those of other engines are left out.
    ///   - engine: as attempts and workers name it, or the beginning of that, such as the model's name; `nil` for the one
    ///     that was used last.
    /// - Returns: `nil` where the engine has done no job yet, so that nothing is known.
    public init?(_ timings: [AttemptTiming], engine: String? = nil, now: Date) {
        let completed = timings.filter { $0.outcome == "completed" && $0.finishedAt > $0.claimedAt }
        guard let last = completed.filter({ engine.map($0.isOf) ?? true }).max(by: { $0.finishedAt < $1.finishedAt })
        else { return nil }
        let own = timings.filter { $0.isOf(last.engine) }
        let busy = BusyTime(own)
        let now = now.timeIntervalSince1970
        guard let speed = EngineSpeed(busy.slots, now: now) else { return nil }
        self.engine = last.engine
        self.speed = speed
        latest = Date(timeIntervalSince1970: Double(last.finishedAt) / 1000)
        habits = KindHabits.all(own, now: now)
        attempts = habits[nil]?.count ?? 0
        rows = busy.rowsWhenFull ?? max(Self.usualRows, Double(busy.mostRows))
        rowsSoFar = max(1, busy.mostRows)
        let cost = { (timings: [AttemptTiming]) in
            timings.filter { $0.outcome != "lost" }.reduce(0) {
                $0 + speed.promptToken * Double(max(0, $1.promptTokens - $1.cachedTokens))
                    + (speed.token + speed.step) * Double($1.completionTokens)
            }
        }
        let useful = cost(own.filter { $0.outcome == "completed" })
        waste = useful > 0 ? min(max(cost(own) / useful, 1), 2) : 1
        let seconds = busy.slots.reduce(0) { $0 + $1.seconds }
        workersSoFar = seconds > 0 ? busy.slots.reduce(0) { $0 + $1.workerSeconds } / seconds : 1
    }

    /// How long the jobs take with nothing beside them, from the first claim to the last result.
    ///
    /// - Parameters:
    ///   - workers: how many will be at work. They share the machine, so that more of them than so far are not taken to be
    ///     faster; only the range tells that they may be.
    ///   - rows: the most that may run at once, where something limits it.
    public func time(for jobs: [ForecastJobs], workers: Int = 1, rows limit: Int? = nil) -> TimeRange {
        let load = Load(jobs.map { ($0, demand($0)) })
        guard load.count > 0 else { return TimeRange(expected: 0, shortest: 0, longest: 0) }
        let rows = max(1, min(rows, limit.map(Double.init) ?? .infinity, load.count))
        let steps = load.count <= rows ? load.longest : load.tokens / rows + load.longest / 2 * (1 - 1 / rows)
        let seconds = waste * (speed.promptToken * load.read + speed.token * load.tokens + speed.step * steps)
        let perToken = speed.token + speed.step / rows
        let noise =
            (perToken * perToken * load.tokenVariance + speed.promptToken * speed.promptToken * load.readVariance)
            .squareRoot()
        return range(seconds, relativeNoise: seconds > 0 ? noise / seconds : 0, rows: rows, workers: workers)
    }

    /// Seconds of the machine that one more job of the kind costs where so many run side by side.
    func cost(ofKind kind: String, rows: Double) -> Double {
        let demand = demand(ForecastJobs(kind: kind))
        return waste
            * (speed.promptToken * demand.read + (speed.token + speed.step / max(1, rows)) * demand.tokens)
    }

    /// Seconds by which the last jobs are late, since fewer and fewer run side by side.
    func tail(ofKind kind: String, rows: Double) -> Double {
        waste * speed.step * demand(ForecastJobs(kind: kind)).tokens / 2 * (1 - 1 / max(1, rows))
    }

    /// The factor by which a time may be longer or shorter, where single jobs don't matter.
    func uncertainty(workers: Int, rows: Double) -> (shorter: Double, longer: Double) {
        let range = range(1, relativeNoise: 0, rows: rows, workers: workers)
        return (range.shortest, range.longest)
    }

    /// Jobs of the kind that were learnt from.
    public func experience(ofKind kind: String) -> Int { habits[kind]?.count ?? 0 }

    private func range(_ seconds: Double, relativeNoise: Double, rows: Double, workers: Int) -> TimeRange {
        // Of few attempts little is known.
        let novelty = 0.5 / Double(attempts).squareRoot()
        // How the time of a step grows with texts side by side is a guess where never as many ran.
        let extrapolation = 0.3 * max(0, log2(rows / Double(rowsSoFar)))
        let variance =
            speed.spread * speed.spread + relativeNoise * relativeNoise + novelty * novelty
            + extrapolation * extrapolation
        let factor = exp(1.28 * min(variance.squareRoot(), 1.2))
        // Four times out of five, unless there are more workers or fewer than these times are of.
        let change = Double(max(1, workers)) / max(workersSoFar, 0.5)
        return TimeRange(
            expected: seconds, shortest: seconds / factor / max(1, min(change, 8)),
            longest: seconds * factor * max(1, 1 / change))
    }

    // MARK: - What jobs need

    /// What one job needs: means, and variances around them.
    private struct Demand {
        var read: Double
        var readVariance: Double
        var tokens: Double
        var tokenVariance: Double
        /// Of the mean itself.
        var meanVariance: Double
    }

    private func demand(_ jobs: ForecastJobs) -> Demand {
        let known = habits[jobs.kind]
        let habit = known ?? habits[nil] ?? KindHabits()
        let promptTokens = jobs.promptTokens.map(Double.init) ?? habit.prompt.mean
        let read = jobs.uncachedTokens.map(Double.init) ?? promptTokens * habit.readShare
        let deviation = jobs.promptTokens == nil ? habit.prompt.deviation * habit.readShare : 0
        let limit = jobs.maximumTokens.map(Double.init) ?? .infinity
        let tokens = min(habit.completion.mean, limit)
        // Of a kind that has never run nobody knows how much it writes.
        let tokenDeviation = known == nil ? max(habit.completion.deviation, tokens) : habit.completion.deviation
        let meanDeviation = known == nil ? tokens : tokenDeviation / Double(max(1, habit.count)).squareRoot()
        return Demand(
            read: read, readVariance: deviation * deviation, tokens: tokens,
            tokenVariance: min(tokenDeviation * tokenDeviation, limit * limit),
            meanVariance: meanDeviation * meanDeviation)
    }

    /// What all jobs need together.
    private struct Load {
        var count = 0.0
        var read = 0.0
        var readVariance = 0.0
        var tokens = 0.0
        var tokenVariance = 0.0
        /// Tokens of the longest text, about.
        var longest = 0.0

        init(_ jobs: [(jobs: ForecastJobs, each: Demand)]) {
            for (jobs, each) in jobs where jobs.count > 0 {
                let count = Double(jobs.count)
                self.count += count
                read += count * each.read
                readVariance += count * each.readVariance
                tokens += count * each.tokens
                // Of a mean that is off, every job is.
                tokenVariance += count * each.tokenVariance + count * count * each.meanVariance
                // The longest of some lies about that far above their mean.
                let reach = min(2, (2 * log(count)).squareRoot())
                longest = max(
                    longest,
                    min(
                        each.tokens + reach * each.tokenVariance.squareRoot(),
                        jobs.maximumTokens.map(Double.init) ?? .infinity))
            }
        }
    }
}

extension AttemptTiming {
    /// Whether the attempt was made by that engine, its own version apart.
    func isOf(_ engine: String) -> Bool {
        let (own, other) = (Self.withoutVersion(self.engine), Self.withoutVersion(engine))
        return own == other || own.hasPrefix(other + " ")
    }

    static func withoutVersion(_ engine: String) -> Substring {
        guard let last = engine.lastIndex(of: " "), engine[last...].hasPrefix(" nightshift/") else {
            return engine[...]
        }
        return engine[..<last]
    }
}
