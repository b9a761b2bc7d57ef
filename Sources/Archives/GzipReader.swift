/// The bytes of a gzip file (RFC 1952), unpacked piece by piece: memory doesn't grow with what comes out. Several members one
/// behind the other, as `cat a.gz b.gz` makes them, are one text.
public struct GzipReader {
    /// A file that isn't gzip, is cut off, or damaged; the text says which.
    public struct Damage: Error, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// Of one piece that is unpacked.
    private static let pieceLength = 1 << 20

    private let read: () throws -> [UInt8]
    private var input: ArraySlice<UInt8> = []
    private var inputIsAtEnd = false
    private var inflater: Inflater?
    private var memberCount = 0

    /// - parameter read: the next bytes of the file; none at its end
    public init(_ read: @escaping () throws -> [UInt8]) {
        self.read = read
    }

    /// The next bytes of the text; none at its end.
    ///
    /// - throws: ``Damage``, and what `read` throws.
    public mutating func nextPiece() throws -> [UInt8] {
        var piece: [UInt8] = []
        while piece.isEmpty {
            if input.isEmpty, !inputIsAtEnd {
                input = try read()[...]
                inputIsAtEnd = input.isEmpty
            }
            guard let inflater = try currentInflater() else { return [] }
            guard let used = inflater.inflate(input, into: &piece, limit: Self.pieceLength) else {
                throw Damage(description: memberCount == 1 ? "isn't gzip, or damaged" : "is damaged gzip")
            }
            input = input.dropFirst(used)
            if inflater.isAtEnd {
                self.inflater = nil
            } else if inputIsAtEnd, piece.isEmpty {
                throw Damage(description: "is gzip that is cut off")
            }
        }
        return piece
    }

    /// What unpacks the member that the input is in; `nil` behind the last one.
    private mutating func currentInflater() throws -> Inflater? {
        if let inflater { return inflater }
        // Zeros behind the last member fill up a block of a tape.
        if memberCount > 0 { input = input.drop { $0 == 0 } }
        if input.isEmpty, inputIsAtEnd {
            guard memberCount > 0 else { throw Damage(description: "is empty, and not gzip") }
            return nil
        }
        if input.isEmpty { return try refilled() }
        let new = try Inflater(.gzip)
        inflater = new
        memberCount += 1
        return new
    }

    private mutating func refilled() throws -> Inflater? {
        input = try read()[...]
        inputIsAtEnd = input.isEmpty
        return try currentInflater()
    }
}
