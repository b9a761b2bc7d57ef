/// Writes JSON on one line, piece by piece, so that a long array needn't exist as a value first.
public struct JSONWriter: Sendable {
    /// UTF-8.
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Forgets what was written, keeps the memory.
    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Appends text as it is.
    public mutating func appendRaw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    public mutating func append(_ value: JSONValue) {
        switch value {
        case .null: appendRaw("null")
        case .bool(let value): value ? appendRaw("true") : appendRaw("false")
        case .integer(let value): bytes.append(contentsOf: value.description.utf8)
        case .number(let value): append(value)
        case .string(let value): append(value)
        case .array(let values):
            append(list: values) { $0.append($1) }
        case .object(let object):
            appendRaw("{")
            for (index, member) in object.members.enumerated() {
                if index > 0 { appendRaw(",") }
                append(member.name)
                appendRaw(":")
                append(member.value)
            }
            appendRaw("}")
        }
    }

    /// A list whose elements `write` appends one by one.
    public mutating func append<Element>(
        list elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) -> Void
    ) {
        appendRaw("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { appendRaw(",") }
            write(&self, element)
        }
        appendRaw("]")
    }

    /// The shortest text that reads back as the same number; what JSON can't say (NaN, infinity) is null.
    public mutating func append(_ value: Double) {
        if value.isFinite { bytes.append(contentsOf: value.description.utf8) } else { appendRaw("null") }
    }

    /// The shortest text that reads back as the same float.
    public mutating func append(_ value: Float) {
        if value.isFinite { bytes.append(contentsOf: value.description.utf8) } else { appendRaw("null") }
    }

    /// A string in quotes, control characters, quotes and backslashes escaped.
    public mutating func append(_ string: String) {
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x0A: appendRaw("\\n")
            case 0x0D: appendRaw("\\r")
            case 0x09: appendRaw("\\t")
            case 0..<0x20, 0x7F:
                appendRaw("\\u00")
                bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A string as JSON, in quotes.
    public static func quoted(_ string: String) -> String {
        var writer = JSONWriter()
        writer.append(string)
        return writer.text
    }
}
