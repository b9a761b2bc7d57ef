import JSONText

/// A column of what a command prints.
struct RowColumn: Sendable {
    /// The member of the row's object.
    var name: String
    var alignment = TextTable.Alignment.left
    var isFlexible = false
    /// Tables leave the column out where no row says anything else.
    var usual = ""
    /// Shown in tables, too.
    var isInTable = true
    /// A cell as people like it; by default as it is.
    var display: @Sendable (String) -> String = { $0 }
    var look: (@Sendable (String) -> TerminalStyle.Look?)?

    static func text(_ name: String, isFlexible: Bool = false) -> RowColumn {
        RowColumn(name: name, isFlexible: isFlexible)
    }
    static func number(_ name: String, usual: String = "") -> RowColumn {
        RowColumn(name: name, alignment: .right, usual: usual)
    }
    /// A status or state of a job, coloured.
    static func status(_ name: String) -> RowColumn {
        RowColumn(name: name, look: TerminalStyle.look(ofStatus:))
    }
    static func time(_ name: String) -> RowColumn { RowColumn(name: name, display: LocalTime.short) }
    /// For programs only.
    static func hidden(_ name: String) -> RowColumn { RowColumn(name: name, isInTable: false) }
}

/// Prints rows as they come, except in tables, whose widths depend on all of them.
struct RowPrinter {
    private let columns: [RowColumn]
    private let format: RowFormat
    private var table: TextTable
    private(set) var count = 0
    private var buffer: [UInt8] = []

    init(_ columns: [RowColumn], format: RowFormat, hasHeader: Bool = true) {
        self.columns = columns
        self.format = format
        table = TextTable(
            columns.filter(\.isInTable).map {
                TextTable.Column($0.name, $0.alignment, isFlexible: $0.isFlexible, usual: $0.usual, look: $0.look)
            })
        switch format {
        case .plain where hasHeader: append(columns.map(\.name).joined(separator: "\t"))
        case .csv where hasHeader: append(columns.map { DelimitedText.csvCell($0.name) }.joined(separator: ","))
        default: break
        }
    }

    mutating func print(_ row: some Encodable) throws {
        try print(RowEncoder.object(row))
    }

    mutating func print(_ row: JSONObject) throws {
        switch format {
        case .json: append((count == 0 ? "[" : ",\n ") + DelimitedText.json(.object(row)), terminator: "")
        case .jsonl: append(DelimitedText.json(.object(row)))
        case .csv: append(columns.map { DelimitedText.csvCell(cell($0, row)) }.joined(separator: ","))
        case .plain: append(columns.map { DelimitedText.plainCell(cell($0, row)) }.joined(separator: "\t"))
        case .table: table.append(columns.filter(\.isInTable).map { $0.display(cell($0, row)) })
        }
        count += 1
        if buffer.count > 1 << 16 { try flush() }
    }

    /// - parameter empty: what a table without rows says, on standard error.
    mutating func finish(empty: String? = nil) throws {
        switch format {
        case .json: append(count == 0 ? "[]" : "]")
        case .table where count == 0: empty.map(Console.note)
        case .table:
            for line in table.lines(width: Console.outputWidth, style: Console.outputStyle) { append(line) }
        default: break
        }
        try flush()
    }

    private func cell(_ column: RowColumn, _ row: JSONObject) -> String {
        switch row[column.name] {
        case nil, .null?: ""
        case .string(let text)?: text
        case .bool(let value)?: value ? "yes" : "no"
        case let value?: value.text
        }
    }

    private mutating func append(_ text: String, terminator: String = "\n") {
        buffer.append(contentsOf: text.utf8)
        buffer.append(contentsOf: terminator.utf8)
    }

    private mutating func flush() throws {
        try Console.write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
