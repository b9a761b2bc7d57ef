/// A strict JSON reader for bytes that nobody vouches for (RFC 8259).
///
/// Depth is bounded, so that the stack can't be used up by a small file, and so is the number of values, because a value
/// takes more memory than the byte or two that it may be written in. A name that stands twice in an object is an error,
/// because readers differ in which of the two they take.
public struct JSONParser {
    /// Deeper than any file that we read; shallow enough for the stack of any thread.
    public static let maximumDepth = 64
    /// Values in one document, unless the caller has a limit of its own: an array of so many takes a third of a gigabyte.
    public static let defaultMaximumValueCount = 20_000_000

    /// What was wrong, and where.
    public struct Failure: Error, Hashable, CustomStringConvertible {
        /// Bytes from the start.
        public let offset: Int
        public let problem: String

        public var description: String { "not valid JSON at byte \(offset): \(problem)" }
    }

    private let bytes: [UInt8]
    private let maximumValueCount: Int
    private var position = 0
    private var depth = 0
    private var valueCount = 0

    /// Reads one document.
    ///
    /// - parameter maximumValueCount: the most values, containers counted, that a good document of this kind could have.
    /// - throws: ``Failure`` for what isn't UTF-8, isn't JSON or is beyond a limit.
    public static func parse(
        _ bytes: [UInt8], maximumValueCount: Int = defaultMaximumValueCount
    ) throws(Failure) -> JSONValue {
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw Failure(offset: error.byteOffsets.lowerBound, problem: "the bytes are not UTF-8")
        }
        var parser = JSONParser(bytes: bytes, maximumValueCount: maximumValueCount)
        let value = try parser.value()
        parser.skipSpace()
        guard parser.next == nil else { throw parser.problem("expected the end of the JSON") }
        return value
    }

    /// Reads one document.
    public static func parse(_ text: String) throws(Failure) -> JSONValue {
        try parse(Array(text.utf8))
    }

    /// - parameter bytes: valid UTF-8.
    private init(bytes: [UInt8], maximumValueCount: Int) {
        self.bytes = bytes
        self.maximumValueCount = maximumValueCount
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
        valueCount += 1
        guard valueCount <= maximumValueCount else { throw problem("more than \(maximumValueCount) values") }
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
        var names = NameSet()
        skipSpace()
        if take("}") { return .object(JSONObject()) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw problem("expected a name in quotes") }
            let name = try string()
            skipSpace()
            guard take(":") else { throw problem("expected ':'") }
            guard names.insert(name) else {
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
        let start = position
        skipPlainText()
        // Nearly all texts have no escapes; they are taken as they stand.
        if take("\"") { return String(decoding: bytes[start..<position - 1], as: UTF8.self) }
        var text = Array(bytes[start..<position])
        while take("\\") {
            try appendEscape(to: &text)
            let start = position
            skipPlainText()
            text.append(contentsOf: bytes[start..<position])
        }
        guard take("\"") else {
            throw problem(next == nil ? "it ends within a text" : "a control character in a text")
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Steps to the next byte that ends a text, begins an escape or may not stand in a text.
    private mutating func skipPlainText() {
        var end = position
        while end < bytes.count {
            let byte = bytes[end]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            end += 1
        }
        position = end
    }

    /// Appends what an escape stands for, as UTF-8; the backslash is behind us.
    private mutating func appendEscape(to text: inout [UInt8]) throws(Failure) {
        guard let byte = next else { throw problem("it ends within a text") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]) {
                guard take("\\"), take("u") else { throw problem("half of a surrogate pair") }
                units.append(try codeUnit())
            }
            guard let character = String(validating: units, as: UTF16.self) else {
                throw problem("half of a surrogate pair")
            }
            text.append(contentsOf: character.utf8)
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
