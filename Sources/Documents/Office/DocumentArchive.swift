internal import Archives

/// A document that is a zip file of XML parts.
struct DocumentArchive {
    let path: String
    /// What it is, in words without article.
    let format: DocumentFormat
    private let archive: ZipArchive

    /// - throws: ``DocumentError``.
    init(_ file: some RandomAccessBytes, path: String, format: DocumentFormat, options: ReadingOptions) throws {
        self.path = path
        self.format = format
        archive = try Self.naming(path, format) {
            try ZipArchive(
                file, limits: .init(entryBytes: options.maximumTextBytes, totalBytes: 4 * options.maximumTextBytes))
        }
    }

    var names: [String] { archive.names }

    func contains(_ name: String) -> Bool { archive.contains(name) }

    /// The bytes of a part; `nil` where there is none of that name.
    func part(_ name: String) throws -> [UInt8]? {
        try Self.naming(path, format) { try archive.contents(of: name) }
    }

    /// Reads a part as XML.
    ///
    /// - returns: whether there is such a part.
    @discardableResult
    func read(_ name: String, _ handler: inout some XMLHandler) throws -> Bool {
        guard let bytes = try part(name) else { return false }
        do {
            try XMLReader.read(bytes, &handler)
        } catch let failure as XMLReader.Failure {
            let problem = "\(name), byte \(failure.offset): \(failure.problem)"
            throw failure.isHostile
                ? DocumentError.hostile(path: path, problem: problem) : damaged(problem)
        }
        return true
    }

    func damaged(_ problem: String) -> DocumentError {
        .damaged(path: path, format: Self.noun(format), problem: problem)
    }

    /// The format without its article.
    static func noun(_ format: DocumentFormat) -> String {
        format.name.split(separator: " ", maxSplits: 1).last.map(String.init) ?? format.name
    }

    /// Errors of archives as those of documents.
    static func naming<Result>(
        _ path: String, _ format: DocumentFormat, _ body: () throws -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch let error as ZipError {
            switch error.reason {
            case .malformed where error.problem.contains("leads out of") || error.problem.contains("shares bytes"):
                throw DocumentError.hostile(path: path, problem: error.description)
            case .malformed: throw DocumentError.damaged(path: path, format: noun(format), problem: error.description)
            case .unsupported where error.problem == "it is encrypted":
                throw DocumentError.protected(path: path, format: format.name)
            case .unsupported: throw DocumentError.damaged(path: path, format: noun(format), problem: error.description)
            case .tooLarge: throw DocumentError.hostile(path: path, problem: error.description)
            }
        }
    }

    /// What a zip file holds.
    ///
    /// - throws: ``DocumentError/unsupportedFormat(path:format:advice:)`` for what isn't read.
    static func format(of file: InputFile, named: DocumentFormat?) throws -> DocumentFormat {
        let promised = named.flatMap { [.docx, .odt, .epub].contains($0) ? $0 : nil }
        let archive = try naming(file.path, promised ?? .docx) { try ZipArchive(file) }
        let type = try naming(file.path, promised ?? .odt) { try archive.contents(of: "mimetype") }
            .map { String(decoding: $0.prefix(200), as: UTF8.self).filter { !$0.isWhitespace } }
        switch type {
        case "application/epub+zip": return .epub
        case .some(let type) where type.hasPrefix("application/vnd.oasis.opendocument.text"): return .odt
        case .some(let type) where type.hasPrefix("application/vnd.oasis.opendocument."):
            throw unsupported(file, "an OpenDocument \(type.split(separator: ".").last ?? "file")")
        default: break
        }
        if archive.contains("word/document.xml") { return .docx }
        if archive.contains("META-INF/container.xml") { return .epub }
        if archive.contains("xl/workbook.xml") { throw unsupported(file, "an Excel workbook") }
        if archive.contains("ppt/presentation.xml") { throw unsupported(file, "a PowerPoint presentation") }
        if archive.contains("[Content_Types].xml"), let promised { return promised }
        if let promised { return promised }
        throw DocumentError.unsupportedFormat(path: file.path, format: "a zip archive", advice: "unpack it first")
    }

    private static func unsupported(_ file: InputFile, _ format: String) -> DocumentError {
        let target = format.contains("xcel") || format.contains("spreadsheet") ? "CSV" : "PDF"
        return .unsupportedFormat(path: file.path, format: format, advice: "save it as \(target) first")
    }
}

/// Collects the texts of some elements of a small part: titles, names, dates.
struct XMLFields: XMLHandler {
    /// The first text of each element, by its name.
    private(set) var fields: [String: String] = [:]
    private let names: Set<String>
    private var current: (name: String, text: [UInt8])?

    init(_ names: Set<String>) { self.names = names }

    mutating func start(_ name: String, _: XMLAttributes) {
        if names.contains(name), fields[name] == nil { current = (name, []) }
    }

    mutating func text(_ bytes: [UInt8]) {
        if let count = current?.text.count, count < 2000 { current?.text += bytes }
    }

    mutating func end(_ name: String) {
        guard let field = current, field.name == name else { return }
        current = nil
        let text = HTMLReader.collapsed(String(decoding: field.text, as: UTF8.self))
        if !text.isEmpty { fields[name] = text }
    }
}
