import Documents
import Foundation
import TestSupport
import Testing

/// Times and memory are measured by `make bench-documents`; here each must be refused, or read, at all.
@Suite("Files that are made to harm")
struct HostileFilesTests {
    private let folder: TemporaryFolder
    private let reader = DocumentReader()

    init() throws { folder = try TemporaryFolder() }

    private func problem(_ bytes: [UInt8], as name: String) -> String {
        folder.relative(message { _ = try reader.read(.file(path: try folder.write(bytes, to: name))) })
    }

    private func read(_ text: String, as name: String) throws -> String {
        try reader.read(.file(path: try folder.write(text, to: name))).text
    }

    @Test("archives that burst are refused before they do")
    func bombs() {
        var archive = TestArchive(["[Content_Types].xml": "<Types/>"])
        archive.addZeros("word/document.xml", count: 100 << 20)
        #expect(
            problem(archive.bytes(), as: "a.docx")
                == "a.docx: refused: zip entry 'word/document.xml': it unpacks to more than 64 MiB, which is the limit for one part"
        )
        archive.entries[1].byteCount = 5000
        #expect(
            problem(archive.bytes(), as: "a.docx").hasSuffix("it unpacks to more than the 5000 bytes that it declares"))
        archive.entries.append(archive.entries[1])
        archive.entries[2].name = "word/styles.xml"
        archive.entries[2].overlaps = true
        #expect(
            problem(archive.bytes(), as: "a.docx").hasSuffix(
                "shares bytes with another entry, which no good archive does"))
        var outside = OfficeFiles.epub(["<p>x</p>"])
        outside.add("../../../etc/cron.d/x", "x")
        #expect(
            problem(outside.bytes(), as: "a.epub")
                == "a.epub: refused: zip directory: the entry '../../../etc/cron.d/x' leads out of the archive")
        var zip = TestArchive()
        zip.add("inner.zip", archive.bytes())
        #expect(problem(zip.bytes(), as: "a.zip") == "a.zip: a zip archive isn't read; unpack it first")
    }

    @Test("XML that defines entities is refused, that nests without end too")
    func xml() {
        func document(_ xml: String) -> [UInt8] {
            TestArchive(["[Content_Types].xml": "<Types/>", "word/document.xml": xml]).bytes()
        }
        let laughs =
            "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><w:document><w:p><w:t>&b;</w:t></w:p></w:document>"
        #expect(
            problem(document(laughs), as: "a.docx")
                == "a.docx: refused: word/document.xml, byte 12: it defines entities, by which a few bytes become billions or reach for other files"
        )
        let external = "<!DOCTYPE l [ <!ENTITY x SYSTEM \"file:///etc/passwd\"> ]><w:p><w:t>&x;</w:t></w:p>"
        #expect(problem(document(external), as: "a.docx").contains("it defines entities"))
        #expect(
            problem(document(String(repeating: "<a>", count: 100_000)), as: "a.docx").contains(
                "elements are nested deeper than 500"))
    }

    @Test("pages and mails that nest without end come to theirs")
    func nesting() throws {
        #expect(
            try read("<!DOCTYPE html>" + String(repeating: "<div>", count: 200_000) + "deep", as: "a.html") == "deep")
        #expect(try read("<!DOCTYPE html>" + String(repeating: "<b><p>", count: 50_000) + "x", as: "a.html") == "x")
        #expect(try read("<!DOCTYPE html>a" + String(repeating: "</p></b>", count: 100_000), as: "a.html") == "a")
        #expect(
            try read("<!DOCTYPE html>" + String(repeating: "<table><tr><td>", count: 20_000) + "x", as: "a.html") == "x"
        )
        #expect(
            problem(Array(("<!DOCTYPE html>" + String(repeating: "<p>", count: 1_100_000)).utf8), as: "a.html")
                == "a.html: refused: the page has more than 1000000 elements")
        var mail = "From: a\nSubject: s\n"
        for depth in 0..<100 { mail += "Content-Type: multipart/mixed; boundary=b\(depth)\n\n--b\(depth)\n" }
        #expect(problem(Array(mail.utf8), as: "a.eml") == "a.eml: refused: its parts are nested deeper than 20")
        let parts = String(repeating: "--b\n\nx\n", count: 5000)
        #expect(
            problem(Array("From: a\nContent-Type: multipart/mixed; boundary=b\n\n\(parts)".utf8), as: "a.eml")
                == "a.eml: refused: it has more than 1000 parts")
        #expect(
            problem(Array(("{\\rtf1" + String(repeating: "{", count: 100_000)).utf8), as: "a.rtf")
                == "a.rtf: refused: groups are nested deeper than 1000")
    }

    /// Sizes at which a reader that looks back, or ahead, at each sign would take hours.
    private static let long: [(name: String, bytes: @Sendable () -> [UInt8], text: String)] = {
        @Sendable func filled(
            _ piece: String, _ count: Int, before: String = "", after: String = ""
        ) -> [UInt8] {
            Array((before + String(repeating: piece, count: count) + after).utf8)
        }
        let page = "<!DOCTYPE html><p>x</p>"
        let mail = "From: a\nSubject: s\n"
        return [
            ("scripts.html", { filled("<script>", 500_000, before: page) }, "x"),
            ("script-ends.html", { filled("</scrip", 500_000, before: page + "<script>") }, "x"),
            ("comment.html", { filled("<!-- -- ->", 400_000, before: page) }, "x"),
            ("instructions.html", { filled("<?a?><!-- -->", 200_000, after: page) }, "x"),
            ("tags.html", { filled("<a b='", 500_000, before: page) }, "x"),
            ("links.html", { filled("<br>", 500_000, before: page + String(repeating: "<a><sup>", count: 120)) }, "x"),
            (
                "footers.html",
                { filled("<footer></footer>", 200_000, before: page + String(repeating: "<b>", count: 250)) }, "x"
            ),
            (
                "rules.html",
                {
                    filled(
                        "<hr>", 500_000, before: "<!DOCTYPE html><p>x<table><td>" + String(repeating: "<b>", count: 250)
                    )
                },
                "x"
            ),
            ("folded.eml", { filled(" x\n", 1_000_000, before: mail, after: "\nx\n") }, "x"),
            ("fields.eml", { filled("a: b\n", 1_000_000, before: mail, after: "\nx\n") }, "x"),
            (
                "parameters.eml",
                { filled(" a*0=b;\n", 500_000, before: mail + "Content-Type: text/plain;\n", after: "\nx\n") }, "x"
            ),
            ("words.eml", { filled("=?", 1_000_000, before: mail + "To: ", after: "\n\nx\n") }, "x"),
            (
                "parts.eml",
                { filled("-\n", 2_000_000, before: mail + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n") },
                "-"
            ),
            ("groups.rtf", { filled("{}", 2_000_000, before: "{\\rtf1 x", after: "}") }, "x"),
            ("words.rtf", { filled("\\b\\i", 1_000_000, before: "{\\rtf1 x", after: "}") }, "x"),
            ("returns.txt", { filled("\r\n", 2_000_000, after: "x") }, "x"),
        ]
    }()

    @Test("what is long and made of one sign is read in one pass", arguments: long.indices)
    func onePass(index: Int) throws {
        let (name, bytes, text) = Self.long[index]
        #expect(try reader.read(.file(path: try folder.write(bytes(), to: name))).text.hasSuffix(text))
    }

    @Test("a mail that is a single long line, and one of a hundred thousand in a mailbox, are found in one pass")
    func mailboxes() throws {
        let separator = "From a@example.org Thu Jan  1 00:00:00 2026\n"
        let line = separator + "Subject: s\n\n" + String(repeating: "x", count: 40 << 20)
        let many = String(repeating: separator, count: 100_000) + "Subject: last\n\nx\n"
        let path = try folder.write(line + "\n" + many, to: "a.mbox")
        var titles: [String] = []
        var problems = 0
        for document in reader.documents(of: .file(path: path)) {
            if case .success(let document) = document { titles.append(document.title) } else { problems += 1 }
        }
        #expect(titles == ["s", "last"] && problems == 99_999)
    }

    @Test("mails within mails and archives of sixty thousand parts are read, and more parts are refused")
    func manyParts() throws {
        let inner = String(repeating: "line\n", count: 2_000_000)
        let mail =
            "From: a\n" + String(repeating: "Content-Type: message/rfc822\n\n", count: 19) + "Subject: s\n\n" + inner
        #expect(try read(mail, as: "a.eml").hasSuffix("line\nline"))
        func archive(_ count: Int, named name: String) -> [UInt8] {
            var archive = OfficeFiles.docx(OfficeFiles.paragraph("x"))
            for number in 0..<count { archive.add("\(name)\(number)", [], isDeflated: false) }
            return archive.bytes()
        }
        #expect(try reader.read(.file(path: try folder.write(archive(60_000, named: "e"), to: "a.docx"))).text == "x")
        #expect(
            problem(archive(60_000, named: String(repeating: "e", count: 40)), as: "a.docx").hasSuffix(
                "bytes, and the limit is 4 MiB"))
    }

    @Test("a table whose quotation mark is never closed is given up where the longest row ends, once")
    func openQuotation() throws {
        var options = ReadingOptions()
        (options.textColumn, options.maximumTextBytes) = ("a", 1 << 20)
        let path = try folder.write("a\nx\n\"" + String(repeating: "y\n", count: 1 << 20), to: "a.csv")
        let outcomes = DocumentReader(options: options).documents(of: .file(path: path)).map { outcome in
            switch outcome {
            case .success(let document): document.text
            case .failure(let error): folder.relative(error.description)
            }
        }
        #expect(outcomes == ["x", "a.csv, line 3: the row is longer than 1 MiB; is a quotation mark missing?"])
    }

    @Test("tables of a million columns, and rows without end, are refused")
    func tables() throws {
        var options = ReadingOptions()
        options.textColumn = "a"
        let path = try folder.write("a" + String(repeating: ",b", count: 1_000_000) + "\n", to: "a.csv")
        let first = DocumentReader(options: options).documents(of: .file(path: path)).first { _ in true }
        #expect(
            folder.relative(message { _ = try first?.get() })
                == "a.csv, line 1: the row has more than 16384 cells; is the separator right?")
    }

    @Test("a text named like another format, and another format named like a text, are what they are")
    func disguises() throws {
        #expect(
            problem([0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0], as: "notes.txt")
                == "notes.txt: a program isn't read; convert it to text, PDF, DOCX or HTML first")
        #expect(
            problem((0...255).map { UInt8($0) }, as: "notes.md").hasPrefix(
                "notes.md: not a text file (a zero byte at offset 0)"))
        #expect(problem(Array("GIF89a".utf8), as: "a.html").hasPrefix("a.html: a GIF picture isn't read"))
    }

    @Test("a file that vanishes or is cut while it is read is named")
    func vanishing() throws {
        let path = try folder.write("text", to: "a.txt")
        let documents = reader.documents(of: .file(path: path))
        try FileManager.default.removeItem(atPath: path)
        #expect(
            folder.relative(message { for document in documents { _ = try document.get() } }).hasPrefix(
                "a.txt: there is no such file"))
    }
}
