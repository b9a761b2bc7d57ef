/// How far a pile of jobs is: `12/40 ▕███   ▏ 30 % · 5.1 tok/s · 00:41<01:36 · 1 failed`.
package struct WorkProgress: Sendable, Equatable {
    package var done: Int
    /// Jobs' worth of what is under way.
    package var underWay: Double
    /// Done and open ones together.
    package var total: Int
    package var failed: Int
    package var tokensPerSecond: Double?
    /// Seconds.
    package var elapsed: Double
    package var left: Double?

    package init(
        done: Int, underWay: Double = 0, total: Int, failed: Int = 0, tokensPerSecond: Double? = nil, elapsed: Double,
        left: Double? = nil
    ) {
        self.done = done
        self.underWay = underWay
        self.total = total
        self.failed = failed
        self.tokensPerSecond = tokensPerSecond
        self.elapsed = elapsed
        self.left = left
    }

    private static let longestBar = 20
    private static let shortestBar = 4

    private var share: Double {
        total > 0 ? min(max((Double(done) + underWay) / Double(total), 0), 1) : 1
    }

    /// The line for a terminal of so many columns, one of which stays free: a terminal that is filled to its end may begin
    /// a new line. What doesn't fit is left out from the end, and the bar gets shorter before it goes.
    ///
    /// - parameter isPlain: only ASCII, for terminals that know no other.
    package func line(width: Int, style: TerminalStyle, isPlain: Bool = false) -> String {
        let room = max(1, width - 1)
        let counts = "\(done)/\(total)"
        let percent = "\(Int(share * 100)) %"
        let separator = isPlain ? " | " : " · "
        var rest: [(text: String, look: TerminalStyle.Look?)] = []
        if let tokensPerSecond { rest.append((Self.oneDigit(tokensPerSecond) + " tok/s", nil)) }
        rest.append((Self.clock(elapsed) + (left.map { "<" + Self.clock($0) } ?? ""), nil))
        if failed > 0 { rest.append(("\(failed) failed", .red)) }
        // The failures matter more than the speed.
        let order = failed > 0 && rest.count == 3 ? [0, 1] : Array(rest.indices)
        var kept = rest
        func length(_ parts: [(text: String, look: TerminalStyle.Look?)], bar: Int) -> Int {
            counts.count + (bar > 0 ? bar + 3 : 0) + 1 + percent.count
                + parts.reduce(0) { $0 + separator.count + $1.text.count }
        }
        for index in order where length(kept, bar: Self.shortestBar) > room {
            kept.removeAll { $0.text == rest[index].text }
        }
        if length(kept, bar: 0) > room { kept = [] }
        let spare = room - length(kept, bar: 0) - 3
        let bar = spare >= Self.shortestBar ? " " + Self.bar(share, length: min(spare, Self.longestBar), isPlain) : ""
        let line = counts + bar + " " + percent
        guard length(kept, bar: 0) <= room else { return String((counts + " " + percent).prefix(room)) }
        return line + kept.map { separator + style.paint($0.text, $0.look) }.joined()
    }

    /// For logs: all of it, without a bar.
    package var text: String {
        var parts = ["\(done) of \(total) jobs done (\(Int(share * 100)) %)"]
        if let tokensPerSecond { parts.append(Self.oneDigit(tokensPerSecond) + " tok/s") }
        parts.append(Self.clock(elapsed) + " so far")
        if let left { parts.append("about " + Self.clock(left) + " to go") }
        if failed > 0 { parts.append("\(failed) failed") }
        return parts.joined(separator: ", ")
    }

    /// `▕███▌  ▏`, by eighths of a column.
    static func bar(_ share: Double, length: Int, _ isPlain: Bool) -> String {
        if isPlain {
            let filled = Int(share * Double(length))
            return "[" + String(repeating: "#", count: filled) + String(repeating: " ", count: length - filled) + "]"
        }
        let eighths = Int(share * Double(length) * 8)
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        let body = String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
        return "▕" + body + String(repeating: " ", count: length - body.count) + "▏"
    }

    /// `00:41`, `1:02:03`, `3d 04h`.
    static func clock(_ seconds: Double) -> String {
        let seconds = Int(min(max(0, seconds.isFinite ? seconds : 1e9), 1e9).rounded())
        func padded(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        switch seconds {
        case ..<3600: return "\(padded(seconds / 60)):\(padded(seconds % 60))"
        case ..<86_400: return "\(seconds / 3600):\(padded(seconds / 60 % 60)):\(padded(seconds % 60))"
        default: return "\(seconds / 86_400)d \(padded(seconds / 3600 % 24))h"
        }
    }

    private static func oneDigit(_ value: Double) -> String {
        let tenths = Int((min(max(0, value), 1e9) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
