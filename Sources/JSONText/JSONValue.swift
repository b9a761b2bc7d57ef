/// A JSON value.
///
/// Objects keep the order of their members. Names are compared by their UTF-8 bytes, not by canonical equivalence as
/// `String` compares them, so that two tokens of a vocabulary which differ only by Unicode normalization stay two.
/// `==` compares texts as `String` does.
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case integer(Int)
    /// Any other number; finite.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The value of an object's member; `nil` for other values and names.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[name]
    }

    /// The value as an error shows it: short, one line, nothing that a terminal would obey.
    public var summary: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): Self.summary(of: value)
        case .array(let values): "a list of \(values.count)"
        case .object(let object): "an object of \(object.members.count)"
        }
    }

    private static func summary(of text: String) -> String {
        let limit = 60
        // Scalars, not characters: one character may be made of millions.
        var start = String(
            String.UnicodeScalarView(text.unicodeScalars.prefix(limit).map { $0.isC1Control ? "\u{FFFD}" : $0 }))
        if text.unicodeScalars.dropFirst(limit).first != nil { start += "…" }
        return JSONWriter.quoted(start)
    }

    /// The value on one line, members in their order.
    public var text: String {
        var writer = JSONWriter()
        writer.append(self)
        return writer.text
    }
}

extension Unicode.Scalar {
    /// Whether this is one of the controls that JSON lets stand unescaped.
    fileprivate var isC1Control: Bool { (0x80...0x9F).contains(value) }
}

/// The members of a JSON object, in order.
public struct JSONObject: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    public struct Member: Sendable, Hashable {
        public var name: String
        public var value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    public var members: [Member]

    public init(members: [Member] = []) { self.members = members }

    /// The members of a dictionary, sorted by name, so that equal dictionaries give equal texts.
    public init(_ values: [String: JSONValue]) {
        members = values.sorted { $0.key < $1.key }.map { Member(name: $0.key, value: $0.value) }
    }

    /// The members by name. Of names that are canonically equivalent the last wins.
    public var dictionary: [String: JSONValue] {
        Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        members = elements.map { Member(name: $0, value: $1) }
    }

    /// The value of the first member of this name. Setting `nil` removes it. O(members).
    public subscript(name: String) -> JSONValue? {
        get { members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
        set {
            let index = members.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    public var names: [String] { members.map(\.name) }
    public var isEmpty: Bool { members.isEmpty }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(members: elements.map { JSONObject.Member(name: $0, value: $1) }))
    }
}
