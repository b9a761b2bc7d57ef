/// Text from documents, models and file names as HTML shows it.
///
/// Nothing of it can end an element or an attribute. Control characters, and those that turn the direction of what follows
/// around, become U+FFFD: a title must not rewrite the line it stands in.
enum HTMLText {
    static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count + text.utf8.count / 16)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case "\r": break
            default: result.unicodeScalars.append(isHarmful(scalar) ? "\u{FFFD}" : scalar)
            }
        }
        return result
    }

    /// On one line, and no longer than `limit` characters.
    static func line(_ text: String, limit: Int = 300) -> String {
        let words = text.prefix(limit + 1).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return escaped(words.count > limit ? words.prefix(limit - 1) + "…" : words)
    }

    /// A name from outside within a sentence of ours: its direction is its own.
    static func name(_ text: String, limit: Int = 300) -> String { "<bdi>\(line(text, limit: limit))</bdi>" }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x202A...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF: true
        default: scalar.properties.generalCategory == .control
        }
    }
}

extension String.StringInterpolation {
    /// A number with a comma between thousands.
    mutating func appendInterpolation(grouped number: Int) { appendLiteral(number.groupedText) }
}

extension Int {
    /// `6,050,882`.
    var groupedText: String {
        let digits = Array(String(magnitude))
        let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[Swift.max(0, $0 - 3)..<$0]) }
        return (self < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
    }
}

extension Double {
    /// With so many digits behind the point, and none that say nothing.
    func text(places: Int) -> String {
        guard isFinite, magnitude < 1e15 else { return "?" }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let rounded = Int((self * scale).rounded())
        guard places > 0 else { return rounded.groupedText }
        let (whole, rest) = (rounded.magnitude / UInt(scale), rounded.magnitude % UInt(scale))
        let digits = String(rest)
        let fraction = String(repeating: "0", count: places - digits.count) + digits
        return (rounded < 0 ? "-" : "") + Int(whole).groupedText + "." + fraction
    }
}
