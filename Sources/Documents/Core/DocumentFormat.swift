/// A format that documents are read from. A new one is a case here and a branch in ``DocumentReader``.
public enum DocumentFormat: String, Sendable, CaseIterable {
    case plainText = "text/plain"
    case markdown = "text/markdown"
    case html = "text/html"
    case pdf = "application/pdf"
    case docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    case odt = "application/vnd.oasis.opendocument.text"
    case epub = "application/epub+zip"
    case rtf = "application/rtf"
    case mail = "message/rfc822"
    case mailbox = "application/mbox"
    case csv = "text/csv"
    case tsv = "text/tab-separated-values"
    case jsonLines = "application/jsonl"
    case oldWord = "application/msword"

    /// As documents store it.
    public var mediaType: String { rawValue }

    /// File name extensions, in small letters.
    public var fileExtensions: [String] {
        switch self {
        case .plainText: ["txt", "text", "rst", "org", "adoc", "asciidoc", "tex"]
        case .markdown: ["md", "markdown"]
        case .html: ["html", "htm", "xhtml"]
        case .pdf: ["pdf"]
        case .docx: ["docx", "docm", "dotx"]
        case .odt: ["odt", "ott"]
        case .epub: ["epub"]
        case .rtf: ["rtf"]
        case .mail: ["eml"]
        case .mailbox: ["mbox", "mbx"]
        case .csv: ["csv"]
        case .tsv: ["tsv", "tab"]
        case .jsonLines: ["jsonl", "ndjson"]
        case .oldWord: ["doc", "dot"]
        }
    }

    /// In words, with its article.
    var name: String {
        switch self {
        case .plainText: "a text"
        case .markdown: "a Markdown text"
        case .html: "an HTML page"
        case .pdf: "a PDF"
        case .docx: "a Word document"
        case .odt: "an OpenDocument text"
        case .epub: "an EPUB book"
        case .rtf: "an RTF document"
        case .mail: "a mail"
        case .mailbox: "a mailbox"
        case .csv, .tsv: "a table"
        case .jsonLines: "a JSONL file"
        case .oldWord: "an old Word document"
        }
    }

    /// Whether a file may hold many documents.
    var isCollection: Bool {
        switch self {
        case .mailbox, .csv, .tsv, .jsonLines: true
        default: false
        }
    }

    /// Whether the rows of a file are documents, if a column is named.
    var hasRows: Bool { self == .csv || self == .tsv || self == .jsonLines }

    /// Whether headings begin with `#` in the text that is read.
    var marksHeadings: Bool {
        switch self {
        case .markdown, .html, .docx, .odt, .epub, .rtf: true
        default: false
        }
    }

    /// The extensions by which documents are found in folders; tables are where a column of theirs is named.
    public static let supportedExtensions = allCases.filter { !$0.hasRows }.flatMap(\.fileExtensions)

    /// The format that a name promises.
    init?(extensionOf path: String) {
        let fileExtension = Self.fileExtension(of: path)
        guard let format = Self.allCases.first(where: { $0.fileExtensions.contains(fileExtension) }) else { return nil }
        self = format
    }

    /// In small letters; empty for a name without a point or with one only at its start.
    static func fileExtension(of path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let point = name.lastIndex(of: "."), point != name.startIndex else { return "" }
        return name[name.index(after: point)...].lowercased()
    }
}
