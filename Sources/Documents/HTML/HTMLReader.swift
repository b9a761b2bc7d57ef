internal import JSONText

/// Reads pages: their text without what surrounds it.
struct HTMLReader {
    /// What a page is part of.
    enum Purpose {
        /// A page of the web, with navigation, footers, banners.
        case page
        /// A chapter of a book, which is all text.
        case chapter
        /// A mail, which may be laid out as a table.
        case mail
    }

    let path: String
    let limit: Int
    var purpose = Purpose.page

    struct Outcome {
        var text = ""
        /// Empty where the page has none.
        var title = ""
        var metadata: JSONObject = [:]
    }

    /// Reads the bytes of a page, in the character set that they name.
    ///
    /// - parameter charset: what the transport said, if anything.
    /// - throws: ``DocumentError``.
    func read(_ bytes: [UInt8], charset: String? = nil) throws -> Outcome {
        let text = try TextDecoding.text(of: bytes, path: path, declared: charset ?? Self.declaredCharset(bytes))
        return try read(text: text)
    }

    /// Reads a page that is text already.
    func read(text: String) throws -> Outcome {
        let bytes = Array(text.utf8)
        let isXML = purpose == .chapter || text.hasPrefix("<?xml")
        let tree = try HTMLTree(bytes, isXML: isXML, path: path)
        var outcome = Outcome()
        let boilerplate = HTMLBoilerplate(tree)
        let root = purpose == .page ? boilerplate.root() : 0
        var heading = ""
        // What would take away nearly everything is wrong about the page.
        for strictness in purpose == .page ? HTMLBoilerplate.Strictness.allCases : [.hidden] {
            let start = strictness == .full ? root : 0
            var writer = HTMLWriter(
                tree: tree, boilerplate: boilerplate, root: start, strictness: strictness, limit: limit, path: path)
            outcome.text = try writer.text()
            heading = writer.headings.count == 1 ? writer.headings[0] : ""
            let letters = outcome.text.utf8.count { $0 > 0x20 }
            if letters * 8 >= boilerplate.letterCount || letters >= 1000 { break }
        }
        let title = Self.collapsed(tree.title)
        outcome.title = [heading, title, Self.collapsed(tree.meta["og:title"] ?? "")].first { !$0.isEmpty } ?? ""
        outcome.metadata = Self.metadata(of: tree)
        return outcome
    }

    private static func metadata(of tree: HTMLTree) -> JSONObject {
        var metadata: JSONObject = [:]
        for (name, sources) in [
            ("author", ["author", "article:author", "dc.creator"]),
            ("date", ["article:published_time", "date", "dc.date", "dcterms.created"]),
            ("description", ["description", "og:description"]), ("site", ["og:site_name"]),
        ] {
            if let value = sources.lazy.compactMap({ tree.meta[$0] }).map(collapsed).first(where: { !$0.isEmpty }) {
                metadata[name] = .string(value)
            }
        }
        if let language = tree.language, !language.isEmpty {
            metadata["language"] = .string(String(language.prefix(35)))
        }
        return metadata
    }

    static func collapsed(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The character set that a page names in its first bytes: `<meta charset=…>`, the older form with `http-equiv`, or an
    /// XML declaration.
    static func declaredCharset(_ bytes: [UInt8]) -> String? {
        let head = String(decoding: bytes.prefix(4096).filter { $0 < 0x80 }, as: UTF8.self).lowercased()
        for mark in ["charset=", "encoding="] {
            guard let place = head.firstRange(of: mark) else { continue }
            let label = head[place.upperBound...].drop { $0 == "\"" || $0 == "'" || $0 == " " }
                .prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == "." || $0 == ":" }
            if !label.isEmpty { return String(label) }
        }
        return nil
    }
}
