/// A time that nobody knows exactly: in four cases of five it lies between the two ends.
public struct TimeRange: Sendable, Hashable {
    /// Seconds; the most likely.
    public var expected: Double
    public var shortest: Double
    public var longest: Double

    public init(expected: Double, shortest: Double, longest: Double) {
        self.expected = expected
        self.shortest = shortest
        self.longest = longest
    }

    /// `1 h 20 min (1 h 5 min to 1 h 45 min)`.
    public var text: String {
        let (low, high) = (Self.text(seconds: shortest), Self.text(seconds: longest))
        return Self.text(seconds: expected) + (low == high ? "" : " (\(low) to \(high))")
    }

    /// In the two units that matter, as coarse as suits a forecast: `40 s`, `1 min 30 s`, `12 min`, `1 h 20 min`, `2 d 3 h`.
    public static func text(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e10 else { return "for ever" }
        let seconds = max(0, seconds)
        if seconds < 1 { return "1 s" }
        if seconds < 59.5 { return "\(Int(seconds.rounded())) s" }
        if seconds < 595 {
            let tens = Int((seconds / 10).rounded())
            return "\(tens / 6) min" + (tens % 6 == 0 ? "" : " \(tens % 6 * 10) s")
        }
        let minutes = Int((seconds / 60).rounded())
        if minutes < 60 { return "\(minutes) min" }
        if minutes < 24 * 60 { return "\(minutes / 60) h" + (minutes % 60 == 0 ? "" : " \(minutes % 60) min") }
        let hours = Int((seconds / 3600).rounded())
        return "\(hours / 24) d" + (hours % 24 == 0 ? "" : " \(hours % 24) h")
    }
}
