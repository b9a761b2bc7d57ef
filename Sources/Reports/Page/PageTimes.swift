import Foundation

/// Times as the page writes them, on the reader's clock.
struct PageTimes {
    private let calendar: Calendar

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    init(_ calendar: Calendar) { self.calendar = calendar }

    private func parts(_ date: Date) -> DateComponents {
        calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    }

    private func padded(_ number: Int?) -> String {
        let digits = String(number ?? 0)
        return digits.count < 2 ? "0" + digits : digits
    }

    /// `22:05`.
    func clock(_ date: Date) -> String {
        let parts = parts(date)
        return "\(padded(parts.hour)):\(padded(parts.minute))"
    }

    /// `26 November 2026`.
    func day(_ date: Date) -> String {
        let parts = parts(date)
        let month = Self.months[min(max((parts.month ?? 1) - 1, 0), 11)]
        return "\(parts.day ?? 0) \(month) \(parts.year ?? 0)"
    }

    /// `26 November 2026, 22:05`.
    func moment(_ date: Date) -> String { "\(day(date)), \(clock(date))" }

    /// `26 November 2026, 22:05 to 27 November 2026, 6:00`; the day once where it is the same.
    func period(_ range: ClosedRange<Date>) -> String {
        let isOneDay = calendar.isDate(range.lowerBound, inSameDayAs: range.upperBound)
        return moment(range.lowerBound) + " to " + (isOneDay ? clock(range.upperBound) : moment(range.upperBound))
    }

    /// The label of a moment on an axis whose steps are so many seconds apart.
    func label(_ date: Date, step: Int64) -> String {
        let parts = parts(date)
        if step >= 86_400 {
            return "\(parts.day ?? 0) \(Self.months[min(max((parts.month ?? 1) - 1, 0), 11)].prefix(3))"
        }
        return step < 60 ? "\(clock(date)):\(padded(parts.second))" : clock(date)
    }

    /// Seconds east of UTC.
    func offset(_ date: Date) -> Int { calendar.timeZone.secondsFromGMT(for: date) }

    /// `0.4 s`, `42 s`, `1 min 30 s`, `2 h 5 min`: as it was, not as a forecast would have it.
    static func seconds(_ seconds: Double) -> String {
        // What belongs together stays on one line.
        (seconds < 9.95 ? "\(max(0, seconds).text(places: 1)) s" : TimeRange.text(seconds: seconds))
            .replacing(" ", with: "\u{A0}")
    }
}
