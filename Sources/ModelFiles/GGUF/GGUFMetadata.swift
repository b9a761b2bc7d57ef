import Kernels

/// The keys of a GGUF file with their values, which are read from the file when they're asked for.
package struct GGUFMetadata: Sendable {
    /// The types of values by their numbers in files.
    enum ValueType: UInt32 {
        case uint8 = 0
        case int8 = 1
        case uint16 = 2
        case int16 = 3
        case uint32 = 4
        case int32 = 5
        case float32 = 6
        case bool = 7
        case text = 8
        case array = 9
        case uint64 = 10
        case int64 = 11
        case float64 = 12

        /// Bytes of a value; `nil` where they depend on it.
        var byteCount: Int? {
            switch self {
            case .uint8, .int8, .bool: 1
            case .uint16, .int16: 2
            case .uint32, .int32, .float32: 4
            case .uint64, .int64, .float64: 8
            case .text, .array: nil
            }
        }
    }

    /// Where a value lies. Checked when it's made: all of it lies within the file.
    private struct Entry {
        let type: ValueType
        /// The first byte of the value, of an array's first element.
        let offset: Int
        /// Of an array: its elements' type and their number.
        let elements: (type: ValueType, count: Int)?

        var kind: String { elements.map { "a list of \($0.count) \($0.type)" } ?? "\(type)" }
    }

    package let path: String
    private let file: MappedFile
    private var entries: [String: Entry] = [:]
    /// The keys in the order of the file.
    package private(set) var keys: [String] = []

    /// More keys than any model has.
    static let maximumCount = 1 << 16
    /// The format's own limit.
    private static let maximumKeyLength = 65_535
    /// Lists of lists: nobody writes them, and the format allows any depth.
    private static let maximumDepth = 4

    /// Reads past `count` keys and values.
    ///
    /// - throws: ``ModelFileError/malformed(path:part:problem:)``.
    init(count: Int, from cursor: inout GGUFCursor) throws {
        path = cursor.file.path
        file = cursor.file
        for _ in 0..<count {
            let start = cursor.position
            let key = try cursor.name(limit: Self.maximumKeyLength)
            let entry = try Self.entry(&cursor)
            guard entries.updateValue(entry, forKey: key) == nil else {
                throw cursor.problem("the key \(key.quoted) stands there twice", at: start)
            }
            keys.append(key)
        }
    }

    private static func type(_ cursor: inout GGUFCursor) throws -> ValueType {
        let start = cursor.position
        let number = try cursor.integer(UInt32.self)
        guard let type = ValueType(rawValue: number) else {
            throw cursor.problem("a value of type \(number), which the format doesn't have", at: start)
        }
        return type
    }

    private static func entry(_ cursor: inout GGUFCursor) throws -> Entry {
        let type = try type(&cursor)
        guard type == .array else {
            let offset = cursor.position
            try skip(type, &cursor, depth: 0)
            return Entry(type: type, offset: offset, elements: nil)
        }
        let elements = (type: try Self.type(&cursor), count: try cursor.count())
        let offset = cursor.position
        try skip(elements, &cursor, depth: 1)
        return Entry(type: type, offset: offset, elements: elements)
    }

    private static func skip(_ type: ValueType, _ cursor: inout GGUFCursor, depth: Int) throws {
        if let size = type.byteCount { return try cursor.skip(size) }
        if type == .text { return try cursor.skip(cursor.count()) }
        let elements = (type: try Self.type(&cursor), count: try cursor.count())
        try skip(elements, &cursor, depth: depth + 1)
    }

    private static func skip(
        _ elements: (type: ValueType, count: Int), _ cursor: inout GGUFCursor, depth: Int
    ) throws {
        guard depth <= maximumDepth else { throw cursor.problem("lists within lists, deeper than any model has") }
        // Texts and lists have at least the bytes of a count.
        let (least, overflow) = elements.count.multipliedReportingOverflow(by: elements.type.byteCount ?? 8)
        guard !overflow, least <= cursor.remaining else {
            throw cursor.problem("a list of \(elements.count), for which \(cursor.remaining) bytes are left")
        }
        if elements.type.byteCount != nil { return try cursor.skip(least) }
        for _ in 0..<elements.count { try skip(elements.type, &cursor, depth: depth) }
    }
}

