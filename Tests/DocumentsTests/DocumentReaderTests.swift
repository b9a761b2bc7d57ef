import Documents
import Foundation
import TestSupport
import Testing

@Suite("Reading documents")
struct DocumentReaderTests {
    private let folder: TemporaryFolder
    private let reader = DocumentReader()

    init() throws { folder = try TemporaryFolder() }

    private func read(_ bytes: some Sequence<UInt8>, as name: String = "a.txt") throws -> Document {
        try reader.read(.file(path: try folder.write(bytes, to: name)))
    }

    private func readMessage(_ bytes: some Sequence<UInt8>, as name: String = "a.txt") -> String {
        folder.relative(message { _ = try read(bytes, as: name) })
    }

    @Test("a text has its title, source, media type and the digest that sha256sum prints")
    func provenance() throws {
        let path = try folder.write("\n  Bees \nmake honey.\n", to: "bees.txt")
        #expect(
            try reader.read(.file(path: path))
                == Document(
                    text: "\n  Bees \nmake honey.\n", title: "Bees", source: path, mediaType: "text/plain",
                    sha256: "2f43f8d1108cb218e5f354eac1a0434fc5590f52dfe83bc3f7c5ad578afe0eac"))
        #expect(try read("abc".utf8).sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    /// Typed piece by piece: one literal of them all is beyond the type checker.
    private static let encodedTexts: [([UInt8], String)] = {
        let marked: [UInt8] = [0xEF, 0xBB, 0xBF]
        let curly: [UInt8] = [0x49, 0x74, 0x92, 0x73, 0x20, 0x35, 0x20, 0x80, 0x20, 0x61, 0x6C, 0x6C]
        return [
            (Array("Café".utf8), "Café"),
            (marked + Array("Café".utf8), "Café"),
            ([0xFF, 0xFE, 0x43, 0, 0x61, 0, 0x66, 0, 0xE9, 0], "Café"),
            ([0xFE, 0xFF, 0, 0x43, 0, 0x61, 0, 0x66, 0, 0xE9], "Café"),
            ([0xFE, 0xFF, 0xD8, 0x3D, 0xDC, 0x1D], "\u{1F41D}"),
            ([0xFF, 0xFE, 0, 0, 0x43, 0, 0, 0, 0x1D, 0xF4, 1, 0], "C\u{1F41D}"),
            ([0, 0, 0xFE, 0xFF, 0, 0, 0, 0x43], "C"),
            ([0x43, 0x61, 0x66, 0xE9], "Café"),
            (curly, "It’s 5 € all"),
        ]
    }()

    @Test(
        "encodings are told by their marks and their bytes",
        arguments: encodedTexts)
    func encodings(bytes: [UInt8], expected: String) throws {
        #expect(try read(bytes).text == expected)
    }

    @Test("line ends become LF, and nothing else changes")
    func lineEnds() throws {
        #expect(try read("a\r\nb\rc\n\r\nd\t\u{C}e \r".utf8).text == "a\nb\nc\n\nd\t\u{C}e \n")
    }

    private static let binaryFiles: [([UInt8], String)] = [
        (
            [0x61, 0x00, 0x62],
            "a.txt: not a text file (a zero byte at offset 1), nor any other format that is read"
        ),
        (
            [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
            "a.txt: not a text file (10 control characters in 10 bytes), nor any other format that is read"
        ),
        (
            [0xC0, 0xC1, 0xC2, 0xC3],
            "a.txt: the text's encoding can't be told (not UTF-8, and 4 of 4 bytes aren't ASCII); name it with --encoding, or convert it to UTF-8, for example with iconv"
        ),
        (
            [0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x81],
            "a.txt: the text's encoding can't be told (neither UTF-8 nor Windows-1252: byte 0x81 at offset 6); name it with --encoding, or convert it to UTF-8, for example with iconv"
        ),
        (
            [0xFF, 0xFE, 0x00, 0xD8],
            "a.txt: the text's encoding can't be told (a UTF-16 byte order mark, then half a surrogate pair); name it with --encoding, or convert it to UTF-8, for example with iconv"
        ),
        (
            [0xFF, 0xFE, 0x41],
            "a.txt: the text's encoding can't be told (a UTF-16 byte order mark, but an odd number of bytes); name it with --encoding, or convert it to UTF-8, for example with iconv"
        ),
        (
            [0xFF, 0xFE, 0x00, 0x00, 0x43],
            "a.txt: the text's encoding can't be told (a UTF-32 byte order mark, then bytes that aren't UTF-32); name it with --encoding, or convert it to UTF-8, for example with iconv"
        ),
        (
            [0xEF, 0xBB, 0xBF, 0xFF],
            "a.txt: the text's encoding can't be told (a UTF-8 byte order mark, then bytes that aren't UTF-8); name it with --encoding, or convert it to UTF-8, for example with iconv"
        ),
        ([0xFE, 0xFF, 0x00, 0x00], "a.txt: not a text file (a zero character), nor any other format that is read"),
        (
            [0x89, 0x50, 0x4E, 0x47],
            "a.txt: a PNG picture isn't read; make a text of it first, for example with tesseract"
        ),
        ([0x1F, 0x8B, 8, 0], "a.txt: a gzip file isn't read; unpack it first"),
        (
            [0x50, 0x4B, 3, 4],
            "a.txt: a damaged Word document: zip end record: there is none; the file is cut off or no zip file"
        ),
    ]

    @Test(
        "what isn't text is refused with what shows it",
        arguments: binaryFiles)
    func binaries(bytes: [UInt8], expected: String) {
        #expect(readMessage(bytes) == expected)
    }

    @Test("random bytes never read as text, whatever they are")
    func randomBytes() {
        var state: UInt64 = 42
        for length in [64, 1000, 65_536] {
            for _ in 0..<50 {
                let bytes = (0..<length).map { _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt8(truncatingIfNeeded: state >> 33)
                }
                #expect(readMessage(bytes) != "")
            }
        }
    }

    @Test("a file that isn't what its name promises is refused, unless it is another format that is read")
    func formats() throws {
        #expect(
            readMessage("just text".utf8, as: "letter.docx")
                == "letter.docx: a damaged Word document: it doesn't begin as a Word document does; was it cut off, or is it something else?"
        )
        #expect(try read("<!DOCTYPE html><p>Sign in to read this.".utf8, as: "paper.pdf").mediaType == "text/html")
    }

