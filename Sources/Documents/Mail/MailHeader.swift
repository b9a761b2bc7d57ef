/// The header of a mail or of one of its parts (RFC 5322, RFC 2045): fields by name, unfolded.
struct MailHeader {
    /// In their order, names in small letters.
    private(set) var fields: [(name: String, value: [UInt8])] = []

    private static let maximumFields = 1000
    /// Of one field; a list of a thousand receivers is shorter.
    private static let maximumLength = 256 << 10
    /// Of a field that is shown.
    private static let maximumShown = 16 << 10

    /// Reads up to the blank line.
    ///
    /// - returns: the header, and where the body begins.
    static func read(_ bytes: ArraySlice<UInt8>) -> (header: MailHeader, body: ArraySlice<UInt8>) {
        var header = MailHeader()
        var rest = bytes
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
            var line = rest[rest.startIndex..<end]
            if line.last == 0x0D { line = line.dropLast() }
            let next = end == rest.endIndex ? rest.endIndex : end + 1
            if line.isEmpty { return (header, bytes[next...]) }
            if line.first == 0x20 || line.first == 0x09 {
                header.extend(line)
            } else if let colon = line.firstIndex(of: UInt8(ascii: ":")), colon - line.startIndex <= 100 {
                header.add(line[..<colon], line[(colon + 1)...])
            } else if !header.fields.isEmpty {
                // No header line: the body begins without the blank line.
                return (header, rest)
            }
            rest = bytes[next...]
        }
        return (header, [])
    }

    private mutating func add(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
        guard fields.count < Self.maximumFields else { return }
        let name = String(decoding: name, as: UTF8.self).lowercased().filter { !$0.isWhitespace }
        fields.append((name, Array(value.drop { $0 == 0x20 || $0 == 0x09 }.prefix(Self.maximumLength))))
    }

    private mutating func extend(_ line: ArraySlice<UInt8>) {
        guard let last = fields.indices.last, fields[last].value.count < Self.maximumLength else { return }
        fields[last].value += [0x20] + line.drop { $0 == 0x20 || $0 == 0x09 }
    }

    /// The first field of that name, with its encoded words decoded (RFC 2047).
    subscript(name: String) -> String? {
        guard let value = fields.first(where: { $0.name == name })?.value else { return nil }
        let raw = TextDecoding.lenientText(of: Array(value.prefix(Self.maximumShown)), declared: nil)
        let text = HTMLReader.collapsed(EncodedWords.decoded(raw))
        return text.isEmpty ? nil : text
    }

    /// A field such as `text/plain; charset="utf-8"`: the value in small letters, and its parameters (RFC 2231).
    func structured(_ name: String) -> (value: String, parameters: [String: String])? {
        guard let raw = fields.first(where: { $0.name == name })?.value else { return nil }
        let pieces = Self.pieces(TextDecoding.lenientText(of: Array(raw.prefix(Self.maximumShown)), declared: nil))
        var parameters: [String: String] = [:]
        var encoded: [String: String] = [:]
        for piece in pieces.dropFirst().prefix(100) {
            guard let equals = piece.firstIndex(of: "=") else { continue }
            let name = piece[..<equals].lowercased().filter { !$0.isWhitespace }
            var value = String(piece[piece.index(after: equals)...].drop(while: \.isWhitespace))
            while value.last?.isWhitespace == true { value.removeLast() }
            if value.hasPrefix("\""), value.hasSuffix("\""), value.count >= 2 {
                value = String(value.dropFirst().dropLast())
            }
            // A long value is cut into name*0, name*1; an encoded one has a star at its end.
            let parts = name.split(separator: "*", omittingEmptySubsequences: false)
            guard parts.count > 1, let base = parts.first.map(String.init) else {
                if parameters[name] == nil { parameters[name] = EncodedWords.decoded(value) }
                continue
            }
            if name.hasSuffix("*") {
                encoded[base, default: ""] += value
            } else {
                parameters[base, default: ""] += value
            }
        }
        for (name, value) in encoded { parameters[name] = EncodedWords.extended(value) }
        let value = (pieces.first ?? "").lowercased().filter { !$0.isWhitespace }
        return (value, parameters)
    }

    /// Cut at semicolons outside of quotation marks.
    private static func pieces(_ text: String) -> [String] {
        var pieces = [""]
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == ";", !isQuoted { pieces.append("") } else { pieces[pieces.count - 1].append(character) }
        }
        return pieces
    }
}

