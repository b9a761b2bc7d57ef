import Documents
import Foundation
import Testing

@Suite("Finding documents")
struct DocumentFinderTests {
    private let folder: TemporaryFolder
    private let finder = DocumentFinder()

    init() throws {
        folder = try TemporaryFolder()
        for name in [
            "page10.txt", "page2.txt", "Page1.txt", "notes.md", "photo.jpg", ".hidden.txt", "sub/deep/x.txt",
            "sub/a.txt",
            "sub/b.pdf", ".git/config.txt", "[odd].txt",
        ] {
            try folder.write("text", to: name)
        }
    }

    private func names(_ arguments: String...) throws -> [String] {
        try finder.find(arguments.map { $0.hasPrefix("/") || $0 == "-" ? $0 : folder[$0] })
            .sources.map { folder.relative($0.name) }
    }

    @Test("a folder gives its documents in natural order, without hidden and other files, which are reported")
    func folders() throws {
        let findings = try finder.find([folder.path])
        #expect(
            findings.sources.map { folder.relative($0.name) }
                == [
                    "[odd].txt", "notes.md", "Page1.txt", "page2.txt", "page10.txt", "sub/a.txt", "sub/b.pdf",
                    "sub/deep/x.txt",
                ])
        #expect(
            findings.skipped.map { "\(folder.relative($0.path)): \($0.reason.rawValue)" } == [
                ".git: hidden", ".hidden.txt: hidden", "photo.jpg: not a format that is read",
            ])
    }

    @Test("what has no known extension is found by how it begins, tables where a column of theirs is named")
    func contents() throws {
        for (name, text) in [
            ("in/letter", "Dear Ada,\n"), ("in/page", "<!DOCTYPE html><p>Hi"), ("in/paper.tmp", "%PDF-1.4 x"),
            ("in/data.bin", "a\u{0}b"), ("in/code.py", "print(1)"), ("in/rows.csv", "a,b\n1,2\n"),
        ] { try folder.write(text, to: name) }
        let found = { (finder: DocumentFinder) in
            try finder.find([folder["in"]]).sources.map { folder.relative($0.name) }
        }
        #expect(try found(finder) == ["in/letter", "in/page", "in/paper.tmp"])
        #expect(
            try found(DocumentFinder(includesRows: true)) == ["in/letter", "in/page", "in/paper.tmp", "in/rows.csv"])
    }

    @Test("arguments keep their order, and a file named twice is found once")
    func order() throws {
        #expect(
            try names("sub/a.txt", "-", "page2.txt", "sub", "-") == [
                "sub/a.txt", "-", "page2.txt", "sub/b.pdf", "sub/deep/x.txt",
            ])
        #expect(try names("sub/a.txt", "sub/deep/x.txt", "sub") == ["sub/a.txt", "sub/deep/x.txt", "sub/b.pdf"])
    }

    @Test("a named file is found whatever it is called, also with the characters of a pattern in its name")
    func namedFiles() throws {
        #expect(try names("photo.jpg", ".hidden.txt", "[odd].txt") == ["photo.jpg", ".hidden.txt", "[odd].txt"])
    }

    @Test(
        "patterns match as in a shell, in natural order",
        arguments: [
            ("*.txt", ["[odd].txt", "Page1.txt", "page2.txt", "page10.txt"]),
            ("page?.txt", ["page2.txt"]), ("[Pp]age*.txt", ["Page1.txt", "page2.txt", "page10.txt"]),
            ("[!p]*.md", ["notes.md"]), ("page[0-9]*", ["page2.txt", "page10.txt"]), (".hid*", [".hidden.txt"]),
            ("*/*.txt", ["sub/a.txt"]), ("s*", ["sub/a.txt", "sub/b.pdf", "sub/deep/x.txt"]),
            ("**/x.txt", ["sub/deep/x.txt"]),
            ("**/*.txt", ["[odd].txt", "Page1.txt", "page2.txt", "page10.txt", "sub/a.txt", "sub/deep/x.txt"]),
            ("sub/**", ["sub/a.txt", "sub/b.pdf", "sub/deep/x.txt"]), ("[]x[]odd*", ["[odd].txt"]),
        ])
    func patterns(pattern: String, expected: [String]) throws {
        #expect(try names(pattern) == expected)
    }

    @Test("what leads to nothing is an error that says so")
    func nothing() throws {
        func findMessage(_ name: String) -> String { folder.relative(message { _ = try names(name) }) }
        #expect(
            findMessage("none.txt") == "none.txt: there is no such file; check the spelling and the folder you are in")
        #expect(
            findMessage("*.rtf") == "*.rtf: no file matches; check the pattern, and quote it if the shell changes it")
        try FileManager.default.createDirectory(atPath: folder["empty"], withIntermediateDirectories: false)
        #expect(
            findMessage("empty")
                == "empty: no documents in this folder (it is empty); files that are found in folders: .txt, .text, .rst, .org, .adoc, .asciidoc, .tex, .md, .markdown, .html, .htm, .xhtml, .pdf, .docx, .docm, .dotx, .odt, .ott, .epub, .rtf, .eml, .mbox, .mbx, .doc, .dot"
        )
        try folder.write("x", to: "empty/a.png")
        #expect(findMessage("empty").contains("(1 other entry was skipped)"))
        #expect(findMessage("/dev/null").hasPrefix("/dev/null: a device, not a file;"))
    }

    @Test("links to folders are followed, circles end, and broken links are reported")
    func links() throws {
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: folder["sub/up"], withDestinationPath: folder.path)
        try manager.createSymbolicLink(atPath: folder["sub/self"], withDestinationPath: "self")
        try manager.createSymbolicLink(atPath: folder["sub/again"], withDestinationPath: folder["sub/deep"])
        let findings = try finder.find([folder["sub"]])
        #expect(
            findings.sources.map { folder.relative($0.name) } == [
                "sub/a.txt", "sub/again/x.txt", "sub/b.pdf", "sub/up/[odd].txt", "sub/up/notes.md", "sub/up/Page1.txt",
                "sub/up/page2.txt", "sub/up/page10.txt",
            ])
        let reasons = Dictionary(findings.skipped.map { (folder.relative($0.path), $0.reason) }) { first, _ in first }
        #expect(reasons["sub/self"] == .brokenLink)
        #expect(reasons["sub/deep"] == .folderSeenBefore && reasons["sub/up/sub"] == .folderSeenBefore)
        #expect(try names("**/a.txt") == ["sub/a.txt"], "what a link back to the beginning leads to was seen")
    }

    @Test("a name that isn't UTF-8 is reported as such, and a version isn't taken for a format")
    func oddNames() throws {
        try folder.write("x", to: "odd/GPL-2.0")
        try folder.write(".TH LS 1", to: "odd/ls.1")
        let path = folder["odd/"].utf8CString.dropLast() + [CChar(bitPattern: 0xFF), 0]
        let descriptor = Array(path).withUnsafeBufferPointer { open($0.baseAddress!, O_CREAT | O_WRONLY, 0o600) }
        try #require(descriptor >= 0, "a file system that takes any bytes")
        close(descriptor)
        let findings = try finder.find([folder["odd"]])
        #expect(findings.sources.map { folder.relative($0.name) } == ["odd/GPL-2.0"])
        #expect(findings.skipped.map(\.reason).contains(.otherName) && findings.skipped.count == 2)
    }

    @Test("a pattern of many stars over a long name takes no time")
    func hostilePattern() throws {
        try folder.write("x", to: String(repeating: "a", count: 200))
        let pattern = String(repeating: "*a", count: 2000) + "b"
        #expect(folder.relative(message { _ = try names(pattern) }).hasPrefix("*a*a"))
    }

    @Test("folders nested too deep are skipped, not followed to the end of the stack")
    func deepFolders() throws {
        let deep = (0..<300).map { _ in "d" }.joined(separator: "/")
        try folder.write("x", to: "nest/\(deep)/x.txt")
        try folder.write("x", to: "nest/y.txt")
        let findings = try finder.find([folder["nest"]])
        #expect(findings.sources.map { folder.relative($0.name) } == ["nest/y.txt"])
        #expect(findings.skipped.map(\.reason) == [.tooDeep])
    }

    @Test("three thousand files are found in order")
    func manyFiles() throws {
        try FileManager.default.createDirectory(atPath: folder["many"], withIntermediateDirectories: false)
        for index in 0..<3_000 {
            let descriptor = open(folder["many/\(index).txt"], O_CREAT | O_WRONLY, 0o600)
            #expect(descriptor >= 0)
            close(descriptor)
        }
        let found = try finder.find([folder["many"]]).sources
        #expect(found == (0..<3_000).map { .file(path: folder["many/\($0).txt"]) })
    }
}
