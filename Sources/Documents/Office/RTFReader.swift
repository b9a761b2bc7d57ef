internal import JSONText

/// Reads Rich Text Format (Microsoft's specification 1.9.1): the text of the body, paragraph by paragraph, with headings
/// that have an outline level, rows of tables, and the character sets of old writers.
struct RTFReader {
    let path: String
    let limit: Int

    /// What holds within a group.
    private struct State {
        var isLeftOut = false
        /// Bytes that stand for a character that readers of Unicode pass over.
        var skipCount = 1
        var field: Field?
    }

    private enum Field { case title, author }

    /// What the control words that matter do.
    private enum Control {
        case sign(String)
        /// The group isn't text.
        case leftOut
        case listMark
        case codePage, oldMac, oldPC
        case skipCount, unicode, binary
        case title, author
        case paragraph, line, plainParagraph, outlineLevel
        case inTable, cell, row

        /// One look-up for each word, of which a document may have tens of millions.
        static let byWord: [String: Control] = {
            var controls: [String: Control] = [
                "listtext": .listMark, "pntext": .listMark, "ansicpg": .codePage, "mac": .oldMac, "pc": .oldPC,
                "uc": .skipCount, "u": .unicode, "bin": .binary, "title": .title, "author": .author, "par": .paragraph,
                "sect": .paragraph, "page": .paragraph, "line": .line, "pard": .plainParagraph,
                "outlinelevel": .outlineLevel, "intbl": .inTable, "cell": .cell, "row": .row,
            ]
            for word in groupsLeftOut { controls[word] = .leftOut }
            for (word, sign) in signWords { controls[word] = .sign(sign) }
            return controls
        }()

        private static let groupsLeftOut = [
            "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "headerl", "headerr", "headerf",
            "footer", "footerl", "footerr", "footerf", "fldinst", "listtable", "listoverridetable", "rsidtbl",
            "generator", "themedata", "colorschememapping", "datastore", "latentstyles", "xmlnstbl", "annotation",
            "atnid", "atnauthor", "nonshppict", "bkmkstart", "bkmkend", "filetbl", "revtbl", "deleted",
        ]

        private static let signWords = [
            "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
            "bullet": "•", "emspace": " ", "enspace": " ", "qmspace": " ", "tab": " ",
        ]
    }

    private static let maximumDepth = 1000

    func read(_ bytes: [UInt8]) throws -> HTMLReader.Outcome {
        var parser = Parser(bytes: bytes, path: path, limit: limit)
        return try parser.read()
    }

    private struct Parser {
        let bytes: [UInt8]
        let path: String
        var position = 0
        var states = [State()]
        var writer: BlockWriter
        /// Of the character set; opening one for each word takes long.
        var converter = CharacterConverter(.windows1252)
        /// Bytes of the character set that aren't converted yet: a character may have several.
        var pending: [UInt8] = []
        var toSkip = 0
        var highSurrogate: UInt16?
        var fields: [Field: String] = [:]
        var isInTable = false
        /// Whether a row has begun, and the cells since the last text. A cell has an end and no beginning.
        var isInRow = false
        var endedCells = 0

        init(bytes: [UInt8], path: String, limit: Int) {
            self.bytes = bytes
            self.path = path
            writer = BlockWriter(limit: limit, path: path)
        }

        var state: State {
            get { states[states.count - 1] }
            set { states[states.count - 1] = newValue }
        }

        mutating func read() throws -> HTMLReader.Outcome {
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                switch byte {
                case UInt8(ascii: "{"):
                    try flush()
                    guard states.count < RTFReader.maximumDepth else {
                        throw DocumentError.hostile(
                            path: path, problem: "groups are nested deeper than \(RTFReader.maximumDepth)")
                    }
                    states.append(state)
                    toSkip = 0
                case UInt8(ascii: "}"):
                    try flush()
                    toSkip = 0
                    if states.count > 1 { states.removeLast() } else { position = bytes.count }
                case UInt8(ascii: "\\"): try readControl()
                case 0x0A, 0x0D: break
                default: try take(byte)
                }
            }
            try flush()
            guard states.count == 1 || states.count == 2 else {
                throw DocumentError.damaged(
                    path: path, format: "RTF document", problem: "it ends within a group; is it whole?")
            }
            var outcome = HTMLReader.Outcome()
            outcome.text = try writer.finish()
            outcome.title = HTMLReader.collapsed(fields[.title] ?? "")
            if let author = fields[.author].map(HTMLReader.collapsed), !author.isEmpty {
                outcome.metadata["author"] = .string(author)
            }
            return outcome
        }

        private mutating func take(_ byte: UInt8) throws {
            if toSkip > 0 {
                toSkip -= 1
                return
            }
            guard !state.isLeftOut || state.field != nil else { return }
            pending.append(byte)
            if pending.count >= 4096 { try flush() }
        }

