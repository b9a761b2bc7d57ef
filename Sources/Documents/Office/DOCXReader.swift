internal import Archives
internal import JSONText

/// Reads Word documents (ECMA-376, WordprocessingML): the text as it stands with all changes accepted, its headings, lists,
/// tables and notes. Headers, footers and comments stand in other parts and are left out.
struct DOCXReader {
    let options: ReadingOptions

    /// - throws: ``DocumentError``.
    func read(_ file: InputFile) throws -> HTMLReader.Outcome {
        let archive = try DocumentArchive(file, path: file.path, format: .docx, options: options)
        var styles = DOCXStyles()
        try archive.read("word/styles.xml", &styles)
        var numbering = DOCXNumbering()
        try archive.read("word/numbering.xml", &numbering)
        var body = DOCXBody(styles: styles, numbering: numbering, limit: options.maximumTextBytes, path: file.path)
        guard try archive.read("word/document.xml", &body) else {
            throw archive.damaged("the part word/document.xml is missing")
        }
        if body.hasNotes {
            // Both parts are read as more of the body: what they hold are paragraphs.
            try body.beginNotes()
            try archive.read("word/footnotes.xml", &body)
            try archive.read("word/endnotes.xml", &body)
        }
        var fields = XMLFields(["title", "creator", "created"])
        try archive.read("docProps/core.xml", &fields)
        var outcome = HTMLReader.Outcome()
        outcome.text = try body.finish()
        outcome.title = fields.fields["title"] ?? body.title
        if let author = fields.fields["creator"] { outcome.metadata["author"] = .string(author) }
        if let date = fields.fields["created"] { outcome.metadata["date"] = .string(date) }
        return outcome
    }
}

/// Which styles of paragraphs are headings, and of which level; and which are items of lists.
private struct DOCXStyles: XMLHandler {
    /// By the style's id; 0 is the document's title.
    private(set) var levels: [String: Int] = [:]
    private(set) var lists: [String: (id: String?, level: Int)] = [:]
    private var style: String?

    mutating func start(_ name: String, _ attributes: XMLAttributes) {
        switch name {
        case "style": style = attributes["styleId"]
        case "name":
            guard let style, let value = attributes["val"]?.lowercased() else { return }
            if value == "title" {
                levels[style] = 0
            } else if value.hasPrefix("heading "), let level = Int(value.dropFirst(8)), (1...9).contains(level) {
                levels[style] = level
            }
        case "outlineLvl":
            if let style, levels[style] == nil, let level = attributes["val"].flatMap({ Int($0) }),
                (0...8).contains(level)
            {
                levels[style] = level + 1
            }
        case "numId": if let style { lists[style, default: (nil, 0)].id = attributes["val"] }
        case "ilvl":
            if let style, let level = attributes["val"].flatMap({ Int($0) }), (0...8).contains(level) {
                lists[style, default: (nil, 0)].level = level
            }
        default: break
        }
    }

    mutating func end(_ name: String) { if name == "style" { style = nil } }
    mutating func text(_: [UInt8]) {}
}

/// How the levels of lists are numbered.
private struct DOCXNumbering: XMLHandler {
    /// Whether a level has numbers, by list and level; absent is bullets.
    private var isNumbered: [String: [Int: Bool]] = [:]
    /// Abstract lists by the ids that paragraphs name.
    private var abstractIDs: [String: String] = [:]
    private var abstractID: String?
    private var level: Int?
    private var numberID: String?

    func hasNumbers(_ id: String, level: Int) -> Bool { isNumbered[abstractIDs[id] ?? ""]?[level] ?? false }

    mutating func start(_ name: String, _ attributes: XMLAttributes) {
        switch name {
        case "abstractNum": (abstractID, numberID) = (attributes["abstractNumId"], nil)
        case "lvl": level = attributes["ilvl"].flatMap { Int($0) }
        case "numFmt":
            if let abstractID, let level, numberID == nil {
                isNumbered[abstractID, default: [:]][level] = !["bullet", "none"].contains(attributes["val"])
            }
        case "num": numberID = attributes["numId"]
        case "abstractNumId": if let numberID { abstractIDs[numberID] = attributes["val"] }
        default: break
        }
    }

    mutating func end(_: String) {}
    mutating func text(_: [UInt8]) {}
}

