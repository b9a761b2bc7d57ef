/// The title of a document that has none in its metadata.
public enum DocumentTitle {
    /// In characters; a longer line is cut at a word, with an ellipsis.
    public static let maximumLength = 120

    /// How far into a document a heading is looked for, in lines.
    private static let lineLimit = 200

    /// The first heading of a text that has them marked, else the first line that isn't blank; empty for a blank text.
    static func title(of text: String, format: DocumentFormat) -> String {
        if format.marksHeadings, let heading = firstHeading(of: text) { return shortened(heading) }
        // Blank lines by their bytes first: there may be millions.
        let start = Substring(text.utf8.drop { $0 <= 0x20 })
        return shortened(line(start.drop(while: \.isWhitespace).utf8.prefix { $0 != newline }))
    }

    private static let newline = UInt8(ascii: "\n")

    /// The first `# heading` of any level, or the first line underlined by `===` or `---`, outside fenced code.
    private static func firstHeading(of text: String) -> String? {
        var previous = ""
        var isInCode = false
        let lines = text.utf8.split(separator: newline, maxSplits: lineLimit, omittingEmptySubsequences: false)
        for line in lines.prefix(lineLimit).map(line) {
            if line.hasPrefix("```") || line.hasPrefix("~~~") { isInCode.toggle() }
            guard !isInCode else { continue }
            let level = line.prefix { $0 == "#" }.count
            if (1...6).contains(level), line.dropFirst(level).first == " " {
                let heading = line.dropFirst(level).trimmed.reversed().drop { $0 == "#" }.reversed()
                if !heading.isEmpty { return String(heading).trimmed }
            }
            let isUnderline = line.count >= 3 && (line.allSatisfy { $0 == "=" } || line.allSatisfy { $0 == "-" })
            if isUnderline, !previous.isEmpty { return previous }
            previous = line
        }
        return nil
    }

    /// A line as text without white space around it. Only the beginning of a very long one is looked at.
    private static func line(_ bytes: Substring.UTF8View) -> String {
        Substring(decoding: bytes.prefix(maximumLength * 16), as: UTF8.self).trimmed
    }

    static func shortened(_ line: String) -> String {
        guard line.count > maximumLength else { return line }
        let cut = line.prefix(maximumLength - 1)
        let words = cut.lastIndex(of: " ").map { cut[..<$0] } ?? cut
        return words + "…"
    }
}
