import Archives
import Foundation

/// The lines of a file or a pipe, one after the other; those of a name that ends in `.gz` are unpacked.
public struct LineReader {
    /// No line with a text in it is longer.
    public static let maximumLength = 256 << 20

    private let handle: FileHandle
    private let path: String
    private var unpacker: GzipReader?
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    /// Of the line that was read last, from 1.
    public private(set) var line = 0
    /// Whether the line that was read last is whole, and not what a killed writer left.
    public private(set) var endsWithNewline = false

    /// - parameter path: a file, or `-` for standard input
    /// - throws: ``EvaluationError``.
    public init(path: String) throws {
        self.path = path == "-" ? "standard input" : path
        let handle = path == "-" ? FileHandle.standardInput : try FileHandle.reading(path)
        self.handle = handle
        if path.hasSuffix(".gz") {
            unpacker = GzipReader { [UInt8](try handle.read(upToCount: Self.pieceLength) ?? Data()) }
        }
    }

    private static let pieceLength = 1 << 20

    /// The next line without its end; lines of white space are passed over, and counted.
    ///
    /// - throws: ``EvaluationError`` for an endless line, or where reading fails.
    public mutating func next() throws -> [UInt8]? {
        while let bytes = try nextEvenIfEmpty() {
            if bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) { return bytes }
        }
        return nil
    }

    /// The next line without its end, whatever is in it.
    ///
    /// - throws: ``EvaluationError`` for an endless line, or where reading fails.
    public mutating func nextEvenIfEmpty() throws -> [UInt8]? {
        guard let bytes = try nextRaw() else { return nil }
        line += 1
        return bytes
    }

    private mutating func nextRaw() throws -> [UInt8]? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                defer { start = end + 1 }
                endsWithNewline = true
                return Array(buffer[start..<end])
            }
            if isAtEnd {
                defer { start = buffer.count }
                endsWithNewline = false
                return start < buffer.count ? Array(buffer[start...]) : nil
            }
            buffer.removeFirst(start)
            start = 0
            searched = buffer.count
            guard buffer.count <= Self.maximumLength else {
                throw EvaluationError.line(
                    path: path, line: line + 1, problem: "the line is longer than \(Self.maximumLength) bytes")
            }
            do {
                let piece =
                    try unpacker?.nextPiece() ?? [UInt8](handle.read(upToCount: Self.pieceLength) ?? Data())
                isAtEnd = piece.isEmpty
                buffer += piece
            } catch let damage as GzipReader.Damage {
                throw EvaluationError.file(path: path, problem: damage.description)
            } catch {
                throw EvaluationError.unreadable(path: path, problem: error.localizedDescription)
            }
        }
    }
}

extension FileHandle {
    /// Opens a file that isn't a folder.
    static func reading(_ path: String) throws(EvaluationError) -> FileHandle {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .unreadable(path: path, problem: "there is no such file")
        }
        if isFolder.boolValue { throw .unreadable(path: path, problem: "is a folder, not a file") }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw .unreadable(path: path, problem: "can't be read; see its permissions")
        }
        return handle
    }
}