/// Words that stand for others: `=?utf-8?q?caf=C3=A9?=` (RFC 2047).
enum EncodedWords {
    static func decoded(_ text: String) -> String {
        guard text.contains("=?") else { return text }
        var output = ""
        var rest = text[...]
        var afterWord = false
        while let start = rest.firstRange(of: "=?") {
            let before = rest[..<start.lowerBound]
            guard let (word, end) = word(in: rest, at: start.upperBound) else {
                output += rest[..<start.upperBound]
                rest = rest[start.upperBound...]
                afterWord = false
                continue
            }
            // White space between two words belongs to their encoding.
            if !(afterWord && before.allSatisfy(\.isWhitespace)) { output += before }
            output += word
            rest = rest[end...]
            afterWord = true
        }
        return output + rest
    }

    private static func word(in text: Substring, at start: String.Index) -> (String, String.Index)? {
        let parts = text[start...].prefix(500).split(separator: "?", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[3].first == "=" else { return nil }
        let label = parts[0].split(separator: "*").first.map(String.init) ?? ""
        let bytes: [UInt8]
        switch parts[1].lowercased() {
        case "b": bytes = TransferEncoding.base64(Array(parts[2].utf8)[...])
        case "q": bytes = TransferEncoding.quotedPrintable(Array(parts[2].utf8).map { $0 == 0x5F ? 0x20 : $0 }[...])
        default: return nil
        }
        return (TextDecoding.lenientText(of: bytes, declared: label), parts[3].index(after: parts[3].startIndex))
    }

    /// `utf-8'en'caf%C3%A9` (RFC 2231).
    static func extended(_ text: String) -> String {
        let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        let (label, value) = parts.count == 3 ? (String(parts[0]), parts[2]) : ("", text[...])
        let bytes = Array(value.utf8).map { $0 == UInt8(ascii: "%") ? UInt8(ascii: "=") : $0 }
        return TextDecoding.lenientText(
            of: TransferEncoding.quotedPrintable(bytes[...]), declared: label.isEmpty ? nil : label)
    }
}

/// How the bytes of a part travel (RFC 2045, section 6).
enum TransferEncoding {
    static func decoded(_ bytes: ArraySlice<UInt8>, _ name: String?) -> ArraySlice<UInt8> {
        switch name {
        case "base64": base64(bytes)[...]
        case "quoted-printable": quotedPrintable(bytes)[...]
        default: bytes
        }
    }

    /// Whatever isn't of the alphabet is passed over, as the standard asks.
    static func base64(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count / 4 * 3)
        var (value, count): (UInt32, Int) = (0, 0)
        for byte in bytes {
            let digit: UInt8
            switch byte {
            case 0x41...0x5A: digit = byte - 0x41
            case 0x61...0x7A: digit = byte - 0x61 + 26
            case 0x30...0x39: digit = byte - 0x30 + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): digit = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): digit = 63
            default: continue
            }
            value = value << 6 | UInt32(digit)
            count += 1
            if count == 4 {
                output.append(UInt8(value >> 16 & 0xFF))
                output.append(UInt8(value >> 8 & 0xFF))
                output.append(UInt8(value & 0xFF))
                (value, count) = (0, 0)
            }
        }
        if count == 3 { output += [UInt8(value >> 10 & 0xFF), UInt8(value >> 2 & 0xFF)] }
        if count == 2 { output.append(UInt8(value >> 4 & 0xFF)) }
        return output
    }

    static func quotedPrintable(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "=") else {
                output.append(byte)
                continue
            }
            if index + 2 <= bytes.endIndex, let high = digit(bytes[index]), let low = digit(bytes[index + 1]) {
                output.append(high << 4 | low)
                index += 2
            } else {
                // A line end that isn't one, with white space that a relay may have added.
                var end = index
                while end < bytes.endIndex, bytes[end] == 0x20 || bytes[end] == 0x09 || bytes[end] == 0x0D { end += 1 }
                if end == bytes.endIndex || bytes[end] == 0x0A {
                    index = min(end + 1, bytes.endIndex)
                } else {
                    output.append(byte)
                }
            }
        }
        return output
    }

    /// The value of a hexadecimal digit.
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
