public import JSONText

/// A text with its provenance, as the queue stores it.
public struct Document: Sendable, Equatable {
    /// Without byte order mark, line ends as LF. Of plain text and Markdown otherwise as the file has it; of other formats
    /// what there is to read, with `#` before headings, `-` before items of lists and ` | ` between the cells of tables.
    public var text: String
    /// The document's own title, else its first heading, else the first line that isn't blank; at most
    /// ``DocumentTitle/maximumLength`` characters. Never empty.
    public var title: String
    /// The path as it was given, or `-` for standard input; of one of several documents in a file with its number or name
    /// after `#`: `reviews.csv#12`.
    public var source: String
    /// What the text was read from, such as `text/html`.
    public var mediaType: String
    /// The digest of the bytes that were read, before any conversion, so that `sha256sum FILE` prints the same: 64
    /// hexadecimal digits in small letters. Of one of several documents in a file that of its own text.
    public var sha256: String
    /// What else the document says of itself: `author`, `date`, `pages`, of a mail `from`, `to` and `attachments`.
    public var metadata: JSONObject

    public init(
        text: String, title: String, source: String, mediaType: String, sha256: String, metadata: JSONObject = [:]
    ) {
        self.text = text
        self.title = title
        self.source = source
        self.mediaType = mediaType
        self.sha256 = sha256
        self.metadata = metadata
    }
}

/// Where a document comes from.
public enum DocumentSource: Sendable, Hashable {
    case file(path: String)
    case standardInput

    /// As it is stored and shown: the path, or `-`.
    public var name: String {
        switch self {
        case .file(let path): path
        case .standardInput: "-"
        }
    }
}
