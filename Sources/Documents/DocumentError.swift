/// Why something named on the command line is no document, each with what to do about it.
public enum DocumentError: Error, Sendable, Equatable {
    case notFound(path: String)
    /// A pattern that matches nothing.
    case noMatch(pattern: String)
    case noPermission(path: String)
    case folder(path: String)
    /// A folder in which nothing can be read as a document.
    case nothingInFolder(path: String, skipped: Int)
    /// A pipe, a socket or a device; `kind` is what it is.
    case notAFile(path: String, kind: String)
    /// `found` is the size in bytes where it is known before reading.
    case tooLarge(path: String, found: Int?, limit: Int)
    /// A format that is known but not read.
    case unsupportedFormat(path: String, format: String)
    /// Bytes that aren't text; `found` says what shows it.
    case binary(path: String, found: String)
    /// Text whose encoding can't be told; `found` says what was tried.
    case unknownEncoding(path: String, found: String)
    case empty(path: String)
    /// The system refused to read; `reason` is its own words.
    case unreadable(path: String, reason: String)
}

extension DocumentError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound(let path):
            return "\(path): there is no such file; check the spelling and the folder you are in"
        case .noMatch(let pattern):
            return "\(pattern): no file matches; check the pattern, and quote it if the shell changes it"
        case .noPermission(let path):
            return "\(path): no permission to read it; change its mode with chmod or run as its owner"
        case .folder(let path):
            return "\(path): a folder, not a file"
        case .nothingInFolder(let path, let skipped):
            let read = DocumentFormat.supportedExtensions.map { "." + $0 }.joined(separator: ", ")
            let others =
                skipped == 0 ? "it is empty" : "\(skipped) other \(skipped == 1 ? "entry was" : "entries were") skipped"
            return "\(path): no documents in this folder (\(others)); files that are found in folders: \(read)"
        case .notAFile(let path, let kind):
            return "\(path): \(kind), not a file; to read what comes out of it, send it to standard input and name '-'"
        case .tooLarge(let path, let found, let limit):
            let size = found.map { "\(Self.mebibytes($0)), " } ?? ""
            return "\(path): too large (\(size)the limit is \(Self.mebibytes(limit))); split it into parts"
        case .unsupportedFormat(let path, let format):
            return "\(path): \(format) isn't read yet, only plain text and Markdown; convert it to text first"
        case .binary(let path, let found):
            return "\(path): not a text file (\(found)); only plain text and Markdown are read"
        case .unknownEncoding(let path, let found):
            return "\(path): the text's encoding can't be told (\(found)); convert it to UTF-8, for example with iconv"
        case .empty(let path):
            return "\(path): there is no text in it"
        case .unreadable(let path, let reason):
            return "\(path): can't be read: \(reason)"
        }
    }

    /// Bytes for people: `64 MiB`, `2048.5 MiB`, and below one MiB in bytes.
    private static func mebibytes(_ bytes: Int) -> String {
        guard bytes >= 1 << 20 else { return "\(bytes) bytes" }
        let tenths = (bytes * 10 + (1 << 19)) >> 20
        return tenths % 10 == 0 ? "\(tenths / 10) MiB" : "\(tenths / 10).\(tenths % 10) MiB"
    }
}
