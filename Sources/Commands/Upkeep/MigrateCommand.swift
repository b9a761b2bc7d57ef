import ArgumentParser
import Foundation
import JobStore
import Migrations

struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring a queue's schema up to date, after a backup.",
        discussion: """
            Every command that opens a queue of an older version does the same by itself, with a backup beside the file
            where there are jobs in it. This one tells before what would happen, and does nothing else. Stop workers of
            the older version first: they don't know the new schema. A queue of a newer version is refused.

            EXAMPLES
              nightshift migrate --dry-run
              nightshift migrate --dry-run --show-sql
              nightshift migrate --db old.db
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Flag(help: "Say what would be done, and change nothing.")
    var dryRun = false

    @Flag(help: "Print the SQL of the steps.")
    var showSQL = false

    @Flag(help: "Make no backup: there is one.")
    var noBackup = false

    func run() throws {
        let path = try queueOptions.path()
        let migrator = Migrator(path: path)
        let missing = try migrator.foreseen()
        if showSQL {
            for step in missing {
                try Console.print(
                    "-- Version \(step.version): \(step.name)\n" + String(decoding: step.sql, as: UTF8.self))
            }
        }
        guard let first = missing.first, let last = missing.last else {
            return Console.note(
                "\(path) has schema version \(migrator.migrations.count), the newest; there is nothing to do.")
        }
        let steps = missing.map { "\($0.version) (\($0.name))" }.joined(separator: ", ")
        if dryRun {
            return Console.note(
                "\(path) has schema version \(first.version - 1); would be brought to \(last.version) by: \(steps)")
        }
        let outcome = try migrator.migrate(makesBackup: !noBackup, now: Date())
        guard !outcome.applied.isEmpty else {
            return Console.note("Another process has brought \(path) to version \(last.version) meanwhile.")
        }
        if let backup = outcome.backup { Console.note("Backup: \(backup)") }
        Console.note("Brought \(path) from schema version \(first.version - 1) to \(last.version): \(steps)")
    }
}
