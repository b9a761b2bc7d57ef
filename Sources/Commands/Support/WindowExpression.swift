package import JobStore

/// Run windows and rates as people type them.
package enum WindowExpression {
    /// `22:00-06:00`; hours may have one digit.
    ///
    /// - throws: ``CommandError`` (64).
    package static func window(_ text: String) throws -> QueueChange.Window {
        let form = /\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*/
        guard let match = text.wholeMatch(of: form), let start = time(match.1, match.2),
            let end = time(match.3, match.4), start != end
        else {
            throw CommandError(
                .usage, "'\(text.prefix(60))' is no run window; write one such as 22:00-06:00, or none for no window")
        }
        return QueueChange.Window(start: start, end: end)
    }

    private static func time(_ hour: Substring, _ minute: Substring) -> String? {
        guard let hours = Int(hour), hours < 24, let minutes = Int(minute), minutes < 60 else { return nil }
        return (hours < 10 ? "0" : "") + "\(hours):\(minute)"
    }

    /// `mon-fri`, `sat,sun`, `all`; the numbers of the days, 0 for Sunday.
    ///
    /// - throws: ``CommandError`` (64).
    package static func days(_ text: String) throws -> Set<Int> {
        do {
            return try CronExpression.weekdays(text.lowercased() == "all" ? "*" : text)
        } catch {
            throw CommandError(.usage, "'\(text.prefix(60))' names no days; write mon-fri, sat,sun or all")
        }
    }

    /// "mon-fri" for "12345"; the week begins on Monday.
    package static func dayNames(_ digits: String) -> String {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        let days = digits.compactMap(\.wholeNumberValue).map { ($0 + 6) % 7 }.sorted().filter(names.indices.contains)
        var ranges: [ClosedRange<Int>] = []
        for day in days {
            if let last = ranges.last, day <= last.upperBound + 1 {
                ranges[ranges.count - 1] = last.lowerBound...day
            } else {
                ranges.append(day...day)
            }
        }
        return ranges.map { range in
            range.count == 1 ? names[range.lowerBound] : "\(names[range.lowerBound])-\(names[range.upperBound])"
        }.joined(separator: ",")
    }

    /// `10/m`, `100/h`, `2/s`, `500/d`, `5/30s`.
    ///
    /// - throws: ``CommandError`` (64).
    package static func rate(_ text: String) throws -> RateLimit {
        let form = /\s*(\d{1,9})\s*\/\s*(\d{0,6})\s*([smhdSMHD])[a-zA-Z]*\s*/
        let units: [String: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let match = text.wholeMatch(of: form), let count = Int(match.1), count > 0,
            let unit = units[match.3.lowercased()], let number = match.2.isEmpty ? 1 : Int(match.2),
            (1...604_800).contains(number * unit)
        else {
            throw CommandError(
                .usage,
                "'\(text.prefix(60))' is no rate; write 10/m, 100/h, 2/s or 5/30s, a week at most, or none for no rate")
        }
        return RateLimit(count: count, seconds: number * unit)
    }
}
