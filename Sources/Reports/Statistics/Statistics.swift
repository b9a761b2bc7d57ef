public import Foundation
public import JobStore

/// What attempts have cost, by what they have in common.
public struct Statistics: Sendable {
    /// What is put together.
    public enum Grouping: String, CaseIterable, Sendable {
        case kind, hour, day, worker, model, queue
    }

    /// The sums of a group. The properties are what commands print.
    public struct Line: Sendable, Hashable, Encodable {
        public var group: String
        /// Attempts that were completed, parts of long documents among them.
        public var completed = 0
        public var failed = 0
        /// Handed back or cancelled.
        public var stopped = 0
        public var promptTokens = 0
        public var cachedTokens = 0
        public var completionTokens = 0
        /// Seconds of wall-clock time in which at least one of them was in hand.
        public var busySeconds = 0.0
        /// Tokens written in a second of that time.
        public var tokensPerSecond: Double?
        public var jobsPerHour: Double?
        /// Means of those that were completed.
        public var waitSeconds: Double?
        public var firstTokenSeconds: Double?
        public var totalSeconds: Double?
        public var longestSeconds: Double?

        enum CodingKeys: String, CodingKey {
            case group, completed, failed, stopped
            case promptTokens = "prompt_tokens"
            case cachedTokens = "cached_tokens"
            case completionTokens = "completion_tokens"
            case busySeconds = "busy_seconds"
            case tokensPerSecond = "tokens_per_second"
            case jobsPerHour = "jobs_per_hour"
            case waitSeconds = "wait_seconds"
            case firstTokenSeconds = "first_token_seconds"
            case totalSeconds = "total_seconds"
            case longestSeconds = "longest_seconds"
        }
    }

    fileprivate struct Sums {
        var line: Line
        var wait = 0.0
        var prompt = 0.0
        var total = 0.0
        var longest = 0.0
        var busy = Intervals()
    }

    private let grouping: Grouping
    private let calendar: Calendar
    private var groups: [String: Sums] = [:]
    private var whole = Sums(line: Line(group: "all"))
    private var hours: [Int64: String] = [:]

    public init(by grouping: Grouping, calendar: Calendar = .current) {
        self.grouping = grouping
        self.calendar = calendar
    }

    public mutating func count(_ fact: AttemptFact) {
        let key = key(of: fact)
        groups[key, default: Sums(line: Line(group: key))].count(fact)
        whole.count(fact)
    }

    /// A line for each group: times in their order, all else by the time it took.
    public var lines: [Line] {
        let lines = groups.values.map(\.settled)
        switch grouping {
        case .hour, .day: return lines.sorted { $0.group < $1.group }
        default: return lines.sorted { ($1.busySeconds, $0.group) < ($0.busySeconds, $1.group) }
        }
    }

    /// Everything together.
    public var total: Line { whole.settled }

    private mutating func key(of fact: AttemptFact) -> String {
        switch grouping {
        case .kind: fact.kind
        case .queue: fact.queue
        case .worker: fact.worker
        case .model: fact.engine.map { String(AttemptTiming.withoutVersion($0)) } ?? "unknown"
        case .hour: hour(of: fact.finishedAt) + ":00"
        case .day: String(hour(of: fact.finishedAt).prefix(10))
        }
    }

    /// `2026-11-26 22`. No clock changes within a quarter of an hour, so that one look at the calendar serves for it.
    private mutating func hour(of milliseconds: Int64) -> String {
        let quarter = milliseconds / 900_000
        if let known = hours[quarter] { return known }
        let date = Date(timeIntervalSince1970: Double(quarter * 900))
        let parts = calendar.dateComponents([.year, .month, .day, .hour], from: date)
        func padded(_ number: Int?, _ width: Int = 2) -> String {
            let digits = String(number ?? 0)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let text = "\(padded(parts.year, 4))-\(padded(parts.month))-\(padded(parts.day)) \(padded(parts.hour))"
        hours[quarter] = text
        return text
    }
}

extension Statistics.Sums {
    fileprivate mutating func count(_ fact: AttemptFact) {
        if fact.outcome == "completed" {
            line.completed += 1
            let seconds = Double(max(0, fact.finishedAt - fact.claimedAt)) / 1000
            wait += Double(fact.waitMilliseconds) / 1000
            prompt += Double(fact.promptMilliseconds) / 1000
            total += seconds
            longest = max(longest, seconds)
        } else if fact.failed {
            line.failed += 1
        } else {
            line.stopped += 1
        }
        line.promptTokens += fact.promptTokens
        line.cachedTokens += fact.cachedTokens
        line.completionTokens += fact.completionTokens
        // A worker that was lost is found out late: the time of its end says nothing.
        if fact.outcome != "lost" { busy.add(from: fact.claimedAt, to: fact.finishedAt) }
    }

    fileprivate var settled: Statistics.Line {
        var line = line
        func rounded(_ value: Double, _ places: Double = 100) -> Double { (value * places).rounded() / places }
        let seconds = Double(busy.covered) / 1000
        line.busySeconds = rounded(seconds, 10)
        if seconds > 0 {
            line.tokensPerSecond = rounded(Double(line.completionTokens) / seconds)
            line.jobsPerHour = rounded(Double(line.completed) / seconds * 3600, 10)
        }
        if line.completed > 0 {
            let count = Double(line.completed)
            line.waitSeconds = rounded(wait / count, 10)
            line.firstTokenSeconds = rounded(prompt / count)
            line.totalSeconds = rounded(total / count, 10)
            line.longestSeconds = rounded(longest, 10)
        }
        return line
    }
}
