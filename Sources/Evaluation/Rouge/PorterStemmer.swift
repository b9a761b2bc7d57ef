/// Porter's algorithm for English (Porter 1980, "An algorithm for suffix stripping"), with the extensions that NLTK
/// makes by default: a few irregular words, and other rules for -ies, -ied, -y, -alli, -fulli and -logi.
///
/// ROUGE compares stems, so that equal figures need exactly these.
public enum PorterStemmer {
    /// The stem of a word of small letters and digits. O(letters).
    public static func stem(_ word: String) -> String { String(decoding: stem(Array(word.utf8)), as: UTF8.self) }

    /// - parameter word: bytes of a-z and 0-9; what isn't a vowel counts as a consonant
    static func stem(_ word: [UInt8]) -> [UInt8] {
        if let irregular = irregularStems[word] { return irregular }
        guard word.count > 2 else { return word }
        var stem = Stem(word)
        stem.takeOffPlural()
        stem.takeOffPastAndParticiple()
        stem.changeFinalY()
        stem.shortenDoubleSuffix()
        stem.apply(step3) { $0.measure > 0 }
        stem.apply(step4) { $0.measure > 1 }
        stem.takeOffFinalE()
        stem.shortenFinalL()
        return stem.letters
    }

    private static let irregularStems: [[UInt8]: [UInt8]] = {
        let forms = [
            "sky": ["sky", "skies"], "die": ["dying"], "lie": ["lying"], "tie": ["tying"], "news": ["news"],
            "inning": ["innings", "inning"], "outing": ["outings", "outing"], "canning": ["cannings", "canning"],
            "howe": ["howe"], "proceed": ["proceed"], "exceed": ["exceed"], "succeed": ["succeed"],
        ]
        var stems: [[UInt8]: [UInt8]] = [:]
        for (stem, words) in forms {
            for word in words { stems[Array(word.utf8)] = Array(stem.utf8) }
        }
        return stems
    }()

    /// A suffix and what takes its place.
    struct Rule: Sendable {
        let suffix: [UInt8]
        let replacement: [UInt8]

        init(_ suffix: String, _ replacement: String = "") {
            (self.suffix, self.replacement) = (Array(suffix.utf8), Array(replacement.utf8))
        }
    }

    /// The first suffix that fits decides, whether or not its condition holds.
    static let step2 = [
        Rule("ational", "ate"), Rule("tional", "tion"), Rule("enci", "ence"), Rule("anci", "ance"),
        Rule("izer", "ize"), Rule("bli", "ble"), Rule("alli", "al"), Rule("entli", "ent"), Rule("eli", "e"),
        Rule("ousli", "ous"), Rule("ization", "ize"), Rule("ation", "ate"), Rule("ator", "ate"), Rule("alism", "al"),
        Rule("iveness", "ive"), Rule("fulness", "ful"), Rule("ousness", "ous"), Rule("aliti", "al"),
        Rule("iviti", "ive"), Rule("biliti", "ble"), Rule("fulli", "ful"),
    ]
    private static let step3 = [
        Rule("icate", "ic"), Rule("ative"), Rule("alize", "al"), Rule("iciti", "ic"), Rule("ical", "ic"), Rule("ful"),
        Rule("ness"),
    ]
    private static let step4 = [
        Rule("al"), Rule("ance"), Rule("ence"), Rule("er"), Rule("ic"), Rule("able"), Rule("ible"), Rule("ant"),
        Rule("ement"), Rule("ment"), Rule("ent"), Rule("ion"), Rule("ou"), Rule("ism"), Rule("ate"), Rule("iti"),
        Rule("ous"), Rule("ive"), Rule("ize"),
    ]
}

/// A word on its way to its stem.
private struct Stem {
    private(set) var letters: [UInt8]

    init(_ letters: [UInt8]) { self.letters = letters }

    // MARK: - What the conditions ask

    /// For each letter whether it is a consonant: not a, e, i, o or u, nor a y behind a consonant.
    private var consonants: [Bool] {
        var result: [Bool] = []
        result.reserveCapacity(letters.count)
        for letter in letters {
            switch letter {
            case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"):
                result.append(false)
            case UInt8(ascii: "y"): result.append(!(result.last ?? false))
            default: result.append(true)
            }
        }
        return result
    }

