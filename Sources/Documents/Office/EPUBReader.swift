internal import Archives
internal import JSONText

/// Reads EPUB books (EPUB 3.3 and 2): the chapters in the order of reading, without the table of contents.
struct EPUBReader {
    let options: ReadingOptions

    /// - throws: ``DocumentError``.
    func read(_ file: InputFile) throws -> HTMLReader.Outcome {
        let archive = try DocumentArchive(file, path: file.path, format: .epub, options: options)
        var container = EPUBContainer()
        guard try archive.read("META-INF/container.xml", &container), let package = container.package else {
            throw archive.damaged("META-INF/container.xml names no package")
        }
        var book = EPUBPackage()
        guard try archive.read(package, &book) else {
            throw archive.damaged("the package \(package.prefix(100)) is missing")
        }
        var encrypted = EPUBEncryption()
        try archive.read("META-INF/encryption.xml", &encrypted)
        var outcome = HTMLReader.Outcome()
        var chapters: [String] = []
        var room = options.maximumTextBytes
        for name in book.chapters {
            guard let entry = Self.resolved(name, beside: package) else {
                throw DocumentError.hostile(
                    path: file.path, problem: "the chapter '\(name.prefix(100))' lies outside of the book")
            }
            // Fonts are often encrypted, texts only where a seller protects them.
            guard !encrypted.names.contains(entry) else {
                throw DocumentError.protected(path: file.path, format: DocumentFormat.epub.name)
            }
            guard let bytes = try archive.part(entry) else { continue }
            let text = try chapter(bytes, path: file.path, limit: room)
            room -= text.utf8.count
            if !text.isEmpty { chapters.append(text) }
        }
        guard !book.chapters.isEmpty else { throw archive.damaged("its package names no chapters") }
        outcome.text = chapters.joined(separator: "\n\n")
        outcome.title = book.fields["title"] ?? ""
        for (name, field) in [
            ("author", "creator"), ("date", "date"), ("language", "language"), ("publisher", "publisher"),
        ] {
            if let value = book.fields[field] { outcome.metadata[name] = .string(value) }
        }
        return outcome
    }

    private func chapter(_ bytes: [UInt8], path: String, limit: Int) throws -> String {
        // A page of a book may be of pictures only.
        guard !bytes.isEmpty else { return "" }
        let text = TextDecoding.lenientText(of: bytes, declared: HTMLReader.declaredCharset(bytes))
        let reader = HTMLReader(path: path, limit: max(limit, 1), purpose: .chapter)
        return try reader.read(text: text).text
    }

    /// The name of an entry that a package names beside itself; `nil` for what lies outside of the book.
    static func resolved(_ reference: String, beside package: String) -> String? {
        let target = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        let decoded = percentDecoded(String(target))
        guard !decoded.contains("://") else { return nil }
        var parts = decoded.hasPrefix("/") ? [] : package.split(separator: "/").dropLast().map(String.init)
        for part in decoded.split(separator: "/") where part != "." {
            if part == ".." {
                guard parts.popLast() != nil else { return nil }
            } else {
                parts.append(String(part))
            }
        }
        return parts.joined(separator: "/")
    }

    private static func percentDecoded(_ text: String) -> String {
        var output: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                output.append(value)
                rest = rest.dropFirst(2)
            } else {
                output.append(byte)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}

private struct EPUBContainer: XMLHandler {
    /// The first package named.
    private(set) var package: String?

    mutating func start(_ name: String, _ attributes: XMLAttributes) {
        if name == "rootfile", package == nil { package = attributes["full-path"] }
    }

    mutating func end(_: String) {}
    mutating func text(_: [UInt8]) {}
}

/// What a package says: the book's title, its files, and the order of reading.
private struct EPUBPackage: XMLHandler {
    private var metadata = XMLFields(["title", "creator", "date", "language", "publisher"])
    /// Files by id, and whether they are text.
    private var items: [String: (name: String, isText: Bool)] = [:]
    private var order: [String] = []

    private static let maximumChapters = 10_000

    var fields: [String: String] { metadata.fields }

    /// The texts in the order of reading, each once.
    var chapters: [String] {
        var seen: Set<String> = []
        return order.compactMap { id in items[id].flatMap { $0.isText && seen.insert($0.name).inserted ? $0.name : nil }
        }
    }

    mutating func start(_ name: String, _ attributes: XMLAttributes) {
        metadata.start(name, attributes)
        switch name {
        case "item":
            guard let id = attributes["id"], let reference = attributes["href"], items.count < Self.maximumChapters
            else {
                return
            }
            let type = attributes["media-type"] ?? ""
            let isContents = attributes["properties"]?.split(separator: " ").contains("nav") == true
            items[id] = (reference, (type == "application/xhtml+xml" || type == "text/html") && !isContents)
        case "itemref":
            // What isn't linear stands beside the text: notes, answers.
            if let id = attributes["idref"], order.count < Self.maximumChapters { order.append(id) }
        default: break
        }
    }

    mutating func end(_ name: String) { metadata.end(name) }
    mutating func text(_ bytes: [UInt8]) { metadata.text(bytes) }
}

/// Which files of a book are encrypted.
private struct EPUBEncryption: XMLHandler {
    private(set) var names: Set<String> = []

    mutating func start(_ name: String, _ attributes: XMLAttributes) {
        if name == "CipherReference", let reference = attributes["URI"], names.count < 10_000,
            let resolved = EPUBReader.resolved(reference, beside: "")
        {
            names.insert(resolved)
        }
    }

    mutating func end(_: String) {}
    mutating func text(_: [UInt8]) {}
}
