import JSONText

/// JSON lines: an object a line, blank lines passed over.
public struct JSONLinesReader: RecordReader {
    /// A request is small; what has more values than that is made to fill the memory.
    private static let maximumValueCount = 1_000_000

    private var input: ByteInput
    private let longestLine: Int

    public init(_ input: ByteInput, longestLine: Int = longestRecord) {
        self.input = input
        self.longestLine = longestLine
    }

    public var offset: Int { input.offset }

    public mutating func next() throws -> Result<BulkRecord, BulkProblem>? {
        while let (bytes, number) = try input.nextLine(limit: longestLine) {
            guard let bytes else {
                return .failure(
                    BulkProblem(
                        line: number, code: "too_long", message: "the line is longer than \(longestLine >> 20) MiB"))
            }
            if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            return Self.record(bytes, line: number)
        }
        return nil
    }

    /// One line as a record.
    public static func record(_ bytes: [UInt8], line: Int) -> Result<BulkRecord, BulkProblem> {
        do {
            guard case .object(let object) = try JSONParser.parse(bytes, maximumValueCount: maximumValueCount) else {
                return .failure(
                    BulkProblem(line: line, code: "invalid_json", message: "expected a JSON object on the line"))
            }
            return .success(BulkRecord(line: line, fields: object))
        } catch {
            let hint =
                ByteOrderMark.foreignEncoding(of: bytes).map { "; it looks like \($0), and must be UTF-8" } ?? ""
            return .failure(BulkProblem(line: line, code: "invalid_json", message: "\(error)\(hint)"))
        }
    }
}
