/// A strict JSON reader for bytes that nobody vouches for (RFC 8259).
///
/// Depth is bounded, so that the stack can't be used up by a small file, and memory is proportional to the input. A name
/// that stands twice in an object is an error, because readers differ in which of the two they take.
public struct JSONParser {
    /// Deeper than any file that we read; shallow enough for the stack of any thread.
    public static let maximumDepth = 64

    /// What was wrong, and where.
    public struct Failure: Error, Hashable, CustomStringConvertible {
        /// Bytes from the start.
        public let offset: Int
        public let problem: String

        public var description: String { "not valid JSON at byte \(offset): \(problem)" }
    }

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    /// Reads one document.
    public static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
        var parser = JSONParser(bytes: bytes)
        let value = try parser.value()
        parser.skipSpace()
        guard parser.next == nil else { throw parser.problem("expected the end of the JSON") }
        return value
    }

    /// Reads one document.
    public static func parse(_ text: String) throws(Failure) -> JSONValue {
        try parse(Array(text.utf8))
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func problem(_ text: String) -> Failure {
        Failure(offset: position, problem: text)
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

    private mutating func value() throws(Failure) -> JSONValue {
        skipSpace()
        guard let next else { throw problem("it ends where a value was expected") }
        switch next {
        case UInt8(ascii: "{"): return try nested { (parser) throws(Failure) in try parser.object() }
        case UInt8(ascii: "["): return try nested { (parser) throws(Failure) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw problem("expected a value")
        }
    }

    private mutating func nested(_ read: (inout JSONParser) throws(Failure) -> JSONValue) throws(Failure) -> JSONValue {
        guard depth < Self.maximumDepth else { throw problem("nested deeper than \(Self.maximumDepth)") }
        position += 1
        depth += 1
        defer { depth -= 1 }
        return try read(&self)
    }

    private mutating func object() throws(Failure) -> JSONValue {
        var members: [JSONObject.Member] = []
        var names: Set<[UInt8]> = []
        skipSpace()
        if take("}") { return .object(JSONObject()) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw problem("expected a name in quotes") }
            let name = try string()
            skipSpace()
            guard take(":") else { throw problem("expected ':'") }
            guard names.insert(Array(name.utf8)).inserted else {
                throw problem("the name \(JSONValue.string(name).summary) stands twice in one object")
            }
            members.append(JSONObject.Member(name: name, value: try value()))
            skipSpace()
        } while take(",")
        guard take("}") else { throw problem("expected ',' or '}'") }
        return .object(JSONObject(members: members))
    }

    private mutating func array() throws(Failure) -> JSONValue {
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

    private mutating func literal(_ word: String, _ value: JSONValue) throws(Failure) -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw problem("expected a value") }
        position += word.utf8.count
        return value
    }

    private mutating func number() throws(Failure) -> JSONValue {
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

    private mutating func digits() throws(Failure) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw problem("expected a digit") }
    }

    private mutating func string() throws(Failure) -> String {
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
    private mutating func escape() throws(Failure) -> [UInt8] {
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

    private mutating func codeUnit() throws(Failure) -> UInt16 {
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
