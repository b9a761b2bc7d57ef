/// A strict reader of JSON (RFC 8259) for files from outside: it stops at the first byte that isn't JSON, follows
/// nesting no deeper than `maximumDepth`, and its memory is proportional to the input.
package struct JSONParser {
    /// Arrays and objects inside each other; the files that we read have 5.
    package static let maximumDepth = 64

    /// What was wrong, and where.
    package struct Failure: Error, Equatable {
        package var offset: Int
        package var reason: String
    }

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The one value that the text holds.
    ///
    /// - Throws: `Failure` for anything that is not valid UTF-8 or not JSON.
    package static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Failure(offset: UTF8Text.firstInvalidByte(of: bytes.span), reason: "the bytes are not UTF-8")
        }
        var parser = JSONParser(bytes)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.failure("the text goes on behind its value") }
        return value
    }

    private func failure(_ reason: String) -> Failure {
        Failure(offset: position, reason: reason)
    }

    private var next: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Failure) -> JSONValue {
        skipSpace()
        guard let byte = next else { throw failure("the text ends where a value is expected") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw failure("no value starts with this byte")
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(Failure) -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw failure("expected \(word)") }
        position += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONValue {
        try enter(depth)
        var members: [JSONMember] = []
        skipSpace()
        if skip("}") { return .object(members) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("expected a name in quotes") }
            let name = try string()
            skipSpace()
            guard skip(":") else { throw failure("expected a colon behind the name") }
            members.append(JSONMember(name: name, value: try value(depth: depth)))
            skipSpace()
        } while skip(",")
        guard skip("}") else { throw failure("expected a comma or the end of the object") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(Failure) -> JSONValue {
        try enter(depth)
        var elements: [JSONValue] = []
        skipSpace()
        if skip("]") { return .array(elements) }
        repeat {
            elements.append(try value(depth: depth))
            skipSpace()
        } while skip(",")
        guard skip("]") else { throw failure("expected a comma or the end of the array") }
        return .array(elements)
    }

    private mutating func enter(_ depth: Int) throws(Failure) {
        guard depth <= Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth)") }
        position += 1
    }

    private mutating func number() throws(Failure) -> JSONValue {
        let start = position
        _ = skip("-")
        if !skip("0") { try digits() }
        var isInteger = true
        if skip(".") {
            isInteger = false
            try digits()
        }
        if skip("e") || skip("E") {
            isInteger = false
            if !skip("+") { _ = skip("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text) else { throw failure("the number can't be represented") }
        return .number(number)
    }

    private mutating func digits() throws(Failure) {
        let start = position
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        guard position > start else { throw failure("expected a digit") }
    }

    /// The bytes of a string, its escapes resolved; `position` is at the opening quote.
    private mutating func string() throws(Failure) -> [UInt8] {
        position += 1
        var start = position
        var result: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                result.append(contentsOf: bytes[start..<position])
                position += 1
                return result
            case UInt8(ascii: "\\"):
                result.append(contentsOf: bytes[start..<position])
                position += 1
                try appendEscape(to: &result)
                start = position
            case 0..<0x20:
                throw failure("control characters in strings must be escaped")
            default:
                position += 1
            }
        }
        throw failure("the text ends inside a string")
    }

    private mutating func appendEscape(to result: inout [UInt8]) throws(Failure) {
        guard let kind = next else { throw failure("the text ends inside a string") }
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(kind)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"): result.append(contentsOf: UTF8.encode(try escapedScalar()).map(Array.init) ?? [])
        default: throw failure("unknown escape")
        }
    }

    /// The character of `\uXXXX`, or of two of them that are a surrogate pair; `position` is behind the first `u`.
    private mutating func escapedScalar() throws(Failure) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, skip("\\"), skip("u") else { throw failure("half of a surrogate pair") }
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw failure("half of a surrogate pair") }
        return scalar
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
