/// Bytes of unknown encoding to text.
///
/// In this order: UTF-8, UTF-16 and UTF-32 by their byte order marks, UTF-8 without a mark where the bytes are valid,
/// and else Windows-1252 (which holds Latin-1) where the outcome looks like text. Line ends become LF.
enum TextDecoding {
    /// - throws: ``DocumentError/binary(path:found:)``, ``DocumentError/unknownEncoding(path:found:)``.
    static func text(of bytes: [UInt8], path: String) throws -> String {
        let text = try decoded(bytes, path: path)
        let controls = try controlCount(in: text, path: path)
        // A stray control character happens in old files; one in a hundred doesn't.
        guard controls <= 2 + bytes.count / 100 else {
            throw DocumentError.binary(path: path, found: "\(controls) control characters in \(bytes.count) bytes")
        }
        return withPlainLineEnds(text)
    }

    private static func decoded(_ bytes: [UInt8], path: String) throws -> String {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            guard let text = String(validating: bytes.dropFirst(3), as: UTF8.self) else {
                throw DocumentError.unknownEncoding(
                    path: path, found: "a UTF-8 byte order mark, then bytes that aren't UTF-8")
            }
            return text
        }
        // Before UTF-16: its little-endian mark is the beginning of UTF-32's.
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) {
            throw DocumentError.unknownEncoding(path: path, found: "UTF-32 by its byte order mark, which isn't read")
        }
        if bytes.starts(with: [0xFF, 0xFE]) { return try utf16(bytes, path: path) { UInt16($0) | UInt16($1) << 8 } }
        if bytes.starts(with: [0xFE, 0xFF]) { return try utf16(bytes, path: path) { UInt16($0) << 8 | UInt16($1) } }
        if let zero = bytes.firstIndex(of: 0) {
            throw DocumentError.binary(path: path, found: "a zero byte at offset \(zero)")
        }
        return try String(validating: bytes, as: UTF8.self) ?? windows1252(bytes, path: path)
    }

    private static func utf16(
        _ bytes: [UInt8], path: String, unit: (UInt8, UInt8) -> UInt16
    ) throws -> String {
        guard bytes.count.isMultiple(of: 2) else {
            throw DocumentError.unknownEncoding(
                path: path, found: "a UTF-16 byte order mark, but an odd number of bytes")
        }
        let units = stride(from: 2, to: bytes.count, by: 2).map { unit(bytes[$0], bytes[$0 + 1]) }
        guard let text = String(validating: units, as: UTF16.self) else {
            throw DocumentError.unknownEncoding(
                path: path, found: "a UTF-16 byte order mark, then half a surrogate pair")
        }
        return text
    }

    /// Every byte sequence without a few values is Windows-1252, so it is believed only of text that is mostly ASCII,
    /// as text in western European languages is.
    private static func windows1252(_ bytes: [UInt8], path: String) throws -> String {
        let highCount = bytes.count { $0 >= 0x80 }
        guard highCount * 4 <= bytes.count else {
            throw DocumentError.unknownEncoding(
                path: path, found: "not UTF-8, and \(highCount) of \(bytes.count) bytes aren't ASCII")
        }
        var text = String.UnicodeScalarView()
        for (offset, byte) in bytes.enumerated() {
            let scalar = (0x80..<0xA0).contains(byte) ? windows1252Specials[Int(byte) - 0x80] : Unicode.Scalar(byte)
            guard let scalar else {
                throw DocumentError.unknownEncoding(
                    path: path,
                    found: "neither UTF-8 nor Windows-1252: byte 0x\(String(byte, radix: 16)) at offset \(offset)")
            }
            text.append(scalar)
        }
        return String(text)
    }

    /// Windows-1252 from 0x80 to 0x9F, where it differs from Latin-1.
    private static let windows1252Specials: [Unicode.Scalar?] = [
        "€", nil, "‚", "ƒ", "„", "…", "†", "‡", "ˆ", "‰", "Š", "‹", "Œ", nil, "Ž", nil,
        nil, "‘", "’", "“", "”", "•", "–", "—", "˜", "™", "š", "›", "œ", nil, "ž", "Ÿ",
    ]

    /// Control characters other than tab, line ends, form feed and escape (of coloured terminal logs).
    private static func controlCount(in text: String, path: String) throws -> Int {
        var count = 0
        for byte in text.utf8 where byte < 0x20 || byte == 0x7F {
            switch byte {
            case 0: throw DocumentError.binary(path: path, found: "a zero character")
            case 0x09, 0x0A, 0x0C, 0x0D, 0x1B: break
            default: count += 1
            }
        }
        return count
    }

    /// CR LF and lone CR as LF.
    private static func withPlainLineEnds(_ text: String) -> String {
        let carriageReturn = UInt8(ascii: "\r")
        let newline = UInt8(ascii: "\n")
        guard text.utf8.contains(carriageReturn) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var afterReturn = false
        for byte in text.utf8 {
            if byte == carriageReturn {
                bytes.append(newline)
            } else if byte != newline || !afterReturn {
                bytes.append(byte)
            }
            afterReturn = byte == carriageReturn
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
