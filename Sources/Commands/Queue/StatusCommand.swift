import ArgumentParser
import Foundation
import JSONText
import JobStore

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "How the queues stand, and who works on them.",
        discussion: """
            The figures count whole jobs; a job whose long document is read in parts is pending meanwhile, and parts counts \
            those that are to be done.

            EXAMPLES
              nightshift status
              nightshift status --json
              sqlite3 "$(nightshift paths queue)" 'SELECT * FROM queue_status'
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var output: OutputOptions

    /// How many jobs a queue has in each status.
    static let counts: [RowColumn] = [
        .number("available"), .number("scheduled"), .number("running"), .number("pending"), .number("completed"),
        .number("discarded"), .number("cancelled"),
    ]

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let queues = try await store.queues()
        let now = Date()
        let workers = try await store.liveWorkers(now: now)
        if output.format == .json {
            return try Console.print(DelimitedText.json(.object(try object(store, queues, workers))))
        }
        let state = RowColumn(name: "state", look: { $0 == "open" ? nil : .yellow })
        var printer = RowPrinter(
            [.text("queue", isFlexible: true)]
                + (output.format == .table ? [state] : [.text("paused"), .text("open_now")])
                + Self.counts + [.hidden("oldest"), .number("parts", usual: "0")],
            format: output.format, hasHeader: !output.noHeader)
        for queue in queues {
            var row = try RowEncoder.object(queue)
            if output.format == .table {
                row["state"] = .string(queue.paused ? "paused" : queue.openNow ? "open" : "closed")
            }
            try printer.print(row)
        }
        if output.format == .table, queues.count > 1 {
            var totals = Self.totals(of: queues)
            totals["queue"] = "all"
            try printer.print(totals)
        }
        try printer.finish()
        if output.format == .table { try explain(queues, workers, now: now) }
    }

    private func explain(_ queues: [QueueStatusRow], _ workers: [WorkerRow], now: Date) throws {
        try Console.print("")
        let waiting = queues.reduce(0) { $0 + $1.available }
        if let oldest = Self.oldest(queues), let date = LocalTime.date(oldest), date <= now, waiting > 0 {
            try Console.print("The oldest job has been waiting for \(LocalTime.span(now.timeIntervalSince(date))).")
        }
        if workers.isEmpty {
            try Console.print("No worker is running." + (waiting > 0 ? " Start one with: nightshift work" : ""))
        }
        for worker in workers {
            let since = LocalTime.date(worker.startedAt).map { LocalTime.span(now.timeIntervalSince($0)) } ?? "?"
            let engine = worker.engine.map { ", \($0)" } ?? ""
            let text =
                "Worker \(worker.pid) on \(worker.hostname), up \(since), \(counted(worker.running, "job")) in hand"
                + engine + (worker.stoppingAt == nil ? "" : ", stopping")
            try Console.print(DisplayText.line(text))
        }
    }

    private static func oldest(_ queues: [QueueStatusRow]) -> String? { queues.compactMap(\.oldest).min() }

    private static func totals(of queues: [QueueStatusRow]) -> JSONObject {
        func sum(_ count: KeyPath<QueueStatusRow, Int>) -> JSONValue {
            .integer(queues.reduce(0) { $0 + $1[keyPath: count] })
        }
        return [
            "available": sum(\.available), "scheduled": sum(\.scheduled), "running": sum(\.running),
            "pending": sum(\.pending), "completed": sum(\.completed), "discarded": sum(\.discarded),
            "cancelled": sum(\.cancelled), "parts": sum(\.parts),
        ]
    }

    private func object(_ store: JobStore, _ queues: [QueueStatusRow], _ workers: [WorkerRow]) throws -> JSONObject {
        [
            "database": .string(store.path), "queues": .array(try queues.map { .object(try RowEncoder.object($0)) }),
            "totals": .object(Self.totals(of: queues)),
            "oldest": Self.oldest(queues).map { .string($0) } ?? .null,
            "workers": .array(try workers.map { .object(try RowEncoder.object($0)) }),
        ]
    }
}
