/// Why a template can't be used.
public enum TemplateProblem: Sendable, Equatable {
    /// A name that is neither an input nor an option of the kind.
    case unknownName(name: String, known: [String])
    /// A name whose value a job may lack, used outside its `{{#if}}`.
    case unguardedName(name: String)
    /// No value was given for the name.
    case missingValue(name: String)
    /// Two opening braces without the closing ones on the same line.
    case unclosedTag
    /// Between the braces stands what is neither a name nor `#if name` nor `/if`.
    case notAName(text: String)
    /// `{{/if}}` without `{{#if}}`.
    case unopenedIf
    /// `{{#if name}}` without `{{/if}}`.
    case unclosedIf(name: String)
    /// `{{#if}}` nested deeper than ``TemplateParser/maximumDepth``.
    case tooDeep(limit: Int)
}

/// Reads the text of a ``PromptTemplate`` from front to back; linear in its length.
struct TemplateParser {
    static let maximumDepth = 8

    private let source: String
    private let bytes: [UInt8]
    private let label: String
    private let names: [String]
    private let optionalNames: Set<String>

    /// `{{#if}}` tags not closed yet, each with the segments before it.
    private var open: [(name: String, offset: Int, before: [PromptTemplate.Segment])] = []
    private var segments: [PromptTemplate.Segment] = []
    private var text: [UInt8] = []

    init(source: String, label: String, names: [String], optionalNames: Set<String>) {
        self.source = source
        self.label = label
        self.names = names
        self.optionalNames = optionalNames
        bytes = Array(source.utf8)
    }

    mutating func parse() throws -> [PromptTemplate.Segment] {
        var index = 0
        while index < bytes.count {
            if hasPair(UInt8(ascii: "{"), at: index) {
                if hasPair(UInt8(ascii: "{"), at: index + 2) {
                    text += Array("{{".utf8)
                    index += 4
                } else {
                    index = try readTag(at: index)
                }
            } else {
                text.append(bytes[index])
                index += 1
            }
        }
        flushText()
        if let unclosed = open.last { throw problem(.unclosedIf(name: unclosed.name), at: unclosed.offset) }
        return segments
    }

    /// Reads the tag whose braces open at `start`; returns the index after it.
    private mutating func readTag(at start: Int) throws -> Int {
        var end = start + 2
        while !hasPair(UInt8(ascii: "}"), at: end) {
            guard end < bytes.count, bytes[end] != UInt8(ascii: "\n") else { throw problem(.unclosedTag, at: start) }
            end += 1
        }
        let inside = String(decoding: bytes[start + 2..<end], as: UTF8.self)
        let words = inside.split(separator: " ").map(String.init)
        flushText()
        switch words.count {
        case 1 where words[0] == "/if":
            guard let last = open.popLast() else { throw problem(.unopenedIf, at: start) }
            segments = last.before + [.conditional(name: last.name, body: segments)]
        case 1:
            let name = try known(words[0], at: start)
            let isGuarded = !optionalNames.contains(name) || open.contains { $0.name == name }
            guard isGuarded else { throw problem(.unguardedName(name: name), at: start) }
            segments.append(.value(name: name, offset: start))
        case 2 where words[0] == "#if":
            guard open.count < Self.maximumDepth else { throw problem(.tooDeep(limit: Self.maximumDepth), at: start) }
            open.append((name: try known(words[1], at: start), offset: start, before: segments))
            segments = []
        default:
            throw problem(.notAName(text: inside), at: start)
        }
        return end + 2
    }

    private func known(_ name: String, at offset: Int) throws -> String {
        guard Self.isName(name) else { throw problem(.notAName(text: name), at: offset) }
        guard names.contains(name) else { throw problem(.unknownName(name: name, known: names), at: offset) }
        return name
    }

    private mutating func flushText() {
        guard !text.isEmpty else { return }
        segments.append(.text(String(decoding: text, as: UTF8.self)))
        text = []
    }

    private func hasPair(_ brace: UInt8, at index: Int) -> Bool {
        index + 1 < bytes.count && bytes[index] == brace && bytes[index + 1] == brace
    }

    private func problem(_ problem: TemplateProblem, at offset: Int) -> JobCatalogError {
        Self.error(problem, at: offset, in: source, label: label)
    }

    /// Whether `text` may name an input, an option or a style: a small letter, then small letters, digits, `_`, `-`.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 64 else { return false }
        let isLetter = { (byte: UInt8) in (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
        return isLetter(first)
            && text.utf8.allSatisfy { byte in
                isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
    }

    /// The problem with its place: `offset` is in bytes of `source`; line and column count from 1, in characters.
    static func error(
        _ problem: TemplateProblem, at offset: Int, in source: String, label: String
    ) -> JobCatalogError {
        let before = String(decoding: source.utf8.prefix(offset), as: UTF8.self)
        let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
        return .template(label: label, line: lines.count, column: (lines.last?.count ?? 0) + 1, problem: problem)
    }
}
