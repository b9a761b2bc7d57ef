import Documents
import Foundation
import JobStore

/// The documents of one `add`: found by name first, read one at a time when they are wanted.
final class DocumentIntake {
    /// A text to work on.
    enum Item {
        case text(String)
        case document(Document)

        var text: String {
            switch self {
            case .text(let text): text
            case .document(let document): document.text
            }
        }

        var title: String? {
            switch self {
            case .text: nil
            case .document(let document): document.title
            }
        }

        /// For messages.
        var name: String {
            switch self {
            case .text: "--text"
            case .document(let document): document.source
            }
        }

        /// As the queue takes it.
        var input: NewJob.Input {
            switch self {
            case .text(let text): .inline(text)
            case .document(let document): .document(NewDocument(document))
            }
        }
    }

    let sources: [DocumentSource]
    let skipped: [DocumentFinder.Skipped]
    /// Arguments that lead to nothing.
    let problems: [DocumentError]
    private let text: String?
    private let reader = DocumentReader()
    /// Standard input can be read once only.
    private var standardInput: Document?

    /// - parameter text: a text given in place of a document; comes first.
    init(_ arguments: [String], text: String?) {
        let (findings, problems) = DocumentFinder().findAll(arguments)
        (sources, skipped, self.problems) = (findings.sources, findings.skipped, problems)
        self.text = text
    }

    var count: Int { sources.count + (text == nil ? 0 : 1) }

    /// Reads the text at that position, below ``count``.
    func item(at index: Int) -> Result<Item, DocumentError> {
        guard let text else { return read(sources[index]) }
        return index == 0 ? .success(.text(text)) : read(sources[index - 1])
    }

    private func read(_ source: DocumentSource) -> Result<Item, DocumentError> {
        if source == .standardInput, let standardInput { return .success(.document(standardInput)) }
        do {
            let document = try reader.read(source)
            if source == .standardInput { standardInput = document }
            return .success(.document(document))
        } catch let error as DocumentError {
            return .failure(error)
        } catch {
            return .failure(.unreadable(path: source.name, reason: error.localizedDescription))
        }
    }

    /// Reads everything once and names on standard error what can't be read; returns the first error.
    func firstUnreadable() -> DocumentError? {
        var first: DocumentError?
        let progress = ProgressLine()
        for (index, source) in sources.enumerated() {
            progress.update("checked \(index) of \(sources.count) documents")
            if case .failure(let error) = read(source) {
                first = first ?? error
                progress.clear()
                Console.noteForeign("nightshift: \(error)")
            }
        }
        progress.clear()
        return first
    }
}
