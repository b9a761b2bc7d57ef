/// A JSON value from a file of a model.
package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case integer(Int)
    /// Any other number; finite.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// The value as an error shows it: short, one line.
    package var summary: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): value.quoted
        case .array(let values): "a list of \(values.count)"
        case .object(let members): "an object of \(members.count)"
        }
    }
}

/// The members of a JSON object, read by name and type with errors that name the file and the field.
package struct JSONFields: Sendable {
    package let path: String
    /// What stands before a field's name in errors: the way to this object, ending in a dot, or nothing.
    private let prefix: String
    package let members: [String: JSONValue]

    /// - throws: ``ModelFileError/field(path:field:expected:found:)`` unless `value` is an object.
    package init(_ value: JSONValue, path: String, prefix: String) throws {
        guard case .object(let members) = value else {
            throw ModelFileError.malformed(
                path: path, part: prefix.isEmpty ? "the file" : prefix,
                problem: "expected an object, found \(value.summary)")
        }
        self.path = path
        self.prefix = prefix
        self.members = members
    }

    /// The error for a field whose value can't be.
    package func refusal(_ field: String, expected: String, found: String? = nil) -> ModelFileError {
        .field(
            path: path, field: "\(prefix)\(field)", expected: expected,
            found: found ?? members[field]?.summary ?? "nothing")
    }

    /// A member that is neither absent nor null.
    package subscript(_ field: String) -> JSONValue? {
        members[field].flatMap { $0 == .null ? nil : $0 }
    }

    /// A whole number; `nil` when absent or null.
    package func integer(_ field: String) throws -> Int? {
        switch self[field] {
        case nil: return nil
        case .integer(let value): return value
        default: throw refusal(field, expected: "a whole number")
        }
    }

    /// A number; `nil` when absent or null.
    package func double(_ field: String) throws -> Double? {
        switch self[field] {
        case nil: return nil
        case .integer(let value): return Double(value)
        case .number(let value): return value
        default: throw refusal(field, expected: "a number")
        }
    }

    /// True or false; `nil` when absent or null.
    package func bool(_ field: String) throws -> Bool? {
        switch self[field] {
        case nil: return nil
        case .bool(let value): return value
        default: throw refusal(field, expected: "true or false")
        }
    }

    /// A text; `nil` when absent or null.
    package func string(_ field: String) throws -> String? {
        switch self[field] {
        case nil: return nil
        case .string(let value): return value
        default: throw refusal(field, expected: "a text")
        }
    }

    /// A list of whole numbers, each 0 or more; throws when absent.
    package func naturals(_ field: String) throws -> [Int] {
        guard case .array(let values)? = self[field] else {
            throw refusal(field, expected: "a list of whole numbers")
        }
        return try values.map { value in
            guard case .integer(let number) = value, number >= 0 else {
                throw refusal(field, expected: "whole numbers from 0", found: value.summary)
            }
            return number
        }
    }

    /// An object; `nil` when absent or null.
    package func object(_ field: String) throws -> JSONFields? {
        try self[field].map { value in
            guard case .object = value else { throw refusal(field, expected: "an object") }
            return try JSONFields(value, path: path, prefix: "\(prefix)\(field).")
        }
    }
}
