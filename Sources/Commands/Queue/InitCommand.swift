import ArgumentParser
import Foundation
import JobStore

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a queue, or bring an old one up to date.",
        discussion: """
            The queue is one SQLite file. Its path is printed on standard output. Running this again changes nothing.

            EXAMPLES
              nightshift init
              nightshift init ./tonight.db
            """)

    @OptionGroup var options: QueueOptions

    @Argument(
        help: "The file to make; by default the queue that --db, NIGHTSHIFT_DB or the default names.",
        completion: .file())
    var file: String?

    func validate() throws {
        if file != nil, options.database != nil { throw ValidationError("name the file once: as DB or with --db") }
        if file?.isEmpty == true { throw ValidationError("DB names no file") }
    }

    func run() async throws {
        let path = try file ?? options.path()
        let missing = try Self.missingSteps(path)
        if missing == nil { try Self.checkFolder(of: path) }
        let store = try JobStore(path: path, mode: .create)
        defer { try? store.close() }
        try Console.print(store.path)
        switch missing {
        case nil: Self.explain("Made a queue.", isDefault: try isDefault(path), path: path)
        case 0?: Console.note("It is a queue already; nothing was changed.")
        case let count?: Console.note("Brought its schema up to date (\(counted(count, "step"))).")
        }
    }

    /// How many steps of the schema an existing file lacks; `nil` for a file that isn't there or has nothing in it.
    private static func missingSteps(_ path: String) throws -> Int? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
            return nil
        }
        let migrator = Migrator(path: path)
        let missing = try migrator.pending()
        return missing.count == migrator.migrations.count ? nil : missing.count
    }

    /// SQLite would only say that it can't.
    private static func checkFolder(of path: String) throws {
        let files = FileManager.default
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        guard files.fileExists(atPath: folder), !files.isWritableFile(atPath: folder) else { return }
        throw CommandError(.noPermission, "\(folder): no permission to make a queue in this folder")
    }

    /// Whether later commands find the file without being told.
    private func isDefault(_ path: String) throws -> Bool { try path == QueueOptions.parse([]).path() }

    private static func explain(_ title: String, isDefault: Bool, path: String) {
        let option = isDefault ? "" : " --db \(ShellText.quoted(path))"
        Console.note(
            """
            \(title) Next:
              nightshift add\(option) summarize notes/*.txt    queue a job for each document
              nightshift work\(option) --drain                 do them
              nightshift results\(option)                      read what came out
            """)
        if !isDefault {
            Console.note("Instead of --db: export \(QueueOptions.environmentVariable)=\(ShellText.quoted(path))")
        }
    }
}

/// Text that can be pasted into a shell.
enum ShellText {
    static func quoted(_ text: String) -> String {
        let isPlain = text.allSatisfy { ($0.isLetter || $0.isNumber || "/._-+:,@%".contains($0)) && $0.isASCII }
        return isPlain && !text.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
