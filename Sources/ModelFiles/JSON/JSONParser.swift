/// A strict JSON reader for bytes that nobody vouches for (RFC 8259).
///
/// Depth and number of values are bounded, so that neither the stack nor memory can be used up by a small file; a name
/// that stands twice in an object is an error, because readers differ in which of the two they take.
package struct JSONParser {
    /// Deeper than any file of a model; shallow enough for the stack of any thread.
    static let maximumDepth = 64
    /// Values in one document: the header of a thousand layers has some ninety thousand.
    static let maximumValueCount = 1_000_000

    private let bytes: [UInt8]
    private let path: String
    private let part: String
    private var position = 0
    private var depth = 0
    private var valueCount = 0

    /// Reads one document.
    ///
    /// - parameters:
    ///   - path: the file, for errors.
    ///   - part: the part of the file that `bytes` are, for errors.
    /// - throws: ``ModelFileError/malformed(path:part:problem:)`` with the byte where reading ended.
    package static func parse(_ bytes: [UInt8], path: String, part: String) throws -> JSONValue {
        var parser = JSONParser(bytes: bytes, path: path, part: part)
        let value = try parser.value()
        parser.skipSpace()
        guard parser.next == nil else { throw parser.problem("expected the end of the JSON") }
        return value
    }

    private init(bytes: [UInt8], path: String, part: String) {
        self.bytes = bytes
        self.path = path
        self.part = part
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func problem(_ text: String) -> ModelFileError {
        .malformed(path: path, part: part, problem: "not valid JSON at byte \(position): \(text)")
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    /// Steps over `byte` where it stands next.
    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func value() throws -> JSONValue {
        valueCount += 1
        guard valueCount <= Self.maximumValueCount else {
            throw problem("more than \(Self.maximumValueCount) values")
        }
        skipSpace()
        guard let next else { throw problem("it ends where a value was expected") }
        switch next {
        case UInt8(ascii: "{"): return try nested { try $0.object() }
        case UInt8(ascii: "["): return try nested { try $0.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw problem("expected a value")
        }
    }

    private mutating func nested(_ read: (inout JSONParser) throws -> JSONValue) throws -> JSONValue {
        guard depth < Self.maximumDepth else { throw problem("nested deeper than \(Self.maximumDepth)") }
        position += 1
        depth += 1
        defer { depth -= 1 }
        return try read(&self)
    }

    private mutating func object() throws -> JSONValue {
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw problem("expected a name in quotes") }
            let name = try string()
            skipSpace()
            guard take(":") else { throw problem("expected ':'") }
            let member = try value()
            guard members.updateValue(member, forKey: name) == nil else {
                throw problem("the name \(name.quoted) stands twice in one object")
            }
            skipSpace()
        } while take(",")
        guard take("}") else { throw problem("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func array() throws -> JSONValue {
        var values: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(values) }
        repeat {
            values.append(try value())
            skipSpace()
        } while take(",")
        guard take("]") else { throw problem("expected ',' or ']'") }
        return .array(values)
    }

    private mutating func literal(_ word: String, _ value: JSONValue) throws -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw problem("expected a value") }
        position += word.utf8.count
        return value
    }

    private mutating func number() throws -> JSONValue {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        var isWhole = true
        if take(".") {
            isWhole = false
            try digits()
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw problem("the number is out of range") }
        return .number(number)
    }

    private mutating func digits() throws {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw problem("expected a digit") }
    }

    private mutating func string() throws -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw problem("a text is not valid UTF-8")
                }
                return string
            case UInt8(ascii: "\\"):
                try text.append(contentsOf: escape())
            case 0..<0x20:
                throw problem("a control character in a text")
            default:
                text.append(byte)
            }
        }
        throw problem("it ends within a text")
    }

    /// The UTF-8 bytes that an escape stands for; the backslash is behind us.
    private mutating func escape() throws -> [UInt8] {
        guard let byte = next else { throw problem("it ends within a text") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]) {
                guard take("\\"), take("u") else { throw problem("half of a surrogate pair") }
                units.append(try codeUnit())
            }
            guard let text = String(validating: units, as: UTF16.self) else {
                throw problem("half of a surrogate pair")
            }
            return Array(text.utf8)
        default: throw problem("unknown escape")
        }
    }

    private mutating func codeUnit() throws -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw problem("expected four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }
}
