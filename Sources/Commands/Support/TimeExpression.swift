package import Foundation

/// Times as people type them.
package enum TimeExpression {
    /// A moment: `22:00` (the next one), `today 22:00`, `tomorrow 6:30`, `2026-12-01`, `2026-12-01 22:00`,
    /// `2026-12-01T22:00:00Z`, `2026-12-01T22:00+01:00`. Without an offset, times are the calendar's.
    ///
    /// - throws: ``CommandError`` (64) for anything else, the 30th of February included.
    package static func moment(_ text: String, now: Date, calendar: Calendar = .current) throws -> Date {
        let text = text.trimmingCharacters(in: .whitespaces)
        let clock = /(\d{1,2}):(\d{2})(?::(\d{2}))?/
        if let match = text.wholeMatch(of: clock) {
            let time = (match.1, match.2, match.3)
            if let today = date(of: now, time, calendar), today > now { return today }
            if let tomorrow = date(of: dayAfter(now, calendar), time, calendar) { return tomorrow }
        }
        let day = /(?i)(today|tomorrow)\s+(\d{1,2}):(\d{2})(?::(\d{2}))?/
        if let match = text.wholeMatch(of: day) {
            let base = match.1.lowercased() == "today" ? now : dayAfter(now, calendar)
            if let date = date(of: base, (match.2, match.3, match.4), calendar) { return date }
        }
        if let date = calendarDate(text, calendar) { return date }
        throw CommandError(
            .usage,
            "'\(text.prefix(60))' is no time; write 22:00, 'tomorrow 22:00', '2026-12-01 22:00' or 2026-12-01T22:00Z")
    }

    /// Seconds: `90s`, `15m`, `2h`, `1d`, `1w`, and sums such as `1h30m`.
    ///
    /// - throws: ``CommandError`` (64).
    package static func duration(_ text: String) throws -> TimeInterval {
        let part = /(\d{1,9})\s*([smhdwSMHDW])\s*/
        let units: [String: TimeInterval] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        var rest = text.trimmingCharacters(in: .whitespaces)[...]
        var seconds: TimeInterval = 0
        while let match = rest.prefixMatch(of: part), let number = Double(match.1),
            let unit = units[match.2.lowercased()]
        {
            seconds += number * unit
            rest = rest[match.range.upperBound...]
        }
        guard rest.isEmpty, !text.allSatisfy(\.isWhitespace), seconds <= 100 * 366 * 86_400 else {
            throw CommandError(.usage, "'\(text.prefix(60))' is no duration; write 90s, 15m, 2h, 1d or 1h30m")
        }
        return seconds
    }

    /// A duration above zero: how long something may take.
    ///
    /// - throws: ``CommandError`` (64).
    package static func timeout(_ text: String) throws -> TimeInterval {
        let seconds = try duration(text)
        guard seconds > 0 else { throw CommandError(.usage, "a timeout must be above zero") }
        return seconds
    }

    // MARK: - Parts

    private typealias Clock = (hour: Substring, minute: Substring, second: Substring?)

    private static func dayAfter(_ date: Date, _ calendar: Calendar) -> Date {
        calendar.date(byAdding: .day, value: 1, to: date) ?? date.addingTimeInterval(86_400)
    }

    /// That time on the day of `date`; a time that the night of a change of clocks leaves out is moved on by the change.
    private static func date(of date: Date, _ clock: Clock, _ calendar: Calendar) -> Date? {
        let day = calendar.dateComponents([.year, .month, .day], from: date)
        return self.date(day, clock, calendar)
    }

    private static func date(_ day: DateComponents, _ clock: Clock, _ calendar: Calendar) -> Date? {
        guard let hour = Int(clock.hour), let minute = Int(clock.minute), let second = Int(clock.second ?? "0"),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var parts = day
        (parts.hour, parts.minute, parts.second) = (hour, minute, second)
        guard let date = calendar.date(from: parts) else { return nil }
        // The calendar turns the 30th of February into a day of March.
        let found = calendar.dateComponents([.year, .month, .day], from: date)
        return (found.year, found.month, found.day) == (day.year, day.month, day.day) ? date : nil
    }

    private static func calendarDate(_ text: String, _ calendar: Calendar) -> Date? {
        let form =
            /(?i)(\d{4})-(\d{2})-(\d{2})(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?)?/
        guard let match = text.wholeMatch(of: form) else { return nil }
        var calendar = calendar
        if let offset = match.7 {
            guard let zone = zone(offset) else { return nil }
            calendar.timeZone = zone
        }
        let day = DateComponents(year: Int(match.1), month: Int(match.2), day: Int(match.3))
        return date(day, (match.4 ?? "0", match.5 ?? "0", match.6), calendar)
    }

    private static func zone(_ offset: Substring) -> TimeZone? {
        let digits = offset.filter(\.isNumber)
        guard let number = Int(digits) else { return TimeZone(secondsFromGMT: 0) }
        let seconds = number / 100 * 3600 + number % 100 * 60
        return TimeZone(secondsFromGMT: offset.hasPrefix("-") ? -seconds : seconds)
    }
}
