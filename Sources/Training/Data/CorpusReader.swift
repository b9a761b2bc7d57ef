/// Reads the documents of a corpus file, one after the other, with little memory.
///
/// A file named `.jsonl`, `.ndjson` or `.json` has a document a line; any other is running text, in which a line
/// `<|endoftext|>` parts documents. With `.gz` behind the name it's packed.
public struct CorpusReader {
    /// A longer line is no document.
    private static let maximumLine = 64 << 20
    /// A longer text without parts is cut at an empty line.
    private static let maximumText = 16 << 20
    private static let separator = Array("<|endoftext|>".utf8)

    public let path: String
    /// The line that the last document ended on, from 1.
    public private(set) var line = 0
    private let file: CorpusFile
    private let field: String
    private let isLines: Bool
    private var piece: [UInt8] = []
    private var position = 0
    private var isAtStart = true

    /// - parameter field: what running text is called in lines of JSON.
    /// - throws: ``TrainingError`` for a file that can't be read.
    public init(path: String, field: String = "text") throws {
        self.path = path
        self.field = field
        file = try CorpusFile(path: path)
        let name = path.hasSuffix(".gz") ? path.dropLast(3) : path[...]
        isLines = [".jsonl", ".ndjson", ".json"].contains { name.lowercased().hasSuffix($0) }
    }

    /// Bytes of the file on the disk, and how many of them were taken.
    public var size: Int { file.size }
    public var offset: Int { file.offset }

    /// The next document; `nil` at the end.
    ///
    /// - throws: ``TrainingError/malformedText(path:line:problem:)`` for a line that isn't one, after which reading may go
    ///   on; other ``TrainingError``s where the file can't be read.
    public mutating func next() throws -> CorpusDocument? {
        isLines ? try nextLineDocument() : try nextTextDocument()
    }

    private mutating func nextLineDocument() throws -> CorpusDocument? {
        while let bytes = try nextLine() {
            if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            do throws(CorpusLineProblem) {
                return try CorpusDocument(json: bytes, field: field)
            } catch {
                throw TrainingError.malformedText(path: path, line: line, problem: error.problem)
            }
        }
        return nil
    }

    private mutating func nextTextDocument() throws -> CorpusDocument? {
        var text: [UInt8] = []
        var isEmpty = true
        while let bytes = try nextLine() {
            let content = bytes.last == 0x0D ? bytes.dropLast() : bytes[...]
            if content.elementsEqual(Self.separator) {
                if isEmpty { continue }
                break
            }
            let isBlank = content.allSatisfy { $0 == 0x20 || $0 == 0x09 }
            if isBlank && isEmpty { continue }
            if isBlank && text.count > Self.maximumText { break }
            isEmpty = false
            text += bytes
            text.append(0x0A)
        }
        if isEmpty { return nil }
        text.removeLast()
        guard let string = String(validating: text, as: UTF8.self) else {
            throw TrainingError.malformedText(
                path: path, line: line, problem: "the text before this line isn't UTF-8")
        }
        return CorpusDocument(text: string)
    }

    /// The next line without its end.
    private mutating func nextLine() throws -> [UInt8]? {
        var bytes: [UInt8] = []
        var isFound = false
        while true {
            if position == piece.count {
                piece = try file.nextPiece()
                position = 0
                if isAtStart {
                    isAtStart = false
                    // A byte order mark is no text.
                    if piece.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
                }
                if position == piece.count {
                    if isFound { line += 1 }
                    return isFound ? bytes : nil
                }
            }
            isFound = true
            let end = piece[position...].firstIndex(of: 0x0A)
            bytes += piece[position..<(end ?? piece.count)]
            position = end.map { $0 + 1 } ?? piece.count
            guard bytes.count <= Self.maximumLine else {
                throw TrainingError.unreadable(
                    path: path, problem: "line \(line + 1) is longer than \(Self.maximumLine >> 20) MiB")
            }
            if end != nil {
                line += 1
                return bytes
            }
        }
    }
}
