import JSONText

/// Turns a row of the queue into a JSON object: a member for each column, in their order, null where the column is.
///
/// Foundation's encoder keeps neither the order nor the nulls, and both are part of what scripts rely on.
enum RowEncoder {
    static func object(_ row: some Encodable) throws -> JSONObject {
        let encoder = MemberEncoder()
        try row.encode(to: encoder)
        return encoder.storage.object
    }

    static func json(_ value: some Encodable) throws -> JSONValue {
        switch value {
        case let value as String: .string(value)
        case let value as Bool: .bool(value)
        case let value as Int: .integer(value)
        case let value as Int64: .integer(Int(value))
        case let value as Double: .number(value)
        case let values as [any Encodable]: .array(try values.map { try json($0) })
        default: .object(try object(value))
        }
    }
}

private final class ObjectStorage {
    var object = JSONObject()
}

/// Rows have columns and nothing else, so only the keyed container is of use.
private struct MemberEncoder: Encoder {
    let storage = ObjectStorage()
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(Members(storage: storage))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        preconditionFailure("a row is not a list")
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        preconditionFailure("a row is not a single value")
    }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let storage: ObjectStorage
    var codingPath: [any CodingKey] { [] }

    func append(_ value: JSONValue, _ key: Key) {
        storage.object.members.append(JSONObject.Member(name: key.stringValue, value: value))
    }

    mutating func encodeNil(forKey key: Key) { append(.null, key) }

    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        append(try RowEncoder.json(value), key)
    }

    private func appendOptional(_ value: (some Encodable)?, _ key: Key) throws {
        append(try value.map { try RowEncoder.json($0) } ?? .null, key)
    }

    // One for each type that a column may have: the protocol's own versions of these leave members out.
    mutating func encodeIfPresent(_ value: String?, forKey key: Key) throws { try appendOptional(value, key) }
    mutating func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try appendOptional(value, key) }
    mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try appendOptional(value, key) }
    mutating func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try appendOptional(value, key) }
    mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try appendOptional(value, key) }
    mutating func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws { try appendOptional(value, key) }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { preconditionFailure("rows encode whole values") }
    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        preconditionFailure("rows encode whole values")
    }
    mutating func superEncoder() -> any Encoder { preconditionFailure("rows have no superclass") }
    mutating func superEncoder(forKey key: Key) -> any Encoder { preconditionFailure("rows have no superclass") }
}
