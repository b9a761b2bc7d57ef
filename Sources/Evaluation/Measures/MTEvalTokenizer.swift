/// The tokenizer `13a` of sacrebleu, which is that of NIST's mteval-v13a, on small letters.
enum MTEvalTokenizer {
    /// The words and signs of `text`; one empty word for a text without any, as splitting an empty text at spaces gives.
    static func words(in text: String) -> [String] {
        var scalars = smallLetters(text)
        scalars = replacing("<skipped>", with: "", in: scalars)
        scalars = replacing("-\n", with: "", in: scalars)
        scalars = replacing("\n", with: " ", in: scalars)
        for (entity, sign) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
            scalars = replacing(entity, with: sign, in: scalars)
        }
        scalars = [" "] + scalars + [" "]
        scalars = scalars.reduce(into: []) { $0 += isSign($1) ? [" ", $1, " "] : [$1] }
        // Pairs are taken from left to right and never overlap, as a regular expression finds them.
        scalars = replacingPairs(scalars, where: { !isDigit($0) && isPoint($1) }, with: { [$0, " ", $1, " "] })
        scalars = replacingPairs(scalars, where: { isPoint($0) && !isDigit($1) }, with: { [" ", $0, " ", $1] })
        scalars = replacingPairs(scalars, where: { isDigit($0) && $1 == "-" }, with: { [$0, " ", $1, " "] })
        let words = scalars.split { isSpace($0) }.map { String(String.UnicodeScalarView($0)) }
        return words.isEmpty ? [""] : words
    }

    /// Scalar by scalar: a sigma at the end of a word becomes what it becomes everywhere else, other than in Python.
    private static func smallLetters(_ text: String) -> [Unicode.Scalar] {
        var scalars: [Unicode.Scalar] = []
        scalars.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            if scalar.isASCII {
                let isCapital = ("A"..."Z").contains(scalar)
                scalars.append(isCapital ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar)
            } else {
                scalars += scalar.properties.lowercaseMapping.unicodeScalars
            }
        }
        return scalars
    }

    private static func replacing(
        _ old: String, with new: String, in scalars: [Unicode.Scalar]
    ) -> [Unicode.Scalar] {
        let (old, new) = (Array(old.unicodeScalars), Array(new.unicodeScalars))
        guard scalars.contains(old[0]) else { return scalars }
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(scalars.count)
        var index = 0
        while index < scalars.count {
            if scalars[index] == old[0], scalars[index...].starts(with: old) {
                result += new
                index += old.count
            } else {
                result.append(scalars[index])
                index += 1
            }
        }
        return result
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
