/// Builds readable text from what documents are made of: headings, paragraphs, lists and tables.
///
/// Headings begin with `#` as in Markdown, items of lists with `-` or their number, the cells of a table's row are
/// separated by ` | `. White space is one space, blocks are separated by a blank line, items and rows by a line end.
struct BlockWriter {
    enum Kind: Equatable {
        case paragraph
        /// From 1, the highest.
        case heading(Int)
        /// An item of a list, or more of it; nested lists are deeper.
        case item(depth: Int)
        case row
        /// White space counts, as in a program.
        case preformatted
    }

    private struct Block {
        var kind: Kind
        var text: [UInt8]
    }

    private struct Table {
        var rows: [[[Block]]] = []
    }

    /// What the block that is being written is; set before its text, lasts until it is set again.
    var kind = Kind.paragraph
    /// Goes before the next text of an item.
    var marker = ""

    private var text: [UInt8] = []
    private var hasSpace = false
    /// Where blocks go: the document, and in it the cells that are open.
    private var sinks: [[Block]] = [[]]
    private var tables: [Table] = []
    private var room: Int
    private let limit: Int
    private let path: String

    /// - parameter limit: the most bytes of text.
    init(limit: Int, path: String) {
        room = limit
        self.limit = limit
        self.path = path
    }

    // MARK: - Text

    mutating func append(_ text: String) throws { try append(text.utf8) }

