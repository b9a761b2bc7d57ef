/// The documents of one file, one after the other; what is wrong with one doesn't keep the others from coming.
public struct DocumentStream: IteratorProtocol, Sequence {
    private enum State {
        case unopened(() throws -> InputFile)
        case rows(RowDocuments)
        case mails(Mailbox, InputFile)
        case ended
    }

    private let reader: DocumentReader
    private var state: State
    /// What the file is called, once it is open.
    private(set) var path = "-"

    init(reader: DocumentReader, open: @escaping () throws -> InputFile) {
        self.reader = reader
        state = .unopened(open)
    }

    /// The next document, or why there is none in its place; `nil` at the end.
    public mutating func next() -> Result<Document, DocumentError>? {
        do {
            switch state {
            case .ended: return nil
            case .unopened(let open):
                state = .ended
                return try begin(open)
            case .rows(var rows):
                let next = rows.next()
                state = next == nil ? .ended : .rows(rows)
                return next
            case .mails(let mailbox, let file):
                state = .ended
                return try nextMail(mailbox, file)
            }
        } catch {
            state = .ended
            return .failure(error as? DocumentError ?? .unreadable(path: path, reason: String(describing: error)))
        }
    }

    private mutating func begin(_ open: () throws -> InputFile) throws -> Result<Document, DocumentError>? {
        var file = try open()
        path = file.path
        let format = try reader.format(of: file)
        if format == .mailbox {
            let mailbox = Mailbox(file, limit: reader.options.maximumTextBytes)
            return try nextMail(mailbox, file)
        }
        if format.hasRows, let column = reader.options.textColumn {
            var rows = try RowDocuments(file, format: format, options: reader.options, column: column)
            guard let first = rows.next() else { throw DocumentError.empty(path: path) }
            state = .rows(rows)
            return first
        }
        let document = try reader.document(file, format: format)
        if try file.isUnchanged() { return .success(document) }
        // Somebody saved it just now; who writes on and on is told to wait.
        file = try open()
        let again = try reader.document(file, format: try reader.format(of: file))
        guard try file.isUnchanged() else { throw DocumentError.changing(path: path) }
        return .success(again)
    }

    private mutating func nextMail(_ mailbox: Mailbox, _ file: InputFile) throws -> Result<Document, DocumentError>? {
        var mailbox = mailbox
        guard let bytes = try mailbox.next() else { return nil }
        state = .mails(mailbox, file)
        let source = "\(file.path)#\(mailbox.number)"
        let limit = reader.options.maximumTextBytes
        do {
            let outcome = try MailReader(path: source, limit: limit).read(bytes[...])
            return .success(
                try DocumentReader.document(outcome, source: source, format: .mail, digest: Digest.sha256(of: bytes)))
        } catch let error as DocumentError {
            return .failure(error)
        }
    }
}
