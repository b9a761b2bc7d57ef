/// GPT-2's way to write any bytes as printable text: each byte has a character of its own, and vocabularies and merges
/// are written in these characters. A space is `Ġ`, a line feed `Ċ`.
///
/// Bytes that are printable in Latin-1 stand for themselves; the others take U+0100 and on, in their order
/// (`openai/gpt-2`, `src/encoder.py`, `bytes_to_unicode`).
public enum ByteAlphabet {
    /// The character of each byte.
    public static let scalars: [Unicode.Scalar] = {
        var next: UInt8 = 0
        return (0...255).map { (byte: UInt8) in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                return Unicode.Scalar(byte)
            default:
                defer { next += 1 }
                // U+0100 ... U+0143: 68 bytes are not printable.
                return Unicode.Scalar(UInt16(0x100) + UInt16(next)) ?? "\u{FFFD}"
            }
        }
    }()

    /// The byte of each character, by code point; -1 for code points that are nobody's.
    private static let byteOfScalar: [Int16] = {
        var table = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = Int16(byte) }
        return table
    }()

    /// The bytes that a token's content (UTF-8) stands for; `nil` if it has characters outside of the alphabet.
    public static func bytes(ofContent content: [UInt8]) -> [UInt8]? {
        let table = byteOfScalar
        var bytes: [UInt8] = []
        bytes.reserveCapacity(content.count)
        for scalar in String(decoding: content, as: UTF8.self).unicodeScalars {
            guard scalar.value < UInt32(table.count), table[Int(scalar.value)] >= 0 else { return nil }
            bytes.append(UInt8(table[Int(scalar.value)]))
        }
        return bytes
    }

    /// The content (UTF-8) of a token that stands for these bytes.
    public static func content(ofBytes bytes: some Sequence<UInt8>) -> [UInt8] {
        let scalars = scalars
        return bytes.flatMap { UTF8.encode(scalars[Int($0)]).map(Array.init) ?? [] }
    }
}
