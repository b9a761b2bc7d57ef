#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Bytes that come in pieces, taken one by one or line by line.
///
/// A byte order mark at the beginning is passed over. No more is held than one piece and what the caller asked for.
public struct ByteInput {
    private let nextPiece: () throws -> [UInt8]
    private var piece: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    private var isAtStart = true
    /// The line that the next byte is in, from 1.
    public private(set) var line = 1
    /// Bytes taken so far, the mark included.
    public private(set) var offset = 0

    /// - parameter nextPiece: gives the next piece; an empty one is the end.
    public init(_ nextPiece: @escaping () throws -> [UInt8]) { self.nextPiece = nextPiece }

    /// All of `bytes`.
    public init(_ bytes: [UInt8]) {
        var rest = [bytes, []][...]
        self.init { rest.popFirst() ?? [] }
    }

    /// Looks at the next byte without taking it.
    public mutating func peek() throws -> UInt8? {
        if position == piece.count {
            guard !isAtEnd else { return nil }
            try fill()
            if piece.isEmpty { return nil }
        }
        return piece[position]
    }

    /// Takes the next byte.
    public mutating func next() throws -> UInt8? {
        guard let byte = try peek() else { return nil }
        position += 1
        offset += 1
        if byte == 0x0A { line += 1 }
        return byte
    }

    private mutating func fill() throws {
        piece = try nextPiece()
        position = 0
        isAtEnd = piece.isEmpty
        guard isAtStart, !isAtEnd else { return }
        isAtStart = false
        // A pipe may give fewer bytes than the mark has.
        while piece.count < 3, ByteOrderMark.utf8.starts(with: piece) {
            let more = try nextPiece()
            if more.isEmpty { break }
            piece += more
        }
        if piece.starts(with: ByteOrderMark.utf8) {
            position = 3
            offset = 3
            if position == piece.count { try fill() }
        }
    }

    /// Takes the rest of the line, without its line end.
    ///
    /// - parameter limit: the most bytes to keep; the rest of a longer line is taken and forgotten.
    /// - returns: `nil` at the end of the input; no bytes where the line is too long.
    public mutating func nextLine(limit: Int) throws -> (bytes: [UInt8]?, number: Int)? {
        guard try peek() != nil else { return nil }
        let number = line
        var bytes: [UInt8]? = []
        while try peek() != nil {
            let end = piece[position...].firstIndex(of: 0x0A)
            let part = piece[position..<(end ?? piece.count)]
            if let count = bytes?.count, count + part.count > limit { bytes = nil }
            bytes?.append(contentsOf: part)
            position = (end.map { $0 + 1 }) ?? piece.count
            offset += part.count + (end == nil ? 0 : 1)
            if end != nil {
                line += 1
                break
            }
        }
        if bytes?.last == 0x0D { bytes?.removeLast() }
        return (bytes, number)
    }
}

/// What files begin with that say how they are encoded.
enum ByteOrderMark {
    static let utf8: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let others: [([UInt8], String)] = [
        ([0xFF, 0xFE], "UTF-16"), ([0xFE, 0xFF], "UTF-16"),
    ]

    /// The encoding that such a mark names, where it isn't UTF-8.
    static func foreignEncoding(of bytes: [UInt8]) -> String? {
        others.first { bytes.starts(with: $0.0) }?.1
    }
}
