import Documents
import Foundation
import JSONText
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

        /// The name that a row of a table has of itself.
        var id: String? {
            guard case .document(let document) = self, case .string(let id)? = document.metadata["id"] else {
                return nil
            }
            return id
        }

        /// What a document says of itself, and the digest of its file where that isn't its text's: for the job's metadata.
        var facts: JSONObject? {
            guard case .document(let document) = self, !["text/plain", "text/markdown"].contains(document.mediaType)
            else {
                return nil
            }
            var facts = document.metadata
            facts["file_sha256"] = .string(document.sha256)
            return facts
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
    private let reader: DocumentReader
    /// Standard input can be read once only.
    private var standardInput: [Result<Document, DocumentError>]?

    /// - parameters:
    ///   - text: a text given in place of a document; comes first.
    ///   - options: how the files are read.
    init(_ arguments: [String], text: String?, options: ReadingOptions = ReadingOptions()) {
        let (findings, problems) = DocumentFinder(includesRows: options.textColumn != nil).findAll(arguments)
        (sources, skipped, self.problems) = (findings.sources, findings.skipped, problems)
        self.text = text
        reader = DocumentReader(options: options)
    }

    /// Files, standard input and text; a file of rows or mails has more documents.
    var count: Int { sources.count + (text == nil ? 0 : 1) }

    /// Whether one job at most will come of it.
    var isSingle: Bool {
        count <= 1 && (reader.options.textColumn == nil || text != nil)
    }

    /// Gives each text in turn, with the position of its file, or why there is none.
    func takeEach(_ body: (Int, Result<Item, DocumentError>) async throws -> Void) async throws {
        var position = 0
        if let text {
            try await body(0, .success(.text(text)))
            position = 1
        }
        for source in sources {
            for document in documents(of: source) { try await body(position, document.map(Item.document)) }
            position += 1
        }
    }

    /// The only text of a command that takes one.
    ///
    /// - throws: ``DocumentError`` where there are several, or it can't be read.
    func single() throws -> Item? {
        if let text { return .text(text) }
        return try sources.first.map { .document(try reader.read($0)) }
    }

    private func documents(of source: DocumentSource) -> AnySequence<Result<Document, DocumentError>> {
        guard source == .standardInput else { return AnySequence(reader.documents(of: source)) }
        let documents = standardInput ?? Array(reader.documents(of: source))
        standardInput = documents
        return AnySequence(documents)
    }

    /// Reads everything once and names on standard error what can't be read; returns the first error.
    func firstUnreadable() -> DocumentError? {
        var first: DocumentError?
        let progress = ProgressLine()
        for (index, source) in sources.enumerated() {
            progress.update("checked \(index) of \(sources.count) files")
            for case .failure(let error) in documents(of: source) {
                first = first ?? error
                progress.clear()
                Console.noteForeign("nightshift: \(error)")
            }
        }
        progress.clear()
        return first
    }

    /// What lies in the folders and isn't read, for a person: reasons with their first names. Hidden files are meant to be
    /// passed over.
    var skippedSummary: String? {
        let shown = skipped.filter { $0.reason != .hidden }
        guard !shown.isEmpty else { return nil }
        let reasons = Dictionary(grouping: shown, by: \.reason).sorted { $0.value.count > $1.value.count }
        let lines = reasons.map { reason, entries in
            let names = entries.prefix(3).map { DisplayText.line($0.path) }.joined(separator: ", ")
            return "skipped \(names)\(entries.count > 3 ? " and \(entries.count - 3) more" : ""): \(reason.rawValue)"
        }
        return lines.joined(separator: "\n")
    }
}