// MARK: Values

extension GGUFMetadata {
    /// The error for a key whose value can't be.
    package func refusal(_ key: String, expected: String, found: String? = nil) -> ModelFileError {
        .field(path: path, field: key, expected: expected, found: found ?? entries[key]?.kind ?? "nothing")
    }

    package func has(_ key: String) -> Bool { entries[key] != nil }

    /// A whole number of any type; `nil` when the key is absent.
    package func integer(_ key: String) throws -> Int? {
        guard let entry = entries[key] else { return nil }
        guard let value = try integer(entry.type, at: entry.offset) else {
            throw refusal(key, expected: "a whole number")
        }
        return value
    }

    /// A number; `nil` when the key is absent.
    package func double(_ key: String) throws -> Double? {
        guard let entry = entries[key] else { return nil }
        switch entry.type {
        case .float32: return Double(Float(bitPattern: try file.integer(UInt32.self, at: entry.offset)))
        case .float64: return Double(bitPattern: try file.integer(UInt64.self, at: entry.offset))
        default:
            guard let value = try integer(entry.type, at: entry.offset) else {
                throw refusal(key, expected: "a number")
            }
            return Double(value)
        }
    }

    /// True or false; `nil` when the key is absent.
    package func bool(_ key: String) throws -> Bool? {
        guard let entry = entries[key] else { return nil }
        guard entry.type == .bool else { throw refusal(key, expected: "true or false") }
        return try file.integer(UInt8.self, at: entry.offset) != 0
    }

    /// Text; `nil` when the key is absent.
    package func text(_ key: String) throws -> String? {
        guard let entry = entries[key] else { return nil }
        guard entry.type == .text else { throw refusal(key, expected: "a text") }
        var cursor = GGUFCursor(file, part: "metadata", position: entry.offset)
        guard let text = String(validating: try cursor.bytes(), as: UTF8.self) else {
            throw refusal(key, expected: "a text in UTF-8", found: "other bytes")
        }
        return text
    }

    /// A list of texts, as bytes; `nil` when the key is absent.
    ///
    /// - parameter limit: the most that a good file has.
    package func texts(_ key: String, limit: Int) throws -> [[UInt8]]? {
        guard let entry = entries[key] else { return nil }
        guard let elements = entry.elements, elements.type == .text, elements.count <= limit else {
            throw refusal(key, expected: "a list of at most \(limit) texts")
        }
        var cursor = GGUFCursor(file, part: "metadata", position: entry.offset)
        var texts: [[UInt8]] = []
        texts.reserveCapacity(elements.count)
        for _ in 0..<elements.count { texts.append(try cursor.bytes()) }
        return texts
    }

    /// A list of whole numbers; `nil` when the key is absent.
    ///
    /// - parameter limit: the most that a good file has.
    package func integers(_ key: String, limit: Int) throws -> [Int]? {
        guard let entry = entries[key] else { return nil }
        guard let elements = entry.elements, let size = elements.type.byteCount, elements.count <= limit else {
            throw refusal(key, expected: "a list of at most \(limit) whole numbers")
        }
        return try (0..<elements.count).map { index in
            guard let value = try integer(elements.type, at: entry.offset + index * size) else {
                throw refusal(key, expected: "a list of whole numbers")
            }
            return value
        }
    }

    /// `nil` for a value that is no whole number of this machine.
    private func integer(_ type: ValueType, at offset: Int) throws -> Int? {
        switch type {
        case .uint8: Int(try file.integer(UInt8.self, at: offset))
        case .int8: Int(try file.integer(Int8.self, at: offset))
        case .uint16: Int(try file.integer(UInt16.self, at: offset))
        case .int16: Int(try file.integer(Int16.self, at: offset))
        case .uint32: Int(try file.integer(UInt32.self, at: offset))
        case .int32: Int(try file.integer(Int32.self, at: offset))
        case .uint64: Int(exactly: try file.integer(UInt64.self, at: offset))
        case .int64: Int(try file.integer(Int64.self, at: offset))
        case .float32, .float64, .bool, .text, .array: nil
        }
    }
}
