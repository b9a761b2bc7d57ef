internal import JSONText

/// Reads mails (RFC 5322, MIME): who wrote when to whom about what, the text, and what is attached, by name.
///
/// Of a text in several forms the plain one is read, else the page. Attachments aren't opened; a mail that is attached is
/// read as part of the text.
struct MailReader {
    let path: String
    let limit: Int

    private static let maximumDepth = 20
    private static let maximumParts = 1000

    /// What has been found in a mail's parts.
    private struct Contents {
        var texts: [String] = []
        var attachments: [String] = []
        var parts = 0
        var room: Int
    }

    func read(_ bytes: ArraySlice<UInt8>) throws -> HTMLReader.Outcome {
        let (header, body) = MailHeader.read(bytes)
        guard !header.fields.isEmpty else {
            throw DocumentError.damaged(path: path, format: "mail", problem: "it has no header")
        }
        var contents = Contents(room: limit)
        try read(header, body, into: &contents, depth: 0)
        var outcome = HTMLReader.Outcome()
        outcome.title = header["subject"] ?? ""
        var lines: [String] = []
        for (label, name) in [("Subject", "subject"), ("From", "from"), ("To", "to"), ("Cc", "cc"), ("Date", "date")] {
            guard let value = header[name] else { continue }
            lines.append("\(label): \(value)")
            outcome.metadata[name] = .string(value)
        }
        if let id = header["message-id"] { outcome.metadata["message_id"] = .string(id) }
        var blocks = [lines.joined(separator: "\n")] + contents.texts
        if !contents.attachments.isEmpty {
            outcome.metadata["attachments"] = .array(contents.attachments.map { .string($0) })
            blocks.append("Attachments: " + contents.attachments.joined(separator: ", "))
        }
        outcome.text = blocks.filter { !$0.isEmpty }.joined(separator: "\n\n")
        return outcome
    }

    private func read(
        _ header: MailHeader, _ body: ArraySlice<UInt8>, into contents: inout Contents, depth: Int
    ) throws {
        contents.parts += 1
        guard depth < Self.maximumDepth else {
            throw DocumentError.hostile(path: path, problem: "its parts are nested deeper than \(Self.maximumDepth)")
        }
        guard contents.parts <= Self.maximumParts else {
            throw DocumentError.hostile(path: path, problem: "it has more than \(Self.maximumParts) parts")
        }
        let type = header.structured("content-type") ?? ("text/plain", [:])
        let disposition = header.structured("content-disposition")
        let name = disposition?.parameters["filename"] ?? type.parameters["name"]
        if type.value.hasPrefix("multipart/"), let boundary = type.parameters["boundary"], !boundary.isEmpty {
            return try readParts(
                body, boundary, isChoice: type.value == "multipart/alternative", &contents, depth: depth)
        }
        let isAttached = disposition?.value == "attachment"
        let encoding = header.structured("content-transfer-encoding")?.value
        switch type.value {
        case "message/rfc822" where !isAttached || name == nil:
            let (inner, innerBody) = MailHeader.read(TransferEncoding.decoded(body, encoding))
            let lines = [("Subject", "subject"), ("From", "from"), ("Date", "date")].compactMap { label, field in
                inner[field].map { "\(label): \($0)" }
            }
            contents.texts.append("---------- Message ----------\n" + lines.joined(separator: "\n"))
            try read(inner, innerBody, into: &contents, depth: depth + 1)
        case "text/plain" where !isAttached, "text/html" where !isAttached, "" where !isAttached:
            let bytes = TransferEncoding.decoded(body, encoding)
            try spend(bytes.count, &contents)
            let text = TextDecoding.lenientText(of: Array(bytes), declared: type.parameters["charset"])
            contents.texts.append(try type.value == "text/html" ? page(text) : text.trimmed)
        default:
            if contents.attachments.count < 100 {
                let shown = HTMLReader.collapsed(name ?? "unnamed").prefix(200)
                contents.attachments.append("\(shown) (\(type.value.prefix(100)))")
            }
        }
    }

    private func readParts(
        _ body: ArraySlice<UInt8>, _ boundary: String, isChoice: Bool, _ contents: inout Contents, depth: Int
    ) throws {
        let parts = Self.parts(of: body, boundary).map(MailHeader.read)
        guard isChoice else {
            for part in parts { try read(part.header, part.body, into: &contents, depth: depth + 1) }
            return
        }
        // The forms of one text: the plain one, unless it is empty or only says to look at the other.
        func isPlain(_ header: MailHeader) -> Bool {
            (header.structured("content-type")?.value ?? "text/plain") == "text/plain"
        }
        for part in parts.filter({ isPlain($0.header) }) + parts.filter({ !isPlain($0.header) }) {
            let before = contents.texts.count
            try read(part.header, part.body, into: &contents, depth: depth + 1)
            if contents.texts[before...].contains(where: { $0.utf8.count { $0 > 0x20 } > 20 }) { return }
        }
    }

    private func page(_ text: String) throws -> String {
        try HTMLReader(path: path, limit: limit, purpose: .mail).read(text: text).text
    }

    private func spend(_ count: Int, _ contents: inout Contents) throws {
        contents.room -= count
        guard contents.room >= 0 else { throw DocumentError.tooMuchText(path: path, limit: limit) }
    }

    /// The parts between lines `--boundary`, up to `--boundary--`.
    private static func parts(of body: ArraySlice<UInt8>, _ boundary: String) -> [ArraySlice<UInt8>] {
        let mark = Array("--\(boundary)".utf8)
        var parts: [ArraySlice<UInt8>] = []
        var start: Int?
        var line = body.startIndex
        while line < body.endIndex {
            let end = body[line...].firstIndex(of: 0x0A) ?? body.endIndex
            if body[line..<end].starts(with: mark) {
                let after = body[(line + mark.count)..<end]
                let isLast = after.starts(with: "--".utf8)
                guard isLast || after.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) else {
                    line = end == body.endIndex ? end : end + 1
                    continue
                }
                if let start { parts.append(body[start..<line]) }
                start = isLast ? nil : min(end + 1, body.endIndex)
                if isLast || parts.count > maximumParts { break }
            }
            line = end == body.endIndex ? end : end + 1
        }
        // Cut off, or without its end.
        if let start, start < body.endIndex { parts.append(body[start...]) }
        return parts
    }
}
