internal import JSONText
internal import Records

/// The rows of a CSV or JSONL file as documents: the text of a column, with its name and title from others.
struct RowDocuments {
    private let file: InputFile
    private let format: DocumentFormat
    private let options: ReadingOptions
    private var reader: any RecordReader
    private var row = 0

    /// What the columns are called here.
    private static let (text, id, title) = ("text", "id", "title")

    /// - throws: ``DocumentError``.
    init(_ file: InputFile, format: DocumentFormat, options: ReadingOptions, column: String) throws {
        self.file = file
        self.format = format
        self.options = options
        let input = try RowInput.bytes(of: file, options: options)
        guard format != .jsonLines else {
            reader = JSONLinesReader(input, longestLine: options.maximumTextBytes)
            return
        }
        var names = [column: Self.text]
        for (theirs, ours) in [(options.idColumn, Self.id), (options.titleColumn, Self.title)] {
            guard let theirs else { continue }
            guard names.updateValue(ours, forKey: theirs) == nil else {
                throw DocumentError.column(
                    path: file.path, problem: "the column '\(theirs)' can't be two things at once")
            }
        }
        do {
            reader = try CSVReader(
                input, separator: try Self.separator(of: file, format, options),
                columns: CSVReader.Columns(names: names, ignoresUnknown: true), longestRow: options.maximumTextBytes,
                isKnown: Set(names.values).contains)
        } catch let problem as BulkProblem {
            throw DocumentError.row(
                path: file.path, line: problem.line, problem: DisplayLine.plain(problem.message, limit: 400))
        }
    }

    /// The next row with a text; `nil` at the end.
    mutating func next() -> Result<Document, DocumentError>? {
        do {
            guard let record = try reader.next() else { return nil }
            row += 1
            return record.mapError { .row(path: file.path, line: $0.line, problem: $0.message) }.flatMap(document)
        } catch {
            return .failure(error as? DocumentError ?? .unreadable(path: file.path, reason: String(describing: error)))
        }
    }

    private func document(_ record: BulkRecord) -> Result<Document, DocumentError> {
        func failure(_ problem: String) -> Result<Document, DocumentError> {
            .failure(.row(path: file.path, line: record.line, problem: problem))
        }
        let isJSON = format == .jsonLines
        func field(_ theirs: String?, _ ours: String) -> JSONValue? {
            guard isJSON else { return record.fields[ours] }
            return theirs.flatMap { Self.value(at: $0, in: record.fields) }
        }
        guard let value = field(options.textColumn, Self.text) else {
            let column = options.textColumn ?? ""
            guard isJSON, record.fields[column] == nil else { return failure("the column '\(column)' is empty") }
            let others = record.fields.members.prefix(20).map(\.name).joined(separator: ", ")
            return failure("there is no '\(column)'; there are: \(DisplayLine.plain(others, limit: 300))")
        }
        guard let text = Self.text(of: value) else {
            return failure("'\(options.textColumn ?? "")' is \(value.summary), not a text")
        }
        let plain = TextDecoding.withPlainLineEnds(text)
        let id = field(options.idColumn, Self.id).flatMap(Self.text(of:)).map(HTMLReader.collapsed)
        let given = field(options.titleColumn, Self.title).flatMap(Self.text(of:)).map(HTMLReader.collapsed) ?? ""
        let title = DocumentTitle.shortened(given.isEmpty ? DocumentTitle.title(of: plain, format: .plainText) : given)
        guard !title.isEmpty, !plain.utf8.allSatisfy({ $0 <= 0x20 }) else { return failure("there is no text in it") }
        var metadata: JSONObject = ["line": .integer(record.line)]
        if let id, !id.isEmpty { metadata["id"] = .string(id) }
        let name = id.map { String($0.prefix(200)) }.flatMap { $0.isEmpty ? nil : $0 } ?? String(row)
        return .success(
            Document(
                text: plain, title: title, source: "\(file.path)#\(name)", mediaType: format.mediaType,
                sha256: Digest.sha256(of: Array(plain.utf8)), metadata: metadata))
    }

    /// A member by its name, or by the names on the way to it: `message.content`.
    private static func value(at path: String, in object: JSONObject) -> JSONValue? {
        if let value = object[path] { return value == .null ? nil : value }
        var value = JSONValue.object(object)
        for name in path.split(separator: ".") {
            guard let next = value[String(name)] else { return nil }
            value = next
        }
        return value == .null ? nil : value
    }

    private static func text(of value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): String(number)
        default: nil
        }
    }

    /// Of comma, semicolon, tab and bar the one that the first line has most of.
    private static func separator(
        of file: InputFile, _ format: DocumentFormat, _ options: ReadingOptions
    ) throws -> UInt8 {
        if let separator = options.separator { return separator }
        if format == .tsv { return 0x09 }
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for byte in try file.head(64 << 10) {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if isQuoted { continue }
            if byte == 0x0A { break }
            if ",;\t|".utf8.contains(byte) { counts[byte, default: 0] += 1 }
        }
        let comma = UInt8(ascii: ",")
        return counts.max { ($0.value, $0.key == comma ? 1 : 0) < ($1.value, $1.key == comma ? 1 : 0) }?.key ?? comma
    }
}

/// The bytes of a file of rows as UTF-8.
enum RowInput {
    /// UTF-8 is passed on piece by piece; a file in another encoding is converted as a whole, and so may only be as large as
    /// a text.
    static func bytes(of file: InputFile, options: ReadingOptions) throws -> ByteInput {
        let head = try file.head(64 << 10)
        let isWide = head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF])
        if options.encoding == nil, !isWide, isUTF8(head) {
            var offset = 0
            return ByteInput {
                let piece = try file.read(at: offset, 1 << 20)
                offset += piece.count
                return piece
            }
        }
        let text = try TextDecoding.text(
            of: file.contents(limit: options.maximumTextBytes), path: file.path, forced: options.encoding)
        return ByteInput(Array(text.utf8))
    }

    /// Up to a character that the end of the piece may have cut.
    private static func isUTF8(_ bytes: [UInt8]) -> Bool {
        do {
            _ = try UTF8Span(validating: bytes.span)
            return true
        } catch {
            return error.byteOffsets.lowerBound >= bytes.count - 4 && bytes.count >= 64 << 10
        }
    }
}
