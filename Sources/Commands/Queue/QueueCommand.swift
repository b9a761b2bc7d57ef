import ArgumentParser
import Foundation
import JSONText
import JobStore

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Pause, resume and limit queues.",
        discussion: """
            EXAMPLES
              nightshift queue list
              nightshift queue pause night
              nightshift queue set night --window 22:00-06:00 --days mon-fri
              nightshift queue set contracts --concurrency 4 --rate 10/m
            """,
        subcommands: [
            QueueListCommand.self, QueueSetCommand.self, QueuePauseCommand.self, QueueResumeCommand.self,
        ])
}

struct QueueListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The queues with their counts and limits.",
        discussion: """
            EXAMPLES
              nightshift queue list --csv
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var output: OutputOptions

    /// Tables leave out what no queue has.
    private static let limits: [RowColumn] = [
        .number("concurrency"), .number("rate"), .text("window"),
        RowColumn(name: "days", usual: "0123456", display: WindowExpression.dayNames),
        RowColumn(name: "at_end", usual: "finish"), .number("timeout"),
    ]

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        var printer = RowPrinter(
            [.text("queue", isFlexible: true), .text("paused"), .text("open_now")] + StatusCommand.counts
                + [.hidden("oldest")] + Self.limits,
            format: output.format, hasHeader: !output.noHeader)
        let limits = Dictionary(
            try await store.queueLimits().map { ($0.queue, $0) }, uniquingKeysWith: { first, _ in first })
        for queue in try await store.queues() {
            var row = try RowEncoder.object(queue)
            if let own = limits[queue.queue] {
                let object = try RowEncoder.object(own)
                for column in Self.limits { row[column.name] = object[column.name] }
            }
            try printer.print(row)
        }
        try printer.finish()
    }
}

struct QueuePauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Start no more jobs of a queue; those that run go on.",
        discussion: """
            EXAMPLES
              nightshift queue pause night
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The queue.")
    var name: String

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        try await store.pause(queue: name, now: Date())
        Console.noteForeign("queue '\(name)' is paused; go on with: nightshift queue resume \(ShellText.quoted(name))")
    }
}

struct QueueResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let a paused queue go on.",
        discussion: """
            EXAMPLES
              nightshift queue resume night
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The queue.")
    var name: String

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        try await store.resume(queue: name)
        Console.noteForeign("queue '\(name)' goes on")
    }
}
