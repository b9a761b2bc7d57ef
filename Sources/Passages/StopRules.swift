/// Tells stops that end a sentence from those that don't.
struct StopRules: Sendable {
    /// Stops that follow each other.
    struct Stops: Sendable {
        var begin: Int
        var count: Int
        /// A single point, which may belong to an abbreviation.
        var isPoint: Bool
        var needsNoSpace: Bool
    }

    let bytes: [UInt8]
    /// Of the paragraph.
    let end: Int

    /// - parameters:
    ///   - position: behind the stops and what closes after them
    ///   - begin: of the sentence
    func isEnd(stops: Stops, end position: Int, ofSentenceFrom begin: Int) -> Bool {
        guard position < end else { return true }
        if stops.needsNoSpace { return true }
        guard CharacterKind(ScalarReader.scalar(in: bytes, at: position).scalar) == .space else { return false }
        var next = position
        while next < end, case (let scalar, let length) = ScalarReader.scalar(in: bytes, at: next),
            CharacterKind(scalar) == .space
        {
            next += length
        }
        let following = next < end ? ScalarReader.scalar(in: bytes, at: next).scalar : "A"
        if following.properties.isLowercase || following.isTrailer { return false }
        guard stops.isPoint else { return true }
        return !isAbbreviation(before: stops.begin, sentence: begin, following: following, next: next)
    }

    private func isAbbreviation(before point: Int, sentence begin: Int, following: Unicode.Scalar, next: Int) -> Bool {
        let (word, wordBegin) = word(before: point, notBefore: begin)
        guard let first = word.first else { return false }
        let isShort = word.count <= 3
        if wordBegin == begin, isShort, word.count == 1 || word.allSatisfy(\.isNumber) { return true }
        if word.count == 1 { return first.isUppercase && !isStarter(at: next) }
        let small = word.lowercased()
        if Self.titles.contains(small) { return true }
        if Self.numbered.contains(small) { return following.properties.numericType != nil }
        return (Self.ambiguous.contains(small) || Self.isDotted(word)) && !isStarter(at: next)
    }

    /// What stands before a point, back to white space or what opens; no more than any abbreviation has.
    private func word(before point: Int, notBefore begin: Int) -> (word: String, begin: Int) {
        var position = point
        while position > begin, point - position < 24,
            let (scalar, length) = ScalarReader.scalar(in: bytes, before: position), CharacterKind(scalar) != .space,
            !scalar.isOpener, scalar != "\"", scalar != "'"
        {
            position -= length
        }
        position = max(position, begin)
        return (String(decoding: bytes[position..<point], as: UTF8.self), position)
    }

    /// Whether a word follows that hardly ever goes on with a name, and often begins a sentence.
    private func isStarter(at position: Int) -> Bool {
        var length = 0
        while position + length < end, length < 12, bytes[position + length] | 0x20 >= 0x61,
            bytes[position + length] | 0x20 <= 0x7A
        {
            length += 1
        }
        guard position + length < end, bytes[position + length] != 0x2E else { return false }
        return Self.starters.contains(String(decoding: bytes[position..<position + length], as: UTF8.self))
    }

    /// Letters with points between them: U.S, a.m, Ph.D.
    private static func isDotted(_ word: String) -> Bool {
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count > 1 && parts.allSatisfy { (1...2).contains($0.count) && $0.allSatisfy(\.isLetter) }
    }

    /// A name, a number or an example comes after them.
    private static let titles: Set<String> = [
        "mr", "mrs", "ms", "mx", "dr", "prof", "st", "ste", "gen", "col", "capt", "cpt", "cdr", "lt", "maj", "sgt",
        "cpl",
        "rev", "hon", "pres", "gov", "sen", "rep", "mt", "ft", "messrs", "mmes", "mme", "mlle", "fr", "hr", "vs", "cf",
        "viz", "e.g", "i.e", "eg", "ie", "ca", "approx", "esp", "incl", "resp", "z.b", "d.h", "bzw", "al",
    ]
    /// They belong to a number that follows.
    private static let numbered: Set<String> = [
        "no", "nos", "nr", "fig", "figs", "vol", "vols", "p", "pp", "sec", "sect", "ch", "chap", "art", "eq", "eqs",
        "ed",
        "par", "tab", "op", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
    ]
    /// They end sentences, too.
    private static let ambiguous: Set<String> = [
        "inc", "ltd", "co", "corp", "bros", "jr", "sr", "dept", "univ", "assn", "ave", "blvd", "rd", "mfg", "est",
    ]
    private static let starters: Set<String> = [
        "A", "After", "All", "An", "And", "As", "At", "Because", "But", "By", "For", "From", "He", "Her", "His", "How",
        "However", "I", "If", "In", "It", "Its", "My", "No", "Now", "On", "Or", "Our", "She", "So", "That", "The",
        "Their",
        "Then", "There", "These", "They", "This", "Those", "To", "We", "What", "When", "Where", "Which", "While", "Who",
        "Why", "With", "Yes", "You", "Your",
    ]
}
