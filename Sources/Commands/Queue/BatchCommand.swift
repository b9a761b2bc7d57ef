import ArgumentParser
import Foundation
import JobStore

struct BatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "How batches of jobs stand.",
        discussion: """
            A batch is complete once every job of it has ended, however it did. 'nightshift add KIND --after-batch NAME' \
            queues a job for then.

            EXAMPLES
              nightshift batch list
              nightshift batch seal essays
              sqlite3 "$(nightshift paths queue)" 'SELECT * FROM batch_progress'
            """,
        subcommands: [BatchListCommand.self, BatchSealCommand.self])
}

struct BatchListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The batches with their counts.",
        discussion: """
            EXAMPLES
              nightshift batch list --json
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        var printer = RowPrinter(
            [
                .number("id"), .text("name", isFlexible: true), .number("total"), .number("completed"),
                .number("failed", usual: "0"), .number("cancelled", usual: "0"), .number("remaining"),
                .number("percent"), .text("complete"), RowColumn(name: "sealed", usual: "no"), .time("finished"),
            ], format: output.format, hasHeader: !output.noHeader)
        for batch in try await store.batches() { try printer.print(batch) }
        try printer.finish(empty: "There are no batches; make one with: nightshift add KIND FILE… --batch NAME")
    }
}

struct BatchSealCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal", abstract: "Say that no more jobs will be added to a batch.",
        discussion: """
            Adding one is refused from then on.

            EXAMPLES
              nightshift batch seal essays
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The batch's name.")
    var name: String

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        guard try await store.sealBatch(named: name, now: Date()) else {
            throw CommandError(.noInput, "there is no batch '\(DisplayText.line(name, limit: 80))'")
        }
        Console.noteForeign("batch '\(name)' is sealed: no more jobs can be added to it")
    }
}
