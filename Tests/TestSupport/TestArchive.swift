/// Makes zip files as documents are, and as no program makes them.
public struct TestArchive: Sendable {
    public struct Entry: Sendable {
        public var name: String
        /// What stands in the file.
        public var stored: [UInt8]
        public var method: UInt16 = 0
        public var flags: UInt16 = 0
        /// What the directory says it unpacks to.
        public var byteCount: Int
        public var checksum: UInt32
        /// Takes the bytes of the entry before it, in place of its own.
        public var overlaps = false
    }

    public var entries: [Entry] = []

    public init() {}

    /// Entries stored as they are.
    public init(_ parts: KeyValuePairs<String, String>) {
        for (name, text) in parts { add(name, Array(text.utf8)) }
    }

    public mutating func add(_ name: String, _ bytes: [UInt8], isDeflated: Bool = true) {
        entries.append(
            Entry(
                name: name, stored: isDeflated ? Deflated.plain(bytes) : bytes, method: isDeflated ? 8 : 0,
                byteCount: bytes.count, checksum: Self.checksum(bytes)))
    }

    public mutating func add(_ name: String, _ text: String) { add(name, Array(text.utf8)) }

    /// An entry that unpacks to so many zero bytes or more, a thousandth of it in size.
    public mutating func addZeros(_ name: String, count: Int, declared: Int? = nil) {
        entries.append(
            Entry(
                name: name, stored: Deflated.zeros(atLeast: count), method: 8, byteCount: declared ?? count, checksum: 0
            ))
    }

    public func bytes() -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        var offset = 0
        for entry in entries {
            if !entry.overlaps { offset = file.count }
            let sizes =
                number(entry.checksum) + number(UInt32(entry.stored.count))
                + number(UInt32(truncatingIfNeeded: entry.byteCount))
            let common =
                number(UInt16(20)) + number(entry.flags) + number(entry.method) + number(UInt32(0)) + sizes
                + number(UInt16(entry.name.utf8.count)) + number(UInt16(0))
            if !entry.overlaps { file += number(UInt32(0x0403_4b50)) + common + entry.name.utf8 + entry.stored }
            directory += number(UInt32(0x0201_4b50)) + number(UInt16(20)) + common + [UInt8](repeating: 0, count: 10)
            directory += number(UInt32(offset)) + entry.name.utf8
        }
        let count = number(UInt16(entries.count))
        return file + directory + number(UInt32(0x0605_4b50)) + number(UInt32(0)) + count + count
            + number(UInt32(directory.count)) + number(UInt32(file.count)) + number(UInt16(0))
    }

    private func number(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// CRC-32, bit by bit.
    public static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { checksum, byte in
            (0..<8).reduce(checksum ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }
}

/// Data in the deflate format (RFC 1951).
public enum Deflated {
    /// Blocks that are stored as they are.
    public static func plain(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(0xFFFF)
            rest = rest.dropFirst(block.count)
            let length = UInt16(block.count)
            output += [
                rest.isEmpty ? 1 : 0, UInt8(length & 0xFF), UInt8(length >> 8), UInt8(~length & 0xFF),
                UInt8(~length >> 8),
            ]
            output += block
        } while !rest.isEmpty
        return output
    }

    /// One zero byte, then as many copies of 258 as it takes, with the fixed codes.
    public static func zeros(atLeast count: Int) -> [UInt8] {
        var bits = Bits()
        bits.append([1, 1, 0])
        bits.append([0, 0, 1, 1, 0, 0, 0, 0])
        for _ in 0..<(count + 256) / 258 { bits.append([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]) }
        bits.append([0, 0, 0, 0, 0, 0, 0])
        return bits.bytes
    }

    /// A gzip file of one member (RFC 1952), as the plainest packer makes it.
    public static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF] + plain(bytes) + number(TestArchive.checksum(bytes))
            + number(UInt32(truncatingIfNeeded: bytes.count))
    }

    private struct Bits {
        var bytes: [UInt8] = []
        private var count = 0

        mutating func append(_ bits: [UInt8]) {
            for bit in bits {
                if count & 7 == 0 { bytes.append(0) }
                bytes[bytes.count - 1] |= bit << UInt8(count & 7)
                count += 1
            }
        }
    }
}
