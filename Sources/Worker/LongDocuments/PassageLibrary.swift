import JobStore
import Synchronization
import Tokenization

/// Passages of long texts, kept for the next question on the same one.
package final class PassageLibrary: Sendable {
    /// A text in passages, with what ranks them.
    struct Shelf: Sendable {
        let bytes: [UInt8]
        let passages: [Passage]
        let ranking: PassageRanking
    }

    struct Passage: Sendable {
        /// UTF-8 bytes, without white space at the ends.
        var range: Range<Int>
        /// With the white space before it, about.
        var tokens: Int
    }

    private struct Key: Hashable {
        let text: String
        let limit: Int
    }

    private static let capacity = 4
    private let shelves = Mutex<[(key: Key, shelf: Shelf)]>([])

    package init() {}

    /// - parameter limit: the most tokens of a passage
    func shelf(of text: String, limit: Int, tokenizer: Tokenizer) throws -> Shelf {
        let key = Key(text: text, limit: limit)
        let known = shelves.withLock { shelves in
            shelves.firstIndex { $0.key == key }.map { index in
                let found = shelves.remove(at: index)
                shelves.append(found)
                return found.shelf
            }
        }
        if let known { return known }
        let shelf = try Self.make(text, limit: limit, tokenizer: tokenizer)
        shelves.withLock { shelves in
            shelves.append((key, shelf))
            if shelves.count > Self.capacity { shelves.removeFirst() }
        }
        return shelf
    }

    private static func make(_ text: String, limit: Int, tokenizer: Tokenizer) throws -> Shelf {
        let splitter = DocumentSplitter(tokenizer: tokenizer, limit: limit) { tokenizer.encode($0).count <= limit + 4 }
        let bytes = Array(text.utf8)
        var passages: [Passage] = []
        for part in splitter.split(text) ?? [] {
            var range = part.range
            while let first = range.first, TextUnits.isSpace(bytes[first]) { range = first + 1..<range.upperBound }
            while let last = range.last, TextUnits.isSpace(bytes[last]) { range = range.lowerBound..<last }
            guard !range.isEmpty else { continue }
            let tokens = tokenizer.encode(" " + String(decoding: bytes[range], as: UTF8.self)).count
            passages.append(Passage(range: range, tokens: tokens + 1))
        }
        let texts = passages.map { QuestionWords.separated(String(decoding: bytes[$0.range], as: UTF8.self)) }
        return Shelf(bytes: bytes, passages: passages, ranking: try PassageRanking(texts))
    }
}