    mutating func append(_ bytes: some Collection<UInt8>) throws {
        try spend(bytes.count)
        if kind == .preformatted {
            text += bytes
            return
        }
        for byte in bytes {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D: hasSpace = true
            default:
                if hasSpace {
                    if let last = text.last, last != 0x0A { text.append(0x20) }
                    hasSpace = false
                }
                text.append(byte)
            }
        }
    }

    mutating func lineBreak() throws {
        try spend(1)
        hasSpace = false
        text.append(0x0A)
    }

    /// Ends the block that is being written; nothing where it has no text.
    mutating func endBlock() throws {
        hasSpace = false
        guard !text.isEmpty else { return }
        let cleaned = kind == .preformatted ? Self.trimmedLines(text) : Self.trimmed(Self.cleaned(text))
        text.removeAll(keepingCapacity: true)
        guard !cleaned.isEmpty else { return }
        var block = Block(kind: kind, text: cleaned)
        if kind == .paragraph, let bullet = Self.bullets.first(where: { cleaned.starts(with: $0) }) {
            // A list that somebody typed.
            block.kind = .item(depth: 0)
            block.text = Array("- ".utf8) + cleaned.dropFirst(bullet.count)
        } else if case .item(let depth) = kind {
            let indent = String(repeating: "  ", count: depth)
            block.text = Array((indent + (marker.isEmpty ? "  " : marker)).utf8) + cleaned
            marker = ""
        }
        sinks[sinks.count - 1].append(block)
        // Separators and marks count too, so that a million empty items don't.
        try spend(block.text.count - cleaned.count + 2)
    }

    private static let bullets = ["• ", "· ", "▪ ", "◦ ", "‣ ", "● ", "■ "].map { Array($0.utf8) }

    private mutating func spend(_ count: Int) throws {
        room -= count
        guard room >= 0 else { throw DocumentError.tooMuchText(path: path, limit: limit) }
    }

    // MARK: - Tables

    mutating func beginTable() throws {
        try endBlock()
        tables.append(Table())
    }

    mutating func beginRow() throws {
        guard !tables.isEmpty else { return }
        try spend(1)
        tables[tables.count - 1].rows.append([])
    }

    mutating func beginCell() throws {
        try endBlock()
        guard !tables.isEmpty else { return }
        try spend(1)
        if tables[tables.count - 1].rows.isEmpty { try beginRow() }
        sinks.append([])
        kind = .paragraph
    }

    mutating func endCell() throws {
        try endBlock()
        guard sinks.count > 1, let cell = sinks.popLast(), !tables.isEmpty else { return }
        let table = tables.count - 1
        tables[table].rows[tables[table].rows.count - 1].append(cell)
    }

    mutating func endTable() throws {
        try endBlock()
        guard let table = tables.popLast() else { return }
        kind = .paragraph
        guard Self.isData(table) else {
            // A table that only arranges a page: what is in it, in its order.
            sinks[sinks.count - 1] += table.rows.joined().joined()
            return
        }
        for row in table.rows {
            var cells = row.map { cell in
                Array(cell.map { $0.text.map { $0 == 0x0A ? 0x20 : $0 } }.joined(separator: [0x20]))
            }
            while cells.last?.isEmpty == true { cells.removeLast() }
            guard let last = cells.last else { continue }
            // Beside pictures and the like, a cell alone is no row.
            if cells.dropLast().allSatisfy(\.isEmpty) { cells = [last] }
            sinks[sinks.count - 1].append(Block(kind: .row, text: Array(cells.joined(separator: Array(" | ".utf8)))))
            try spend(cells.count * 3)
        }
    }

    /// Whether the cells of a table are short, so that its rows can be read as lines.
    private static func isData(_ table: Table) -> Bool {
        let columns = table.rows.map(\.count).max() ?? 0
        return columns >= 2
            && table.rows.joined().allSatisfy { cell in
                cell.count <= 3 && cell.reduce(0) { $0 + $1.text.count } <= 400
                    && cell.allSatisfy { $0.kind != .preformatted }
            }
    }

    // MARK: - The end

    /// All that was written.
    mutating func finish() throws -> String {
        try endBlock()
        while !tables.isEmpty {
            while sinks.count > 1 { try endCell() }
            try endTable()
        }
        var output: [UInt8] = []
        var previous: Kind?
        for block in sinks[0] {
            if let previous { output += Self.isClose(previous, block.kind) ? [0x0A] : [0x0A, 0x0A] }
            if case .heading(let level) = block.kind {
                output += Array(repeating: UInt8(ascii: "#"), count: min(max(level, 1), 6)) + [0x20]
                output += block.text.map { $0 == 0x0A ? 0x20 : $0 }
            } else {
                output += block.text
            }
            previous = block.kind
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func isClose(_ first: Kind, _ second: Kind) -> Bool {
        switch (first, second) {
        case (.item, .item), (.row, .row): true
        default: false
        }
    }

    /// Without what has no width, and with plain spaces for those that don't break.
    private static func cleaned(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(where: { $0 == 0xC2 || $0 == 0xE2 || $0 == 0xEF || $0 < 0x20 || $0 == 0x7F }) else {
            return bytes
        }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let sequence = byte == 0xC2 || byte == 0xE2 || byte == 0xEF ? special(bytes, at: index) : nil
            switch sequence {
            case .space(let length)?:
                if let last = output.last, last != 0x20 { output.append(0x20) }
                index += length
                // One space, whatever they were made of.
                if index < bytes.count, bytes[index] == 0x20 { index += 1 }
            case .nothing(let length)?: index += length
            case nil:
                let isControl = byte < 0x20 && byte != 0x0A && byte != 0x09 || byte == 0x7F
                if !isControl { output.append(byte) }
                index += 1
            }
        }
        return output
    }

    /// What stands for a space, or for nothing that is seen; with its bytes.
    private enum Special {
        case space(Int)
        case nothing(Int)
    }

    private static func special(_ bytes: [UInt8], at index: Int) -> Special? {
        let second = index + 1 < bytes.count ? bytes[index + 1] : 0
        let third = index + 2 < bytes.count ? bytes[index + 2] : 0
        switch (bytes[index], second, third) {
        // No-break space, and the narrow one.
        case (0xC2, 0xA0, _): return .space(2)
        case (0xE2, 0x80, 0xAF): return .space(3)
        // Soft hyphen; zero width space, byte order mark, word joiner.
        case (0xC2, 0xAD, _): return .nothing(2)
        case (0xE2, 0x80, 0x8B), (0xEF, 0xBB, 0xBF), (0xE2, 0x81, 0xA0): return .nothing(3)
        default: return nil
        }
    }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x09 }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }),
            let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return [] }
        return first == 0 && last == bytes.count - 1 ? bytes : Array(bytes[first...last])
    }

    /// Without blank lines before and after.
    private static func trimmedLines(_ bytes: [UInt8]) -> [UInt8] {
        let cleaned = bytes.filter { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A || $0 == 0x09 }
        guard let first = cleaned.firstIndex(where: { $0 != 0x20 && $0 != 0x0A && $0 != 0x09 }),
            let last = cleaned.lastIndex(where: { $0 != 0x20 && $0 != 0x0A && $0 != 0x09 })
        else { return [] }
        let start = cleaned[..<first].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return Array(cleaned[start...last])
    }
}
