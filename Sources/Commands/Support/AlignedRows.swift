/// Rows of cells for a person to read: columns as wide as their widest cell, two spaces between them.
struct AlignedRows {
    private var rows: [[String]] = []

    mutating func append(_ cells: String...) {
        rows.append(cells.map { DisplayText.line($0) })
    }

    /// All rows, each ended by a newline.
    var text: String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], DisplayText.width(of: cell))
            }
        }
        return rows.map { row in
            let last = row.count - 1
            return row.enumerated().map { column, cell in
                column == last
                    ? cell : cell + String(repeating: " ", count: widths[column] - DisplayText.width(of: cell))
            }.joined(separator: "  ") + "\n"
        }.joined()
    }
}
