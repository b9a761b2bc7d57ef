public import Foundation

/// When a schedule runs: minute, hour, day of month, month and day of week, as in a crontab.
///
/// `*`, numbers, ranges (`8-17`), steps (`*/15`, `8-18/2`), lists (`1,15`), names of months and days (`mon-fri`); `0` and
/// `7` are Sunday. Where both days are restricted, either is enough, as everywhere. `@hourly`, `@daily`, `@weekly`,
/// `@monthly` and `@yearly` stand for what they say.
///
/// In the nights when the clocks change: an expression whose hour begins with `*` follows real time. Any other names
/// times of day, each of which occurs once on its day: in a repeated hour the first time, and one that is left out at
/// the moment the clock jumps over it.
public struct CronExpression: Sendable, Equatable, CustomStringConvertible {
    public let description: String
    private let minutes: [Int64]
    private let hours: [Int64]
    private let daysOfMonth: Set<Int>
    private let months: Set<Int>
    private let daysOfWeek: Set<Int>
    private let restrictsDayOfMonth: Bool
    private let restrictsDayOfWeek: Bool
    /// Times of day rather than intervals.
    private let namesHours: Bool

    private static let macros = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]

    /// - Throws: ``CronError``, which says which field is wrong and what it takes.
    public init(_ text: String) throws(CronError) {
        let text = text.prefix(1000).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let fields = (Self.macros[text.lowercased()] ?? text).split(separator: " ").map(String.init)
        guard fields.count == 5 else { throw CronError.fieldCount(text: text, found: fields.count) }
        description = text
        minutes = try CronField.minute.values(fields[0]).sorted().map(Int64.init)
        hours = try CronField.hour.values(fields[1]).sorted().map(Int64.init)
        daysOfMonth = try CronField.dayOfMonth.values(fields[2])
        months = try CronField.month.values(fields[3])
        daysOfWeek = Set(try CronField.dayOfWeek.values(fields[4]).map { $0 % 7 })
        restrictsDayOfMonth = !fields[2].hasPrefix("*")
        restrictsDayOfWeek = !fields[4].hasPrefix("*")
        namesHours = !fields[1].hasPrefix("*")
        guard firstDay(from: 0) != nil else { throw CronError.never(text: text) }
    }

    /// The weekdays that a field for them names, 0 for Sunday: `mon-fri`, `sat,sun`, `*`.
    public static func weekdays(_ text: String) throws(CronError) -> Set<Int> {
        Set(try CronField.dayOfWeek.values(text).map { $0 % 7 })
    }

    /// The first occurrence after `date`, on that clock; `nil` only at the end of the calendar.
    public func next(after date: Date, on clock: WallClock) -> Date? {
        let after = floorDivision(Timestamp.milliseconds(date), 1000)
        // A time that a jump moves may lie on the day before.
        var day = floorDivision(after + clock.offset(after), 86_400) - 1
        // Two days of jumps and repetitions at most lie between a day that fits and its first moment after `date`.
        while let found = firstDay(from: day) {
            if let moment = moments(onDay: found, clock).first(where: { $0 > after }) {
                return Date(timeIntervalSince1970: Double(moment))
            }
            day = found + 1
        }
        return nil
    }

    /// The latest occurrences after `start` up to and including `end`, in order, at most `limit` of them.
    public func occurrences(after start: Date, through end: Date, latest limit: Int, on clock: WallClock) -> [Date] {
        let first = floorDivision(Timestamp.milliseconds(start), 1000)
        let last = floorDivision(Timestamp.milliseconds(end), 1000)
        var found: Set<Int64> = []
        var day = floorDivision(last + clock.offset(last), 86_400)
        // From the end, lest years that nobody was there for are gone through.
        while found.count < limit, day >= floorDivision(first + clock.offset(first), 86_400) - 1 {
            if allows(day) { found.formUnion(moments(onDay: day, clock).filter { $0 > first && $0 <= last }) }
            day -= 1
        }
        return found.sorted().suffix(limit).map { Date(timeIntervalSince1970: Double($0)) }
    }

    /// The occurrences of a day, in order.
    private func moments(onDay day: Int64, _ clock: WallClock) -> [Int64] {
        var moments: Set<Int64> = []
        for hour in hours {
            for minute in minutes {
                let local = day * 86_400 + hour * 3600 + minute * 60
                if namesHours {
                    moments.insert(clock.firstMoment(showingAtLeast: local))
                } else {
                    moments.formUnion(clock.moments(showing: local))
                }
            }
        }
        return moments.sorted()
    }

    /// The first day from that one, counted from 1970, that the expression allows. No expression that allows any leaves
    /// out more than eight years.
    private func firstDay(from day: Int64) -> Int64? { (day...(day + 3000)).first(where: allows) }

    private func allows(_ day: Int64) -> Bool {
        let date = Timestamp.civilDate(daysSince1970: day)
        // The last day that can be stored is that of the year 9999.
        guard months.contains(Int(date.month)), day < 2_932_896 else { return false }
        let fitsMonth = daysOfMonth.contains(Int(date.day))
        let fitsWeek = daysOfWeek.contains(Int(((day + 4) % 7 + 7) % 7))
        return restrictsDayOfMonth && restrictsDayOfWeek ? fitsMonth || fitsWeek : fitsMonth && fitsWeek
    }
}

