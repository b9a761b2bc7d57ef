/// What the pre-tokenizer takes a character for, by Unicode 16.
package enum CharacterClass: UInt8, Sendable {
    /// All that is none of the others: punctuation, symbols, marks, controls, unassigned code points.
    case other
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// `\s`
    case space

    /// The class of a code point. Constant time.
    @inline(__always)
    package init(_ codePoint: UInt32) {
        if codePoint < 0x80 {
            self.init(ascii: UInt8(truncatingIfNeeded: codePoint))
        } else {
            self = CharacterClassTable.shared[codePoint]
        }
    }

    @inline(__always)
    private init(ascii byte: UInt8) {
        if (byte | 0x20) &- UInt8(ascii: "a") < 26 {
            self = .letter
        } else if byte == UInt8(ascii: " ") || byte &- 0x09 < 5 {
            self = .space
        } else if byte &- UInt8(ascii: "0") < 10 {
            self = .number
        } else {
            self = .other
        }
    }

    /// The code points of the class; `other` is what is in none of the others.
    package var codePoints: [ClosedRange<UInt32>] {
        switch self {
        case .other: []
        case .letter: Self.pairs(CharacterClassRanges.letters)
        case .number: Self.pairs(CharacterClassRanges.numbers)
        case .space: Self.pairs(CharacterClassRanges.spaces)
        }
    }

    /// The code points of `\w`.
    package static var wordCharacters: [ClosedRange<UInt32>] { pairs(CharacterClassRanges.wordCharacters) }

    private static func pairs(_ bounds: [UInt32]) -> [ClosedRange<UInt32>] {
        stride(from: 0, to: bounds.count, by: 2).map { bounds[$0]...bounds[$0 + 1] }
    }

    /// Whether a code point is in `\w`, by which single-word tokens know their borders. O(log ranges).
    package static func isWordCharacter(_ codePoint: UInt32) -> Bool {
        let ranges = CharacterClassRanges.wordCharacters
        var low = 0
        var high = ranges.count / 2
        while low < high {
            let middle = (low + high) / 2
            if codePoint > ranges[2 * middle + 1] { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count / 2 && ranges[2 * low] <= codePoint
    }
}

/// The classes of all code points: pages of 256, of which equal neighbours are stored once (under 100 KB).
private struct CharacterClassTable: Sendable {
    static let shared = CharacterClassTable()

    /// Where each page starts in `classes`.
    private var pageStart: [Int32] = []
    private var classes: [CharacterClass] = []

    private init() {
        var previous: [CharacterClass] = []
        var cursors = [
            Cursor(CharacterClassRanges.letters, .letter),
            Cursor(CharacterClassRanges.numbers, .number),
            Cursor(CharacterClassRanges.spaces, .space),
        ]
        for page in UInt32(0)..<0x1100 {
            var content = [CharacterClass](repeating: .other, count: 256)
            for index in cursors.indices { cursors[index].fill(&content, from: page << 8) }
            if content != previous { classes += content }
            pageStart.append(Int32(classes.count - 256))
            previous = content
        }
    }

    @inline(__always)
    subscript(codePoint: UInt32) -> CharacterClass {
        classes[Int(pageStart[Int(codePoint >> 8)]) + Int(codePoint & 0xFF)]
    }

    /// Walks through the ranges of one class as the pages go by.
    private struct Cursor {
        private let ranges: [UInt32]
        private let characterClass: CharacterClass
        private var index = 0

        init(_ ranges: [UInt32], _ characterClass: CharacterClass) {
            self.ranges = ranges
            self.characterClass = characterClass
        }

        mutating func fill(_ page: inout [CharacterClass], from start: UInt32) {
            while index < ranges.count, ranges[index] < start + 256 {
                for codePoint in max(ranges[index], start)...min(ranges[index + 1], start + 255) {
                    page[Int(codePoint - start)] = characterClass
                }
                // A range that goes on in the next page is met there again.
                if ranges[index + 1] >= start + 256 { return }
                index += 2
            }
        }
    }
}
