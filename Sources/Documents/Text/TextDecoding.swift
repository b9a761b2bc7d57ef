/// Bytes of unknown encoding to text.
///
/// In this order: UTF-8, UTF-16 and UTF-32 by their byte order marks; UTF-32 and UTF-16 without a mark by the zero bytes
/// that they can't do without; ISO-2022-JP by its escapes; UTF-8 where the bytes are valid; the character set that the file
/// names itself; the one in which the text is in a language (``EncodingGuess``); and else Windows-1252 (which holds Latin-1)
/// where the outcome looks like text. Line ends become LF.
enum TextDecoding {
    /// - parameters:
    ///   - declared: the label of the character set that the file names itself. It counts where the bytes don't say better.
    ///   - forced: the label that a person gives. It counts whatever the bytes say.
    /// - throws: ``DocumentError/binary(path:found:)``, ``DocumentError/unknownEncoding(path:found:)``.
    static func text(
        of bytes: [UInt8], path: String, declared: String? = nil, forced: String? = nil
    ) throws -> String {
        let text = try decoded(bytes, path: path, declared: declared, forced: forced)
        let controls = try controlCount(in: text, path: path)
        // A stray control character happens in old files; one in a hundred doesn't.
        guard controls <= 2 + bytes.count / 100 else {
            throw DocumentError.binary(path: path, found: "\(controls) control characters in \(bytes.count) bytes")
        }
        return withPlainLineEnds(text)
    }

    /// The text of a part of a mail or a page, whose character set is often named wrongly: what can't be read is U+FFFD,
    /// nothing is refused.
    static func lenientText(of bytes: [UInt8], declared: String?) -> String {
        if let marked = try? markedText(bytes, path: "") { return withPlainLineEnds(marked) }
        if let declared = declared.flatMap(CharacterSet.init(label:)), declared != .utf8,
            let text = declared.text(of: bytes, replaces: true)
        {
            return withPlainLineEnds(text)
        }
        if let text = String(validating: bytes, as: UTF8.self) { return withPlainLineEnds(text) }
        // Named UTF-8 and damaged, it is still UTF-8; named nothing, and no language by its letters, it is western.
        let set = declared == nil ? EncodingGuess(bytes)?.set ?? .windows1252 : .utf8
        return withPlainLineEnds(set.text(of: bytes, replaces: true) ?? String(decoding: bytes, as: UTF8.self))
    }

    private static func decoded(
        _ bytes: [UInt8], path: String, declared: String?, forced: String?
    ) throws -> String {
        if let forced {
            guard let set = CharacterSet(label: forced), let text = set.text(of: bytes, replaces: false) else {
                throw DocumentError.unknownEncoding(path: path, found: "it isn't \(forced)")
            }
            return text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        }
        if let text = try markedText(bytes, path: path) { return text }
        if let zero = bytes.firstIndex(of: 0) {
            if let text = unmarkedWideText(bytes) { return text }
            throw DocumentError.binary(path: path, found: "a zero byte at offset \(zero)")
        }
        if let text = EncodingGuess(escapesIn: bytes)?.set.text(of: bytes, replaces: false) { return text }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        if let set = declared.flatMap(CharacterSet.init(label:)), set != .utf8,
            let text = set.text(of: bytes, replaces: true)
        {
            return text
        }
        if let text = EncodingGuess(bytes)?.set.text(of: bytes, replaces: true) { return text }
        return try windows1252(bytes, path: path)
    }

