#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A character set that a file, a mail or a person names.
///
/// Only sets that documents are written in are known; the name goes to the C library's `iconv`, which is never given one
/// that isn't in this list.
struct CharacterSet: Equatable {
    /// As `iconv` calls it.
    let name: String

    static let utf8 = CharacterSet(name: "UTF-8")
    static let windows1252 = CharacterSet(name: "CP1252")

    private init(name: String) { self.name = name }

    /// The set of a label as pages and mails have it, in any case: `iso-8859-1`, `windows-1251`, `Shift_JIS`.
    ///
    /// As browsers do (the WHATWG's Encoding Standard), Latin-1 and ASCII are taken for Windows-1252, which holds them.
    init?(label: String) {
        let label = label.lowercased().filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }
        if let name = Self.aliases[label] {
            self.name = name
        } else if let number = Self.number(in: label, after: ["iso-8859-", "iso8859-", "iso_8859-", "latin-"]),
            (2...16).contains(number), number != 12
        {
            name = "ISO-8859-\(number)"
        } else if let number = Self.number(in: label, after: ["windows-", "cp", "x-cp"]),
            (1250...1258).contains(number) || [437, 850, 852, 866, 874, 932, 936, 949, 950].contains(number)
        {
            name = "CP\(number)"
        } else {
            return nil
        }
    }

    /// The set of a Windows code page.
    init?(codePage: Int) {
        switch codePage {
        case 65001: self = .utf8
        case 10000: self.init(name: "MACINTOSH")
        default: self.init(label: "cp\(codePage)")
        }
    }

    private static func number(in label: String, after prefixes: [String]) -> Int? {
        prefixes.first { label.hasPrefix($0) }.flatMap { Int(label.dropFirst($0.count)) }
    }

    private static let aliases: [String: String] = [
        "utf-8": "UTF-8", "utf8": "UTF-8", "unicode-1-1-utf-8": "UTF-8", "utf-16": "UTF-16", "utf-16le": "UTF-16LE",
        "utf-16be": "UTF-16BE", "utf-32": "UTF-32", "utf-32le": "UTF-32LE", "utf-32be": "UTF-32BE",
        "us-ascii": "CP1252", "ascii": "CP1252", "ansi_x3.4-1968": "CP1252", "iso-8859-1": "CP1252",
        "iso8859-1": "CP1252", "iso_8859-1": "CP1252", "latin1": "CP1252", "latin-1": "CP1252", "l1": "CP1252",
        "latin2": "ISO-8859-2", "latin9": "ISO-8859-15", "koi8-r": "KOI8-R", "koi8-u": "KOI8-U",
        "macintosh": "MACINTOSH", "mac": "MACINTOSH", "x-mac-roman": "MACINTOSH", "ibm437": "CP437", "ibm850": "CP850",
        "ibm866": "CP866", "shift_jis": "CP932", "shift-jis": "CP932", "sjis": "CP932", "x-sjis": "CP932",
        "windows-31j": "CP932", "euc-jp": "EUC-JP", "iso-2022-jp": "ISO-2022-JP", "gb2312": "GB18030",
        "gbk": "GB18030", "gb18030": "GB18030", "big5": "BIG5", "big5-hkscs": "BIG5-HKSCS", "euc-kr": "CP949",
        "ks_c_5601-1987": "CP949", "tis-620": "CP874",
    ]

    /// The text that the bytes spell.
    ///
    /// - parameter replaces: puts U+FFFD where the bytes aren't of this set, instead of giving up.
    /// - returns: `nil` where the bytes aren't of this set, or this machine doesn't have it.
    func text(of bytes: [UInt8], replaces: Bool) -> String? {
        if self == .utf8 {
            return replaces ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
        }
        return CharacterConverter(self)?.text(of: bytes, replaces: replaces)
    }
}

/// Converts many pieces from one character set.
final class CharacterConverter {
    private let converter: iconv_t

    /// - returns: `nil` where this machine doesn't have the set.
    init?(_ set: CharacterSet) {
        guard let converter = iconv_open("UTF-8", set.name), Int(bitPattern: converter) != -1 else { return nil }
        self.converter = converter
    }

    deinit { iconv_close(converter) }

    /// As ``CharacterSet/text(of:replaces:)``. Each piece begins anew.
    func text(of bytes: [UInt8], replaces: Bool) -> String? {
        guard let output = converted(bytes, replaces: replaces) else { return nil }
        return String(validating: output, as: UTF8.self)
    }

    private func converted(_ bytes: [UInt8], replaces: Bool) -> [UInt8]? {
        _ = iconv(converter, nil, nil, nil, nil)
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + bytes.count / 2)
        var input = bytes
        var position = 0
        while position < bytes.count {
            var failure: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: min(64 << 10, 4 * bytes.count + 16)) { buffer, count in
                input.withUnsafeMutableBytes { source in
                    var from: UnsafeMutablePointer<CChar>? = source.baseAddress?.advanced(by: position)
                        .assumingMemoryBound(to: CChar.self)
                    var left = source.count - position
                    buffer.withMemoryRebound(to: CChar.self) { target in
                        var to = target.baseAddress
                        var room = target.count
                        if iconv(converter, &from, &left, &to, &room) == -1 { failure = errno }
                        count = target.count - room
                    }
                    position = source.count - left
                }
            }
            output += piece
            switch failure {
            case 0, E2BIG: continue
            case EILSEQ, EINVAL:
                guard replaces else { return nil }
                output += [0xEF, 0xBF, 0xBD]
                position += 1
                _ = iconv(converter, nil, nil, nil, nil)
            default: return nil
            }
        }
        return output
    }
}
