import ArgumentParser
import JSONText
import JobStore

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Jobs with their states.",
        discussion: """
            A status is a job's state, or what it comes to now: scheduled (not due yet), retryable (failed, and waits \
            for its next try), stalled (its worker has gone silent). The parts of a long document are jobs of their own, which \
            --parent lists for one job and --parts with all others.

            EXAMPLES
              nightshift list --newest --limit 20
              nightshift list --state discarded
              nightshift list --batch essays --json
              nightshift list --parent 12
              nightshift list --state running --plain --no-header | cut -f1
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var filter: SelectionOptions

    @Option(name: [.short, .long, .customLong("status")], help: "Only jobs of this status.")
    var state: JobStatus?

    @Option(help: ArgumentHelp("The parts of this job.", valueName: "id"))
    var parent: Int64?

    @Flag(help: "Parts of jobs, too.")
    var parts = false

    @OptionGroup var limit: LimitOptions
    @OptionGroup var output: OutputOptions

    static let columns: [RowColumn] = [
        .number("id"), .text("kind"), RowColumn(name: "queue", usual: "default"), .status("status"),
        .number("priority", usual: "5"), .text("tries"), .number("progress"), .hidden("scheduled"), .hidden("started"),
        .hidden("finished"), .text("input", isFlexible: true), .text("error", isFlexible: true),
        .hidden("parent_id"), .hidden("part"),
    ]

    /// In a table, one time stands for three: when the job finished, or started, or is due.
    static let tableColumns: [RowColumn] =
        columns.prefix { $0.name != "input" } + [.time("when")] + columns.drop { $0.name != "input" }
    /// With what they are parts of.
    static let partColumns: [RowColumn] =
        tableColumns.filter { !["parent_id", "part"].contains($0.name) } + [.number("parent_id"), .number("part")]

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        var selection = try await filter.selection(in: store)
        selection.statuses = state.map { [$0] }
        (selection.parentID, selection.includesParts) = (parent, parts)
        let isTable = output.format == .table
        let columns = isTable ? (parts || parent != nil ? Self.partColumns : Self.tableColumns) : Self.columns
        var printer = RowPrinter(
            columns, format: output.format, hasHeader: !output.noHeader)
        try await limit.print(&printer, format: output.format, empty: "No jobs.", id: \JobStatusRow.id, pageRows: 5000)
        {
            try await store.list(selection, afterID: $0, newestFirst: limit.newest, limit: $1)
        } object: { row in
            var object = try RowEncoder.object(row)
            guard isTable else { return object }
            object["when"] = (row.finished ?? row.started ?? row.scheduled).map { .string($0) }
            // The name of what can't be read stands beside it already.
            for separator in [": ", ", "] {
                if let error = row.error, let input = row.input, error.hasPrefix(input + separator) {
                    object["error"] = .string(String(error.dropFirst(input.count + separator.count)))
                }
            }
            return object
        }
    }
}
