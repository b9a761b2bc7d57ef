import Foundation

/// Times of the queue as people read them.
enum LocalTime {
    /// A local time of a view, `2026-11-22 22:31:05`, without what goes without saying: seconds always, the date where it
    /// is today's, the year where it is this one.
    static func short(_ text: String) -> String { short(text, now: Date()) }

    static func short(_ text: String, now: Date) -> String {
        guard text.wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/) != nil else { return text }
        let today = self.text(now)
        if text.prefix(10) == today.prefix(10) { return String(text.dropFirst(11).prefix(5)) }
        return String(text.prefix(4) == today.prefix(4) ? text.dropFirst(5).prefix(11) : text.prefix(16))
    }

    /// A stored time (`2026-11-22T21:31:05.123Z`) on this machine's clock; what isn't one stays as it is.
    static func local(_ stored: String) -> String {
        date(stored).map(text) ?? stored
    }

    static func date(_ stored: String) -> Date? {
        try? Date(stored, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    static func text(_ date: Date) -> String {
        let parts = Calendar.current.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        func padded(_ number: Int?, _ width: Int = 2) -> String {
            let digits = String(number ?? 0)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(parts.year, 4))-\(padded(parts.month))-\(padded(parts.day)) "
            + "\(padded(parts.hour)):\(padded(parts.minute)):\(padded(parts.second))"
    }

    /// "12 minutes": how long ago, in the one unit that matters.
    static func span(_ seconds: TimeInterval) -> String {
        let seconds = Int(max(0, min(seconds, 1e12)))
        switch seconds {
        case ..<60: return counted(seconds, "second")
        case ..<3600: return counted(seconds / 60, "minute")
        case ..<86_400: return counted(seconds / 3600, "hour")
        default: return counted(seconds / 86_400, "day")
        }
    }
}
