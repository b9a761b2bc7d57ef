/// Two simple measures of a result's text, as `results.grounding` and `results.repetition` hold them.
///
/// A *word* is a run of letters, marks and digits, in small letters; an apostrophe between letters and a point or
/// comma between digits belong to it ("don't", "1,030.5"), a hyphen doesn't. A *content word* is one that isn't among
/// ``stopWords``.
public enum TextMeasures {
    /// The share of the text's content words, counted as often as they occur, that the input holds as well; `nil`
    /// where the text has none. 1 says that no content word is new, not that the text is true.
    public static func grounding(of text: String, in input: String) -> Double? {
        let content = words(in: text).filter { !stopWords.contains($0) }
        guard !content.isEmpty else { return nil }
        // The input may be a book: its words are looked at one by one, not collected.
        var new = Set(content)
        forEachWord(in: input) { new.remove($0) }
        return Double(content.count { !new.contains($0) }) / Double(content.count)
    }

    /// The share of the text's runs of four words that stand earlier in the text already; `nil` for a text of fewer
    /// than four words. 0 is a text that never repeats itself, a loop is near 1.
    public static func repetition(in text: String) -> Double? {
        let words = words(in: text)
        guard words.count >= 4 else { return nil }
        let runCount = words.count - 3
        let different = Set((0..<runCount).map { Array(words[$0..<$0 + 4]) })
        return Double(runCount - different.count) / Double(runCount)
    }

    /// The words of `text`, in order.
    public static func words(in text: String) -> [String] {
        var words: [String] = []
        forEachWord(in: text) { words.append($0) }
        return words
    }

    private static func forEachWord(in text: String, _ body: (String) -> Void) {
        var word = String.UnicodeScalarView()
        // A scalar that belongs to the word only if the next one goes on with it.
        var joint: Unicode.Scalar?
        var last: Kind = .other
        for scalar in text.unicodeScalars {
            let kind = Kind(scalar)
            if kind != .other {
                if let between = joint {
                    if isJoint(between, from: last, to: kind) {
                        word.append(between == "\u{2019}" ? "'" : between)
                    } else {
                        close(&word, body)
                    }
                    joint = nil
                }
                word.append(scalar)
                last = kind
            } else if joint == nil, !word.isEmpty,
                scalar == "'" || scalar == "\u{2019}" || scalar == "." || scalar == ","
            {
                joint = scalar
            } else {
                close(&word, body)
                joint = nil
            }
        }
        close(&word, body)
    }

    private enum Kind {
        case letter
        case digit
        case other

        init(_ scalar: Unicode.Scalar) {
            if scalar.isASCII {
                switch scalar {
                case "a"..."z", "A"..."Z": self = .letter
                case "0"..."9": self = .digit
                default: self = .other
                }
                return
            }
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
                .spacingMark, .enclosingMark:
                self = .letter
            case .decimalNumber, .letterNumber, .otherNumber: self = .digit
            default: self = .other
            }
        }
    }

    private static func isJoint(_ scalar: Unicode.Scalar, from last: Kind, to next: Kind) -> Bool {
        scalar == "." || scalar == "," ? last == .digit && next == .digit : last == .letter && next == .letter
    }

    private static func close(_ word: inout String.UnicodeScalarView, _ body: (String) -> Void) {
        guard !word.isEmpty else { return }
        body(String(word).lowercased())
        word = String.UnicodeScalarView()
    }

    /// English words that say nothing about what a text is about.
    public static let stopWords: Set<String> = [
        "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "because", "been", "before",
        "being", "but", "by", "can", "could", "did", "do", "does", "for", "from", "had", "has", "have", "he", "her",
        "his", "how", "i", "if", "in", "into", "is", "it", "its", "may", "more", "most", "no", "not", "of", "on", "one",
        "or", "other", "our", "out", "over", "she", "should", "so", "some", "such", "than", "that", "the", "their",
        "them", "then", "there", "these", "they", "this", "those", "to", "up", "was", "we", "were", "what", "when",
        "where", "which", "while", "who", "will", "with", "would", "you", "your",
    ]
}
