public import JSONText

/// One line or row of a file of jobs, read but not yet understood.
public struct BulkRecord: Sendable, Equatable {
    /// Where it begins, from 1.
    public var line: Int
    /// Of a CSV row, the cells that aren't empty by the names of their columns, all texts.
    public var fields: JSONObject

    public init(line: Int, fields: JSONObject) {
        self.line = line
        self.fields = fields
    }
}

/// Why a line can't become a job. The other lines go on.
public struct BulkProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// From 1.
    public var line: Int
    public var customID: String?
    /// For programs: `invalid_json`, `invalid_csv`, `invalid_request`, `unsupported`, `duplicate_custom_id`, …
    public var code: String
    public var message: String

    public init(line: Int, customID: String? = nil, code: String, message: String) {
        self.line = line
        self.customID = customID
        self.code = code
        self.message = message
    }

    public var description: String { "line \(line): \(message)" }
}

/// A file of jobs, record by record.
public protocol RecordReader {
    /// The next record, or what is wrong with it; `nil` at the end.
    ///
    /// - throws: what reading throws; ``BulkProblem`` where nothing that follows can be read either.
    mutating func next() throws -> Result<BulkRecord, BulkProblem>?

    /// Bytes read so far.
    var offset: Int { get }
}

/// The most bytes of one line or row: more is refused before it is in memory.
public let longestRecord = 64 << 20
