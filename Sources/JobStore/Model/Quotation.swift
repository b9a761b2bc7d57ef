/// A passage of a job's text that its result quotes.
public struct Quotation: Sendable, Hashable {
    /// Characters before it and before its end, each a Unicode scalar: what SQLite's `length` and `substr` count.
    public var begin: Int
    public var end: Int
    /// What stands there.
    public var text: String

    public init(begin: Int, end: Int, text: String) {
        self.begin = begin
        self.end = end
        self.text = text
    }

    /// Quotes UTF-8 bytes of a text; both ends are borders of characters.
    ///
    /// O(bytes before its end).
    public init(bytes: Range<Int>, of text: String) {
        func characters(_ range: Range<Int>) -> Int {
            let utf8 = text.utf8
            let begin = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
            return utf8[begin..<utf8.index(begin, offsetBy: range.count)].count { $0 & 0xC0 != 0x80 }
        }
        begin = characters(0..<bytes.lowerBound)
        end = begin + characters(bytes)
        let first = text.utf8.index(text.utf8.startIndex, offsetBy: bytes.lowerBound)
        self.text = String(text[first..<text.utf8.index(first, offsetBy: bytes.count)])
    }

    /// The quotation at its place in a text, or at the first place that has it; `nil` where there is none.
    ///
    /// What the store does by SQL when it writes a result.
    package func located(in whole: String) -> Quotation? {
        let (wanted, scalars) = (Array(text.unicodeScalars), Array(whole.unicodeScalars))
        guard !wanted.isEmpty, wanted.count <= scalars.count else { return nil }
        func isAt(_ begin: Int) -> Bool {
            begin >= 0 && begin + wanted.count <= scalars.count
                && scalars[begin..<begin + wanted.count].elementsEqual(wanted)
        }
        let place = isAt(begin) ? begin : (0...scalars.count - wanted.count).first(where: isAt)
        return place.map { Quotation(begin: $0, end: $0 + wanted.count, text: text) }
    }
}
