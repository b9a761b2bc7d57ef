import TestSupport

/// Small documents of each kind, as programs write them.
enum OfficeFiles {
    /// A Word document whose body is `body`.
    static func docx(_ body: String, footnotes: String? = nil, title: String? = nil) -> TestArchive {
        let space = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""
        var archive = TestArchive([
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": "<?xml version=\"1.0\"?><w:document \(space)><w:body>\(body)</w:body></w:document>",
            "word/styles.xml": """
            <w:styles \(space)><w:style w:styleId="T"><w:name w:val="Title"/></w:style>\
            <w:style w:styleId="H2"><w:name w:val="heading 2"/></w:style>\
            <w:style w:styleId="LB"><w:name w:val="List Bullet"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>\
            </w:style></w:styles>
            """,
            "word/numbering.xml": """
            <w:numbering \(space)>\
            <w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>\
            <w:abstractNum w:abstractNumId="8"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>\
            <w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/></w:lvl></w:abstractNum>\
            <w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num>\
            </w:numbering>
            """,
        ])
        if let footnotes { archive.add("word/footnotes.xml", "<w:footnotes \(space)>\(footnotes)</w:footnotes>") }
        if let title {
            archive.add(
                "docProps/core.xml",
                "<cp:coreProperties xmlns:cp=\"c\" xmlns:dc=\"d\"><dc:title>\(title)</dc:title><dc:creator>Ada</dc:creator></cp:coreProperties>"
            )
        }
        return archive
    }

    static func paragraph(_ text: String, _ properties: String = "") -> String {
        "<w:p><w:pPr>\(properties)</w:pPr><w:r><w:t xml:space=\"preserve\">\(text)</w:t></w:r></w:p>"
    }

    static func odt(_ body: String, styles: String = "") -> TestArchive {
        var archive = TestArchive()
        archive.add("mimetype", Array("application/vnd.oasis.opendocument.text".utf8), isDeflated: false)
        let spaces = ["office", "text", "table", "style"].map { "xmlns:\($0)=\"urn:\($0)\"" }.joined(separator: " ")
        archive.add(
            "content.xml",
            """
            <?xml version="1.0" encoding="UTF-8"?><office:document-content \(spaces)>\
            <office:automatic-styles>\(styles)</office:automatic-styles>\
            <office:body><office:text>\(body)</office:text></office:body></office:document-content>
            """)
        archive.add("meta.xml", "<office:meta xmlns:dc=\"d\"><dc:title>The Report</dc:title></office:meta>")
        return archive
    }

    /// A book with chapters in the order given; the files are named in the opposite order.
    static func epub(
        _ chapters: [String], metadata: String = "<dc:title>The Book</dc:title><dc:creator>Ada</dc:creator>"
    )
        -> TestArchive
    {
        var archive = TestArchive()
        archive.add("mimetype", Array("application/epub+zip".utf8), isDeflated: false)
        archive.add(
            "META-INF/container.xml",
            "<container><rootfiles><rootfile full-path=\"OEBPS/book.opf\"/></rootfiles></container>")
        let names = chapters.indices.map { "text/chapter%20\(chapters.count - $0).xhtml" }
        let items = names.enumerated().map {
            "<item id=\"c\($0.offset)\" href=\"\($0.element)\" media-type=\"application/xhtml+xml\"/>"
        }
        let order = chapters.indices.map { "<itemref idref=\"c\($0)\"/>" }
        archive.add(
            "OEBPS/book.opf",
            """
            <package xmlns:dc="d"><metadata>\(metadata)</metadata><manifest>\(items.joined())\
            <item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/></manifest>\
            <spine><itemref idref="nav"/>\(order.joined())</spine></package>
            """)
        archive.add("OEBPS/nav.xhtml", "<html><body><nav><ol><li>Contents</li></ol></nav></body></html>")
        for (index, text) in chapters.enumerated() {
            archive.add(
                "OEBPS/text/chapter \(chapters.count - index).xhtml",
                "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title/></head><body>\(text)</body></html>"
            )
        }
        return archive
    }
}
