import Foundation

/// Makes running text as a model should read it: composed characters (NFC), `\n` for every line end, no control
/// characters, no white space at the ends of lines and of the text, at most one empty line in a row.
public enum TextCleaner {
    public static func clean(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        // Spaces that count only where something other than a line end follows, and line ends likewise.
        var spaces = ""
        var lineEnds = 0
        var isAfterReturn = false
        for scalar in text.precomposedStringWithCanonicalMapping.unicodeScalars {
            defer { isAfterReturn = scalar == "\r" }
            switch scalar {
            case "\n" where isAfterReturn: break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}":
                lineEnds += 1
                spaces = ""
            case " ", "\t": spaces.unicodeScalars.append(scalar)
            case "\u{A0}": spaces += " "
            case "\u{FEFF}", "\u{200B}", "\u{AD}": break
            default:
                if scalar.properties.generalCategory == .control { continue }
                if !result.isEmpty {
                    for _ in 0..<min(lineEnds, 2) { result += "\n" }
                    result += spaces
                }
                (lineEnds, spaces) = (0, "")
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
