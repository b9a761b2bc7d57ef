public import ArgumentParser
import Foundation
import JSONText
import JobStore
public import Reports

struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "What the work has cost, by kind, hour, day, worker, model or queue.",
        discussion: """
            busy is wall-clock time with a job in hand, so that tok/s and jobs/h are what the machine has achieved: times of \
            jobs that ran side by side aren't added up. wait, first and total are means of a job: seconds until a worker took \
            it, until its prompt was read, and from claim to result. Parts of long documents count as jobs here.

            EXAMPLES
              nightshift stats
              nightshift stats --by hour --since 22:00
              nightshift stats --by model --json
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var filter: SelectionOptions

    @Option(help: "What is put together: \(Statistics.Grouping.allCases.map(\.rawValue).joined(separator: ", ")).")
    var by = Statistics.Grouping.kind

    @OptionGroup var period: PeriodOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        var report = ReportFilter(selection: try await filter.selection(in: store))
        (report.since, report.until) = try period.range(now: Date())
        var statistics = Statistics(by: by)
        try await store.forEachAttempt(report) { statistics.count($0) }
        let format = output.format
        var printer = RowPrinter(columns(format), format: format, hasHeader: !output.noHeader)
        let lines = statistics.lines
        for line in lines { try printer.print(row(line, format)) }
        // For people only: a program can add up, and must not count twice.
        if format == .table, lines.count > 1 { try printer.print(row(statistics.total, format)) }
        try printer.finish(empty: "No attempt has ended in this time.")
    }

    private func row(_ line: Statistics.Line, _ format: RowFormat) throws -> JSONObject {
        var row = try RowEncoder.object(line)
        guard format == .table else {
            // The column is called what it holds.
            row.members = row.members.map { $0.name == "group" ? .init(name: by.rawValue, value: $0.value) : $0 }
            return row
        }
        row["read"] = .string(line.promptTokens.grouped)
        row["shared"] = .string(line.cachedTokens.grouped)
        row["written"] = .string(line.completionTokens.grouped)
        row["busy"] = .string(TimeRange.text(seconds: line.busySeconds))
        func text(_ value: Double?) -> JSONValue { value.map { .string(String(format: "%.1f", $0)) } ?? "" }
        row["tok/s"] = text(line.tokensPerSecond)
        row["jobs/h"] = text(line.jobsPerHour)
        row["wait"] = text(line.waitSeconds)
        row["first"] = text(line.firstTokenSeconds)
        row["total"] = text(line.totalSeconds)
        row["longest"] = text(line.longestSeconds)
        row[by.rawValue] = .string(line.group)
        return row
    }

    private func columns(_ format: RowFormat) -> [RowColumn] {
        guard format == .table else {
            return [.text(by.rawValue)]
                + [
                    "completed", "failed", "stopped", "prompt_tokens", "cached_tokens", "completion_tokens",
                    "busy_seconds",
                    "tokens_per_second", "jobs_per_hour", "wait_seconds", "first_token_seconds", "total_seconds",
                    "longest_seconds",
                ].map { .number($0) }
        }
        return [
            .text(by.rawValue, isFlexible: true), .number("completed"), .number("failed", usual: "0"),
            .number("stopped", usual: "0"),
        ]
            + ["read", "shared", "written", "busy", "tok/s", "jobs/h", "wait", "first", "total", "longest"].map {
                .number($0)
            }
    }
}

extension Statistics.Grouping: ExpressibleByArgument {}
