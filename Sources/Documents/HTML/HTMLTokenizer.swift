/// Cuts a page into tags and text, as forgiving as browsers are: whatever it is given, it comes to its end in one pass.
struct HTMLTokenizer {
    enum Token {
        /// Where the text stands; entities aren't resolved yet.
        case text(Range<Int>)
        /// Text without entities: CDATA.
        case literal(Range<Int>)
        /// ``attributes`` has the tag's attributes until the next token.
        case start(HTMLTag, isSelfClosing: Bool)
        case end(HTMLTag)
    }

    struct Attribute {
        var name: Range<Int>
        var value: Range<Int>
    }

    /// UTF-8.
    let bytes: [UInt8]
    /// Whether it is XHTML, in which any element may be closed at once.
    let isXML: Bool
    private(set) var attributes: [Attribute] = []
    private var position = 0
    /// The element whose content is no markup, until its end tag.
    private var rawText: HTMLTag?

    /// More of one tag are passed over.
    private static let maximumAttributes = 100

    init(_ bytes: [UInt8], isXML: Bool) {
        self.bytes = bytes
        self.isXML = isXML
    }

    private static let less = UInt8(ascii: "<")
    private static let greater = UInt8(ascii: ">")
    private static let slash = UInt8(ascii: "/")
    private static let commentEnd = Array("-->".utf8)
    private static let literalEnd = Array("]]>".utf8)

    mutating func next() -> Token? {
        if let tag = rawText {
            rawText = nil
            let range = rawContent(of: tag)
            if !range.isEmpty { return .text(range) }
        }
        while position < bytes.count {
            let start = position
            if bytes[position] == Self.less, let token = markup() { return token }
            if position == start {
                // Also a sign that begins no tag is text.
                position = textEnd(from: start + 1)
                return .text(start..<position)
            }
        }
        return nil
    }

    /// The next place where markup may begin.
    private func textEnd(from start: Int) -> Int {
        var end = start
        while let place = bytes[end...].firstIndex(of: Self.less), place + 1 < bytes.count {
            let next = bytes[place + 1]
            if next == UInt8(ascii: "!") || next == UInt8(ascii: "?") || next == Self.slash || isLetter(next) {
                return place
            }
            end = place + 1
        }
        return bytes.count
    }

    /// What begins at a `<`. Moves on where it is nothing to tell of; stays where it is text.
    private mutating func markup() -> Token? {
        let next = position + 1 < bytes.count ? bytes[position + 1] : 0
        switch next {
        case UInt8(ascii: "!"): return declaration()
        case UInt8(ascii: "?"):
            skip(past: [Self.greater], from: position + 2)
            return nil
        case Self.slash:
            guard position + 2 < bytes.count, isLetter(bytes[position + 2]) else {
                skip(past: [Self.greater], from: position + 2)
                return nil
            }
            position += 2
            let tag = HTMLTag(name: tagName())
            skip(past: [Self.greater], from: position)
            return .end(tag)
        case _ where isLetter(next):
            position += 1
            return startTag()
        default: return nil
        }
    }

    private mutating func declaration() -> Token? {
        let rest = bytes[position...]
        if rest.starts(with: "<!--".utf8) {
            // "<!-->" is a whole comment.
            skip(past: Self.commentEnd, from: position + 2)
            return nil
        }
        if isXML, rest.starts(with: "<![CDATA[".utf8) {
            let start = position + 9
            skip(past: Self.literalEnd, from: start)
            return .literal(start..<max(start, min(position - 3, bytes.count)))
        }
        skip(past: [Self.greater], from: position + 2)
        return nil
    }

    private mutating func skip(past end: [UInt8], from start: Int) {
        guard start < bytes.count, let place = FormatDetection.firstIndex(of: end, in: bytes[start...]) else {
            position = bytes.count
            return
        }
        position = place + end.count
    }

    private mutating func tagName() -> String {
        let start = position
        while position < bytes.count, !isSpace(bytes[position]), bytes[position] != Self.greater,
            bytes[position] != Self.slash
        { position += 1 }
        // Prefixed names of XHTML are taken without their prefix.
        let name = bytes[start..<position]
        guard name.count <= 32 else { return "" }
        let local = name.lastIndex(of: UInt8(ascii: ":")).map { name[($0 + 1)...] } ?? name
        return String(decoding: local.map(lowercased), as: UTF8.self)
    }

    private mutating func startTag() -> Token? {
        let tag = HTMLTag(name: tagName())
        attributes.removeAll(keepingCapacity: true)
        var isSelfClosing = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == Self.greater {
                position += 1
                let closesItself = isSelfClosing && isXML
                if tag.isRawText, !closesItself, tag != .noscript || !isXML { rawText = tag }
                return .start(tag, isSelfClosing: closesItself)
            }
            if isSpace(byte) || byte == Self.slash {
                isSelfClosing = byte == Self.slash
                position += 1
                continue
            }
            isSelfClosing = false
            takeAttribute()
        }
        // A tag that never ends is none.
        return nil
    }

    private mutating func takeAttribute() {
        let start = position
        position += 1
        while position < bytes.count, !isSpace(bytes[position]), bytes[position] != Self.greater,
            bytes[position] != Self.slash, bytes[position] != UInt8(ascii: "=")
        { position += 1 }
        let name = start..<position
        var value = position..<position
        skipSpace()
        if position < bytes.count, bytes[position] == UInt8(ascii: "=") {
            position += 1
            skipSpace()
            value = attributeValue()
        }
        if attributes.count < Self.maximumAttributes { attributes.append(Attribute(name: name, value: value)) }
    }

    private mutating func attributeValue() -> Range<Int> {
        guard position < bytes.count else { return position..<position }
        let quote = bytes[position]
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            let start = position + 1
            let end = bytes[start...].firstIndex(of: quote) ?? bytes.count
            position = min(end + 1, bytes.count)
            return start..<end
        }
        let start = position
        while position < bytes.count, !isSpace(bytes[position]), bytes[position] != Self.greater { position += 1 }
        return start..<position
    }

    /// Up to the end tag, which is the next token.
    private mutating func rawContent(of tag: HTMLTag) -> Range<Int> {
        let start = position
        let end = Array("</\(tag)".utf8)
        while let place = bytes[position...].firstIndex(of: Self.less) {
            position = place
            if bytes.count - place > end.count,
                bytes[place..<place + end.count].lazy.map(lowercased).elementsEqual(end),
                !isLetter(bytes[place + end.count])
            {
                return start..<place
            }
            position += 1
        }
        position = bytes.count
        return start..<position
    }

    private mutating func skipSpace() { while position < bytes.count, isSpace(bytes[position]) { position += 1 } }

    // MARK: - Attributes

    /// The value of an attribute of the last start tag, entities resolved.
    ///
    /// - parameter name: in small letters.
    func attribute(_ name: StaticString) -> String? {
        guard !attributes.isEmpty else { return nil }
        let name = name.description.utf8
        let found = attributes.first { attribute in
            attribute.name.count == name.count && bytes[attribute.name].lazy.map(lowercased).elementsEqual(name)
        }
        return found.map { String(decoding: HTMLEntities.resolved(bytes[$0.value]), as: UTF8.self) }
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    private func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }
    private func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 32 : byte }
}
