import JSONText

/// A CSV file whose first row names the columns.
public struct CSVReader: RecordReader {
    /// Which columns there are, and what they are called here.
    public struct Columns: Sendable {
        /// Our names by theirs.
        public var names: [String: String]
        /// Passes over columns that nobody knows, instead of refusing the file.
        public var ignoresUnknown: Bool

        public init(names: [String: String] = [:], ignoresUnknown: Bool = false) {
            self.names = names
            self.ignoresUnknown = ignoresUnknown
        }
    }

    private var rows: CSVRows
    /// By position; `nil` for a column that is passed over.
    private let header: [String?]

    /// Reads the first row.
    ///
    /// - parameters:
    ///   - separator: one ASCII character.
    ///   - isKnown: whether a name is one that jobs have.
    /// - throws: ``BulkProblem`` for a header that can't be used.
    public init(
        _ input: ByteInput, separator: UInt8 = UInt8(ascii: ","), columns: Columns = Columns(),
        longestRow: Int = longestRecord, isKnown: (String) -> Bool
    ) throws {
        rows = CSVRows(input, separator: separator, longestRow: longestRow)
        guard let first = try rows.next() else {
            throw BulkProblem(
                line: 1, code: "invalid_csv", message: "the file is empty; its first row names the columns")
        }
        header = try Self.header(try first.get(), columns, isKnown)
    }

    private static func header(
        _ row: CSVRows.Row, _ columns: Columns, _ isKnown: (String) -> Bool
    ) throws -> [String?] {
        func refuse(_ message: String) -> BulkProblem {
            BulkProblem(line: row.line, code: "invalid_csv", message: message)
        }
        for theirs in columns.names.keys.sorted() where !row.cells.contains(theirs) {
            throw refuse("there is no column '\(theirs)'; there are: \(row.cells.joined(separator: ", "))")
        }
        let taken = Set(columns.names.values)
        let names = try row.cells.map { theirs -> String? in
            // Who maps a column onto a name doesn't mean the one that has the name by itself.
            guard let name = columns.names[theirs] ?? (taken.contains(theirs) ? nil : theirs) else { return nil }
            if isKnown(name) { return name }
            guard columns.ignoresUnknown else {
                throw refuse(
                    "the column '\(theirs)' is none that jobs have; say what it is (--column input='\(theirs)') or leave "
                        + "such columns out (--ignore-unknown)")
            }
            return nil
        }
        let used = names.compactMap(\.self)
        var seen: Set<String> = []
        if let twice = used.first(where: { !seen.insert($0).inserted }) {
            throw refuse("the column '\(twice)' stands twice in the header")
        }
        guard !used.isEmpty else { throw refuse("no column of the header is one that jobs have") }
        return names
    }

    public var offset: Int { rows.input.offset }

    public mutating func next() throws -> Result<BulkRecord, BulkProblem>? {
        guard let row = try rows.next() else { return nil }
        return row.flatMap(record)
    }

    private func record(_ row: CSVRows.Row) -> Result<BulkRecord, BulkProblem> {
        guard row.cells.count == header.count else {
            return .failure(
                BulkProblem(
                    line: row.line, code: "invalid_csv",
                    message: "the row has \(row.cells.count) cells, and the header names \(header.count) columns"))
        }
        let members = zip(header, row.cells).compactMap { name, cell in
            cell.isEmpty ? nil : name.map { JSONObject.Member(name: $0, value: .string(cell)) }
        }
        return .success(BulkRecord(line: row.line, fields: JSONObject(members: members)))
    }
}
