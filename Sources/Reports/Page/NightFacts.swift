public import Foundation
public import JobStore

/// What a report tells of a stretch of work as a whole: sums, and what its charts are drawn from.
public struct NightFacts: Sendable {
    /// A bar of the chart over time.
    struct Bin: Sendable {
        var start: Int64
        var tokens = 0.0
        var completed = 0
        var failed = 0
    }

    private struct Attempt {
        var claimedAt: Int64
        var writesFrom: Int64
        var finishedAt: Int64
        var tokens: Int
        var isCompleted: Bool
        var isFailed: Bool
    }

    /// Milliseconds of attempts, added up. Attempts run side by side, so that only their shares mean something.
    struct Split: Sendable {
        var wait = 0
        var load = 0
        var prompt = 0
        var generate = 0
    }

    private var timed: [Attempt] = []
    private var busy = Intervals()
    private(set) var split = Split()
    private(set) var promptTokens = 0
    private(set) var cachedTokens = 0
    private(set) var completionTokens = 0
    /// That were counted.
    public private(set) var attempts = 0
    private(set) var failedAttempts = 0
    private(set) var partAttempts = 0
    private(set) var engines: [String: Int] = [:]
    private(set) var workers: Set<String> = []
    /// The job is the whole one where a part took longest.
    private(set) var longest: (job: Int64, isPart: Bool, milliseconds: Int64)?

    public init() {}

    public mutating func count(_ fact: AttemptFact) {
        attempts += 1
        if fact.failed { failedAttempts += 1 }
        if fact.isPart { partAttempts += 1 }
        promptTokens += fact.promptTokens
        cachedTokens += min(fact.cachedTokens, fact.promptTokens)
        completionTokens += fact.completionTokens
        split.wait += fact.waitMilliseconds
        split.load += fact.loadMilliseconds
        split.prompt += fact.promptMilliseconds
        split.generate += fact.generateMilliseconds
        if let engine = fact.engine { engines[engine, default: 0] += 1 }
        workers.insert(fact.worker)
        // A worker that was lost is found out late: the time of its end says nothing.
        guard fact.outcome != "lost", fact.finishedAt > fact.claimedAt else { return }
        busy.add(from: fact.claimedAt, to: fact.finishedAt)
        let milliseconds = fact.finishedAt - fact.claimedAt
        if fact.outcome == "completed", milliseconds > longest?.milliseconds ?? -1 {
            longest = (fact.wholeJobID, fact.isPart, milliseconds)
        }
        timed.append(
            Attempt(
                claimedAt: fact.claimedAt,
                writesFrom: max(fact.claimedAt, fact.finishedAt - Int64(fact.generateMilliseconds)),
                finishedAt: fact.finishedAt, tokens: fact.completionTokens,
                isCompleted: fact.outcome == "completed", isFailed: fact.failed))
    }

    /// From the first claim to the last end.
    public var period: ClosedRange<Date>? {
        guard let start = timed.lazy.map(\.claimedAt).min(), let end = timed.lazy.map(\.finishedAt).max() else {
            return nil
        }
        return Date(timeIntervalSince1970: Double(start) / 1000)...Date(timeIntervalSince1970: Double(end) / 1000)
    }

    /// Seconds with a job in hand.
    var busySeconds: Double { Double(busy.covered) / 1000 }

    /// Widths that a bar may have, in seconds: such that its edges are times that people name.
    private static let widths: [Int64] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 604_800,
        2_592_000, 31_536_000, 315_360_000,
    ]
    private static let mostBins: Int64 = 60

    /// The work over time, in bars of a width that people name.
    ///
    /// - parameter offset: seconds east of UTC, so that bars begin at full hours of the clock on the wall.
    func bins(offset: Int) -> (width: Int64, bins: [Bin]) {
        guard let period else { return (1000, []) }
        let first = Int64(period.lowerBound.timeIntervalSince1970 * 1000)
        let last = Int64(period.upperBound.timeIntervalSince1970 * 1000)
        let width = 1000 * (Self.widths.first { (last - first) / (1000 * $0) < Self.mostBins - 1 } ?? 3_153_600_000)
        let shift = Int64(offset) * 1000
        let start = (first + shift) / width * width - shift
        var bins = (0...max(0, (last - start) / width)).prefix(Int(Self.mostBins) + 2).map {
            Bin(start: start + $0 * width)
        }
        func index(_ time: Int64) -> Int { Int(min(max(0, (time - start) / width), Int64(bins.count - 1))) }
        for attempt in timed {
            let end = index(attempt.finishedAt)
            if attempt.isCompleted { bins[end].completed += 1 }
            if attempt.isFailed { bins[end].failed += 1 }
            let length = max(1, attempt.finishedAt - attempt.writesFrom)
            for bin in index(attempt.writesFrom)...end {
                let from = max(attempt.writesFrom, bins[bin].start)
                let to = min(attempt.finishedAt, bins[bin].start + width)
                bins[bin].tokens += Double(attempt.tokens) * Double(max(0, to - from)) / Double(length)
            }
        }
        return (width, bins)
    }
}

/// How the jobs of a report ended.
public struct NightCounts: Sendable {
    /// Jobs that failed for one reason.
    public struct Reason: Sendable, Hashable {
        public var code: String
        public var example: String
        public var jobs: Int

        public init(code: String, example: String, jobs: Int) {
            self.code = code
            self.example = example
            self.jobs = jobs
        }
    }

    public var completed: Int
    public var failed: Int
    public var cancelled: Int
    /// Not ended yet.
    public var open: Int
    public var documents: Int
    public var kinds: [String]
    /// The most frequent first.
    public var reasons: [Reason]

    public init(
        completed: Int, failed: Int = 0, cancelled: Int = 0, open: Int = 0, documents: Int = 0, kinds: [String] = [],
        reasons: [Reason] = []
    ) {
        self.completed = completed
        self.failed = failed
        self.cancelled = cancelled
        self.open = open
        self.documents = documents
        self.kinds = kinds
        self.reasons = reasons
    }
}

extension NightCounts {
    public init(_ counts: ReportCounts) {
        func sum(_ state: String) -> Int { counts.groups.reduce(0) { $0 + ($1.state == state ? $1.count : 0) } }
        var reasons: [String: Reason] = [:]
        for group in counts.groups where group.state == "discarded" {
            // What was given up without an attempt has its reason in words only: `deadline_missed: not done by …`.
            let prefix = group.error.map { String($0.prefix { $0.isLetter || $0 == "_" }) } ?? ""
            let code =
                group.errorCode
                ?? (group.error?.hasPrefix(prefix + ":") == true && !prefix.isEmpty ? prefix : "by hand")
            reasons[code, default: Reason(code: code, example: group.error ?? "", jobs: 0)].jobs += group.count
        }
        self.init(
            completed: sum("completed"), failed: sum("discarded"), cancelled: sum("cancelled"), open: counts.open,
            documents: counts.documents, kinds: Set(counts.groups.map(\.kind)).sorted(),
            reasons: reasons.values.sorted { ($1.jobs, $0.code) < ($0.jobs, $1.code) })
    }
}
