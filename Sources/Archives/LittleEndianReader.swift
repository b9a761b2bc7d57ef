/// Reads the numbers of a zip file's records from bytes whose length nobody vouches for.
struct LittleEndianReader {
    let bytes: [UInt8]
    /// What `bytes` are, for errors.
    let part: String
    private(set) var position = 0

    init(_ bytes: [UInt8], part: String) {
        self.bytes = bytes
        self.part = part
    }

    var remaining: Int { bytes.count - position }

    /// The error for something wrong at `byte`, by default where reading stands.
    func problem(_ text: String, at byte: Int? = nil) -> ZipError {
        ZipError(part: part, problem: "at byte \(byte ?? position): \(text)")
    }

    mutating func take(_ count: Int) throws(ZipError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else {
            throw problem("\(count) more bytes were expected, \(remaining) are left")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func skip(_ count: Int) throws(ZipError) { _ = try take(count) }

    mutating func integer<Number: FixedWidthInteger>(_: Number.Type) throws(ZipError) -> Number {
        let start = position
        try skip(Number.bitWidth / 8)
        var number: Number = 0
        for index in start..<position {
            number |= Number(truncatingIfNeeded: bytes[index]) << Number(8 * (index - start))
        }
        return number
    }

    /// A number that counts or locates something and so must be a natural number of this machine.
    mutating func count<Number: FixedWidthInteger>(_ type: Number.Type) throws(ZipError) -> Int {
        let start = position
        let number = try integer(type)
        guard let count = Int(exactly: number), count >= 0 else {
            throw problem("\(number) is no count or offset", at: start)
        }
        return count
    }
}
