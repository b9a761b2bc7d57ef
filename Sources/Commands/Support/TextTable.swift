/// Rows and columns for people: aligned, cut to the terminal's width, safe to print.
package struct TextTable: Sendable {
    package enum Alignment: Sendable { case left, right }

    package struct Column: Sendable {
        package var name: String
        package var alignment: Alignment
        /// May be cut to make the table fit.
        package var isFlexible: Bool
        /// A column that says nothing else anywhere is left out.
        package var usual: String
        /// How a cell looks, by its text.
        package var look: (@Sendable (String) -> TerminalStyle.Look?)?

        package init(
            _ name: String, _ alignment: Alignment = .left, isFlexible: Bool = false, usual: String = "",
            look: (@Sendable (String) -> TerminalStyle.Look?)? = nil
        ) {
            self.name = name
            self.alignment = alignment
            self.isFlexible = isFlexible
            self.usual = usual
            self.look = look
        }
    }

    private static let gap = 2
    /// A flexible column never gets narrower, so that something of it can be read.
    private static let narrowest = 8
    /// Characters of a cell that are looked at; no terminal is wider.
    private static let cellLimit = 2000

    private let columns: [Column]
    private var rows: [[String]] = []

    package init(_ columns: [Column]) { self.columns = columns }

    package var isEmpty: Bool { rows.isEmpty }

    /// - parameter cells: one for each column, as text from anywhere.
    package mutating func append(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row has a cell for each column")
        rows.append(cells.map { DisplayText.line($0, limit: Self.cellLimit) })
    }

    /// The table's lines, headings first. Columns in which all cells are the usual are left out, by default empty ones.
    ///
    /// - parameter width: columns of the terminal; `nil` for no limit.
    package func lines(width: Int?, style: TerminalStyle) -> [String] {
        let shown = columns.indices.filter { column in
            rows.isEmpty || rows.contains { $0[column] != columns[column].usual }
        }
        var widths = columns.indices.map { column in
            rows.reduce(DisplayText.width(of: columns[column].name)) { max($0, DisplayText.width(of: $1[column])) }
        }
        if let width { fit(&widths, shown, into: width) }
        func line(_ cells: [String], look: (Int) -> TerminalStyle.Look?) -> String {
            var text = ""
            for column in shown {
                let cell = DisplayText.cut(cells[column], to: widths[column])
                let padding = String(repeating: " ", count: widths[column] - DisplayText.width(of: cell))
                let painted = style.paint(cell, look(column))
                switch columns[column].alignment {
                case .left: text += painted + padding
                case .right: text += padding + painted
                }
                text += String(repeating: " ", count: Self.gap)
            }
            return String(text.prefix(text.count - text.reversed().prefix { $0 == " " }.count))
        }
        return [line(columns.map(\.name)) { _ in .bold }]
            + rows.map { row in line(row) { columns[$0].look?(row[$0]) } }
    }

    /// Takes from the widest flexible column until the line fits or nothing more can be taken.
    private func fit(_ widths: inout [Int], _ shown: [Int], into width: Int) {
        var excess = shown.reduce(Self.gap * max(shown.count - 1, 0)) { $0 + widths[$1] } - width
        let flexible = shown.filter { columns[$0].isFlexible }
        while excess > 0, let widest = flexible.max(by: { widths[$0] < widths[$1] }),
            widths[widest] > Self.narrowest
        {
            widths[widest] -= 1
            excess -= 1
        }
    }
}
