/// The paragraphs of a text: what stands between blank lines, form feeds and paragraph separators, without the white space
/// at its ends.
///
/// Ranges of UTF-8 bytes, in order; together they cover all that isn't white space. Found one by one, in O(bytes)
/// altogether whatever the text; bytes that aren't UTF-8 count as characters of their own.
public struct Paragraphs: Sequence, Sendable {
    let bytes: [UInt8]

    public init(of bytes: [UInt8]) { self.bytes = bytes }
    public init(of text: String) { self.init(of: Array(text.utf8)) }

    public func makeIterator() -> Iterator { Iterator(bytes: bytes) }

    public struct Iterator: IteratorProtocol, Sendable {
        let bytes: [UInt8]
        private var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        public mutating func next() -> Range<Int>? {
            var begin: Int?
            var end = position
            var lineEnds = 0
            while position < bytes.count {
                let (scalar, length) = ScalarReader.scalar(in: bytes, at: position)
                guard CharacterKind(scalar) == .space else {
                    if let begin, lineEnds > 1 { return begin..<end }
                    begin = begin ?? position
                    position += length
                    end = position
                    lineEnds = 0
                    continue
                }
                lineEnds += Self.weight(of: scalar, in: bytes, at: position)
                position += length
            }
            return begin.map { $0..<end }
        }

        /// How many line ends a character is worth; the second one ends a paragraph.
        private static func weight(of scalar: Unicode.Scalar, in bytes: [UInt8], at position: Int) -> Int {
            switch scalar {
            case "\n": position > 0 && bytes[position - 1] == 0x0D ? 0 : 1
            case "\r", "\u{85}", "\u{2028}": 1
            case "\u{0C}", "\u{2029}": 2
            default: 0
            }
        }
    }
}

extension Unicode.Scalar {
    var isLineEnd: Bool { self == "\n" || self == "\r" || self == "\u{85}" || self == "\u{2028}" }
}
