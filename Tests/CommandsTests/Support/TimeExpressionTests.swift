import Commands
import Foundation
import Testing

@Suite("Times as people type them")
struct TimeExpressionTests {
    /// 2026-11-22 21:00:00 in Berlin.
    let now = Date(timeIntervalSince1970: 1_795_377_600)
    let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: "Europe/Berlin") ?? .gmt
        return calendar
    }()

    private func moment(_ text: String) throws -> String {
        try TimeExpression.moment(text, now: now, calendar: calendar).formatted(.iso8601)
    }

    @Test(
        "a moment is read in local time",
        arguments: [
            ("22:00", "2026-11-22T21:00:00Z"),  // still to come today
            ("6:30", "2026-11-23T05:30:00Z"),  // past, so tomorrow's
            ("21:00", "2026-11-23T20:00:00Z"),  // this very minute has begun
            ("tomorrow 22:00", "2026-11-23T21:00:00Z"),
            ("Today 06:00", "2026-11-22T05:00:00Z"),
            ("2026-12-01 22:00", "2026-12-01T21:00:00Z"),
            ("2026-12-01T22:00:30", "2026-12-01T21:00:30Z"),
            ("2026-12-01", "2026-11-30T23:00:00Z"),
            ("2026-07-01 22:00", "2026-07-01T20:00:00Z"),  // summer time
            ("2026-12-01T22:00:00Z", "2026-12-01T22:00:00Z"),
            ("2026-12-01T22:00:00.250Z", "2026-12-01T22:00:00Z"),
            ("2026-12-01T22:00+05:30", "2026-12-01T16:30:00Z"),
            ("2026-12-01T22:00-0800", "2026-12-02T06:00:00Z"),
            ("2026-03-29 02:30", "2026-03-29T01:30:00Z"),  // left out by the change of clocks
        ])
    func moments(text: String, expected: String) throws {
        #expect(try moment(text) == expected)
    }

    @Test(
        "what is no time is refused",
        arguments: [
            "", "soon", "25:00", "12:60", "2026-02-30", "2026-13-01", "2026-12-01 24:00", "22", "tomorrow", "12:00 pm",
            "2026-12-01T22:00+99:00",
        ])
    func wrongMoments(text: String) {
        #expect(throws: (any Error).self) { try moment(text) }
    }

    @Test(
        "a duration is a number with its unit, or several",
        arguments: [
            ("90s", 90.0), ("15m", 900), ("2h", 7200), ("1d", 86_400), ("1w", 604_800), ("1h30m", 5400),
            ("1H 30M", 5400),
            ("0s", 0),
        ])
    func durations(text: String, seconds: Double) throws {
        #expect(try TimeExpression.duration(text) == seconds)
    }

    @Test("what is no duration is refused", arguments: ["", "2", "h", "-1h", "1x", "1.5h", "999999999w", " "])
    func wrongDurations(text: String) {
        #expect(throws: (any Error).self) { try TimeExpression.duration(text) }
    }
}
