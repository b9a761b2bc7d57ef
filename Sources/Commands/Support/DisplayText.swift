/// Text as a terminal shows it.
///
/// Titles of documents and texts of models come from outside. What would move the cursor, change colours or reverse
/// the order of letters never reaches the terminal: control characters and overrides of direction become U+FFFD.
package enum DisplayText {
    /// The most scalars of one character that are shown: stacks of accents can be endless.
    private static let maximumScalars = 12

    /// The text on one line: white space of any kind is one space.
    ///
    /// - parameter limit: characters to look at; the rest of a long text is left out.
    package static func line(_ text: String, limit: Int = .max) -> String {
        var result = ""
        var isSpacePending = false
        for character in text.prefix(limit) {
            if let byte = character.asciiValue, byte > 0x20, byte != 0x7F {
                if isSpacePending { result.append(" ") }
                isSpacePending = false
                result.append(character)
            } else if character.isWhitespace {
                isSpacePending = !result.isEmpty
            } else {
                if isSpacePending { result.append(" ") }
                isSpacePending = false
                append(character, to: &result)
            }
        }
        return result
    }

    /// The text with its lines and tabs.
    package static func paragraphs(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\n", "\t": result.append(character)
            case "\r\n": result.append("\n")
            default: append(character, to: &result)
            }
        }
        return result
    }

    private static func append(_ character: Character, to text: inout String) {
        for scalar in character.unicodeScalars.prefix(maximumScalars) {
            text.unicodeScalars.append(isHarmful(scalar) ? "\u{FFFD}" : scalar)
        }
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20..<0x7F: false
        case 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029: true
        default: scalar.properties.generalCategory == .control
        }
    }

    // MARK: - Width

    /// Columns of a terminal that the text takes up, on one line.
    package static func width(of text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + width(of: $1) }
    }

    package static func width(of character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.isASCII { return character.unicodeScalars.contains("\u{FE0F}") ? 2 : 1 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if first.properties.isEmojiPresentation || isWide(first.value) { return 2 }
        // A sign that the selector turns into a picture.
        return first.properties.isEmoji && character.unicodeScalars.contains("\u{FE0F}") ? 2 : 1
    }

    /// East Asian Width "W" or "F" (Unicode Standard Annex 11), emoji apart.
    private static func isWide(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F2FF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }

    /// As much of the text as `width` columns hold, with an ellipsis where something is missing.
    package static func cut(_ text: String, to width: Int) -> String {
        var used = 0
        var end = text.startIndex
        for index in text.indices {
            let next = used + Self.width(of: text[index])
            if next > width { return width > 0 ? text[..<end] + "…" : "" }
            used = next
            // One column stays free for the ellipsis until the whole text is known to fit.
            if used <= width - 1 { end = text.index(after: index) }
        }
        return text
    }

    /// The words of a line on as many lines as `width` columns demand; a word that is wider stands alone.
    package static func wrapped(_ line: String, to width: Int) -> [String] {
        var lines: [String] = []
        for word in line.split(separator: " ", omittingEmptySubsequences: false) {
            if let last = lines.last, Self.width(of: last) + 1 + Self.width(of: word) <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
