import Foundation
import JobStore
import Testing

@Suite("Cron expressions")
struct CronExpressionTests {
    private let berlin: WallClock
    private let newYork: WallClock
    private let utc: WallClock

    init() throws {
        berlin = WallClock(try #require(TimeZone(identifier: "Europe/Berlin")))
        newYork = WallClock(try #require(TimeZone(identifier: "America/New_York")))
        utc = WallClock(try #require(TimeZone(identifier: "UTC")))
    }

    private func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

    /// The next occurrences after a moment, in UTC without seconds.
    private func next(_ count: Int, _ cron: String, after text: String, _ clock: WallClock) throws -> [String] {
        let expression = try CronExpression(cron)
        var moment = try date(text)
        return try (0..<count).map { _ in
            moment = try #require(expression.next(after: moment, on: clock))
            return String(Timestamp.text(moment).prefix(16))
        }
    }

    @Test(
        "fields, names, ranges, steps, lists and macros",
        arguments: [
            ("30 22 * * *", ["2026-11-22T22:30", "2026-11-23T22:30"]),
            ("30 22 * * mon-fri", ["2026-11-23T22:30", "2026-11-24T22:30"]),
            ("0 8-10/2 1,15 * *", ["2026-12-01T08:00", "2026-12-01T10:00", "2026-12-15T08:00"]),
            ("*/20 21 * * *", ["2026-11-22T21:20", "2026-11-22T21:40", "2026-11-23T21:00"]),
            ("0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00"]),
            ("0 0 31 * *", ["2026-12-31T00:00", "2027-01-31T00:00", "2027-03-31T00:00"]),
            // Either day is enough where both are restricted.
            ("0 12 24 * sun", ["2026-11-24T12:00", "2026-11-29T12:00", "2026-12-06T12:00"]),
            ("0 12 * * 7", ["2026-11-29T12:00"]), ("0 12 * JAN Sat-Sun", ["2027-01-02T12:00", "2027-01-03T12:00"]),
            ("50/5 * * * *", ["2026-11-22T21:50", "2026-11-22T21:55", "2026-11-22T22:50"]),
            ("@hourly", ["2026-11-22T22:00"]), ("@weekly", ["2026-11-29T00:00"]), ("@yearly", ["2027-01-01T00:00"]),
        ])
    func forms(cron: String, expected: [String]) throws {
        #expect(try next(expected.count, cron, after: "2026-11-22T21:00:00Z", utc) == expected)
    }

    @Test(
        "what is no expression is refused by the field",
        arguments: [
            ("", "has 0 fields"), ("* * * *", "has 4 fields"), ("60 * * * *", "no minute"), ("* 24 * * *", "no hour"),
            ("* * 0 * *", "no day of month"), ("* * * 13 *", "no month"), ("* * * * 8", "no day of week"),
            ("* * * foo *", "no month"), ("5-1 * * * *", "no minute"), ("*/0 * * * *", "no minute"),
            ("1, * * * *", "no minute"), ("1/2/3 * * * *", "no minute"), ("-1 * * * *", "no minute"),
            ("99999999999999999999 * * * *", "no minute"), ("0 0 30 2 *", "no year has"), ("@reboot", "has 1 fields"),
        ])
    func refusals(cron: String, message: String) {
        #expect { try CronExpression(cron) } throws: { "\($0)".contains(message) }
    }

    @Test("a time of day that spring leaves out occurs when the clock jumps over it; once")
    func spring() throws {
        // In Berlin the hour from 2 to 3 doesn't exist on 2026-03-29, in New York not on 2026-03-08.
        #expect(
            try next(3, "30 2 * * *", after: "2026-03-28T00:00:00Z", berlin)
                == ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"])
        #expect(
            try next(2, "30 2 * * *", after: "2026-03-08T00:00:00Z", newYork) == [
                "2026-03-08T07:00", "2026-03-09T06:30",
            ])
        #expect(
            try next(2, "*/20 2 * * *", after: "2026-03-29T00:00:00Z", berlin) == [
                "2026-03-29T01:00", "2026-03-30T00:00",
            ])
    }

