/// The sentences of a text.
///
/// Ranges of UTF-8 bytes, in order, that neither begin nor end in white space; together they cover all that isn't white
/// space, and none crosses the border of a paragraph. Headings and the points of lists are sentences as well, though they
/// have no stop. What goes on without one for too long is cut, at white space where there is any.
///
/// It works by rules, for texts in English and whatever is written like it: stops and what closes after them, unless they
/// belong to an abbreviation, an initial, a number, an enumeration, or go on in small letters; see ``StopRules``. Full
/// stops of Chinese and Japanese need no space after them. A line end is a border where the next line's first word would
/// have had room before it.
///
/// Found one by one, in O(bytes) altogether whatever the text; bytes that aren't UTF-8 count as characters of their own.
public struct Sentences: Sequence, Sendable {
    /// What a sentence may have at most, in bytes, unless it is said otherwise.
    public static let usualMaximum = 4096

    let bytes: [UInt8]
    let maximumBytes: Int

    /// - parameter maximumBytes: of a sentence, at least 64
    public init(of bytes: [UInt8], maximumBytes: Int = usualMaximum) {
        precondition(maximumBytes >= 64)
        self.bytes = bytes
        self.maximumBytes = maximumBytes
    }

    public init(of text: String, maximumBytes: Int = usualMaximum) {
        self.init(of: Array(text.utf8), maximumBytes: maximumBytes)
    }

    public func makeIterator() -> Iterator {
        Iterator(bytes: bytes, maximumBytes: maximumBytes, paragraphs: Paragraphs(of: bytes).makeIterator())
    }

    public struct Iterator: IteratorProtocol, Sendable {
        let bytes: [UInt8]
        let maximumBytes: Int
        var paragraphs: Paragraphs.Iterator
        private var paragraph: ParagraphReader?

        init(bytes: [UInt8], maximumBytes: Int, paragraphs: Paragraphs.Iterator) {
            self.bytes = bytes
            self.maximumBytes = maximumBytes
            self.paragraphs = paragraphs
        }

        public mutating func next() -> Range<Int>? {
            while true {
                if let sentence = paragraph?.nextSentence() { return sentence }
                guard let range = paragraphs.next() else { return nil }
                paragraph = ParagraphReader(bytes: bytes, range: range, maximumBytes: maximumBytes)
            }
        }
    }
}

/// Reads a paragraph sentence by sentence.
private struct ParagraphReader: Sendable {
    private let bytes: [UInt8]
    private let end: Int
    private let maximumBytes: Int
    private let rules: StopRules
    private let lines: LineRules
    private var position: Int
    private var lineBegin: Int

    init(bytes: [UInt8], range: Range<Int>, maximumBytes: Int) {
        self.bytes = bytes
        self.maximumBytes = maximumBytes
        end = range.upperBound
        rules = StopRules(bytes: bytes, end: end)
        lines = LineRules(bytes: bytes, range: range)
        position = range.lowerBound
        lineBegin = position
    }

    mutating func nextSentence() -> Range<Int>? {
        skipSpace()
        guard position < end else { return nil }
        let begin = position
        // After the last character that isn't white space; and where it was before the last white space.
        var inkEnd = begin
        var cut: Int?
        while position < end {
            let (scalar, length) = ScalarReader.scalar(in: bytes, at: position)
            if position + length - begin > maximumBytes { return piece(from: begin, cut: cut) }
            if CharacterKind(scalar) == .space {
                cut = inkEnd
                if scalar.isLineEnd, lines.isBorder(lineEnd: position, of: lineBegin) { return begin..<inkEnd }
                position += length
                if scalar.isLineEnd { lineBegin = position }
                continue
            }
            position += length
            inkEnd = position
            guard scalar.isStop else { continue }
            let run = stopRun(scalar, limit: begin + maximumBytes)
            inkEnd = position
            if rules.isEnd(stops: run, end: position, ofSentenceFrom: begin) { return begin..<position }
        }
        return begin..<inkEnd
    }

    private mutating func skipSpace() {
        while position < end {
            let (scalar, length) = ScalarReader.scalar(in: bytes, at: position)
            guard CharacterKind(scalar) == .space else { return }
            position += length
            if scalar.isLineEnd { lineBegin = position }
        }
    }

    /// Goes on behind the stops that follow a first one, and what closes after them.
    private mutating func stopRun(_ first: Unicode.Scalar, limit: Int) -> StopRules.Stops {
        var stops = StopRules.Stops(
            begin: position - String(first).utf8.count, count: 1, isPoint: first == ".",
            needsNoSpace: first.isStopAnywhere)
        while position < min(end, limit) {
            let (scalar, length) = ScalarReader.scalar(in: bytes, at: position)
            guard position + length <= limit else { break }
            if scalar.isStop {
                stops.count += 1
                stops.isPoint = false
                stops.needsNoSpace = stops.needsNoSpace || scalar.isStopAnywhere
            } else if !scalar.isCloser {
                break
            }
            position += length
        }
        return stops
    }

    /// What is too long is cut at its last white space, or else where a character begins.
    private mutating func piece(from begin: Int, cut: Int?) -> Range<Int> {
        if let cut, cut > begin {
            position = cut
            return begin..<cut
        }
        let limit = position
        for _ in 0..<8 where position > begin {
            let next = ScalarReader.scalar(in: bytes, at: position).scalar
            guard CharacterKind(next) == .attached else { return begin..<position }
            position -= ScalarReader.scalar(in: bytes, before: position)?.length ?? 1
        }
        position = limit
        return begin..<position
    }
}
