/// A JSON text, with strings and keys as the UTF-8 bytes they stand for.
///
/// Foundation's readers key objects by `String`, whose equality is canonical equivalence, so that two tokens which
/// differ only by Unicode normalization would become one. Here nothing is compared but bytes, members keep their order,
/// and repeated keys stay visible.
package enum JSONValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    /// A number without fraction and exponent that fits.
    case integer(Int)
    case number(Double)
    case string([UInt8])
    case array([JSONValue])
    case object([JSONMember])

    /// The value of an object's first member of this name; `nil` for other values and names. O(members).
    package subscript(name: StaticString) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return name.withUTF8Buffer { wanted in
            members.first { $0.name.elementsEqual(wanted) }?.value
        }
    }

    /// A short form for error messages.
    package var summary: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let bytes):
            "\"\(String(decoding: bytes.prefix(40), as: UTF8.self))\(bytes.count > 40 ? "…" : "")\""
        case .array(let elements): "an array of \(elements.count)"
        case .object(let members): "an object of \(members.count)"
        }
    }
}

/// One name and value of a JSON object.
package struct JSONMember: Sendable, Equatable {
    package var name: [UInt8]
    package var value: JSONValue

    package init(name: [UInt8], value: JSONValue) {
        self.name = name
        self.value = value
    }
}
