import Passages
import Tokenization

/// A text in pieces that are better not cut: sentences, or what is left of one that is too long by itself.
///
/// Each unit goes from the beginning of its sentence to the beginning of the next one, the first from the text's beginning
/// and the last to its end: together they are the text.
struct TextUnits {
    struct Unit: Sendable {
        /// UTF-8 bytes.
        var range: Range<Int>
        /// Without the white space after it: the end of what is read.
        var inkEnd: Int
        /// Tokens, with the white space before it.
        var tokens: Int
        /// A paragraph ends with it.
        var endsParagraph: Bool
        /// It ends within its sentence.
        var isCut: Bool
    }

    /// What has no end for so long isn't a sentence anybody wrote.
    private static let longestSentence = 16_384

    let bytes: [UInt8]
    private(set) var units: [Unit] = []
    private let tokenizer: Tokenizer

    /// - parameter limit: the most tokens of a unit; longer sentences are cut between words, longer words anywhere
    ///
    /// O(bytes).
    init(_ text: String, tokenizer: Tokenizer, limit: Int) {
        bytes = Array(text.utf8)
        self.tokenizer = tokenizer
        var sentences: [Range<Int>] = []
        var paragraphEnds: Set<Int> = []
        for paragraph in Paragraphs(of: bytes) { paragraphEnds.insert(paragraph.upperBound) }
        for sentence in Sentences(of: bytes, maximumBytes: Self.longestSentence) { sentences.append(sentence) }
        var previousEnd = 0
        for (index, sentence) in sentences.enumerated() {
            let begin = index == 0 ? 0 : sentence.lowerBound
            let end = index + 1 < sentences.count ? sentences[index + 1].lowerBound : bytes.count
            let endsParagraph = paragraphEnds.contains(sentence.upperBound)
            let unit = Unit(
                range: begin..<end, inkEnd: sentence.upperBound,
                tokens: count(previousEnd..<sentence.upperBound), endsParagraph: endsParagraph,
                isCut: !endsParagraph && wasCut(sentence))
            units += unit.tokens > limit ? pieces(of: unit, limit: limit) : [unit]
            previousEnd = sentence.upperBound
        }
    }

    private func count(_ range: Range<Int>) -> Int { tokenizer.encode(text(range)).count }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Whether a sentence ends only because it had become too long: another word would have led too far.
    private func wasCut(_ sentence: Range<Int>) -> Bool {
        guard sentence.count > Self.longestSentence / 2 else { return false }
        var end = sentence.upperBound
        while end < bytes.count, Self.isSpace(bytes[end]) { end += 1 }
        while end < bytes.count, !Self.isSpace(bytes[end]) { end += 1 }
        return end - sentence.lowerBound > Self.longestSentence
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    // MARK: - Sentences that are too long

    /// Cuts a unit into pieces of about the same length, each of at most `limit` tokens: between words if there are any, or
    /// else between characters.
    ///
    /// - returns: the unit itself where it is a single character.
    func pieces(of unit: Unit, limit: Int) -> [Unit] {
        let ids = tokenizer.encode(text(unit.range.lowerBound..<unit.inkEnd))
        // The tokens' ends, as far as characters end there.
        var ends: [(position: Int, tokens: Int)] = []
        var position = unit.range.lowerBound
        for (index, id) in ids.enumerated() {
            position += tokenizer.bytes(of: id)?.count ?? 0
            guard position < unit.inkEnd else { break }
            if bytes[position] & 0xC0 != 0x80 { ends.append((position, index + 1)) }
        }
        // Cut text may have a token more at either side.
        let room = max(limit - 2, 1)
        let count = max((ids.count + room - 1) / room, 2)
        let share = max(ids.count / count, 1)
        let borders = WordBorders(bytes)
        var pieces: [Unit] = []
        var (begin, done) = (unit.range.lowerBound, 0)
        var next = 0
        while next < ends.count, ids.count - done > room {
            let first = next
            while next < ends.count, ends[next].tokens - done <= room { next += 1 }
            let candidates = ends[first..<next]
            guard !candidates.isEmpty else {
                // A character of more tokens than there is room for: whoever measures it will say so.
                next += 1
                continue
            }
            let late = candidates.drop { $0.tokens - done < share }
            let cut =
                Self.nearest(late.isEmpty ? candidates : late) { isBeforeWord($0.position) }
                ?? candidates.last { isBeforeWord($0.position) && $0.position > begin }
                ?? candidates.last { borders.isBorder($0.position) } ?? candidates[candidates.endIndex - 1]
            append(begin..<cut.position, tokens: cut.tokens - done, to: &pieces)
            begin = cut.position
            done = cut.tokens
            next = ends[first...].firstIndex { $0.tokens > done } ?? ends.count
        }
        if pieces.isEmpty, let middle = Self.middle(of: unit, in: bytes) {
            append(unit.range.lowerBound..<middle, tokens: max(ids.count / 2, 1), to: &pieces)
            begin = middle
            done = ids.count / 2
        }
        guard !pieces.isEmpty else { return [unit] }
        pieces.append(
            Unit(
                range: begin..<unit.range.upperBound, inkEnd: unit.inkEnd, tokens: ids.count - done,
                endsParagraph: unit.endsParagraph, isCut: unit.isCut))
        return pieces
    }

    private func append(_ range: Range<Int>, tokens: Int, to pieces: inout [Unit]) {
        var end = range.upperBound
        while end > range.lowerBound, Self.isSpace(bytes[end - 1]) { end -= 1 }
        pieces.append(
            Unit(
                range: range, inkEnd: end > range.lowerBound ? end : range.upperBound, tokens: tokens,
                endsParagraph: false, isCut: true))
    }

    /// White space stands there, which belongs to the next word in byte-level tokens.
    private func isBeforeWord(_ position: Int) -> Bool { Self.isSpace(bytes[position]) }

    private static func nearest<Candidates: Sequence>(
        _ candidates: Candidates, where holds: (Candidates.Element) -> Bool
    ) -> Candidates.Element? { candidates.first(where: holds) }

    /// The beginning of the character in a unit's middle; `nil` for a single character.
    private static func middle(of unit: Unit, in bytes: [UInt8]) -> Int? {
        var middle = unit.range.lowerBound + (unit.inkEnd - unit.range.lowerBound) / 2
        while middle > unit.range.lowerBound, bytes[middle] & 0xC0 == 0x80 { middle -= 1 }
        if middle == unit.range.lowerBound {
            middle += 1
            while middle < unit.inkEnd, bytes[middle] & 0xC0 == 0x80 { middle += 1 }
        }
        return middle < unit.inkEnd ? middle : nil
    }
}
