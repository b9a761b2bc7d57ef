/// Tells a format by how a file begins, whatever it is called.
enum FormatDetection {
    /// Bytes of a file's beginning that are looked at.
    static let headLength = 4096

    /// What a beginning shows.
    enum Finding: Equatable {
        case format(DocumentFormat)
        /// A zip file, of which its contents say what it is.
        case zip
        /// A format that isn't read, in words with its article.
        case foreign(String)
        /// Text or nothing known.
        case nothing
    }

    /// - parameters:
    ///   - head: the first ``headLength`` bytes, or all there are.
    ///   - named: what the name promises.
    static func look(at head: [UInt8], named: DocumentFormat?) -> Finding {
        if let signature = signatures.first(where: { head.starts(with: $0.bytes) }) { return signature.finding }
        // Some writers put bytes before a PDF's first line; readers look for it in the first KiB.
        if named == .pdf, contains(head.prefix(1024), Array("%PDF-".utf8)) { return .format(.pdf) }
        if head.count > 262, head[257..<262].elementsEqual("ustar".utf8) { return .foreign("a tar archive") }
        if head.count > 12, head[4..<8].elementsEqual("ftyp".utf8) { return .foreign("a film or sound") }
        let text = readable(head)
        if looksLikeHTML(text) { return .format(.html) }
        // Names are believed where the beginning fits nothing else.
        if let named, named != .plainText { return .nothing }
        if looksLikeMailbox(text) { return .format(.mailbox) }
        return looksLikeMail(text) ? .format(.mail) : .nothing
    }

    /// Whether a file without a known extension, met in a folder, begins like a document. Text does where the name has no
    /// extension at all, or only a version.
    static func looksReadable(_ path: String) -> Bool {
        guard let file = try? InputFile(path: path), let head = try? file.head(headLength), !head.isEmpty else {
            return false
        }
        switch look(at: head, named: nil) {
        case .format(let format): return format != .oldWord
        case .zip: return (try? DocumentArchive.format(of: file, named: nil)) != nil
        case .foreign: return false
        case .nothing:
            // The end may cut a character.
            let text = head.count < headLength ? head : head.dropLast(head.reversed().prefix { $0 >= 0x80 }.count)
            // A number is a version, as in GPL-2.0, or the section of a manual page in roff.
            let isRoff = head.first == UInt8(ascii: ".") || head.first == UInt8(ascii: "'")
            return DocumentFormat.fileExtension(of: path).allSatisfy(\.isNumber) && !isRoff
                && (try? TextDecoding.text(of: text, path: path)) != nil
        }
    }

