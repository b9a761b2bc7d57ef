import Foundation

/// The tokenizer `13a` of sacrebleu, which is that of NIST's mteval-v13a, on small letters.
enum MTEvalTokenizer {
    /// The words and signs of `text`; one empty word for a text without any, as splitting an empty text at spaces gives.
    static func words(in text: String) -> [String] {
        var line = smallLetters(text).replacing("<skipped>", with: "").replacing("-\n", with: "")
            .replacing("\n", with: " ")
        for (entity, sign) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
            line = line.replacing(entity, with: sign)
        }
        var scalars = Array(" \(line) ".unicodeScalars)
        scalars = scalars.flatMap { isSign($0) ? [" ", $0, " "] : [$0] }
        // Pairs are taken from left to right and never overlap, as a regular expression finds them.
        scalars = replacingPairs(scalars, where: { !isDigit($0) && isPoint($1) }) { [$0, " ", $1, " "] }
        scalars = replacingPairs(scalars, where: { isPoint($0) && !isDigit($1) }) { [" ", $0, " ", $1] }
        scalars = replacingPairs(scalars, where: { isDigit($0) && $1 == "-" }) { [$0, " ", $1, " "] }
        let words = scalars.split { isSpace($0) }.map { String(String.UnicodeScalarView($0)) }
        return words.isEmpty ? [""] : words
    }

    /// Scalar by scalar: a sigma at the end of a word stays what it is everywhere else, other than in Python.
    private static func smallLetters(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { $0 += $1.properties.lowercaseMapping }
    }

    private static func replacingPairs(
        _ scalars: [Unicode.Scalar], where condition: (Unicode.Scalar, Unicode.Scalar) -> Bool,
        with replacement: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]
    ) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        var index = 0
        while index < scalars.count {
            if index + 1 < scalars.count, condition(scalars[index], scalars[index + 1]) {
                result += replacement(scalars[index], scalars[index + 1])
                index += 2
            } else {
                result.append(scalars[index])
                index += 1
            }
        }
        return result
    }

    /// ASCII's signs but the apostrophe, comma, hyphen and point, which depend on what stands beside them.
    private static func isSign(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " "..."&", "("..."+", "/", ":"..."@", "["..."`", "{"..."~": true
        default: false
        }
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
    private static func isPoint(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }

    /// Python's white space, which has four separators of ASCII that Unicode's lacks.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
}
