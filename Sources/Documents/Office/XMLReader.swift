/// What becomes of an XML document's parts, in their order.
protocol XMLHandler {
    /// - parameter name: without its prefix.
    mutating func start(_ name: String, _ attributes: XMLAttributes) throws
    mutating func end(_ name: String) throws
    /// Text with entities resolved, possibly in several pieces.
    mutating func text(_ bytes: [UInt8]) throws
}

/// The attributes of one element, by their names without prefix.
struct XMLAttributes {
    fileprivate(set) var members: [(name: String, value: String)] = []

    subscript(name: String) -> String? { members.first { $0.name == name }?.value }
}

/// A strict and small reader of XML for documents that nobody vouches for: elements, attributes, texts.
///
/// Definitions of entities are refused, and with them everything that expands or reaches out; nothing but the document's own
/// bytes is ever read. Depth is bounded.
struct XMLReader {
    /// What is wrong, and where.
    struct Failure: Error {
        /// Bytes from the start of the text.
        var offset: Int
        var problem: String
        var isHostile = false
    }

    static let maximumDepth = 500
    private static let maximumAttributes = 500

    private let bytes: [UInt8]
    private var position = 0
    private var open: [String] = []

    /// Reads a whole document.
    ///
    /// - parameter bytes: in the encoding that its declaration names.
    /// - throws: ``Failure``, and what the handler throws.
    static func read(_ bytes: [UInt8], _ handler: inout some XMLHandler) throws {
        var reader = XMLReader(bytes: try utf8(bytes))
        try reader.read(&handler)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private static func utf8(_ bytes: [UInt8]) throws(Failure) -> [UInt8] {
        let isMarked = bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE])
        if !isMarked, String(validating: bytes, as: UTF8.self) != nil {
            return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        }
        let declared = HTMLReader.declaredCharset(bytes)
        guard isMarked || declared != nil else { throw Failure(offset: 0, problem: "the XML isn't UTF-8") }
        return Array(TextDecoding.lenientText(of: bytes, declared: declared).utf8)
    }

    private mutating func read(_ handler: inout some XMLHandler) throws {
        while position < bytes.count {
            if bytes[position] != UInt8(ascii: "<") {
                let end = bytes[position...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
                let text = bytes[position..<end]
                position = end
                if open.isEmpty {
                    guard text.allSatisfy(isSpace) else { throw failure("text outside of the root element") }
                } else {
                    try handler.text(try resolved(text))
                }
            } else {
                try readMarkup(&handler)
            }
        }
        guard open.isEmpty else { throw failure("it ends within <\(open[open.count - 1])>") }
    }

    private mutating func readMarkup(_ handler: inout some XMLHandler) throws {
        let rest = bytes[position...]
        if rest.starts(with: "<?".utf8) {
            try skip(past: "?>", what: "an instruction")
        } else if rest.starts(with: "<!--".utf8) {
            position += 4
            try skip(past: "-->", what: "a comment")
        } else if rest.starts(with: "<![CDATA[".utf8) {
            let start = position + 9
            position = start
            try skip(past: "]]>", what: "a section of text")
            guard !open.isEmpty else { throw failure("text outside of the root element") }
            try handler.text(Array(bytes[start..<position - 3]))
        } else if rest.starts(with: "<!DOCTYPE".utf8) {
            try skipDocumentType()
        } else if rest.starts(with: "</".utf8) {
            position += 2
            let name = try takeName()
            skipSpace()
            try take(">")
            guard open.last == name else {
                throw failure("</\(name)> where </\(open.last ?? "nothing")> was expected")
            }
            open.removeLast()
            try handler.end(local(name))
        } else {
            try readStart(&handler)
        }
    }

    private mutating func readStart(_ handler: inout some XMLHandler) throws {
        position += 1
        let name = try takeName()
        var attributes = XMLAttributes()
        while true {
            skipSpace()
            guard position < bytes.count else { throw failure("it ends within a tag") }
            if bytes[position] == UInt8(ascii: ">") {
                position += 1
                guard open.count < Self.maximumDepth else {
                    throw Failure(
                        offset: position, problem: "elements are nested deeper than \(Self.maximumDepth)",
                        isHostile: true)
                }
                open.append(name)
                return try handler.start(local(name), attributes)
            }
            if bytes[position] == UInt8(ascii: "/") {
                position += 1
                try take(">")
                try handler.start(local(name), attributes)
                return try handler.end(local(name))
            }
            let attribute = try takeName()
            skipSpace()
            try take("=")
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "'")
            else { throw failure("an attribute's value without quotation marks") }
            let quote = bytes[position]
            guard let end = bytes[(position + 1)...].firstIndex(of: quote) else {
                throw failure("it ends within a tag")
            }
            let value = try resolved(bytes[(position + 1)..<end])
            position = end + 1
            guard attributes.members.count < Self.maximumAttributes else {
                throw Failure(offset: position, problem: "an element has too many attributes", isHostile: true)
            }
            attributes.members.append((local(attribute), String(decoding: value, as: UTF8.self)))
        }
    }

    private mutating func skipDocumentType() throws {
        while position < bytes.count, bytes[position] != UInt8(ascii: ">") {
            if bytes[position] == UInt8(ascii: "[") {
                let end = bytes[position...].firstIndex(of: UInt8(ascii: "]")) ?? bytes.count
                if FormatDetection.firstIndex(of: Array("<!ENTITY".utf8), in: bytes[position..<end]) != nil {
                    throw Failure(
                        offset: position,
                        problem: "it defines entities, by which a few bytes become billions or reach for other files",
                        isHostile: true)
                }
                position = end
            } else {
                position += 1
            }
        }
        try take(">")
    }

    // MARK: - Small parts

    private func failure(_ problem: String) -> Failure { Failure(offset: position, problem: problem) }

    private mutating func skip(past end: String, what: String) throws {
        let end = Array(end.utf8)
        guard let place = FormatDetection.firstIndex(of: end, in: bytes[position...]) else {
            throw failure("it ends within \(what)")
        }
        position = place + end.count
    }

    private mutating func take(_ byte: Unicode.Scalar) throws {
        guard position < bytes.count, bytes[position] == UInt8(ascii: byte) else { throw failure("expected '\(byte)'") }
        position += 1
    }

    private mutating func takeName() throws -> String {
        let start = position
        while position < bytes.count, !isSpace(bytes[position]), !Self.nameEnds.contains(bytes[position]) {
            position += 1
        }
        guard position > start, position - start <= 200 else { throw failure("expected a name") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static let nameEnds: Set<UInt8> = Set("<>/='\"&?!".utf8)

    private func local(_ name: String) -> String {
        name.utf8.lastIndex(of: UInt8(ascii: ":")).map { String(name[name.utf8.index(after: $0)...]) } ?? name
    }

    private mutating func skipSpace() { while position < bytes.count, isSpace(bytes[position]) { position += 1 } }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    /// The text with its entities resolved: those of XML, numbers, and, as books use them, those of HTML.
    private func resolved(_ text: ArraySlice<UInt8>) throws -> [UInt8] { HTMLEntities.resolved(text) }
}
