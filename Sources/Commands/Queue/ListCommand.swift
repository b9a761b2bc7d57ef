import ArgumentParser
import JobStore

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Jobs with their states.",
        discussion: """
            A status is a job's state, or what it comes to now: scheduled (not due yet), retryable (failed, and waits for
            its next try), stalled (its worker has gone silent).

            EXAMPLES
              nightshift list --newest --limit 20
              nightshift list --state discarded
              nightshift list --batch essays --json
              nightshift list --state running --plain --no-header | cut -f1
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var filter: SelectionOptions

    @Option(name: [.short, .long, .customLong("status")], help: "Only jobs of this status.")
    var state: StatusName?

    @OptionGroup var limit: LimitOptions
    @OptionGroup var output: OutputOptions

    static let columns: [RowColumn] = [
        .number("id"), .text("kind"), .text("queue"), .status("status"), .number("priority"), .text("tries"),
        .number("progress"), .time("scheduled"), .time("started"), .time("finished"), .text("input", isFlexible: true),
        .text("error", isFlexible: true),
    ]

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let selection = try await filter.selection(in: store)
        var printer = RowPrinter(Self.columns, format: output.format, hasHeader: !output.noHeader)
        try await limit.print(&printer, format: output.format, empty: "No jobs.", id: \JobStatusRow.id) {
            try await store.list(
                selection, status: state?.rawValue, afterID: $0, newestFirst: limit.newest, limit: $1)
        }
    }
}
