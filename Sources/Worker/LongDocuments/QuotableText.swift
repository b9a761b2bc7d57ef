import JobStore

/// What may be quoted for a job: its own text, or pieces of it put together, each of which knows where it stands there.
struct QuotableText: Sendable {
    /// A piece of ``text`` that stands in the job's text as it is.
    struct Piece: Sendable, Equatable {
        /// UTF-8 bytes of ``QuotableText/text``.
        var range: Range<Int>
        /// Characters of the job's text before it.
        var begin: Int
    }

    let text: String
    /// In order; `nil` where the text is the beginning of the job's own.
    let pieces: [Piece]?

    init(_ text: String) {
        self.text = text
        pieces = nil
    }

    init(_ text: String, pieces: [Piece]) {
        self.text = text
        self.pieces = pieces
    }

    /// Puts texts together with something between them.
    ///
    /// - parameter texts: each with the characters of the job's text before it
    init(joining texts: [(text: String, begin: Int)], separator: String) {
        var joined = ""
        var pieces: [Piece] = []
        var length = 0
        for (index, (text, begin)) in texts.enumerated() {
            if index > 0 { joined += separator }
            length += index > 0 ? separator.utf8.count : 0
            joined += text
            pieces.append(Piece(range: length..<length + text.utf8.count, begin: begin))
            length += text.utf8.count
        }
        self.init(joined, pieces: pieces)
    }

    /// Where in the job's text a passage stands.
    ///
    /// - parameter bytes: of ``text``; within one piece
    func quotation(_ bytes: Range<Int>) -> Quotation {
        guard let pieces, let piece = pieces.last(where: { $0.range.lowerBound <= bytes.lowerBound }) else {
            return Quotation(bytes: bytes, of: text)
        }
        let utf8 = text.utf8
        let begin = utf8.index(utf8.startIndex, offsetBy: piece.range.lowerBound)
        let first = utf8.index(begin, offsetBy: bytes.lowerBound - piece.range.lowerBound)
        let quoted = text[first..<utf8.index(first, offsetBy: bytes.count)]
        let offset = text[begin..<first].unicodeScalars.count
        let length = quoted.unicodeScalars.count
        return Quotation(begin: piece.begin + offset, end: piece.begin + offset + length, text: String(quoted))
    }
}
