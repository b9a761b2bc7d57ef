/// The rows of a CSV file as RFC 4180 writes them: cells in quotes may hold separators, line ends and doubled quotes.
struct CSVRows {
    struct Row: Equatable {
        /// Where it begins, from 1.
        var line: Int
        var cells: [String]
    }

    private(set) var input: ByteInput
    private let separator: UInt8
    private let longestRow: Int
    /// Whether a quotation mark was never closed within the longest row: where the next row begins can't be told.
    private var isLost = false

    /// The most cells of a row: what the widest spreadsheets have. More is made to fill the memory.
    static let maximumCells = 16_384

    init(_ input: ByteInput, separator: UInt8 = UInt8(ascii: ","), longestRow: Int = longestRecord) {
        self.input = input
        self.separator = separator
        self.longestRow = longestRow
    }

    /// The next row that isn't an empty line. After a row that is wrong, reading goes on at the next line; after a cell that
    /// doesn't end, it ends.
    mutating func next() throws -> Result<Row, BulkProblem>? {
        guard !isLost else { return nil }
        while let byte = try input.peek() {
            if byte == 0x0A || byte == 0x0D {
                _ = try input.next()
                continue
            }
            let line = input.line
            do {
                return .success(Row(line: line, cells: try row(from: line)))
            } catch let problem as BulkProblem {
                if !isLost { _ = try input.nextLine(limit: 0) }
                return .failure(problem)
            }
        }
        return nil
    }

    private mutating func row(from line: Int) throws -> [String] {
        var cells: [String] = []
        var size = 0
        while true {
            guard cells.count < Self.maximumCells else {
                throw BulkProblem(
                    line: line, code: "too_long",
                    message: "the row has more than \(Self.maximumCells) cells; is the separator right?")
            }
            let start = input.line
            let startOffset = input.offset
            let bytes = try input.peek() == Self.quote ? try quotedCell(line, &size) : try plainCell(line, &size)
            cells.append(try text(bytes, line: start, offset: startOffset))
            guard let byte = try input.peek() else { return cells }
            switch byte {
            case separator: _ = try input.next()
            case 0x0A:
                _ = try input.next()
                return cells
            case 0x0D:
                _ = try input.next()
                if try input.peek() == 0x0A { _ = try input.next() }
                return cells
            default:
                throw problem(
                    input.line, "after the closing quotation mark of a cell, expected a separator or a line end")
            }
        }
    }

    private static let quote = UInt8(ascii: "\"")

    private mutating func plainCell(_ line: Int, _ size: inout Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let byte = try input.peek(), byte != separator, byte != 0x0A, byte != 0x0D {
            guard byte != Self.quote else {
                throw problem(
                    input.line, "a quotation mark within a cell that has none around it; write \"\" inside \"…\"")
            }
            try append(byte, to: &bytes, line, &size)
            _ = try input.next()
        }
        return bytes
    }

    private mutating func quotedCell(_ line: Int, _ size: inout Int) throws -> [UInt8] {
        let start = input.line
        _ = try input.next()
        var bytes: [UInt8] = []
        while let byte = try input.next() {
            if byte == Self.quote {
                guard try input.peek() == Self.quote else { return bytes }
                _ = try input.next()
            }
            isLost = size == longestRow
            try append(byte, to: &bytes, line, &size)
        }
        throw problem(start, "the quotation mark that begins a cell on this line is never closed")
    }

    private func append(_ byte: UInt8, to bytes: inout [UInt8], _ line: Int, _ size: inout Int) throws {
        size += 1
        guard size <= longestRow else {
            throw BulkProblem(
                line: line, code: "too_long",
                message: "the row is longer than \(longestRow >> 20) MiB; is a quotation mark missing?")
        }
        bytes.append(byte)
    }

    private func text(_ bytes: [UInt8], line: Int, offset: Int) throws -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes.span))
        } catch {
            let place = offset + error.byteOffsets.lowerBound
            let lines = bytes.prefix(error.byteOffsets.lowerBound).count { $0 == 0x0A }
            throw BulkProblem(
                line: line + lines, code: "invalid_encoding",
                message:
                    "near byte \(place) of the file: not UTF-8; convert it, for example with iconv -f LATIN1 -t UTF-8")
        }
    }

    private func problem(_ line: Int, _ message: String) -> BulkProblem {
        BulkProblem(line: line, code: "invalid_csv", message: message)
    }
}