    /// Porter's m: how often a consonant follows a vowel.
    var measure: Int {
        let consonants = consonants
        return zip(consonants, consonants.dropFirst()).count { !$0 && $1 }
    }

    private var hasVowel: Bool { consonants.contains(false) }

    private var endsInDoubleConsonant: Bool {
        letters.count >= 2 && letters[letters.count - 1] == letters[letters.count - 2] && consonants.last == true
    }

    /// Porter's *o: consonant, vowel, consonant other than w, x and y; or, as NLTK has it, a vowel and a consonant alone.
    private var endsShort: Bool {
        let consonants = consonants
        let count = letters.count
        if count == 2 { return !consonants[0] && consonants[1] }
        return count >= 3 && consonants[count - 3] && !consonants[count - 2] && consonants[count - 1]
            && !"wxy".utf8.contains(letters[count - 1])
    }

    private func ends(in suffix: String) -> Bool { ends(in: Array(suffix.utf8)) }

    private func ends(in suffix: [UInt8]) -> Bool { letters.suffix(suffix.count).elementsEqual(suffix) }

    private func dropping(_ count: Int, adding replacement: String = "") -> Stem {
        Stem(letters.dropLast(count) + Array(replacement.utf8))
    }

    // MARK: - The steps

    /// Replaces the first suffix that fits, if `condition` holds for what stands before it.
    mutating func apply(_ rules: [PorterStemmer.Rule], if condition: (Stem) -> Bool) {
        guard let rule = rules.first(where: { ends(in: $0.suffix) }) else { return }
        let stem = dropping(rule.suffix.count)
        guard condition(stem) else { return }
        if rule.suffix.elementsEqual("ion".utf8), let last = stem.letters.last, !"st".utf8.contains(last) { return }
        letters = stem.letters + rule.replacement
    }

    /// Step 1a.
    mutating func takeOffPlural() {
        if ends(in: "ies") {
            self = letters.count == 4 ? dropping(1) : dropping(2)
        } else if ends(in: "sses") {
            self = dropping(2)
        } else if ends(in: "s"), !ends(in: "ss") {
            self = dropping(1)
        }
    }

    /// Step 1b.
    mutating func takeOffPastAndParticiple() {
        if ends(in: "ied") {
            self = letters.count == 4 ? dropping(1) : dropping(2)
            return
        }
        if ends(in: "eed") {
            if dropping(3).measure > 0 { self = dropping(1) }
            return
        }
        guard let suffix = ["ed", "ing"].first(where: { ends(in: $0) && dropping($0.utf8.count).hasVowel }) else {
            return
        }
        self = dropping(suffix.utf8.count)
        if ends(in: "at") || ends(in: "bl") || ends(in: "iz") {
            letters.append(UInt8(ascii: "e"))
        } else if endsInDoubleConsonant {
            if let last = letters.last, !"lsz".utf8.contains(last) { letters.removeLast() }
        } else if measure == 1, endsShort {
            letters.append(UInt8(ascii: "e"))
        }
    }

    /// Step 1c, as NLTK has it: behind a consonant that isn't alone.
    mutating func changeFinalY() {
        guard ends(in: "y") else { return }
        let stem = dropping(1)
        if stem.letters.count > 1, stem.consonants.last == true { self = dropping(1, adding: "i") }
    }

    /// Step 2.
    mutating func shortenDoubleSuffix() {
        // NLTK's: -alli goes before all others, and what is left goes through the step again.
        while ends(in: "alli"), dropping(4).measure > 0 { self = dropping(2) }
        if !PorterStemmer.step2.contains(where: { ends(in: $0.suffix) }), ends(in: "logi") {
            // NLTK counts the l with the stem, so that "geologi" has one to measure.
            if dropping(3).measure > 0 { self = dropping(1) }
            return
        }
        apply(PorterStemmer.step2) { $0.measure > 0 }
    }

    /// Step 5a.
    mutating func takeOffFinalE() {
        guard ends(in: "e") else { return }
        let stem = dropping(1)
        if stem.measure > 1 || (stem.measure == 1 && !stem.endsShort) { self = stem }
    }

    /// Step 5b.
    mutating func shortenFinalL() {
        if ends(in: "ll"), dropping(1).measure > 1 { self = dropping(1) }
    }
}
