/// Which encoding a text is in that is neither Unicode nor says so itself: the one that makes of it a text in a language, told
/// by the letters that the language uses most. Read in a wrong encoding, common letters become rare ones.
///
/// Nothing is guessed of few letters, nor where no language fits well.
struct EncodingGuess {
    let set: CharacterSet

    /// A guess wants so many characters beyond ASCII.
    private static let fewest = 8
    private static let sampleBytes = 32 << 10
    private static let margin = 0.04

    /// ISO-2022-JP, whose bytes are all ASCII, by the escapes with which its Japanese begins.
    init?(escapesIn bytes: [UInt8]) {
        guard let escape = bytes.firstIndex(of: 0x1B), bytes.count > escape + 2, bytes[escape + 1] == UInt8(ascii: "$"),
            [UInt8(ascii: "B"), UInt8(ascii: "@")].contains(bytes[escape + 2]),
            let set = CharacterSet(label: "iso-2022-jp"), set.text(of: bytes, replaces: false) != nil
        else { return nil }
        self.set = set
    }

    /// The encoding of bytes that aren't UTF-8; `nil` for Windows-1252 and where no language fits.
    init?(_ bytes: [UInt8]) {
        let sample = Self.sample(of: bytes)
        guard sample.count >= Self.fewest else { return nil }
        var best: (set: CharacterSet, score: Double)?
        for set in WrittenLanguage.sets {
            guard let text = Self.text(of: sample, in: set.set) else { continue }
            let usage = CharacterUsage(of: text)
            guard usage.total >= Self.fewest else { continue }
            let score = set.languages.map(usage.score).max() ?? 0
            // Western text is preferred where another isn't clearly better.
            let margin = best?.set == .windows1252 ? Self.margin : 0
            if score > best.map({ $0.score + margin }) ?? 0 { best = (set.set, score) }
        }
        guard let best, best.set != .windows1252 else { return nil }
        set = best.set
    }

    /// The lines with bytes beyond ASCII: all of the sets here have ASCII's line ends.
    private static func sample(of bytes: [UInt8]) -> [UInt8] {
        var sample: [UInt8] = []
        for line in bytes.lazy.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            guard sample.count < sampleBytes else { break }
            guard line.contains(where: { $0 >= 0x80 }) else { continue }
            sample += line.prefix(sampleBytes)
            sample.append(0x0A)
        }
        return sample
    }

    private static func text(of sample: [UInt8], in set: CharacterSet) -> String? {
        if let text = set.text(of: sample, replaces: false) { return text }
        // A long line may have been cut within a character, which has four bytes at most.
        guard sample.count > sampleBytes else { return nil }
        return (2...4).lazy.compactMap { set.text(of: sample.dropLast($0), replaces: false) }.first
    }
}

/// The characters beyond ASCII of a text.
private struct CharacterUsage {
    private(set) var total = 0
    private var counts: [Unicode.Scalar: Int] = [:]
    private var letters = 0
    /// Letters beside a letter of ASCII.
    private var mixed = 0
    /// Signs such as ³ or ± at the end of a word or within it, where no text has them.
    private var misplaced = 0

    init(of text: String) {
        var before: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            defer { before = scalar }
            guard scalar.value >= 0x80 else {
                if isLetter(scalar), before.value >= 0x80, isLetter(before) { mixed += 1 }
                continue
            }
            total += 1
            counts[scalar, default: 0] += 1
            if isLetter(scalar) {
                letters += 1
                if before.isASCII, isLetter(before) { mixed += 1 }
            } else if isLetter(before), isSign(scalar) {
                misplaced += 1
            }
        }
    }

    /// How well the text fits the language: 0 is not at all, and the most is for what can't be another.
    func score(of language: WrittenLanguage) -> Double {
        let known = Double(counts.reduce(0) { $0 + (language.characters.contains($1.key) ? $1.value : 0) })
        switch language.script {
        case .latin:
            // What has quotation marks and dashes only is as good as any.
            let share = letters + misplaced == 0 ? 1 : known / Double(letters + misplaced)
            return share >= language.least ? share : 0
        case .alphabet where mixed * 10 > letters:
            // Words aren't half in one script and half in another; a western text would be, taken for Cyrillic.
            return 0
        case .alphabet, .ideographs:
            let share = known / Double(max(total, 1))
            return share >= language.least ? 1 + share : 0
        }
    }
}

private func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || scalar.properties.generalCategory == .nonspacingMark
}

private func isSign(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .mathSymbol, .otherSymbol, .currencySymbol, .modifierSymbol, .otherNumber, .control: true
    default: false
    }
}
