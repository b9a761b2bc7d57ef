public import Foundation
internal import JSONText

/// Reads files and standard input as documents: text in whatever encoding, pages, PDFs, office documents, books, mails and
/// the rows of tables, each with title, source and digest.
///
/// What a file is, is told by its beginning before its name: a PDF named `.txt` is read as a PDF.
public struct DocumentReader: Sendable {
    public var options: ReadingOptions

    /// The most bytes of text, if nobody says otherwise: 64 MiB are about sixty thousand pages.
    public static let defaultMaximumBytes = ReadingOptions().maximumTextBytes

    public init(options: ReadingOptions = ReadingOptions()) { self.options = options }

    /// - parameter maximumBytes: of files and of text, above 0.
    public init(maximumBytes: Int) {
        precondition(maximumBytes > 0)
        options = ReadingOptions()
        options.maximumFileBytes = maximumBytes
        options.maximumTextBytes = maximumBytes
    }

    /// Reads what is one document.
    ///
    /// - throws: ``DocumentError``, also for a file that holds several.
    public func read(_ source: DocumentSource) throws -> Document { try single(documents(of: source)) }

    /// Reads a stream to its end, as one document.
    ///
    /// - parameter name: what the document's source and errors call it.
    /// - throws: ``DocumentError``.
    public func read(_ stream: FileHandle, name: String) throws -> Document {
        try single(DocumentStream(reader: self) { try spooled(stream, name) })
    }

    /// The documents in a file: one, or those of a mailbox or a table, read one at a time.
    public func documents(of source: DocumentSource) -> DocumentStream {
        DocumentStream(reader: self) {
            switch source {
            case .file(let path): try InputFile(path: path)
            case .standardInput: try spooled(.standardInput, source.name)
            }
        }
    }

    private func spooled(_ stream: FileHandle, _ name: String) throws -> InputFile {
        try InputFile(spooling: stream, name: name, limit: options.maximumFileBytes)
    }

    private func single(_ documents: DocumentStream) throws -> Document {
        var documents = documents
        guard let document = try documents.next()?.get() else { throw DocumentError.empty(path: documents.path) }
        guard documents.next() == nil else { throw DocumentError.several(path: documents.path) }
        return document
    }

    // MARK: - Formats

    /// What a file is.
    ///
    /// - throws: ``DocumentError`` for what isn't read.
    func format(of file: InputFile) throws -> DocumentFormat {
        let named = DocumentFormat(extensionOf: file.path)
        let head = try file.head(FormatDetection.headLength)
        guard !head.isEmpty else { throw DocumentError.empty(path: file.path) }
        switch FormatDetection.look(at: head, named: named) {
        case .format(let format): return format
        case .zip:
            try refuseTooLarge(file)
            return try DocumentArchive.format(of: file, named: named)
        case .foreign(let format):
            throw DocumentError.unsupportedFormat(
                path: file.path, format: format, advice: FormatDetection.advice(for: format))
        case .nothing:
            guard let named else { return .plainText }
            switch named {
            case .pdf, .docx, .odt, .epub, .rtf, .oldWord:
                throw DocumentError.damaged(
                    path: file.path, format: DocumentArchive.noun(named),
                    problem: "it doesn't begin as \(named.name) does; was it cut off, or is it something else?")
            default: return named
            }
        }
    }

    /// Reads the one document of a file that isn't a collection.
    func document(_ file: InputFile, format: DocumentFormat) throws -> Document {
        try refuseTooLarge(file)
        var outcome = HTMLReader.Outcome()
        switch format {
        // Markdown is made to be read as it stands.
        case .plainText, .markdown, .csv, .tsv, .jsonLines:
            let bytes = try file.contents(limit: options.maximumTextBytes)
            outcome.text = try TextDecoding.text(of: bytes, path: file.path, forced: options.encoding)
        case .html:
            let bytes = try file.contents(limit: options.maximumMarkupBytes)
            outcome = try HTMLReader(path: file.path, limit: options.maximumTextBytes)
                .read(bytes, charset: options.encoding)
        case .pdf: outcome = try PDFReader(options: options).read(file)
        case .docx: outcome = try DOCXReader(options: options).read(file)
        case .odt: outcome = try ODTReader(options: options).read(file)
        case .epub: outcome = try EPUBReader(options: options).read(file)
        case .rtf:
            outcome = try RTFReader(path: file.path, limit: options.maximumTextBytes)
                .read(file.contents(limit: options.maximumTextBytes))
        case .mail, .mailbox:
            let bytes = try file.contents(limit: options.maximumTextBytes)
            outcome = try MailReader(path: file.path, limit: options.maximumTextBytes).read(bytes[...])
        case .oldWord: outcome.text = try OldWordReader(options: options).read(file)
        }
        return try Self.document(outcome, source: file.path, format: format, digest: file.digest())
    }

    /// Makes a document of what was read; the title that it has itself, or its first line.
    static func document(
        _ outcome: HTMLReader.Outcome, source: String, format: DocumentFormat, digest: String
    ) throws -> Document {
        let isBlank = outcome.text.utf8.allSatisfy { $0 <= 0x20 }
        guard !isBlank else { throw DocumentError.empty(path: source) }
        let own = DocumentTitle.shortened(HTMLReader.collapsed(outcome.title))
        let title = own.isEmpty ? DocumentTitle.title(of: outcome.text, format: format) : own
        guard !title.isEmpty else { throw DocumentError.empty(path: source) }
        return Document(
            text: outcome.text, title: title, source: source, mediaType: format.mediaType, sha256: digest,
            metadata: outcome.metadata)
    }

    private func refuseTooLarge(_ file: InputFile) throws {
        guard file.count <= options.maximumFileBytes else {
            throw DocumentError.tooLarge(path: file.path, found: file.count, limit: options.maximumFileBytes)
        }
    }
}
