import Foundation
import TestSupport
import Testing

@Suite(
    "On a terminal",
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "needs script(1) to make one"))
struct TerminalTests {
    let queue: TestQueue

    init() throws { queue = try TestQueue() }

    /// What a person sees on a terminal of 60 columns.
    private func look(_ command: String, variables: String = "TERM=xterm", typing: String = "") throws -> String {
        let executable = CommandLine.executable.path(percentEncoded: false)
        let settings = "-u NO_COLOR HOME='\(queue.folder.path)' \(variables)"
        let line = "stty cols 60 -echo; env \(settings) '\(executable)' \(command)"
        let input = Pipe()
        try input.fileHandleForWriting.write(contentsOf: Data(typing.utf8))
        // A terminal whose keyboard is gone would hang up.
        defer { withExtendedLifetime(input) {} }
        return try TestProgram("/usr/bin/script", ["-qec", line, "/dev/null"], folder: queue.folder)
            .run(input: input.fileHandleForReading).text.replacing("\r\n", with: "\n")
    }

    @Test("a list is a table that fits, without what says nothing")
    func table() throws {
        try queue.write("\u{1B}[2JA title that is much too long for a terminal of sixty columns\n", to: "a.txt")
        try queue.run("add", "summarize", "a.txt")
        try queue.sql("UPDATE jobs SET state='discarded', finalized_at='2020-05-01T10:00:00.000Z'")
        let lines = try look("list", variables: "TERM=xterm NO_COLOR=1 TZ=UTC").split(separator: "\n")
        #expect(
            lines == [
                "id  kind       status     tries  when              input",
                " 1  summarize  discarded  0/3    2020-05-01 10:00  [2JA tit…",
            ])
    }

    @Test("what can't be read is listed with the reason, and its name once")
    func unreadable() throws {
        try queue.write("The cat sat.", to: "a.txt")
        try queue.write("a\u{0}b", to: "b.txt")
        try queue.run("add", "summarize", "a.txt", "b.txt")
        #expect(try look("list", variables: "TERM=xterm NO_COLOR=1").contains(/b.txt +not a/))
    }

    @Test("states have colours, unless the terminal can't or the user won't")
    func colours() throws {
        try queue.run("add", "generate", "--text", "Hello")
        try queue.complete(1, text: "Done.")
        #expect(try look("list").contains("\u{1B}[32mcompleted\u{1B}[0m"))
        #expect(try !look("list", variables: "TERM=dumb").contains("\u{1B}"))
    }

    @Test("a text of the model can't command the terminal")
    func hostileResult() throws {
        try queue.run("add", "generate", "--text", "Hello")
        try queue.complete(1, text: "red \u{1B}[31m\nalert\u{7}")
        #expect(try look("result 1") == "red \u{FFFD}[31m\nalert\u{FFFD}\n")
        #expect(try queue.run("result", "1").output == "red \u{1B}[31m\nalert\u{7}\n")
    }

    @Test("above a hundred jobs a person is asked first, and no is no")
    func confirmation() throws {
        for index in 1...101 { try queue.write("Text \(index)", to: "many/\(index).txt") }
        #expect(try look("add summarize many").contains("jobs 1-101\n"))
        let refused = try look("cancel --all", typing: "n\n")
        #expect(refused.contains("Cancel 101 jobs? [y/N]") && refused.contains("nothing was changed"))
        #expect(try queue.sql("SELECT count(*) FROM jobs WHERE state = 'available'") == "101")
        #expect(try look("cancel --all", typing: "y\n").contains("101 jobs cancelled"))
        #expect(try queue.sql("SELECT count(*) FROM jobs WHERE state = 'cancelled'") == "101")
    }
}
