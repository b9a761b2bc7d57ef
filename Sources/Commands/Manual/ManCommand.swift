import ArgumentParser
import ChildProcesses
import Foundation

struct ManCommand: AsyncParsableCommand, WorksWithoutSettings {
    static let configuration = CommandConfiguration(
        commandName: "man",
        abstract: "The manual pages.",
        discussion: """
            On a terminal the page is shown by man(1); elsewhere its source, in mdoc(7), goes to standard output. 'make \
            install' puts all of them where man looks for them.

            EXAMPLES
              nightshift man
              nightshift man add
              nightshift man queue set
              nightshift man --out ~/.local/share/man/man1
            """)

    @Argument(help: "The command; by default nightshift itself.")
    var command: [String] = []

    @Option(
        help: ArgumentHelp("Write every page into this folder, which is made.", valueName: "folder"),
        completion: .directory)
    var out: String?

    func run() async throws {
        let pages = ManualPage.all(of: try HelpDump.ofNightshift().command)
        if let out { return try Self.write(pages, into: out) }
        let name = (["nightshift"] + command).joined(separator: "-")
        guard let page = pages.first(where: { $0.name == name }) else {
            throw CommandError(
                .noInput,
                "there is no page '\(DisplayText.line(name, limit: 80))'; 'nightshift help' lists the commands")
        }
        guard Console.outputIsTerminal, try Self.show(page) else { return try Console.write(Array(page.text.utf8)) }
    }

    private static func write(_ pages: [ManualPage], into folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for page in pages {
                try Data(page.text.utf8).write(to: URL(filePath: folder).appending(path: "\(page.name).1"))
            }
        } catch {
            throw CommandError(
                .cannotCreate, "\(folder): the pages can't be written there: \(error.localizedDescription)")
        }
        Console.noteForeign("\(counted(pages.count, "page")) in \(folder)")
    }

    /// Returns false where there is no man(1).
    private static func show(_ page: ManualPage) throws -> Bool {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "\(page.name)-\(UUID().uuidString.prefix(8)).1")
        try Data(page.text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        guard let man = ProgramRun.path(of: "man") else { return false }
        return try ChildProcess(man, ["-l", file.path(percentEncoded: false)], input: .inherited).wait() == .exited(0)
    }
}