/// Why a text is no cron expression.
public enum CronError: Error, Sendable, Equatable, CustomStringConvertible {
    case fieldCount(text: String, found: Int)
    case field(name: String, text: String, allowed: String)
    case never(text: String)

    public var description: String {
        switch self {
        case .fieldCount(let text, let found):
            """
            '\(text.prefix(60))' has \(found) fields; a schedule has five: minute, hour, day of month, month and day of \
            week, such as '30 22 * * mon-fri', or one of @hourly, @daily, @weekly, @monthly and @yearly
            """
        case .field(let name, let text, let allowed):
            "'\(text.prefix(60))' is no \(name); it takes \(allowed), *, ranges (a-b), steps (*/n) and lists (a,b)"
        case .never(let text): "'\(text.prefix(60))' names a day that no year has"
        }
    }
}

/// A field of an expression.
private struct CronField {
    let name: String
    let range: ClosedRange<Int>
    var names: [String] = []

    static let minute = CronField(name: "minute", range: 0...59)
    static let hour = CronField(name: "hour", range: 0...23)
    static let dayOfMonth = CronField(name: "day of month", range: 1...31)
    static let month = CronField(
        name: "month", range: 1...12,
        names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
    static let dayOfWeek = CronField(
        name: "day of week", range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

    func values(_ text: String) throws(CronError) -> Set<Int> {
        var values: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let some = self.values(ofPart: part) else {
                let allowed = "\(range.lowerBound) to \(range.upperBound)" + (names.isEmpty ? "" : " or \(names[0])…")
                throw CronError.field(name: name, text: text, allowed: allowed)
            }
            values.formUnion(some)
        }
        return values
    }

    private func values(ofPart part: Substring) -> Set<Int>? {
        let halves = part.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count <= 2, let bounds = bounds(halves[0], isStepped: halves.count == 2) else { return nil }
        guard halves.count == 2 else { return Set(bounds) }
        guard let step = number(halves[1]), step >= 1 else { return nil }
        return Set(stride(from: bounds.lowerBound, through: bounds.upperBound, by: step))
    }

    /// `*`, `a` or `a-b`; a single number with a step begins a range that runs to the end.
    private func bounds(_ text: Substring, isStepped: Bool) -> ClosedRange<Int>? {
        if text == "*" { return range.lowerBound...(range.upperBound == 7 ? 6 : range.upperBound) }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let first = value(ends[0]) else { return nil }
        if ends.count == 1 { return first...(isStepped ? max(first, range.upperBound) : first) }
        // sat-sun: the week may be written to its end.
        guard var last = value(ends[1]) else { return nil }
        if last == 0, first > 0, range.upperBound == 7 { last = 7 }
        return first <= last ? first...last : nil
    }

    private func value(_ text: Substring) -> Int? {
        if let index = names.firstIndex(of: text.lowercased()) { return index + range.lowerBound }
        return number(text).flatMap { range.contains($0) ? $0 : nil }
    }

    private func number(_ text: Substring) -> Int? {
        text.count <= 4 && !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber } ? Int(text) : nil
    }
}
