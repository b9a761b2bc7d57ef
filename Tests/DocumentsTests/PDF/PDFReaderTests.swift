import Documents
import Foundation
import JSONText
import Testing

@Suite("PDFs")
struct PDFReaderTests {
    private let folder: TemporaryFolder
    private let reader = DocumentReader()

    init() throws { folder = try TemporaryFolder() }

    static let hasPoppler = ["/usr/bin/pdftotext", "/usr/local/bin/pdftotext"].contains {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private func read(_ bytes: [UInt8], as name: String = "a.pdf", _ options: ReadingOptions = ReadingOptions()) throws
        -> Document
    {
        try DocumentReader(options: options).read(.file(path: try folder.write(bytes, to: name)))
    }

    @Test(
        "a PDF has its text, title, author and number of pages, whatever it is called",
        .enabled(if: hasPoppler, "needs pdftotext: apt install poppler-utils"))
    func text() throws {
        let document = try read(PDFFiles.pdf(["The lamp is lit.", "It burns."], title: "The Lamp"), as: "a.txt")
        #expect(document.text == "The lamp is lit.\n\nIt burns.")
        #expect(document.title == "The Lamp" && document.mediaType == "application/pdf")
        #expect(document.metadata["pages"] == 2 && document.metadata["author"] == "Ada")
        #expect(try read(PDFFiles.pdf(["The lamp."], title: "Microsoft Word - x.doc")).title == "The lamp.")
    }

    @Test(
        "words cut at line ends, running titles, page numbers and paragraphs that go on are put right",
        .enabled(if: hasPoppler, "needs pdftotext: apt install poppler-utils"))
    func layout() throws {
        let ships = ["brigs", "sloops", "ketches", "cutters", "yawls", "barques"]
        let pages = ships.enumerated().map { index, ships in
            """
            The Long Book, chapter \(index + 1)

            Of \(ships)
            On the first day of that month the keeper of the light-
            house went down to the sea at dawn, and looked for the
            \(ships) that had been expected since the day before with

            \(index + 1)
            """
        }
        let text = try read(PDFFiles.pdf(pages)).text
        #expect(!text.contains("Long Book") && !text.contains("light-"))
        #expect(
            text.hasPrefix(
                "Of brigs\n\nOn the first day of that month the keeper of the lighthouse went down to the sea at dawn, and looked for the brigs that had been expected since the day before with"
            ), "\(text.prefix(300))")
    }

    @Test(
        "titles of three lines go, and the points of a table of contents are three",
        .enabled(if: hasPoppler, "needs pdftotext: apt install poppler-utils"))
    func titles() throws {
        let pages = ["Lamps", "Wicks", "Oils"].map { name in
            "The Keeper\nof Lights\nA Manual\n\n1 On \(name) . . . . . . . 3\n2 Of \(name) ........ 14\n"
        }
        let text = try read(PDFFiles.pdf(pages)).text
        #expect(text.contains("1 On Wicks ... 3") && text.contains("2 Of Oils ... 14"), "\(text)")
        #expect(!text.contains("Keeper") && !text.contains("Manual"))
    }

    @Test(
        "pages without text and files that are cut off or made up are named",
        .enabled(if: hasPoppler, "needs pdftotext: apt install poppler-utils"))
    func broken() throws {
        func problem(_ bytes: [UInt8]) -> String { folder.relative(message { _ = try read(bytes) }) }
        #expect(
            problem(PDFFiles.pdf(["", "", ""]))
                == "a.pdf: its 3 pages hold no text; if it was scanned, make it readable first: apt install ocrmypdf, then ocrmypdf IN.pdf OUT.pdf"
        )
        #expect(
            problem(Array("%PDF-1.7\n".utf8) + [UInt8](repeating: 7, count: 500)).hasPrefix("a.pdf: a damaged PDF: "))
        #expect(problem(Array("text".utf8)).hasPrefix("a.pdf: a damaged PDF: it doesn't begin as a PDF does"))
    }

    @Test(
        "the program that converts is ended at the limits of time and text",
        .enabled(if: hasPoppler, "needs pdftotext: apt install poppler-utils"))
    func limits() throws {
        var options = ReadingOptions()
        options.maximumTextBytes = 100
        let long = PDFFiles.pdf([Array(repeating: "The lamp is lit again.", count: 20).joined(separator: "\n")])
        #expect(
            folder.relative(message { _ = try read(long, options) })
                == "a.pdf: more than 100 bytes of text come out of it, which is the limit; split it into parts")
        options = ReadingOptions()
        options.converterSeconds = 0
        #expect(
            folder.relative(message { _ = try read(long, options) })
                == "a.pdf: pdftotext can't read it: it took longer than 0 s, which is the limit")
    }

    private func read(_ bytes: [UInt8], _ options: ReadingOptions) throws -> Document {
        try read(bytes, as: "a.pdf", options)
    }
}
