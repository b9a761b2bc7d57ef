import Foundation

/// Rows of cells for a person to read: columns as wide as their widest cell, two spaces between them.
struct TextTable {
    private var rows: [[String]] = []

    mutating func append(_ cells: String...) {
        rows.append(cells.map(\.withoutControls))
    }

    /// All rows, each ended by a newline.
    var text: String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return rows.map { row in
            let last = row.count - 1
            return row.enumerated().map { column, cell in
                column == last ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }.joined(separator: "  ") + "\n"
        }.joined()
    }
}

extension String {
    /// The text with control characters in a visible form: names in files from elsewhere must not steer a terminal.
    var withoutControls: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            text += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
    }
}

extension Int {
    /// "6,050,882,784".
    var grouped: String {
        let digits = Array(String(magnitude))
        let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[Swift.max(0, $0 - 3)..<$0]) }
        return (self < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
    }

    /// A number of bytes: "12.1 GB".
    var byteText: String {
        var (value, units) = (Double(self), ["bytes", "kB", "MB", "GB", "TB"][...])
        while value >= 999.5, units.count > 1 { (value, units) = (value / 1000, units.dropFirst()) }
        let isWhole = units.first == "bytes" || value >= 99.95
        return String(format: isWhole ? "%.0f %@" : "%.1f %@", value, units.first ?? "")
    }
}
