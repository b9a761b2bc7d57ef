/// Cuts programs out of generated text without touching their indentation.
enum CodeText {
    /// The lines between the first two fences of a text; where there is none, the text. A fence that isn't closed goes on to
    /// the end.
    static func insideFence(_ text: String) -> String {
        let lines = lines(of: text)
        guard let open = lines.firstIndex(where: isFence) else { return text }
        let rest = lines[(open + 1)...]
        return rest.prefix { !isFence($0) }.joined(separator: "\n")
    }

    /// A text without blank lines at its ends.
    static func withoutBlankEnds(_ text: String) -> String {
        var lines = lines(of: text)[...]
        while let first = lines.first, isBlank(first) { lines.removeFirst() }
        while let last = lines.last, isBlank(last) { lines.removeLast() }
        return lines.joined(separator: "\n")
    }

    /// A continuation up to the end of the block that `beginning` is in the middle of: the line before the first one that is
    /// indented as little as what opened the block, unless that closes it.
    ///
    /// - parameter beginning: the code that `text` goes on from; its last line may be unfinished.
    static func restOfBlock(_ text: String, after beginning: String) -> String {
        let margin = margin(of: beginning)
        var kept: [Substring] = []
        for (index, line) in lines(of: text).enumerated() {
            if isFence(line) { break }
            // The first one goes on from the last line of the beginning.
            if index > 0, !isBlank(line), indentation(of: line) <= margin {
                guard isContinuation(line) else { break }
                kept.append(line)
                if closesAtLast(line) { break }
                continue
            }
            kept.append(line)
        }
        while kept.count > 1, let last = kept.last, isBlank(last) { kept.removeLast() }
        return kept.joined(separator: "\n")
    }

    // MARK: - Lines

    private static func lines(of text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    private static func isBlank(_ line: Substring) -> Bool { line.allSatisfy(\.isWhitespace) }

    private static func isFence(_ line: Substring) -> Bool { line.drop { $0 == " " }.hasPrefix("```") }

    /// Columns before the first character; a tab counts as eight.
    private static func indentation(of line: Substring) -> Int {
        line.prefix { $0 == " " || $0 == "\t" }.reduce(0) { $0 + ($1 == "\t" ? 8 : 1) }
    }

    /// The indentation of the line that opened the block which goes on at the end of `code`.
    private static func margin(of code: String) -> Int {
        let lines = lines(of: code).filter { !isBlank($0) }
        guard let last = lines.last else { return -1 }
        let indentation = indentation(of: last)
        if opensBlock(last) { return indentation }
        // What isn't indented at all isn't in a block: there is no end to look for.
        return indentation == 0
            ? -1
            : lines.dropLast().last { self.indentation(of: $0) < indentation }
                .map { self.indentation(of: $0) } ?? 0
    }

    private static func trimmed(_ line: Substring) -> Substring {
        var line = line.drop(while: \.isWhitespace)
        while line.last?.isWhitespace == true { line.removeLast() }
        return line
    }

    private static let openings: [Character] = [":", "{", "(", "[", ",", "\\"]

    private static func opensBlock(_ line: Substring) -> Bool {
        let line = trimmed(line)
        let words = ["def ", "class ", "func ", "function ", "fn ", "sub ", "if ", "for ", "while ", "do ", "else"]
        return line.last.map(openings.contains) == true || words.contains { line.hasPrefix($0) }
    }

    /// A line at the margin that still belongs to the block: it closes it, or goes on with its other branch.
    private static func isContinuation(_ line: Substring) -> Bool {
        let line = trimmed(line)
        let words = ["else", "elif", "except", "finally", "catch", "rescue", "ensure", "end", "fi", "done", "esac"]
        return line.first.map { "})]{".contains($0) } == true
            || words.contains { word in
                line.hasPrefix(word) && line.dropFirst(word.count).first.map { !$0.isLetter && $0 != "_" } ?? true
            }
    }

    private static func closesAtLast(_ line: Substring) -> Bool {
        let line = trimmed(line)
        let isOpen = line.last.map(openings.contains) == true
        return !isOpen && !["else", "finally", "ensure"].contains { line.hasPrefix($0) }
    }
}
