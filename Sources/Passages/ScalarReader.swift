/// UTF-8 bytes read as characters; a byte that is no part of one is read as U+FFFD by itself.
///
/// Characters are Unicode scalars throughout: that is what SQLite's `substr` counts, too.
package enum ScalarReader {
    /// The character at a position and the bytes it takes.
    ///
    /// - precondition: `position` is within `bytes`.
    package static func scalar(in bytes: [UInt8], at position: Int) -> (scalar: Unicode.Scalar, length: Int) {
        let first = bytes[position]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first < 0xF5, position + length <= bytes.count else { return ("\u{FFFD}", 1) }
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            let byte = bytes[position + offset]
            guard byte & 0xC0 == 0x80 else { return ("\u{FFFD}", 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        guard let scalar = Unicode.Scalar(value), value >= [0x80, 0x800, 0x10000][length - 2] else {
            return ("\u{FFFD}", 1)
        }
        return (scalar, length)
    }

    /// The character that ends before a position; `nil` at the beginning.
    package static func scalar(in bytes: [UInt8], before position: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        guard position > 0 else { return nil }
        for length in 1...min(4, position) where bytes[position - length] & 0xC0 != 0x80 {
            let read = scalar(in: bytes, at: position - length)
            return read.length == length ? read : ("\u{FFFD}", 1)
        }
        return ("\u{FFFD}", 1)
    }
}