        /// Converts what has come of the character set.
        private mutating func flush() throws {
            guard !pending.isEmpty else { return }
            let isASCII = pending.allSatisfy { $0 < 0x80 }
            let text = isASCII ? nil : converter?.text(of: pending, replaces: true)
            let plain = text ?? String(decoding: pending, as: UTF8.self)
            pending.removeAll(keepingCapacity: true)
            try append(plain)
        }

        private mutating func append(_ text: String) throws {
            if let field = state.field {
                if (fields[field]?.utf8.count ?? 0) < 1000 { fields[field, default: ""] += text }
            } else if !state.isLeftOut {
                if endedCells > 0 {
                    try writer.append(String(repeating: " | ", count: min(endedCells, 100)))
                    endedCells = 0
                }
                try writer.append(text)
            }
        }

        private mutating func readControl() throws {
            guard position < bytes.count else { return }
            let byte = bytes[position]
            guard (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) else { return try readSymbol(byte) }
            let start = position
            while position < bytes.count, (0x61...0x7A).contains(bytes[position] | 0x20) { position += 1 }
            let word = String(decoding: bytes[start..<min(position, start + 32)], as: UTF8.self)
            let numberStart = position
            if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
            let number =
                numberStart == position
                ? nil : Int(String(decoding: bytes[numberStart..<min(position, numberStart + 11)], as: UTF8.self))
            if position < bytes.count, bytes[position] == 0x20 { position += 1 }
            if let control = Control.byWord[word] { try obey(control, number) }
        }

        private mutating func readSymbol(_ byte: UInt8) throws {
            position += 1
            switch byte {
            case UInt8(ascii: "'"):
                guard position + 2 <= bytes.count, let high = TransferEncoding.digit(bytes[position]),
                    let low = TransferEncoding.digit(bytes[position + 1])
                else { return }
                position += 2
                try take(high << 4 | low)
            case UInt8(ascii: "*"): state.isLeftOut = true
            case UInt8(ascii: "~"): try write(" ")
            case UInt8(ascii: "_"): try write("-")
            case UInt8(ascii: "-"): break
            case 0x0A, 0x0D: try endParagraph()
            default: try take(byte)
            }
        }

        private mutating func write(_ text: String) throws {
            if toSkip > 0 {
                toSkip -= 1
                return
            }
            try flush()
            try append(text)
        }

        private mutating func obey(_ control: Control, _ number: Int?) throws {
            switch control {
            case .sign(let sign): try write(sign)
            case .leftOut: state.isLeftOut = true
            // List marks of old writers are text that lists need.
            case .listMark: if !state.isLeftOut { beginItem() }
            case .codePage: if let set = number.flatMap(CharacterSet.init(codePage:)) { use(set) }
            case .oldMac: use(CharacterSet(codePage: 10000))
            case .oldPC: use(CharacterSet(codePage: 437))
            case .skipCount: state.skipCount = min(max(number ?? 1, 0), 16)
            case .unicode: try unicode(number ?? 0)
            case .binary: position = min(bytes.count, position + max(number ?? 0, 0))
            case .title: state.field = .title
            case .author: state.field = .author
            case .paragraph: try endParagraph()
            case .line: try whenShown { try $0.writer.lineBreak() }
            case .plainParagraph:
                try flush()
                guard !state.isLeftOut, !isInRow else { return }
                try writer.endBlock()
                writer.kind = .paragraph
                writer.marker = ""
                isInTable = false
            case .outlineLevel:
                if let number, (0...8).contains(number), !state.isLeftOut { writer.kind = .heading(number + 1) }
            case .inTable: isInTable = true
            case .cell:
                try whenShown { parser in
                    (parser.isInRow, parser.writer.kind) = (true, .row)
                    parser.endedCells += 1
                }
            case .row:
                try whenShown { parser in
                    try parser.writer.endBlock()
                    (parser.isInRow, parser.isInTable, parser.endedCells) = (false, false, 0)
                    parser.writer.kind = .paragraph
                }
            }
        }

        private mutating func use(_ set: CharacterSet?) {
            if let set { converter = CharacterConverter(set) ?? converter }
        }

        private mutating func beginItem() {
            state.isLeftOut = true
            writer.kind = .item(depth: 0)
            writer.marker = "- "
        }

        private mutating func whenShown(_ body: (inout Self) throws -> Void) throws {
            try flush()
            if !state.isLeftOut { try body(&self) }
        }

        private mutating func endParagraph() throws {
            try flush()
            if !state.isLeftOut { try isInTable || isInRow ? writer.append(" ") : writer.endBlock() }
        }

        /// A UTF-16 unit, signed as the format has it, then bytes for readers that don't know Unicode.
        private mutating func unicode(_ number: Int) throws {
            try flush()
            toSkip = state.skipCount
            let unit = UInt16(truncatingIfNeeded: number)
            if UTF16.isLeadSurrogate(unit) {
                highSurrogate = unit
                return
            }
            if highSurrogate == nil, let scalar = Unicode.Scalar(unit) { return try append(String(scalar)) }
            let units = (highSurrogate.map { [$0] } ?? []) + [unit]
            highSurrogate = nil
            try append(String(decoding: units, as: UTF16.self))
        }
    }
}
