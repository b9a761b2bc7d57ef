import Foundation

/// The sentences of a text, by rules for English: the baselines are made of them, and ROUGE-Lsum compares by them.
public enum Sentences {
    /// The sentences in order, without the white space around them.
    ///
    /// A sentence ends at `.`, `!` or `?` with the quotes and brackets behind them, where white space follows and then
    /// something that may begin a sentence; and at an empty line. Not behind an initial or an abbreviation.
    public static func of(_ text: String) -> [String] { ranges(in: text, splitsAtParagraphs: true) }

    /// The same, but an empty line ends nothing: what `nltk.sent_tokenize` does with a text, as far as rules tell.
    static func likePunkt(_ text: String) -> [String] { ranges(in: text, splitsAtParagraphs: false) }

    private static func ranges(in text: String, splitsAtParagraphs: Bool) -> [String] {
        let scalars = Array(text.unicodeScalars)
        var sentences: [String] = []
        var start = 0
        func close(at end: Int) {
            let sentence = String(String.UnicodeScalarView(scalars[start..<end]))
                .trimmingCharacters(in: .whitespacesAndNewlines)
            if !sentence.isEmpty { sentences.append(sentence) }
            start = end
        }
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            if splitsAtParagraphs, scalar == "\n", isParagraphEnd(scalars, index) {
                close(at: index)
            } else if scalar == "." || scalar == "!" || scalar == "?" {
                var end = index + 1
                while end < scalars.count, isCloser(scalars[end]) { end += 1 }
                if end < scalars.count, scalars[end].properties.isWhitespace,
                    beginsSentence(scalars, after: end),
                    scalar != "." || !isAbbreviation(scalars[start..<index])
                {
                    close(at: end)
                }
                index = max(end - 1, index)
            }
            index += 1
        }
        close(at: scalars.count)
        return sentences
    }

    /// Whether nothing but spaces stands between this line end and the next.
    private static func isParagraphEnd(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
        var next = index + 1
        while next < scalars.count, scalars[next] == " " || scalars[next] == "\t" || scalars[next] == "\r" { next += 1 }
        return next < scalars.count && scalars[next] == "\n"
    }

    private static func isCloser(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case ".", "!", "?", "\"", "'", ")", "]", "\u{2019}", "\u{201D}": true
        default: false
        }
    }

    /// Whether what comes behind the white space at `index` isn't a small letter.
    private static func beginsSentence(_ scalars: [Unicode.Scalar], after index: Int) -> Bool {
        let next = scalars[index...].first {
            !$0.properties.isWhitespace && !"\"'([\u{2018}\u{201C}".unicodeScalars.contains($0)
        }
        return next.map { $0.properties.generalCategory != .lowercaseLetter } ?? true
    }

    private static func isAbbreviation(_ before: ArraySlice<Unicode.Scalar>) -> Bool {
        let word = String(
            String.UnicodeScalarView(before.suffix(12).reversed().prefix { !$0.properties.isWhitespace }.reversed()))
        let letters = word.filter { $0.isLetter || $0 == "." }
        // An initial; "I" ends more sentences than it abbreviates names.
        if letters.count == 1, letters != "I", letters.first?.isUppercase == true { return true }
        return abbreviations.contains(letters.lowercased())
    }

    private static let abbreviations: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "st", "mt", "no", "vs", "etc", "e.g", "i.e", "cf", "fig", "vol", "gen", "col",
        "lt", "sgt", "capt", "rev", "hon", "sen", "rep", "gov", "jr", "sr", "jan", "feb", "aug", "sept", "oct", "nov",
        "dec", "approx", "ca", "al", "u.s", "u.k", "a.m", "p.m",
    ]
}
