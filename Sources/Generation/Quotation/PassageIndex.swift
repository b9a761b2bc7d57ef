import Passages

/// The places of a document where a quotation may begin, in the order of the text from there on: all places where it holds
/// some words are neighbours.
///
/// A quotation begins and ends at borders of words (see `WordBorders`), with neither white space nor the closing side of
/// anything (`.`, `,`, `)`) at its beginning, nor white space or an opening bracket at its end. Replacement characters,
/// which stand for what wasn't readable, and NUL are never quoted, so that what is quoted stands in the original.
package struct PassageIndex: Sendable {
    /// The document up to its last character that isn't white space; ``barrier`` stands for what is never quoted, and for
    /// the white space before it.
    private let bytes: [UInt8]
    private let borders: WordBorders
    /// Where quotations may begin, ordered.
    private let starts: [Int32]
    /// By position: part of white space that parts words, be it only by one of its characters.
    private let isBetweenWords: [Bool]

    /// In no text's UTF-8.
    private static let barrier: UInt8 = 0xFF

    /// O(bytes): a second for some megabytes.
    ///
    /// - parameter minimumWords: quotations begin only where so many words follow
    package init(_ document: String, minimumWords: Int = 1) {
        let original = Array(document.utf8)
        var bytes = original
        Self.putUpBarriers(in: &bytes)
        self.bytes = bytes
        let borders = WordBorders(original)
        self.borders = borders
        let mayBegin = Self.beginnings(original, bytes, borders, minimumWords)
        starts = SuffixOrder.of(bytes).filter { mayBegin[Int($0)] }
        isBetweenWords = Self.spacesBetweenWords(bytes)
    }

    private static func spacesBetweenWords(_ bytes: [UInt8]) -> [Bool] {
        var isBetween = [Bool](repeating: false, count: bytes.count)
        var (position, begin) = (0, 0)
        var partsWords = false
        while position < bytes.count {
            let (scalar, length) = ScalarReader.scalar(in: bytes, at: position)
            if CharacterKind(scalar) == .space {
                partsWords = partsWords || isSpace(bytes[position])
            } else {
                if partsWords { for index in begin..<position { isBetween[index] = true } }
                begin = position + length
                partsWords = false
            }
            position += length
        }
        return isBetween
    }

    /// All beginnings, as positions of the order.
    var all: Range<Int> { 0..<starts.count }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func putUpBarriers(in bytes: inout [UInt8]) {
        // Backwards, so that white space knows what follows it.
        var position = bytes.count
        var isBarred = true
        while let (scalar, length) = ScalarReader.scalar(in: bytes, before: position) {
            position -= length
            let isSpace = CharacterKind(scalar) == .space
            isBarred = scalar == "\u{FFFD}" || scalar == "\0" || (isSpace && isBarred)
            if isBarred { for index in position..<position + length { bytes[index] = barrier } }
        }
        while bytes.last == barrier { bytes.removeLast() }
    }

    private static func beginnings(
        _ original: [UInt8], _ bytes: [UInt8], _ borders: WordBorders, _ minimumWords: Int
    ) -> [Bool] {
        var mayBegin = [Bool](repeating: false, count: bytes.count)
        var words = 0
        var nextIsSpace = true
        var position = bytes.count
        while let (scalar, length) = ScalarReader.scalar(in: original, before: position) {
            position -= length
            if bytes[position] == barrier {
                (words, nextIsSpace) = (0, true)
                continue
            }
            let isSpace = length == 1 && Self.isSpace(bytes[position])
            if !isSpace, nextIsSpace { words += 1 }
            nextIsSpace = isSpace
            mayBegin[position] =
                CharacterKind(scalar) != .space && !scalar.isTrailer && words >= minimumWords
                && borders.isBorder(position)
        }
        return mayBegin
    }

    // MARK: - Looking up

    /// What follows `length` bytes of a beginning; -1 for the end of the text, which comes before all bytes.
    private func byte(_ index: Int, _ length: Int) -> Int {
        let position = Int(starts[index]) + length
        return position < bytes.count ? Int(bytes[position]) : -1
    }

    /// The beginnings that go on with a byte after `length` bytes that all of a range share; empty for none. O(log n).
    func narrowed(_ range: Range<Int>, length: Int, by byte: UInt8) -> Range<Int> {
        guard byte != Self.barrier else { return range.lowerBound..<range.lowerBound }
        let lower = partition(range) { self.byte($0, length) >= Int(byte) }
        let upper = partition(lower..<range.upperBound) { self.byte($0, length) > Int(byte) }
        return lower..<upper
    }

    /// The bytes that may follow the `length` bytes that all of a range share.
    func successors(_ range: Range<Int>, length: Int) -> ByteSet {
        var set = ByteSet()
        var index = range.lowerBound
        while index < range.upperBound {
            let next = byte(index, length)
            if let next = UInt8(exactly: next), next != Self.barrier { set.insert(next) }
            index = partition(index + 1..<range.upperBound) { byte($0, length) > next }
        }
        return set
    }

    /// Whether the text of `length` bytes may end at one of its places.
    func endsSomewhere(_ range: Range<Int>, length: Int) -> Bool {
        guard length > 0, let first = range.first, isWholeText(first, length) else { return false }
        var index = range.lowerBound
        while index < range.upperBound {
            if mayEnd(index, length) { return true }
            index = endOfAlike(index, in: range, length)
        }
        return false
    }

    /// Whether, at one of its places, the text of `length` bytes goes on within a word.
    func goesOnWithinWord(_ range: Range<Int>, length: Int) -> Bool {
        range.contains { index in
            let position = Int(starts[index]) + length
            return position < bytes.count && !isBetweenWords[position]
        }
    }

    /// The first place in the document where a text of `length` bytes stands and may end, in bytes.
    func place(_ range: Range<Int>, length: Int) -> Range<Int>? {
        range.lazy.filter { mayEnd($0, length) }.map { Int(starts[$0]) }.min().map { $0..<$0 + length }
    }

    func text(_ place: Range<Int>) -> String { String(decoding: bytes[place], as: UTF8.self) }

    /// The last byte of a text; `nil` for the empty one.
    func lastByte(_ range: Range<Int>, length: Int) -> UInt8? {
        length > 0 ? UInt8(exactly: byte(range.lowerBound, length - 1)) : nil
    }

    /// Whether it ends with a character, and not with white space.
    private func isWholeText(_ index: Int, _ length: Int) -> Bool {
        let end = Int(starts[index]) + length
        if end < bytes.count, bytes[end] & 0xC0 == 0x80 { return false }
        guard let last = ScalarReader.scalar(in: bytes, before: end) else { return false }
        return CharacterKind(last.scalar) != .space
    }

    private func mayEnd(_ index: Int, _ length: Int) -> Bool {
        let end = Int(starts[index]) + length
        guard end < bytes.count, bytes[end] != Self.barrier else { return true }
        if CharacterKind(ScalarReader.scalar(in: bytes, at: end).scalar) == .space { return true }
        if let last = ScalarReader.scalar(in: bytes, before: end), last.scalar.isOpener { return false }
        return borders.isBorder(end)
    }

    /// The first of a range that goes on by other characters than one at an index does: what two characters follow, and
    /// what comes before, decides about a border.
    private func endOfAlike(_ index: Int, in range: Range<Int>, _ length: Int) -> Int {
        let begin = Int(starts[index]) + length
        var end = begin
        for _ in 0..<2 where end < bytes.count { end += ScalarReader.scalar(in: bytes, at: end).length }
        let key = bytes[begin..<end]
        return partition(index + 1..<range.upperBound) {
            let other = Int(starts[$0]) + length
            let bytes = bytes[other..<min(other + key.count, bytes.count)]
            return key.lexicographicallyPrecedes(bytes)
        }
    }

    /// The first index of a range for which a condition holds that holds for all after it, too. O(log n).
    private func partition(_ range: Range<Int>, where holds: (Int) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
