/// Counts the words of texts, within which alone merges are learnt.
public struct WordCounter: Sendable {
    /// How often each word stands in the texts, by its bytes.
    public private(set) var counts: [[UInt8]: Int] = [:]

    public init() {}

    /// Counts a text's words, as the tokenizer splits it.
    public mutating func add(_ text: String) {
        var text = text
        text.makeContiguousUTF8()
        let bytes = text.utf8.span
        var start = 0
        while start < bytes.count {
            let end = WordScanner.endOfWord(in: bytes, from: start, to: bytes.count)
            counts[UTF8Text.bytes(of: bytes.extracting(start..<end)), default: 0] += 1
            start = end
        }
    }
}