    @Test("a time of day that autumn repeats occurs the first time only")
    func autumn() throws {
        // In Berlin the hour from 2 to 3 comes twice on 2026-10-25, in New York that from 1 to 2 on 2026-11-01.
        #expect(
            try next(2, "30 2 * * *", after: "2026-10-25T00:00:00Z", berlin) == [
                "2026-10-25T00:30", "2026-10-26T01:30",
            ])
        #expect(
            try next(2, "30 1 * * *", after: "2026-11-01T00:00:00Z", newYork) == [
                "2026-11-01T05:30", "2026-11-02T06:30",
            ])
    }

    @Test("what runs every hour goes by real time through both nights")
    func everyHour() throws {
        #expect(
            try next(3, "30 * * * *", after: "2026-10-25T00:00:00Z", berlin)
                == ["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"])
        #expect(
            try next(3, "30 */1 * * *", after: "2026-03-29T00:00:00Z", berlin)
                == ["2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30"])
    }

    @Test("the next occurrence is later, fits, and leaves none out", arguments: 1...200)
    func property(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let cron = Self.randomExpression(using: &generator)
        let expression = try CronExpression(cron)
        let start = Date(
            timeIntervalSince1970: Double(Int.random(in: 1_700_000_000..<1_900_000_000, using: &generator)))
        var moment = start
        for _ in 0..<20 {
            let next = try #require(expression.next(after: moment, on: utc))
            #expect(next > moment, "\(cron) after \(moment)")
            #expect(Self.matches(cron, next), "\(cron) at \(next)")
            // Every minute between is looked at, a day at most.
            var between = (moment.timeIntervalSince1970 / 60).rounded(.down) * 60 + 60
            let end = min(next.timeIntervalSince1970, between + 86_400)
            while between < end {
                #expect(!Self.matches(cron, Date(timeIntervalSince1970: between)), "\(cron) leaves out \(between)")
                between += 60
            }
            moment = next
        }
        // Backwards the same are found.
        let found = expression.occurrences(after: start, through: moment, latest: 5, on: utc)
        #expect(found.last == moment && found.count == 5, "\(cron)")
    }

    @Test("through the changes of clocks every occurrence comes once, in order", arguments: 1...100)
    func changesOfClocks(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let hours = ["*", "1", "2", "1-3", "*/2", "2,3"].randomElement(using: &generator) ?? "*"
        let minutes = ["0", "30", "*/15", "59", "0,1"].randomElement(using: &generator) ?? "0"
        let expression = try CronExpression("\(minutes) \(hours) * * *")
        let (clock, first) =
            try [
                (berlin, date("2026-03-28T00:00:00Z")), (berlin, date("2026-10-24T00:00:00Z")),
                (newYork, date("2026-03-07T00:00:00Z")), (newYork, date("2026-10-31T00:00:00Z")),
            ]
            .randomElement(using: &generator) ?? (utc, start)
        var forward: [Date] = []
        var moment = first
        let end = first.addingTimeInterval(3 * 86_400)
        while let next = expression.next(after: moment, on: clock), next <= end {
            #expect(next > moment)
            forward.append(next)
            moment = next
        }
        #expect(expression.occurrences(after: first, through: end, latest: 10_000, on: clock) == forward)
        // From anywhere between two occurrences the next one is the same.
        for (earlier, later) in zip(forward, forward.dropFirst()) {
            let between = earlier.addingTimeInterval(later.timeIntervalSince(earlier) * 0.4)
            #expect(expression.next(after: between, on: clock) == later)
        }
        // A time of day occurs once a day, also in these nights, unless the jump brings several together.
        if hours == "2", minutes == "30" { #expect(forward.count == 3) }
    }

    private static func randomExpression(using generator: inout SeededGenerator) -> String {
        func field(_ range: ClosedRange<Int>, using generator: inout SeededGenerator) -> String {
            let low = Int.random(in: range, using: &generator)
            let high = Int.random(in: low...range.upperBound, using: &generator)
            let step = Int.random(in: 1...7, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: return "\(low)"
            case 1: return "\(low)-\(high)"
            case 2: return "*/\(step)"
            case 3: return "\(low),\(high)"
            default: return "*"
            }
        }
        // No day past the 28th, so that every expression has occurrences.
        let fields = [0...59, 0...23, 1...28, 1...12, 0...6].map { field($0, using: &generator) }
        return fields.joined(separator: " ")
    }

    /// The definition, minute by minute, in UTC.
    private static func matches(_ cron: String, _ date: Date) -> Bool {
        func contains(_ field: String, _ value: Int, from first: Int) -> Bool {
            field.split(separator: ",").contains { part in
                if part == "*" { return true }
                if part.hasPrefix("*/") { return (value - first) % (Int(part.dropFirst(2)) ?? 1) == 0 }
                let ends = part.split(separator: "-").compactMap { Int($0) }
                return ends.count == 2 ? (ends[0]...ends[1]).contains(value) : ends.first == value
            }
        }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.minute, .hour, .day, .month, .weekday, .second], from: date)
        guard let minute = parts.minute, let hour = parts.hour, let day = parts.day, let month = parts.month,
            let weekday = parts.weekday, parts.second == 0
        else { return false }
        let fields = cron.split(separator: " ").map(String.init)
        let fitsDay = contains(fields[2], day, from: 1)
        let fitsWeek = contains(fields[4], weekday - 1, from: 0)
        let isRestricted = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
        return contains(fields[0], minute, from: 0) && contains(fields[1], hour, from: 0)
            && contains(fields[3], month, from: 1) && (isRestricted ? fitsDay || fitsWeek : fitsDay && fitsWeek)
    }
}