/// Writes the text of a body.
private struct DOCXBody: XMLHandler {
    private let styles: DOCXStyles
    private let numbering: DOCXNumbering
    private var writer: BlockWriter
    /// The paragraph with the style Title.
    private(set) var title = ""
    private(set) var hasNotes = false

    /// Elements within those that are left out.
    private var leftOutDepth = 0
    private var isInText = false
    private var isTitle = false
    private var list: (id: String?, level: Int)?
    /// What comes next in each list, by id and level.
    private var counters: [String: [Int: Int]] = [:]

    init(styles: DOCXStyles, numbering: DOCXNumbering, limit: Int, path: String) {
        self.styles = styles
        self.numbering = numbering
        writer = BlockWriter(limit: limit, path: path)
    }

    mutating func beginNotes() throws {
        try writer.endBlock()
        writer.kind = .paragraph
    }

    mutating func finish() throws -> String { try writer.finish() }

    private static let leftOut: Set<String> = [
        // Deleted text, old forms of drawings, instructions of fields, settings of changes.
        "del", "moveFrom", "Fallback", "instrText", "pPrChange", "rPrChange", "delText", "sectPr",
    ]

    mutating func start(_ name: String, _ attributes: XMLAttributes) throws {
        if leftOutDepth > 0 || Self.leftOut.contains(name) {
            leftOutDepth += 1
            return
        }
        switch name {
        case "p":
            try writer.endBlock()
            writer.kind = .paragraph
            writer.marker = ""
            (list, isTitle) = (nil, false)
        case "pStyle":
            guard let style = attributes["val"] else { return }
            if list == nil { list = styles.lists[style] }
            guard let level = styles.levels[style] else { return }
            isTitle = level == 0 && title.isEmpty
            writer.kind = .heading(max(level, 1))
        case "outlineLvl":
            if let level = attributes["val"].flatMap({ Int($0) }), (0...8).contains(level) {
                writer.kind = .heading(level + 1)
            }
        case "numPr": list = (list?.id, 0)
        case "ilvl": if list != nil { list?.level = min(max(attributes["val"].flatMap { Int($0) } ?? 0, 0), 8) }
        case "numId": if list != nil { list?.id = attributes["val"] }
        case "t": isInText = true
        case "tab": try writer.append(" ")
        case "br", "cr": try writer.lineBreak()
        case "noBreakHyphen": try writer.append("-")
        case "sym": break
        case "footnoteReference", "endnoteReference":
            hasNotes = true
            try note(attributes["id"])
        case "footnote", "endnote":
            // Separators have types.
            if attributes["type"] != nil { leftOutDepth = 1 } else { noteNumber = attributes["id"] }
        case "tbl": try writer.beginTable()
        case "tr": try writer.beginRow()
        case "tc": try writer.beginCell()
        default: break
        }
    }

    private var noteNumber: String?

    private mutating func note(_ id: String?) throws { if let id { try writer.append("[\(id.prefix(6))]") } }

    mutating func end(_ name: String) throws {
        guard leftOutDepth == 0 else {
            leftOutDepth -= 1
            return
        }
        switch name {
        case "t": isInText = false
        case "pPr": beginItem()
        case "p":
            isTitle = false
            try writer.endBlock()
        case "tc": try writer.endCell()
        case "tbl": try writer.endTable()
        default: break
        }
    }

    /// Headings stay headings, also where they are numbered.
    private mutating func beginItem() {
        guard let list, let id = list.id, id != "0", writer.kind == .paragraph else { return }
        writer.kind = .item(depth: list.level)
        guard numbering.hasNumbers(id, level: list.level) else {
            writer.marker = "- "
            return
        }
        guard counters.count < 10_000 || counters[id] != nil else { return }
        let number = (counters[id]?[list.level] ?? 0) + 1
        counters[id, default: [:]][list.level] = number
        for deeper in (list.level + 1)..<10 { counters[id]?[deeper] = nil }
        writer.marker = "\(number). "
    }

    mutating func text(_ bytes: [UInt8]) throws {
        guard isInText, leftOutDepth == 0 else { return }
        if let number = noteNumber {
            noteNumber = nil
            try note(number)
            try writer.append(" ")
        }
        if isTitle, title.utf8.count < 500 { title += String(decoding: bytes, as: UTF8.self) }
        try writer.append(bytes)
    }
}
