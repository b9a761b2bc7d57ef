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
    /// More text came out than `limit` bytes.
    case tooMuchText(path: String, limit: Int)
    /// A format that is known but not read; `advice` says what to do with it.
    case unsupportedFormat(path: String, format: String, advice: String)
    /// Bytes that aren't text; `found` says what shows it.
    case binary(path: String, found: String)
    /// Text whose encoding can't be told; `found` says what was tried.
    case unknownEncoding(path: String, found: String)
    case empty(path: String)
    /// There are pages, and no text on them.
    case noText(path: String, pages: Int)
    /// Not what its name or its beginning promises, or cut off, or wrong within.
    case damaged(path: String, format: String, problem: String)
    /// Made to take up time or memory without end.
    case hostile(path: String, problem: String)
    case protected(path: String, format: String)
    /// The program that converts the format isn't installed.
    case noConverter(path: String, format: String, command: String, package: String)
    case converterFailed(path: String, command: String, reason: String)
    /// The file has several documents where one was asked for.
    case several(path: String)
    /// A table without the column that is asked for; `problem` names those it has.
    case column(path: String, problem: String)
    /// A row or line of a file.
    case row(path: String, line: Int, problem: String)
    /// Another program writes to it.
    case changing(path: String)
    /// The system refused to read; `reason` is its own words.
    case unreadable(path: String, reason: String)
}

extension DocumentError {
    /// What it is about, as it was given.
    public var path: String {
        switch self {
        case .notFound(let path), .noMatch(let path), .noPermission(let path), .folder(let path),
            .nothingInFolder(let path, _), .notAFile(let path, _), .tooLarge(let path, _, _),
            .tooMuchText(let path, _), .unsupportedFormat(let path, _, _), .binary(let path, _),
            .unknownEncoding(let path, _), .empty(let path), .noText(let path, _), .damaged(let path, _, _),
            .hostile(let path, _), .protected(let path, _), .noConverter(let path, _, _, _),
            .converterFailed(let path, _, _), .several(let path), .column(let path, _), .row(let path, _, _),
            .changing(let path), .unreadable(let path, _):
            path
        }
    }
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
        case .tooMuchText(let path, let limit):
            return "\(path): more than \(Self.mebibytes(limit)) of text come out of it, which is the limit; split it"
                + " into parts"
        case .unsupportedFormat(let path, let format, let advice):
            return "\(path): \(format) isn't read; \(advice)"
        case .binary(let path, let found):
            return "\(path): not a text file (\(found)), nor any other format that is read"
        case .unknownEncoding(let path, let found):
            return "\(path): the text's encoding can't be told (\(found)); name it with --encoding, or convert it to"
                + " UTF-8, for example with iconv"
        case .empty(let path):
            return "\(path): there is no text in it"
        case .noText(let path, let pages):
            let counted = pages == 1 ? "its only page holds" : "its \(pages) pages hold"
            return "\(path): \(counted) no text; if it was scanned, make it readable first: apt install ocrmypdf, then"
                + " ocrmypdf IN.pdf OUT.pdf"
        case .damaged(let path, let format, let problem):
            return "\(path): a damaged \(format): \(problem)"
        case .hostile(let path, let problem):
            return "\(path): refused: \(problem)"
        case .protected(let path, let format):
            return "\(path): \(format) that is protected by a password or a seller; save it without"
        case .noConverter(let path, let format, let command, let package):
            return "\(path): to read \(format), the program \(command) is needed: apt install \(package)"
        case .converterFailed(let path, let command, let reason):
            return "\(path): \(command) can't read it: \(reason)"
        case .several(let path):
            return "\(path): there are several documents in it; 'nightshift add' makes a job of each"
        case .column(let path, let problem):
            return "\(path): \(problem)"
        case .row(let path, let line, let problem):
            return "\(path), line \(line): \(problem)"
        case .changing(let path):
            return "\(path): it changes while it is being read; wait until it is written, or read a copy"
        case .unreadable(let path, let reason):
            return "\(path): can't be read: \(reason)"
        }
    }

    /// Bytes for people: `64 MiB`, `2048.5 MiB`, and below one MiB in bytes.
    static func mebibytes(_ bytes: Int) -> String {
        guard bytes >= 1 << 20 else { return "\(bytes) bytes" }
        let tenths = (bytes * 10 + (1 << 19)) >> 20
        return tenths % 10 == 0 ? "\(tenths / 10) MiB" : "\(tenths / 10).\(tenths % 10) MiB"
    }
}
