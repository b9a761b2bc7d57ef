import Documents
import Foundation
import JSONText
import TestSupport
import Testing

@Suite("Office documents and books")
struct OfficeReaderTests {
    private let folder: TemporaryFolder
    private let reader = DocumentReader()

    init() throws { folder = try TemporaryFolder() }

    private func read(_ archive: TestArchive, as name: String) throws -> Document {
        try reader.read(.file(path: try folder.write(archive.bytes(), to: name)))
    }

    private func readMessage(_ archive: TestArchive, as name: String) -> String {
        folder.relative(message { _ = try read(archive, as: name) })
    }

    @Test("a Word document has its headings, lists, tables, notes and breaks, and no deleted text")
    func docx() throws {
        func item(_ text: String, _ list: Int, _ level: Int = 0) -> String {
            OfficeFiles.paragraph(text, "<w:numPr><w:ilvl w:val=\"\(level)\"/><w:numId w:val=\"\(list)\"/></w:numPr>")
        }
        func cell(_ text: String) -> String { "<w:tc>\(OfficeFiles.paragraph(text))</w:tc>" }
        let body =
            OfficeFiles.paragraph("The Lamp", "<w:pStyle w:val=\"T\"/>")
            + OfficeFiles.paragraph("Work", "<w:pStyle w:val=\"H2\"/>")
                + """
                <w:p><w:r><w:t>Built </w:t></w:r><w:del><w:r><w:delText>badly </w:delText></w:r></w:del>\
                <w:ins><w:r><w:t>well</w:t></w:r></w:ins><w:r><w:footnoteReference w:id="2"/><w:t>,</w:t><w:br/><w:t>twice &amp; again.</w:t></w:r>\
                <w:r><w:instrText>PAGE</w:instrText></w:r></w:p>
                """
            + item("one", 1) + item("two", 1, 1) + OfficeFiles.paragraph("three", "<w:pStyle w:val=\"LB\"/>")
            + item("first", 2) + item("a", 2, 1) + item("b", 2, 1) + item("second", 2) + item("c", 2, 1)
            + "<w:tbl><w:tr>\(cell("Month"))\(cell("Ships"))</w:tr><w:tr>\(cell("May"))\(cell("12"))</w:tr></w:tbl>"
            + "<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>Box</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>Box</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>"
        let footnotes =
            "<w:footnote w:type=\"separator\" w:id=\"0\"><w:p><w:r><w:t>---</w:t></w:r></w:p></w:footnote>"
            + "<w:footnote w:id=\"2\"><w:p><w:r><w:footnoteRef/><w:t>In 1871.</w:t></w:r></w:p></w:footnote>"
        let document = try read(OfficeFiles.docx(body, footnotes: footnotes, title: "Own title"), as: "a.docx")
        #expect(
            document.text == """
                # The Lamp

                ## Work

                Built well[2],
                twice & again.

                - one
                  - two
                - three
                1. first
                  1. a
                  2. b
                2. second
                  1. c

                Month | Ships
                May | 12

                Box

                [2] In 1871.
                """)
        #expect(document.title == "Own title")
        #expect(document.metadata["author"] == "Ada")
        #expect(
            document.mediaType == "application/vnd.openxmlformats-officedocument.wordprocessingml.document")
        #expect(try read(OfficeFiles.docx(body), as: "b").title == "The Lamp")
    }

    @Test("an OpenDocument text has its headings, lists, tables, notes and spaces, and no comments")
    func odt() throws {
        let body = """
            <text:h text:outline-level="2">Work</text:h>\
            <text:p>Two<text:s text:c="99999999"/>words<text:tab/>and<text:line-break/>a line<text:note><text:note-citation>1\
            </text:note-citation><text:note-body><text:p>In 1871.</text:p></text:note-body></text:note>.\
            <office:annotation><text:p>Nonsense!</text:p></office:annotation></text:p>\
            <text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>two</text:p></text:list-item>\
            </text:list></text:list-item></text:list>\
            <text:list text:style-name="N"><text:list-item><text:p>first</text:p></text:list-item><text:list-item>\
            <text:p>second</text:p></text:list-item></text:list>\
            <table:table><table:table-row><table:table-cell table:number-columns-repeated="1000000"><text:p>May</text:p>\
            </table:table-cell><table:table-cell><text:p>12</text:p></table:table-cell></table:table-row></table:table>
            """
        let styles =
            "<text:list-style style:name=\"N\"><text:list-level-style-number text:level=\"1\"/></text:list-style>"
        let document = try read(OfficeFiles.odt(body, styles: styles), as: "a.odt")
        #expect(
            document.text == """
                ## Work

                Two words and
                a line[1].

                - one
                  - two
                1. first
                2. second

                May | 12

                [1] In 1871.
                """)
        #expect(document.title == "The Report" && document.mediaType == "application/vnd.oasis.opendocument.text")
    }

    @Test("a book is read in its order, without its table of contents")
    func epub() throws {
        let document = try read(
            OfficeFiles.epub([
                "<h1>One</h1><p class=\"sidebar\">First&nbsp;words.</p><script/>",
                "<h1>Two</h1><p>Last <i>words</i>.</p>",
            ]), as: "book.epub")
        #expect(document.text == "# One\n\nFirst words.\n\n# Two\n\nLast words.")
        #expect(document.title == "The Book" && document.mediaType == "application/epub+zip")
        #expect(document.metadata["author"] == "Ada")
    }

    @Test("a book of 300 pages is read whole")
    func longBook() throws {
        let paragraph = "<p>" + String(repeating: "The keeper looked at the sea and wrote the log. ", count: 8) + "</p>"
        let chapters = (1...30).map { "<h1>Chapter \($0)</h1>" + String(repeating: paragraph, count: 75) }
        let document = try read(OfficeFiles.epub(chapters), as: "long.epub")
        #expect(document.text.split(separator: " ").count > 150_000)
        #expect(document.text.contains("# Chapter 30\n"))
    }

    @Test("RTF has its paragraphs, signs, tables and old characters, and none of its settings")
    func rtf() throws {
        let text = #"""
            {\rtf1\ansi\ansicpg1251\deff0{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}{\*\generator X;}{\info{\title The \'cb\'e0mp}{\author Ada}}
            {\header Every page}\pard\outlinelevel1 Work\par
            \pard Caf\u233?s \endash  {\b bold}\~and \u-10179?\u-9187? \'ef\'f0\'e8\line next{\pict\bin4 }{}{\*\x hidden} end\par
            \trowd\pard\intbl May\cell\pard\intbl \cell 12\cell\row\pard {\listtext\'b7\tab}item\par}
            """#
        let document = try reader.read(.file(path: try folder.write(text, to: "a.rtf")))
        #expect(
            document.text == """
                ## Work

                Cafés – bold and \u{1F41D} при
                next end

                May | | 12

                - item
                """)
        #expect(document.title == "The Лаmp" && document.mediaType == "application/rtf")
    }

    @Test("a zip file is what it holds, whatever it is called; what isn't read says what to do")
    func kinds() throws {
        #expect(
            try read(OfficeFiles.docx(OfficeFiles.paragraph("Hello.")), as: "report.txt").mediaType.hasSuffix(
                "wordprocessingml.document"))
        #expect(
            readMessage(TestArchive(["xl/workbook.xml": "<x/>"]), as: "a.xlsx")
                == "a.xlsx: an Excel workbook isn't read; save it as CSV first")
        #expect(
            readMessage(TestArchive(["photo.jpg": "x"]), as: "a.zip")
                == "a.zip: a zip archive isn't read; unpack it first")
        #expect(
            readMessage(TestArchive(["[Content_Types].xml": "<x/>"]), as: "a.docx")
                == "a.docx: a damaged Word document: the part word/document.xml is missing")
        #expect(
            readMessage(OfficeFiles.docx("<w:p><w:r></w:p>"), as: "a.docx").hasPrefix(
                "a.docx: a damaged Word document: word/document.xml, byte "))
    }

    @Test("what is protected says so")
    func protection() {
        var book = OfficeFiles.epub(["<p>Secret</p>"])
        book.add(
            "META-INF/encryption.xml",
            "<encryption><CipherReference URI=\"OEBPS/text/chapter%201.xhtml\"/></encryption>")
        #expect(
            readMessage(book, as: "a.epub")
                == "a.epub: an EPUB book that is protected by a password or a seller; save it without")
        var text = OfficeFiles.odt("<text:p>x</text:p>")
        text.add("META-INF/manifest.xml", "<manifest:manifest><manifest:encryption-data/></manifest:manifest>")
        #expect(readMessage(text, as: "a.odt").contains("protected by a password"))
    }
}
