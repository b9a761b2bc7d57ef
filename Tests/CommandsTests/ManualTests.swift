import Foundation
import Testing

@Suite("Manual pages")
struct ManualTests {
    @Test("there is a page for every command, with its options, examples and the pages beside it")
    func pages() throws {
        let queue = try TestQueue(isMade: false)
        let outcome = try queue.run("man", "--out", "man1")
        #expect(outcome.status == 0 && outcome.errors.contains("pages in man1"))
        let names = try FileManager.default.contentsOfDirectory(atPath: queue.path("man1"))
        #expect(Set(names).isSuperset(of: ["nightshift.1", "nightshift-add.1", "nightshift-queue-set.1"]))
        let add = try queue.run("man", "add").output
        #expect(add.contains(".Nd Queue a job for each document\n"))
        #expect(add.contains(".It Fl p , Fl \\-priority Ar"))
        #expect(add.contains(".Sh EXAMPLES\n.Bd -literal\nnightshift add summarize notes/*.txt\n"))
        #expect(try queue.run("man").output.contains(".It Ev NIGHTSHIFT_MODEL"))
        #expect(try queue.run("man", "nothing").status == 66)
    }

    @Test(
        "mandoc finds nothing to complain of",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/mandoc")))
    func lint() throws {
        let queue = try TestQueue(isMade: false)
        try queue.run("man", "--out", "man1")
        let names = try FileManager.default.contentsOfDirectory(atPath: queue.path("man1")).sorted()
        let outcome = try CommandLine(folder: queue.folder, executable: URL(filePath: "/usr/bin/mandoc"))
            .run(["-T", "lint", "-W", "warning"] + names.map { "man1/" + $0 })
        #expect(outcome.output == "" && outcome.status == 0)
    }
}
