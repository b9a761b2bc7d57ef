internal import Archives
internal import JSONText

/// Reads OpenDocument texts (OASIS, ODF 1.3): headings, paragraphs, lists, tables and notes. Comments and deleted text are
/// left out; headers and footers stand in another part.
struct ODTReader {
    let options: ReadingOptions

    /// - throws: ``DocumentError``.
    func read(_ file: InputFile) throws -> HTMLReader.Outcome {
        let archive = try DocumentArchive(file, path: file.path, format: .odt, options: options)
        if let manifest = try archive.part("META-INF/manifest.xml"),
            FormatDetection.contains(manifest, Array("encryption-data".utf8))
        {
            throw DocumentError.protected(path: file.path, format: DocumentFormat.odt.name)
        }
        var body = ODTBody(limit: options.maximumTextBytes, path: file.path)
        guard try archive.read("content.xml", &body) else { throw archive.damaged("the part content.xml is missing") }
        var fields = XMLFields(["title", "creator", "initial-creator", "creation-date"])
        try archive.read("meta.xml", &fields)
        var outcome = HTMLReader.Outcome()
        outcome.text = try body.finish()
        outcome.title = fields.fields["title"] ?? ""
        if let author = fields.fields["initial-creator"] ?? fields.fields["creator"] {
            outcome.metadata["author"] = .string(author)
        }
        if let date = fields.fields["creation-date"] { outcome.metadata["date"] = .string(date) }
        return outcome
    }
}

/// Writes the text of a body.
private struct ODTBody: XMLHandler {
    private var writer: BlockWriter
    private var notes: [(mark: String, text: [UInt8])] = []
    /// The note that is being read; its text goes after the body.
    private var note: (mark: String, text: [UInt8], isInBody: Bool)?
    private var isInCitation = false
    private var leftOutDepth = 0
    private var textDepth = 0
    /// Whether each style of lists has numbers on its first level.
    private var numberedStyles: Set<String> = []
    private var style: String?
    private var lists: [(isNumbered: Bool, next: Int)] = []
    private var isInBody = false

    /// A repeated cell, space or row is written so often at most: sheets are filled up by such numbers.
    private static let maximumRepeats = 100

    init(limit: Int, path: String) { writer = BlockWriter(limit: limit, path: path) }

    mutating func finish() throws -> String {
        try writer.endBlock()
        writer.kind = .paragraph
        for note in notes {
            try writer.append("[\(note.mark)] ")
            try writer.append(note.text)
            try writer.endBlock()
        }
        return try writer.finish()
    }

    private static let leftOut: Set<String> = [
        "annotation", "tracked-changes", "forms", "table-of-content", "ruby-text", "desc", "covered-table-cell",
    ]

    mutating func start(_ name: String, _ attributes: XMLAttributes) throws {
        if leftOutDepth > 0 || Self.leftOut.contains(name) {
            leftOutDepth += 1
            return
        }
        switch name {
        case "list-style": style = attributes["name"]
        case "list-level-style-number":
            if let style, attributes["level"] == "1" { numberedStyles.insert(style) }
        case "body": isInBody = true
        case "note": note = (mark: "*", text: [], isInBody: false)
        case "note-citation": isInCitation = true
        case "note-body": note?.isInBody = true
        case "p", "h":
            textDepth += 1
            if note == nil { try beginParagraph(name, attributes) }
        case "s": try spaces(attributes["c"])
        case "tab": try append([0x20])
        case "line-break": if note == nil { try writer.lineBreak() } else { try append([0x20]) }
        case "list":
            let isNumbered = attributes["style-name"].map(numberedStyles.contains) ?? lists.last?.isNumbered ?? false
            lists.append((isNumbered, 1))
        case "list-item", "list-header":
            guard !lists.isEmpty, note == nil else { return }
            try writer.endBlock()
            let list = lists[lists.count - 1]
            writer.marker = name == "list-header" ? "" : list.isNumbered ? "\(list.next). " : "- "
            lists[lists.count - 1].next += 1
        case "table": if isInBody { try writer.beginTable() }
        case "table-row": try writer.beginRow()
        case "table-cell": try writer.beginCell()
        default: break
        }
    }

    private mutating func beginParagraph(_ name: String, _ attributes: XMLAttributes) throws {
        try writer.endBlock()
        if name == "h" {
            writer.kind = .heading(attributes["outline-level"].flatMap { Int($0) } ?? 1)
        } else {
            writer.kind = lists.isEmpty ? .paragraph : .item(depth: min(lists.count - 1, 8))
        }
    }

    private mutating func spaces(_ count: String?) throws {
        let count = min(max(count.flatMap { Int($0) } ?? 1, 1), Self.maximumRepeats)
        try append(Array(repeating: 0x20, count: count))
    }

    mutating func end(_ name: String) throws {
        guard leftOutDepth == 0 else {
            leftOutDepth -= 1
            return
        }
        switch name {
        case "list-style": style = nil
        case "note":
            if let note {
                notes.append((note.mark, note.text))
                self.note = nil
                try writer.append("[\(note.mark)]")
            }
        case "note-citation": isInCitation = false
        case "note-body": note?.isInBody = false
        case "p", "h":
            textDepth -= 1
            if note == nil { try writer.endBlock() } else { note?.text.append(0x20) }
        case "list":
            if !lists.isEmpty { lists.removeLast() }
            writer.marker = ""
            if lists.isEmpty { writer.kind = .paragraph }
        case "table-cell": try writer.endCell()
        case "table": if isInBody { try writer.endTable() }
        default: break
        }
    }

    mutating func text(_ bytes: [UInt8]) throws {
        guard leftOutDepth == 0 else { return }
        if isInCitation {
            note?.mark = String(decoding: bytes.prefix(10), as: UTF8.self)
        } else if textDepth > 0 {
            try append(bytes)
        }
    }

    private mutating func append(_ bytes: [UInt8]) throws {
        if note != nil {
            if note?.isInBody == true { note?.text += bytes }
        } else {
            try writer.append(bytes)
        }
    }
}