    /// The text of bytes that begin with a byte order mark, without it; `nil` where there is none.
    private static func markedText(_ bytes: [UInt8], path: String) throws -> String? {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            guard let text = String(validating: bytes.dropFirst(3), as: UTF8.self) else {
                throw DocumentError.unknownEncoding(
                    path: path, found: "a UTF-8 byte order mark, then bytes that aren't UTF-8")
            }
            return text
        }
        // Before UTF-16: its little-endian mark is the beginning of UTF-32's.
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) {
            guard let text = utf32(bytes, from: 4, isLittleEndian: bytes[0] == 0xFF) else {
                throw DocumentError.unknownEncoding(
                    path: path, found: "a UTF-32 byte order mark, then bytes that aren't UTF-32")
            }
            return text
        }
        guard bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) else { return nil }
        guard bytes.count.isMultiple(of: 2) else {
            throw DocumentError.unknownEncoding(
                path: path, found: "a UTF-16 byte order mark, but an odd number of bytes")
        }
        guard let text = utf16(bytes, from: 2, isLittleEndian: bytes[0] == 0xFF) else {
            throw DocumentError.unknownEncoding(
                path: path, found: "a UTF-16 byte order mark, then half a surrogate pair")
        }
        return text
    }

    private static func utf16(_ bytes: [UInt8], from start: Int, isLittleEndian: Bool) -> String? {
        let (low, high) = isLittleEndian ? (0, 1) : (1, 0)
        let units = stride(from: start, to: bytes.count - 1, by: 2).lazy.map {
            UInt16(bytes[$0 + low]) | UInt16(bytes[$0 + high]) << 8
        }
        return String(validating: units, as: UTF16.self)
    }

    private static func utf32(_ bytes: [UInt8], from start: Int, isLittleEndian: Bool) -> String? {
        guard bytes.count.isMultiple(of: 4) else { return nil }
        var text = String.UnicodeScalarView()
        for place in stride(from: start, to: bytes.count, by: 4) {
            let unit = bytes[place..<place + 4]
            let value =
                isLittleEndian
                ? unit.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                : unit.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard let scalar = Unicode.Scalar(value) else { return nil }
            text.append(scalar)
        }
        return String(text)
    }

    /// UTF-16 or UTF-32 without a mark, as far as the zero bytes of its ASCII characters show it: nearly all of one parity
    /// and none of the other, in a text that is mostly letters and spaces.
    private static func unmarkedWideText(_ bytes: [UInt8]) -> String? {
        guard bytes.count >= 8, bytes.count.isMultiple(of: 2) else { return nil }
        var zeros = [0, 0, 0, 0]
        for (offset, byte) in bytes.prefix(64 << 10).enumerated() where byte == 0 { zeros[offset & 3] += 1 }
        let quarter = min(bytes.count, 64 << 10) / 4
        if bytes.count.isMultiple(of: 4) {
            for isLittleEndian in [true, false] {
                let (top, next) = isLittleEndian ? (3, 2) : (0, 1)
                if zeros[top] == quarter, zeros[next] * 10 >= quarter * 9,
                    let text = utf32(bytes, from: 0, isLittleEndian: isLittleEndian), isPlausible(text)
                {
                    return text
                }
            }
        }
        let (even, odd) = (zeros[0] + zeros[2], zeros[1] + zeros[3])
        guard even == 0 || odd == 0, max(even, odd) * 10 >= quarter * 2 * 4 else { return nil }
        return utf16(bytes, from: 0, isLittleEndian: even == 0).flatMap { isPlausible($0) ? $0 : nil }
    }

    /// Whether nine in ten characters are what texts are made of: letters, and the signs below U+3000.
    private static func isPlausible(_ text: String) -> Bool {
        var (good, count) = (0, 0)
        for scalar in text.unicodeScalars.prefix(10_000) {
            count += 1
            switch scalar.properties.generalCategory {
            case .control: if (9...13).contains(scalar.value) { good += 1 }
            case .unassigned, .privateUse, .format: break
            default: if scalar.value < 0x3000 || scalar.properties.isAlphabetic { good += 1 }
            }
        }
        return count > 0 && good * 10 >= count * 9
    }

    /// Every byte sequence without a few values is Windows-1252, so it is believed only of text that is mostly ASCII,
    /// as text in western European languages is, and that has no signs such as `³` within words, as Polish or Turkish has
    /// that is read so.
    private static func windows1252(_ bytes: [UInt8], path: String) throws -> String {
        let highCount = bytes.count { $0 >= 0x80 }
        guard highCount * 4 <= bytes.count else {
            throw DocumentError.unknownEncoding(
                path: path, found: "not UTF-8, and \(highCount) of \(bytes.count) bytes aren't ASCII")
        }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + highCount * 2)
        var signs = 0
        for (offset, byte) in bytes.enumerated() {
            guard byte >= 0x80 else {
                text.append(byte)
                continue
            }
            guard let character = windows1252Characters[Int(byte) - 0x80] else {
                throw DocumentError.unknownEncoding(
                    path: path,
                    found: "neither UTF-8 nor Windows-1252: byte 0x\(String(byte, radix: 16)) at offset \(offset)")
            }
            if wordlessSigns.contains(byte), offset > 0, isLetter(bytes[offset - 1]),
                offset + 1 < bytes.count, isLetter(bytes[offset + 1])
            {
                signs += 1
            }
            text += character
        }
        guard signs * 20 <= highCount else {
            throw DocumentError.unknownEncoding(
                path: path,
                found: "not UTF-8, and \(signs) signs such as ¹, ³ or ¿ within words if it were Windows-1252")
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Signs of Windows-1252 that stand in no word: currency, fractions, superscripts and the like.
    private static let wordlessSigns: Set<UInt8> = [
        0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA9, 0xAC, 0xAE, 0xAF, 0xB1, 0xB2, 0xB3, 0xB6, 0xB9, 0xBC, 0xBD,
        0xBE,
        0xBF, 0xD7, 0xF7,
    ]

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte >= 0xC0
    }

    /// Windows-1252 from 0x80 to 0x9F, where it differs from Latin-1.
    private static let windows1252Specials: [Unicode.Scalar?] = [
        "€", nil, "‚", "ƒ", "„", "…", "†", "‡", "ˆ", "‰", "Š", "‹", "Œ", nil, "Ž", nil,
        nil, "‘", "’", "“", "”", "•", "–", "—", "˜", "™", "š", "›", "œ", nil, "ž", "Ÿ",
    ]

    /// In UTF-8, from 0x80.
    private static let windows1252Characters: [[UInt8]?] =
        windows1252Specials.map { $0.map { Array(String($0).utf8) } }
        + (UInt8(0xA0)...0xFF).map { Array(String(Unicode.Scalar($0)).utf8) }

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
    static func withPlainLineEnds(_ text: String) -> String {
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
