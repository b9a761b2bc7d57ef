/// The pages that `pdftotext` brings, as one text: without page numbers and the lines that every page repeats, words put
/// together that were cut at line ends, lines put together to paragraphs.
struct PDFPages {
    private let pages: [[Substring]]

    /// Lines at a page's head and foot that may be a running title, and of those that may be the page's number.
    private static let (edge, numberEdge) = (4, 2)
    /// In bytes; what is longer is no title.
    private static let maximumTitle = 400

    init(_ bytes: [UInt8]) {
        let text = TextDecoding.lenientText(of: bytes, declared: "utf-8")
        var pages = text.split(separator: "\u{C}", omittingEmptySubsequences: false).map { page in
            page.split(separator: "\n", omittingEmptySubsequences: false)
        }
        // Every page ends in a form feed.
        if pages.last?.allSatisfy({ $0.allSatisfy(\.isWhitespace) }) == true { pages.removeLast() }
        self.pages = pages
    }

    var count: Int { pages.count }

    var text: String {
        let repeated = repeatedLines
        var paragraphs = Paragraphs(width: usualWidth)
        for page in pages {
            let lines = Self.withoutEdges(page, repeated)
            for line in lines { paragraphs.add(Self.withoutLeaders(line)) }
            paragraphs.endPage()
        }
        return paragraphs.finish()
    }

    /// Characters of a full line: nine in ten lines have no more.
    private var usualWidth: Int {
        let widths = pages.joined().lazy.map(\.utf8.count).filter { $0 > 0 }.sorted()
        return widths.isEmpty ? 0 : widths[widths.count * 9 / 10]
    }

    /// Lines that stand at the head or foot of at least a third of the pages and of three, numbers aside.
    private var repeatedLines: Set<String> {
        guard pages.count >= 3 else { return [] }
        var counts: [String: Int] = [:]
        for page in pages {
            let filled = page.filter { !$0.allSatisfy(\.isWhitespace) }
            let lines = (filled.prefix(Self.edge) + filled.suffix(Self.edge)).filter { Self.mayBeTitle($0) }
            let candidates = Set(lines.map(Self.shape))
            for shape in candidates where !shape.isEmpty { counts[shape, default: 0] += 1 }
        }
        return Set(counts.filter { $0.value >= 3 && $0.value * 3 >= pages.count }.keys)
    }

    private static func mayBeTitle(_ line: Substring) -> Bool { line.utf8.count <= maximumTitle }

    /// A line with every number as `0`.
    private static func shape(_ line: Substring) -> String {
        var shape = ""
        for character in line where !character.isWhitespace {
            if character.isASCII, character.isNumber {
                if shape.last != "0" { shape.append("0") }
            } else {
                shape.append(character)
            }
        }
        return String(shape.prefix(100))
    }

    private static func withoutEdges(_ page: [Substring], _ repeated: Set<String>) -> ArraySlice<Substring> {
        func isEdge(_ line: Substring, _ round: Int) -> Bool {
            guard mayBeTitle(line) else { return false }
            let shape = shape(line)
            return shape.isEmpty || repeated.contains(shape) || round < numberEdge && isPageNumber(shape)
        }
        var lines = page[...]
        for round in 0..<edge {
            lines = lines.drop { $0.allSatisfy(\.isWhitespace) }
            if let first = lines.first, isEdge(first, round) { lines.removeFirst() }
            while let last = lines.last, last.allSatisfy(\.isWhitespace) { lines.removeLast() }
            if let last = lines.last, isEdge(last, round) { lines.removeLast() }
        }
        return lines
    }

    /// The rows of points that lead to the page numbers of a table of contents are three.
    private static func withoutLeaders(_ line: Substring) -> Substring {
        guard line.utf8.count <= maximumTitle, line.contains(". . . .") || line.contains(".....") else { return line }
        return Substring(line.replacing(/[.]{5,}|[.](?: [.]){3,}/, with: "..."))
    }

    private static func isPageNumber(_ shape: String) -> Bool {
        let bare = shape.lowercased().filter { $0.isLetter || $0.isNumber }
        return bare == "0" || bare == "page0" || bare == "page0of0" || bare == "seite0" || bare == "seite0von0"
            || bare == "0of0"
    }
}

/// Puts lines together to paragraphs. Where a line is short and the next one begins like a sentence, a heading or a
/// paragraph has ended; short lines one after the other are a list or a table, and stay lines.
private struct Paragraphs {
    private let width: Int
    private var output: [UInt8] = []
    private var paragraph = ""
    /// Whether the last line was short.
    private var wasShort = false
    /// Whether the last page ended within a paragraph.
    private var isOpen = false

    init(width: Int) { self.width = width }

    mutating func add(_ line: Substring) {
        let trimmed = line.drop(while: \.isWhitespace)
        let isShort = trimmed.utf8.count * 10 < width * 7
        defer { wasShort = isShort }
        guard !trimmed.isEmpty else {
            // A blank line that begins a page says nothing of the paragraph before.
            if !isOpen { endParagraph() }
            return
        }
        isOpen = false
        guard !paragraph.isEmpty else {
            paragraph = String(trimmed)
            return
        }
        if Self.isItem(trimmed) || wasShort && isShort && Self.beginsSentence(trimmed) {
            paragraph += "\n" + trimmed
        } else if wasShort, Self.beginsSentence(trimmed) {
            endParagraph()
            paragraph = String(trimmed)
        } else if paragraph.last == "-", let before = paragraph.dropLast().last, before.isLetter,
            let first = trimmed.first, first.isLowercase
        {
            paragraph.removeLast()
            paragraph += trimmed
        } else {
            while paragraph.last?.isWhitespace == true { paragraph.removeLast() }
            paragraph += " " + trimmed
        }
    }

    /// A paragraph that ends in no sign of a sentence goes on on the next page.
    mutating func endPage() {
        guard let last = paragraph.last else { return }
        if last.isLetter && last.isLowercase || last == "," || last == "-" { isOpen = true } else { endParagraph() }
    }

    mutating func finish() -> String {
        endParagraph()
        return String(decoding: output, as: UTF8.self)
    }

    private mutating func endParagraph() {
        isOpen = false
        guard !paragraph.isEmpty else { return }
        if !output.isEmpty { output += [0x0A, 0x0A] }
        output += Array(paragraph.utf8)
        paragraph = ""
    }

    private static func beginsSentence(_ line: Substring) -> Bool {
        guard let first = line.first(where: { $0.isLetter || $0.isNumber }) else { return false }
        return first.isUppercase || first.isNumber
    }

    private static func isItem(_ line: Substring) -> Bool {
        line.hasPrefix("• ") || line.hasPrefix("– ") || line.hasPrefix("- ") || line.hasPrefix("* ")
    }
}
