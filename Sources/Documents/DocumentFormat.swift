/// A format that documents are read from. A new one is a case here and a branch in ``DocumentReader``.
public enum DocumentFormat: String, Sendable, CaseIterable {
    case plainText = "text/plain"
    case markdown = "text/markdown"

    /// As documents store it.
    public var mediaType: String { rawValue }

    /// File name extensions, in small letters.
    public var fileExtensions: [String] {
        switch self {
        case .plainText: ["txt", "text"]
        case .markdown: ["md", "markdown"]
        }
    }

    /// The extensions by which documents are found in folders.
    public static let supportedExtensions = allCases.flatMap(\.fileExtensions)

    /// The format of a file by its name. A file that somebody names is taken for text, whatever its extension (a
    /// README, a log), unless that is known to be something else.
    ///
    /// - throws: ``DocumentError/unsupportedFormat(path:format:)``.
    init(path: String) throws {
        let fileExtension = Self.fileExtension(of: path)
        if let unread = Self.unreadFormats[fileExtension] {
            throw DocumentError.unsupportedFormat(path: path, format: unread)
        }
        self = Self.allCases.first { $0.fileExtensions.contains(fileExtension) } ?? .plainText
    }

    static func isSupported(path: String) -> Bool {
        supportedExtensions.contains(fileExtension(of: path))
    }

    /// Formats that hold text but aren't read, by extension.
    private static let unreadFormats = [
        "pdf": "PDF", "html": "HTML", "htm": "HTML", "xhtml": "HTML", "docx": "a Word document",
        "doc": "a Word document",
        "odt": "an OpenDocument text", "rtf": "RTF", "epub": "EPUB", "eml": "a mail file", "mbox": "a mailbox",
    ]

    /// Formats that are told by how the file begins, whatever it is called.
    private static let signatures: [(bytes: [UInt8], name: String)] = [
        (Array("%PDF-".utf8), "PDF"), (Array("PK\u{3}\u{4}".utf8), "a zip archive (a Word document, EPUB or the like)"),
        (Array("{\\rtf".utf8), "RTF"), ([0xD0, 0xCF, 0x11, 0xE0], "an old Office document"),
        ([0x1F, 0x8B], "gzip"), (Array("SQLite format 3\0".utf8), "a SQLite database"),
    ]

    /// The name of the format that `bytes` begin like, if it is one that isn't text.
    static func foreignFormat(of bytes: some Collection<UInt8>) -> String? {
        signatures.first { bytes.starts(with: $0.bytes) }?.name
    }

    /// In small letters; empty for a name without a point or with one only at its start.
    private static func fileExtension(of path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let point = name.lastIndex(of: "."), point != name.startIndex else { return "" }
        return name[name.index(after: point)...].lowercased()
    }
}
