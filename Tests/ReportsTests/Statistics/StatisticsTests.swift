import Foundation
import JobStore
import Reports
import Testing

@Suite("Statistics")
struct StatisticsTests {
    /// 2026-11-26 22:00 UTC.
    private static let start: Int64 = 1_795_730_400_000

    private func fact(
        _ id: Int64, from: Int64, to: Int64, kind: String = "summarize", outcome: String = "completed", tokens: Int = 60
    ) -> AttemptFact {
        AttemptFact(
            jobID: id, kind: kind, worker: "host:\(id % 2)", engine: "small int8 nightshift/0.\(id)", outcome: outcome,
            claimedAt: Self.start + from * 1000, finishedAt: Self.start + to * 1000, waitMilliseconds: 10_000,
            promptMilliseconds: 4000, generateMilliseconds: 6000, promptTokens: 100, cachedTokens: 40,
            completionTokens: tokens)
    }

    private func statistics(
        by grouping: Statistics.Grouping, zone: String = "GMT", _ facts: [AttemptFact]
    ) -> Statistics {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: zone) ?? .gmt
        var statistics = Statistics(by: grouping, calendar: calendar)
        for fact in facts { statistics.count(fact) }
        return statistics
    }

    @Test("the speed is over wall-clock time, in which jobs side by side count once")
    func overlap() {
        let facts = (0..<10).map { fact($0, from: 0, to: 60) } + [fact(10, from: 600, to: 630)]
        let line = statistics(by: .kind, facts).lines[0]
        #expect(line.completed == 11 && line.busySeconds == 90)
        #expect(line.completionTokens == 660 && line.tokensPerSecond == 7.33)
        #expect(line.jobsPerHour == 440)
        #expect(line.waitSeconds == 10 && line.firstTokenSeconds == 4 && line.longestSeconds == 60)
    }

    @Test("what failed and what was stopped is counted apart; a lost worker's long silence is no work")
    func outcomes() {
        let facts = [
            fact(1, from: 0, to: 10), fact(2, from: 0, to: 10, outcome: "failed"),
            fact(3, from: 0, to: 10, outcome: "timed_out"), fact(4, from: 0, to: 36_000, outcome: "lost"),
            fact(5, from: 0, to: 10, outcome: "interrupted"), fact(6, from: 0, to: 10, outcome: "cancelled"),
        ]
        let line = statistics(by: .queue, facts).total
        #expect((line.completed, line.failed, line.stopped) == (1, 3, 2))
        #expect(line.busySeconds == 10)
    }

    @Test(
        "hours and days are those of the clock on the wall",
        arguments: [
            ("GMT", ["2026-11-26 22:00", "2026-11-26 23:00"], ["2026-11-26"]),
            ("Asia/Kolkata", ["2026-11-27 03:00", "2026-11-27 04:00"], ["2026-11-27"]),
            ("America/New_York", ["2026-11-26 17:00", "2026-11-26 18:00"], ["2026-11-26"]),
        ])
    func clock(zone: String, hours: [String], days: [String]) {
        let facts = [fact(1, from: 0, to: 10), fact(2, from: 3600, to: 3610)]
        #expect(statistics(by: .hour, zone: zone, facts).lines.map(\.group) == hours)
        #expect(statistics(by: .day, zone: zone, facts).lines.map(\.group) == days)
    }

    @Test("versions of nightshift are one model; groups come by the time they took")
    func groups() {
        let facts = [
            fact(1, from: 0, to: 10), fact(2, from: 20, to: 90, kind: "answer"),
            fact(3, from: 100, to: 101, kind: "quiz"),
        ]
        #expect(statistics(by: .model, facts).lines.map(\.group) == ["small int8"])
        #expect(statistics(by: .kind, facts).lines.map(\.group) == ["answer", "summarize", "quiz"])
        #expect(statistics(by: .worker, facts).lines.count == 2)
        #expect(statistics(by: .kind, []).lines.isEmpty)
    }

    @Test("the throughput spreads tokens over the time in which they were written")
    func throughput() {
        var throughput = Throughput(end: Self.start + 60_000, seconds: 10, count: 6)
        // 60 tokens from second 24 to 30, 60 in no time at second 40, and some from before.
        throughput.count(fact(1, from: 0, to: 30))
        var quick = fact(2, from: 40, to: 40)
        quick.generateMilliseconds = 0
        throughput.count(quick)
        throughput.count(fact(3, from: -100, to: -50))
        #expect(throughput.speeds == [0, 0, 6, 6, 0, 0])
    }
}
