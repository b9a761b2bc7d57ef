import Commands
import Testing

@Suite("Tables on a terminal")
struct TextTableTests {
    private let plain = TerminalStyle(isColoured: false)

    private func table(_ rows: [[String]]) -> TextTable {
        var table = TextTable([.init("id", .right), .init("title", isFlexible: true), .init("note", isFlexible: true)])
        for row in rows { table.append(row) }
        return table
    }

    @Test("columns line up, also under wide, combined and pictured characters")
    func alignment() {
        let lines = table([
            ["7", "日本語", "x"], ["12", "e\u{301}te\u{301}", "x"], ["1", "🦉 owl", "x"], ["3", "❤️!", "x"],
        ])
        .lines(width: nil, style: plain)
        #expect(
            lines == [
                "id  title   note", " 7  日本語  x", "12  e\u{301}te\u{301}     x", " 1  🦉 owl  x", " 3  ❤️!     x",
            ])
    }

    @Test("a table fits its terminal by cutting the widest texts")
    func fitting() {
        let long = String(repeating: "word ", count: 40)
        let lines = table([["1", long, "short"], ["2", "a", long]]).lines(width: 40, style: plain)
        #expect(lines.allSatisfy { DisplayText.width(of: $0) <= 40 })
        #expect(lines[1].hasPrefix(" 1  word word") && lines[1].contains("…  short"))
        #expect(lines[2].hasSuffix("…"))
    }

    @Test("columns that are empty everywhere are left out")
    func emptyColumns() {
        #expect(table([["1", "", "x"]]).lines(width: nil, style: plain) == ["id  note", " 1  x"])
    }

    @Test("nothing in a cell reaches the terminal as a command")
    func hostileCells() {
        let hostile = "\u{1B}[2J\u{1B}]0;owned\u{7}a\u{9B}31mb\u{202E}c\u{0}\r\nd\te"
        let line = table([["1", hostile, ""]]).lines(width: 80, style: plain)[1]
        #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control || $0 == "\u{202E}" })
        #expect(line.contains("[2J") && line.hasSuffix("c\u{FFFD} d e"))
    }

    @Test("a stack of accents is cut")
    func accents() {
        let stack = "a" + String(repeating: "\u{301}", count: 10_000)
        #expect(DisplayText.line(stack).unicodeScalars.count < 20)
    }

    @Test(
        "a text is cut by columns, never in the middle of a character",
        arguments: [
            ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("日本語", 6, "日本語"), ("日本語", 5, "日本…"), ("日本語", 4, "日…"),
            ("日本語", 1, "…"), ("abc", 0, ""), ("", 0, ""),
        ])
    func cutting(text: String, width: Int, expected: String) {
        let cut = DisplayText.cut(text, to: width)
        #expect(cut == expected)
        #expect(DisplayText.width(of: cut) <= width)
    }
}

@Suite("Colours")
struct TerminalStyleTests {
    @Test(
        "only a terminal that can gets colours, and the user has the last word",
        arguments: [
            ([:], true, true), ([:], false, false), (["NO_COLOR": "1"], true, false), (["NO_COLOR": ""], true, true),
            (["TERM": "dumb"], true, false), (["CLICOLOR_FORCE": "1"], false, true),
            (["CLICOLOR_FORCE": "0"], false, false),
            (["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], true, false),
        ] as [([String: String], Bool, Bool)])
    func choice(environment: [String: String], isTerminal: Bool, isColoured: Bool) {
        #expect(TerminalStyle(environment: environment, isTerminal: isTerminal).isColoured == isColoured)
    }
}
