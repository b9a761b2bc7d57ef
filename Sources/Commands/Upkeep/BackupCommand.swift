import ArgumentParser
import Foundation
import JobStore

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy a queue to a file while workers go on with it.",
        discussion: """
            The copy is one consistent state, compact and checked; its path is printed on standard output. It is written
            under another name first: a file of the name you give is a whole backup, whatever happens. A plain cp of a
            queue in use is not a backup. To restore, stop the workers and work on the copy, or on a copy of that.

            EXAMPLES
              nightshift backup tonight.db
              nightshift backup /mnt/backups/                  a file named by the time
              nightshift backup --force latest.db
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The file to make, or the folder to make it in.", completion: .file())
    var file: String

    @Flag(name: .shortAndLong, help: "Replace a file of that name.")
    var force = false

    func validate() throws {
        if file.isEmpty { throw ValidationError("FILE names no file") }
    }

    func run() async throws {
        let path = try queueOptions.path()
        let backup = try QueueBackup(of: path, to: file, replaces: force, now: Date())
        let watcher = Task { await Self.watch(backup) }
        let outcome = await Task.detached { Result { try backup.run() } }.value
        watcher.cancel()
        await watcher.value
        let size = try outcome.get()
        try Console.print(backup.destination)
        Console.note("Copied and checked \(size.byteText).")
    }

    /// Shows how the copy grows.
    private static func watch(_ backup: QueueBackup) async {
        var report = ProgressReport(verb: "copied")
        while !Task.isCancelled {
            let attributes = try? FileManager.default.attributesOfItem(atPath: backup.temporary)
            let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
            report.update(done: min(size, backup.expectedBytes), of: backup.expectedBytes)
            try? await Task.sleep(for: .milliseconds(200))
        }
        report.finish()
    }
}
