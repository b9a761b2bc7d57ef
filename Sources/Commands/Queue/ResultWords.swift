import Foundation
import JobStore

/// Words that a person looks for in results: all of them must be there, whatever their case and accents.
///
/// Results are read through: a hundred thousand take some seconds. An index would have to be kept with every job that ends,
/// and be half as large again as the texts (Docs/reading.md).
package struct ResultWords: Sendable {
    private let search: [String]
    private let document: [String]

    package init(search: String?, document: String?) {
        func words(_ text: String?) -> [String] {
            (text ?? "").split(whereSeparator: \.isWhitespace).map { Self.folded(String($0)) }
        }
        (self.search, self.document) = (words(search), words(document))
    }

    package var isEmpty: Bool { search.isEmpty && document.isEmpty }

    package func fit(text: String, question: String?, document name: String?) -> Bool {
        guard !isEmpty else { return true }
        let name = Searched(name ?? "")
        guard document.allSatisfy(name.contains) else { return false }
        guard !search.isEmpty else { return true }
        let (text, question) = (Searched(text), Searched(question ?? ""))
        return search.allSatisfy { text.contains($0) || question.contains($0) || name.contains($0) }
    }

    fileprivate static func folded(_ text: String) -> String {
        text.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
    }
}

/// A text as it is looked through. Most are ASCII, whose letters need no tables.
private enum Searched {
    /// In small letters.
    case ascii([UInt8])
    case folded(String)

    init(_ text: String) {
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            self = .ascii(text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 })
        } else {
            self = .folded(ResultWords.folded(text))
        }
    }

    /// - parameter word: folded, not empty.
    func contains(_ word: String) -> Bool {
        switch self {
        case .folded(let text): text.contains(word)
        case .ascii(let bytes): Self.holds(bytes, Array(word.utf8))
        }
    }

    private static func holds(_ bytes: [UInt8], _ word: [UInt8]) -> Bool {
        guard let first = word.first, bytes.count >= word.count else { return false }
        for place in 0...(bytes.count - word.count) where bytes[place] == first {
            if bytes[place..<place + word.count].elementsEqual(word) { return true }
        }
        return false
    }
}

extension ExportedJob {
    /// Whether its result was written within the time.
    func wasWritten(_ since: Date?, _ until: Date?) -> Bool {
        guard since != nil || until != nil else { return true }
        guard let resultAt else { return false }
        let date = Date(timeIntervalSince1970: Double(resultAt) / 1000)
        return date >= since ?? .distantPast && date < until ?? .distantFuture
    }
}