    private static let signatures: [(bytes: [UInt8], finding: Finding)] = [
        (Array("%PDF-".utf8), .format(.pdf)), (Array("{\\rtf".utf8), .format(.rtf)),
        (Array("PK\u{3}\u{4}".utf8), .zip), (Array("PK\u{5}\u{6}".utf8), .zip),
        ([0xD0, 0xCF, 0x11, 0xE0], .format(.oldWord)),
        ([0x1F, 0x8B], .foreign("a gzip file")), (Array("BZh".utf8), .foreign("a bzip2 file")),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], .foreign("an xz file")),
        ([0x28, 0xB5, 0x2F, 0xFD], .foreign("a zstd file")),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], .foreign("a 7z archive")),
        (Array("Rar!".utf8), .foreign("a rar archive")),
        ([0x89, 0x50, 0x4E, 0x47], .foreign("a PNG picture")), ([0xFF, 0xD8, 0xFF], .foreign("a JPEG picture")),
        (Array("GIF8".utf8), .foreign("a GIF picture")), ([0x49, 0x49, 0x2A, 0], .foreign("a TIFF picture")),
        ([0x4D, 0x4D, 0, 0x2A], .foreign("a TIFF picture")), (Array("RIFF".utf8), .foreign("a picture, film or sound")),
        (Array("ID3".utf8), .foreign("a sound")), (Array("OggS".utf8), .foreign("a sound")),
        (Array("fLaC".utf8), .foreign("a sound")), ([0x7F, 0x45, 0x4C, 0x46], .foreign("a program")),
        (Array("SQLite format 3\0".utf8), .foreign("a SQLite database")), (Array("%!PS".utf8), .foreign("PostScript")),
        (Array("AT&TFORM".utf8), .foreign("a DjVu document")),
        (Array("GGUF".utf8), .foreign("a model")),
    ]

    /// What to do with a format that isn't read.
    static func advice(for format: String) -> String {
        switch format {
        case _
        where format.contains("archive") || format.contains("xz") || format.contains("zip2")
            || format.contains("gzip") || format.contains("zstd"):
            "unpack it first"
        case _ where format.contains("picture"): "make a text of it first, for example with tesseract"
        case "PostScript": "convert it first: ps2pdf IN.ps OUT.pdf"
        default: "convert it to text, PDF, DOCX or HTML first"
        }
    }

    // MARK: - Texts

    /// The beginning as ASCII in small letters, without mark and leading white space; UTF-16 without its zeros.
    private static func readable(_ head: [UInt8]) -> [UInt8] {
        var head = head[...]
        if head.starts(with: [0xEF, 0xBB, 0xBF]) { head = head.dropFirst(3) }
        if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) {
            head = head.dropFirst(2).filter { $0 != 0 }[...]
        }
        return Array(head.drop { $0 == 0x20 || (0x09...0x0D).contains($0) })
    }

    private static func looksLikeHTML(_ text: [UInt8]) -> Bool {
        var rest = text[...]
        // Before the page's own beginning there may be an XML declaration and comments.
        while rest.starts(with: Array("<?".utf8)) || rest.starts(with: Array("<!--".utf8)) {
            let end = rest[rest.startIndex + 1] == UInt8(ascii: "?") ? Array("?>".utf8) : Array("-->".utf8)
            guard let place = firstIndex(of: end, in: rest) else { return false }
            rest = rest[(place + end.count)...].drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        }
        let start = rest.prefix(16).map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }
        return ["<!doctype html", "<html", "<head>", "<body>", "<body "].contains { start.starts(with: $0.utf8) }
    }

    /// A line `From someone@somewhere Thu Jan  1 00:00:00 2026`, then a header.
    private static func looksLikeMailbox(_ text: [UInt8]) -> Bool {
        guard text.starts(with: "From ".utf8) else { return false }
        let lines = text.split(separator: 0x0A, maxSplits: 2).map { String(decoding: $0, as: UTF8.self) }
        guard lines.count >= 2, Mailbox.isSeparator(Array(lines[0].utf8)[...]) else { return false }
        return headerName(lines[1]) != nil
    }

    /// Headers of which some are only written by mail programs.
    private static func looksLikeMail(_ text: [UInt8]) -> Bool {
        var names: Set<String> = []
        for line in text.split(separator: 0x0A, omittingEmptySubsequences: false).prefix(60) {
            let line = String(decoding: line, as: UTF8.self)
            if line.isEmpty || line == "\r" { break }
            if line.hasPrefix(" ") || line.hasPrefix("\t") { continue }
            guard let name = headerName(line) else { return false }
            names.insert(name)
        }
        let marks = ["message-id", "received", "mime-version", "return-path", "delivered-to", "x-mailer"]
        return names.count >= 3 && marks.contains { names.contains($0) }
            && ["from", "subject", "to", "date"].contains { names.contains($0) }
    }

    private static func headerName(_ line: String) -> String? {
        guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else { return nil }
        let name = line[..<colon]
        let isName = name.utf8.count <= 60 && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        return isName ? name.lowercased() : nil
    }

    static func contains(_ bytes: some Collection<UInt8>, _ part: [UInt8]) -> Bool {
        firstIndex(of: part, in: Array(bytes)[...]) != nil
    }

    /// Parts are short: each place costs at most their length.
    static func firstIndex(of part: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard let first = part.first, bytes.count >= part.count else { return nil }
        for place in bytes.startIndex...(bytes.endIndex - part.count) where bytes[place] == first {
            var length = 1
            while length < part.count, bytes[place + length] == part[length] { length += 1 }
            if length == part.count { return place }
        }
        return nil
    }
}
