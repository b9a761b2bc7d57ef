import ArgumentParser
import Foundation
import JobStore

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Pause and resume queues.",
        discussion: """
            EXAMPLES
              nightshift queue list
              nightshift queue pause night
              nightshift queue resume night
            """,
        subcommands: [QueueListCommand.self, QueuePauseCommand.self, QueueResumeCommand.self])
}

struct QueueListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The queues with their counts.",
        discussion: """
            EXAMPLES
              nightshift queue list --csv
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        var printer = RowPrinter(
            [.text("queue", isFlexible: true), .text("paused"), .text("open_now")] + StatusCommand.counts
                + [.hidden("oldest")],
            format: output.format, hasHeader: !output.noHeader)
        for queue in try await store.queues() { try printer.print(queue) }
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
