import Documents
import Foundation
import TestSupport
import Testing

@Suite("Files that are cut off or altered anywhere")
struct FuzzTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let mail = """
        From: =?utf-8?q?Ad=C3=A4?= <ada@example.org>
        Subject: =?UTF-8?B?VGhlIGxhbXA=?=
        Content-Type: multipart/mixed; boundary="X"

        --X
        Content-Type: text/plain; charset=iso-8859-2
        Content-Transfer-Encoding: quoted-printable

        Caf=E9 =
        x
        --X
        Content-Type: text/html
        Content-Transfer-Encoding: base64

        PHA+SGk8L3A+
        --X--
        """

    private static let files: [(name: String, bytes: [UInt8])] = [
        ("a.txt", Array("Café – 5 €\r\nmore\n".utf8)),
        ("wide.txt", [0xFF, 0xFE] + "Café".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }),
        (
            "a.html",
            Array(
                "<!DOCTYPE html><meta charset=koi8-r><title>T</title><div class=\"nav\"><a href='x'>l</a></div><h1>A &amp; B</h1><ul><li>a<li>b</ul><table><tr><td>c<td>d</table><pre> x</pre><!-- c --><script>s</script>"
                    .utf8)
        ),
        (
            "a.docx",
            OfficeFiles.docx(
                OfficeFiles.paragraph("The lamp &amp; more", "<w:pStyle w:val=\"T\"/>")
                    + "<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>", title: "T"
            ).bytes()
        ),
        (
            "a.odt",
            OfficeFiles.odt(
                "<text:h>x</text:h><text:list><text:list-item><text:p>y</text:p></text:list-item></text:list>"
            ).bytes()
        ),
        ("a.epub", OfficeFiles.epub(["<h1>One</h1><p>x</p>", "<p>y</p>"]).bytes()),
        (
            "a.rtf",
            Array(
                #"{\rtf1\ansi\ansicpg1251{\info{\title T}}\pard Caf\'e9 \u233? \b x\par\trowd a\cell b\cell\row}"#.utf8)
        ),
        ("a.eml", Array(mail.utf8)),
        (
            "a.mbox",
            Array(("From a Mon Mar  2 10:00:00 2026\n" + mail + "\n\nFrom b Mon Mar  2 10:00:00 2026\n" + mail).utf8)
        ),
        ("a.csv", Array("id,body\n1,\"a \"\"b\"\"\nc\"\n2,d\n".utf8)),
        ("a.jsonl", Array("{\"id\":1,\"body\":\"x\\u00e9\"}\n{\"body\":\"y\"}\n".utf8)),
    ]

    @Test("each format is read or refused, without a crash and without a wait", arguments: files.indices)
    func altered(index: Int) throws {
        let (name, whole) = Self.files[index]
        var options = ReadingOptions()
        if name.hasSuffix(".csv") || name.hasSuffix(".jsonl") {
            (options.textColumn, options.idColumn) = ("body", "id")
        }
        options.maximumTextBytes = 1 << 20
        let reader = DocumentReader(options: options)
        var random = SplitMix64(seed: UInt64(index) + 1)
        var outcomes = 0
        for round in 0..<400 {
            var bytes = whole
            switch round % 4 {
            case 0: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
            case 1: bytes.removeSubrange(0..<Int.random(in: 0..<bytes.count, using: &random))
            default:
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    // Signs that formats are made of reach further than others.
                    bytes[place] =
                        Bool.random(using: &random)
                        ? UInt8.random(in: 0...255, using: &random)
                        : Array("<>&;\"'{}\\=?,\n-\0".utf8).randomElement(using: &random) ?? 0
                }
            }
            for document in reader.documents(of: .file(path: try folder.write(bytes, to: name))) {
                outcomes += 1
                if case .success(let document) = document { #expect(!document.title.isEmpty && !document.text.isEmpty) }
            }
        }
        #expect(outcomes >= 400)
    }

    @Test(
        "altered PDFs are read or refused, too",
        .enabled(if: PDFReaderTests.hasPoppler, "needs pdftotext: apt install poppler-utils"))
    func alteredPDF() throws {
        let whole = PDFFiles.pdf(["The lamp.", "The sea."], title: "T")
        var random = SplitMix64(seed: 99)
        for round in 0..<12 {
            var bytes = whole
            if round % 2 == 0 { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
            for _ in 0..<5 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            for document in DocumentReader().documents(of: .file(path: try folder.write(bytes, to: "a.pdf"))) {
                _ = document
            }
        }
    }
}