    @Test("a named file is text whatever its extension, Markdown by its own")
    func mediaTypes() throws {
        #expect(try read("x".utf8, as: "README").mediaType == "text/plain")
        #expect(try read("x".utf8, as: "server.log").mediaType == "text/plain")
        #expect(try read("x".utf8, as: ".md").mediaType == "text/plain")
        #expect(try read("x".utf8, as: "a.MD").mediaType == "text/markdown")
    }

    @Test(
        "the title is the first heading of Markdown, else the first line with text",
        arguments: [
            ("a.md", "intro\n\n## Bees ##\n", "Bees"), ("a.md", "Bees\n====\n", "Bees"), ("a.md", "#hash\nx", "#hash"),
            ("a.md", "```\n# code\n```\n# Real", "Real"), ("a.md", "no heading\nx", "no heading"),
            ("a.md", "# \n# C#\n", "C"), ("a.txt", "# Bees\nx", "# Bees"), ("a.txt", "\n \nx", "x"),
            ("a.txt", String(repeating: "\n", count: 5000) + "late", "late"),
            ("a.txt", String(repeating: "word ", count: 100), String(repeating: "word ", count: 22) + "word…"),
            ("a.txt", String(repeating: "x", count: 500), String(repeating: "x", count: 119) + "…"),
        ])
    func titles(name: String, text: String, expected: String) throws {
        #expect(try read(text.utf8, as: name).title == expected)
    }

    @Test("an empty or blank document is refused", arguments: ["", " \n\t\r\n", "\u{FEFF}"])
    func empty(text: String) {
        #expect(readMessage(text.utf8) == "a.txt: there is no text in it")
    }

    @Test("a document above the limit is refused by its size before it is read")
    func tooLarge() throws {
        let small = DocumentReader(maximumBytes: 3 << 20)
        let path = folder["big.txt"]
        try folder.write("x", to: "big.txt")
        let handle = try #require(FileHandle(forWritingAtPath: path))
        // Sparse: no disk is used.
        try handle.truncate(atOffset: 2 << 30)
        try handle.close()
        #expect(
            folder.relative(message { _ = try small.read(.file(path: path)) })
                == "big.txt: too large (2048 MiB, the limit is 3 MiB); split it into parts")
        #expect(
            try DocumentReader(maximumBytes: 3).read(.file(path: try folder.write("abc", to: "c.txt"))).text == "abc")
        #expect(
            folder.relative(message { _ = try DocumentReader(maximumBytes: 2).read(.file(path: folder["c.txt"])) })
                == "c.txt: too large (3 bytes, the limit is 2 bytes); split it into parts")
    }

    @Test("a stream is read to its end, and cut off at the limit")
    func streams() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("From\r\na pipe".utf8))
        try pipe.fileHandleForWriting.close()
        let document = try reader.read(pipe.fileHandleForReading, name: "-")
        #expect(document.text == "From\na pipe" && document.source == "-" && document.title == "From")

        let endless = try #require(FileHandle(forReadingAtPath: "/dev/zero"))
        #expect(
            message { _ = try DocumentReader(maximumBytes: 1 << 20).read(endless, name: "-") }
                == "-: too large (the limit is 1 MiB); split it into parts")
    }

    @Test("folders, pipes, devices, missing and closed files are named for what they are, without waiting")
    func otherThings() throws {
        #expect(message { _ = try reader.read(.file(path: folder.path)) } == "\(folder.path): a folder, not a file")
        #expect(
            folder.relative(message { _ = try reader.read(.file(path: folder["none.txt"])) })
                == "none.txt: there is no such file; check the spelling and the folder you are in")
        #expect(
            message { _ = try reader.read(.file(path: "/dev/zero")) }
                == "/dev/zero: a device, not a file; to read what comes out of it, send it to standard input and name '-'"
        )
        #expect(mkfifo(folder["pipe.txt"], 0o600) == 0)
        #expect(
            folder.relative(message { _ = try reader.read(.file(path: folder["pipe.txt"])) })
                == "pipe.txt: a pipe, not a file; to read what comes out of it, send it to standard input and name '-'")
    }

    @Test("a file without read permission is named", .enabled(if: geteuid() != 0, "root may read everything"))
    func permission() throws {
        let path = try folder.write("x", to: "secret.txt")
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
        #expect(
            folder.relative(message { _ = try reader.read(.file(path: path)) })
                == "secret.txt: no permission to read it; change its mode with chmod or run as its owner")
    }

    @Test(
        "200 real documents are found and read, each with a title and its text",
        .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
    func realDocuments() throws {
        let shared = try #require(SharedFiles.folder).appending(path: "documents").path
        let findings = try DocumentFinder().find(["\(shared)/[0-9]*.txt"])
        #expect(findings.sources.count == 200)
        for source in findings.sources {
            let document = try reader.read(source)
            #expect(!document.title.isEmpty && document.title.count <= DocumentTitle.maximumLength)
            #expect(!document.text.isEmpty && document.sha256.count == 64 && !document.text.contains("\u{FFFD}"))
        }
    }
}
