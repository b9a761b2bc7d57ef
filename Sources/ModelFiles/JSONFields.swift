package import JSONText

/// The members of a JSON object, read by name and type with errors that name the file and the field.
package struct JSONFields: Sendable {
    package let path: String
    /// What stands before a field's name in errors: the way to this object, ending in a dot, or nothing.
    private let prefix: String
    /// What fields are called where they come from, if otherwise.
    private let names: [String: String]
    package let members: [String: JSONValue]

    /// Values in one document: the header of a thousand layers has some ninety thousand.
    static let maximumValueCount = 500_000

    /// Reads a document that is an object.
    ///
    /// - parameters:
    ///   - path: the file, for errors.
    ///   - part: the part of the file that `bytes` are, for errors.
    /// - throws: ``ModelFileError/malformed(path:part:problem:)``, with the byte where it's no JSON.
    package init(json bytes: [UInt8], path: String, part: String) throws {
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes, maximumValueCount: Self.maximumValueCount)
        } catch {
            throw ModelFileError.malformed(path: path, part: part, problem: error.description)
        }
        guard case .object(let object) = value else {
            throw ModelFileError.malformed(
                path: path, part: part, problem: "expected an object, found \(value.summary)")
        }
        try self.init(object, path: path, part: part, prefix: "")
    }

    /// - parameter part: where the object stands, for the error about it as a whole.
    private init(_ object: JSONObject, path: String, part: String, prefix: String) throws {
        var members: [String: JSONValue] = [:]
        members.reserveCapacity(object.members.count)
        for member in object.members {
            // The parser lets names through that differ by normalization only; as names of fields they are the same.
            guard members.updateValue(member.value, forKey: member.name) == nil else {
                throw ModelFileError.malformed(
                    path: path, part: part, problem: "the name \(member.name.quoted) stands twice in one object")
            }
        }
        self.path = path
        self.prefix = prefix
        self.names = [:]
        self.members = members
    }

    /// Fields that come from another form than JSON.
    ///
    /// - parameter names: what the fields are called there, for errors.
    package init(_ members: [String: JSONValue], names: [String: String], path: String) {
        self.path = path
        prefix = ""
        self.names = names
        self.members = members
    }

    /// The error for a field whose value can't be.
    package func refusal(_ field: String, expected: String, found: String? = nil) -> ModelFileError {
        .field(
            path: path, field: names[field] ?? "\(prefix)\(field)", expected: expected,
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
            guard case .object(let object) = value else { throw refusal(field, expected: "an object") }
            return try JSONFields(object, path: path, part: "\(prefix)\(field)", prefix: "\(prefix)\(field).")
        }
    }
}
