import JSONText

/// Cells as other programs read them.
package enum DelimitedText {
    /// A cell of RFC 4180: in quotes where it has to be.
    package static func csvCell(_ text: String) -> String {
        let needsQuotes = text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
        return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }

    /// A cell without tabs and line ends, which become `\t` and `\n` as PostgreSQL's COPY writes them. Other control
    /// characters are replaced, since such lines are what people look at in logs.
    package static func plainCell(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\t": result += "\\t"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\\": result += "\\\\"
            default:
                result.unicodeScalars.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
            }
        }
        return result
    }

    /// JSON on one line. The control characters above ASCII, which JSON allows and some terminals obey, are escaped.
    static func json(_ value: JSONValue) -> String {
        let text = value.text
        guard text.unicodeScalars.contains(where: { (0x80...0x9F).contains($0.value) }) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            if (0x80...0x9F).contains(scalar.value) {
                result += "\\u00" + String(scalar.value, radix: 16)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }
}
