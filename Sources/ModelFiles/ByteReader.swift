/// Reads little-endian numbers and runs of bytes from bytes whose length nobody vouches for.
struct ByteReader {
    let bytes: [UInt8]
    /// The file and the part of it that `bytes` are, for errors.
    let path: String
    let part: String
    private(set) var position = 0

    init(_ bytes: [UInt8], path: String, part: String) {
        self.bytes = bytes
        self.path = path
        self.part = part
    }

    var remaining: Int { bytes.count - position }

    /// The error for something wrong at `byte`, by default where reading stands.
    func problem(_ text: String, at byte: Int? = nil) -> ModelFileError {
        .malformed(path: path, part: part, problem: "at byte \(byte ?? position): \(text)")
    }

    mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else {
            throw problem("\(count) more bytes were expected, \(remaining) are left")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func skip(_ count: Int) throws { _ = try take(count) }

    mutating func integer<Number: FixedWidthInteger>(_: Number.Type) throws -> Number {
        try take(Number.bitWidth / 8).reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    /// A number that counts or locates something and so must be a natural number of this machine.
    mutating func count<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Int {
        let start = position
        let number = try integer(type)
        guard let count = Int(exactly: number), count >= 0 else {
            throw problem("\(number) is no count or offset", at: start)
        }
        return count
    }

    /// The bytes up to the next line feed, which is stepped over.
    mutating func line(limit: Int) throws -> ArraySlice<UInt8> {
        guard let end = bytes[position...].prefix(limit + 1).firstIndex(of: 0x0A) else {
            throw problem("a line that doesn't end within \(limit) bytes")
        }
        defer { position = end + 1 }
        return bytes[position..<end]
    }
}
