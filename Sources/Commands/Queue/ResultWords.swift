public import ArgumentParser
import Foundation
public import JobStore

/// Words that a person looks for in results: all of them must be there, whatever their case and accents.
///
/// Results are read through: ten thousand in a moment. An index would have to be kept with every job that ends, and be half
/// as large again as the texts.
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
        let name = Self.folded(name ?? "")
        guard document.allSatisfy(name.contains) else { return false }
        guard !search.isEmpty else { return true }
        let everything = [Self.folded(text), Self.folded(question ?? ""), name]
        return search.allSatisfy { word in everything.contains { $0.contains(word) } }
    }

    private static func folded(_ text: String) -> String {
        text.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
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

extension JobState: ExpressibleByArgument {}
