/// A text with its provenance, as the queue stores it.
public struct Document: Sendable, Equatable {
    /// Without byte order mark, line ends as LF, otherwise as the file has it.
    public var text: String
    /// The first heading of a Markdown document, else the first line that isn't blank; at most
    /// ``DocumentTitle/maximumLength`` characters. Never empty.
    public var title: String
    /// The path as it was given, or `-` for standard input.
    public var source: String
    /// What the text was read as, such as `text/plain`.
    public var mediaType: String
    /// The digest of the bytes that were read, before any conversion, so that `sha256sum FILE` prints the same: 64
    /// hexadecimal digits in small letters.
    public var sha256: String

    public init(text: String, title: String, source: String, mediaType: String, sha256: String) {
        self.text = text
        self.title = title
        self.source = source
        self.mediaType = mediaType
        self.sha256 = sha256
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
