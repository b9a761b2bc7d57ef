/// The mails of an mbox file (RFC 4155), one after the other; as much of it in memory as one mail has.
struct Mailbox {
    private let file: InputFile
    private let limit: Int
    private var offset = 0
    private var buffer: [UInt8] = []
    /// Where the next mail begins in ``buffer``.
    private var position = 0
    private var isAtEnd = false
    private(set) var number = 0

    private static let pieceLength = 1 << 20
    /// Of a line that begins a mail, in bytes.
    private static let maximumSeparatorLength = 1000

    /// - parameter limit: the most bytes of one mail.
    init(_ file: InputFile, limit: Int) {
        self.file = file
        self.limit = limit
    }

    /// A line that begins a mail: `From`, a sender, and a time that ends in a year or a zone after it.
    static func isSeparator(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.starts(with: "From ".utf8), line.count <= maximumSeparatorLength else { return false }
        let words = line.dropFirst(5).split(whereSeparator: { $0 == 0x20 || $0 == 0x0D })
        let hasTime = words.contains { $0.count >= 5 && $0.contains(UInt8(ascii: ":")) }
        let hasYear = words.contains { $0.count == 4 && $0.allSatisfy { (0x30...0x39).contains($0) } }
        return words.count >= 3 && hasTime && hasYear
    }

    /// The bytes of the next mail, without the line that begins it; `nil` at the end.
    ///
    /// - throws: ``DocumentError``.
    mutating func next() throws -> [UInt8]? {
        if offset == 0 { try fill() }
        guard position < buffer.count else { return nil }
        number += 1
        // Behind the line that begins this one; looking for the next one from there.
        var line = position
        // What has been looked at of a line that isn't whole yet.
        var searched = line
        var isFirst = true
        while true {
            guard let end = buffer[searched...].firstIndex(of: 0x0A) else {
                guard !isAtEnd else {
                    line = buffer.count
                    break
                }
                guard buffer.count - position <= limit else { throw tooLarge }
                (line, searched) = (line - position, buffer.count - position)
                try fill()
                continue
            }
            if !isFirst, Self.isSeparator(buffer[line..<end]) { break }
            isFirst = false
            (line, searched) = (end + 1, end + 1)
            guard line - position <= limit else { throw tooLarge }
        }
        defer { position = line }
        return Self.unquoted(buffer[position..<line])
    }

    private var tooLarge: DocumentError { .tooLarge(path: "\(file.path)#\(number)", found: nil, limit: limit) }

    /// Reads on; what was given out is let go of.
    private mutating func fill() throws {
        buffer.removeFirst(position)
        position = 0
        let piece = try file.read(at: offset, Self.pieceLength)
        offset += piece.count
        buffer += piece
        isAtEnd = piece.count < Self.pieceLength
    }

    /// Without the line that begins it, and with `>From ` as it was.
    private static func unquoted(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var rest = bytes
        if rest.starts(with: "From ".utf8) {
            rest = (rest.firstIndex(of: 0x0A)).map { rest[($0 + 1)...] } ?? []
        }
        guard FormatDetection.firstIndex(of: Array("\n>From ".utf8), in: rest) != nil else { return Array(rest) }
        var output: [UInt8] = []
        output.reserveCapacity(rest.count)
        var isLineStart = true
        var index = rest.startIndex
        while index < rest.endIndex {
            if isLineStart, rest[index] == UInt8(ascii: ">"), rest[(index + 1)...].starts(with: "From ".utf8) {
                index += 1
            }
            isLineStart = rest[index] == 0x0A
            output.append(rest[index])
            index += 1
        }
        return output
    }
}
