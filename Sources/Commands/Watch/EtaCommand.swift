import ArgumentParser
import Foundation
import JSONText
import JobStore
import Reports

struct EtaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eta",
        abstract: "When the work will be done.",
        discussion: """
            Plays the queue forward, with its order, run windows, rates and pauses, at the speed that this machine has had: \
            learnt from the times of the jobs it has done, those of the last nights above all. Of each queue, or of a batch, \
            or of jobs. What is held, or waits in a paused queue, is stuck: the times are of the rest. Of a machine that has \
            done nothing yet no time is known.

            EXAMPLES
              nightshift eta
              nightshift eta --batch essays
              nightshift eta 12 13 --json
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "Ids of jobs.")
    var ids: [Int64] = []

    @Option(name: .shortAndLong, help: "Only this queue.")
    var queue: String?

    @Option(name: .shortAndLong, help: "The batch of this name.")
    var batch: String?

    @OptionGroup var output: OutputOptions

    static let columns: [RowColumn] = [
        .text("what", isFlexible: true), .number("open"), .number("stuck", usual: "0"), .status("state"),
        RowColumn(name: "in", alignment: .right),
        .time("ready"), .time("earliest"), .time("latest"), .hidden("seconds"), .hidden("seconds_low"),
        .hidden("seconds_high"),
    ]

    func validate() throws {
        guard [!ids.isEmpty, queue != nil, batch != nil].count(where: \.self) <= 1 else {
            throw ValidationError("choose one of ids, --queue and --batch")
        }
    }

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let prospects = try await Prospects(store, now: Date())
        var printer = RowPrinter(Self.columns, format: output.format, hasHeader: !output.noHeader)
        for (name, target) in try await targets(in: store) {
            let work = try await store.openWork(target, now: prospects.now)
            try printer.print(Self.row(name, work, target, prospects))
        }
        try printer.finish(empty: "Nothing is open.")
        if output.format == .table, printer.count > 0 {
            Console.note("")
            Console.note(prospects.explanation)
        }
    }

    private func targets(in store: JobStore) async throws -> [(name: String, target: ForecastTarget)] {
        if let batch {
            guard let id = try await store.existingBatch(named: batch) else {
                throw CommandError(.noInput, "there is no batch '\(DisplayText.line(batch, limit: 80))'")
            }
            return [("batch \(batch)", .batch(id))]
        }
        if !ids.isEmpty {
            let states = try await store.states(ofJobs: ids)
            for id in ids where states[id] == nil { throw CommandError(.noInput, "there is no job \(id)") }
            return ids.map { ("job \($0)", .job($0)) }
        }
        let queues = try await store.queues()
        if let queue, !queues.contains(where: { $0.queue == queue }) {
            throw CommandError(.noInput, "there is no queue '\(DisplayText.line(queue, limit: 80))'")
        }
        let busy = queues.filter { queue == nil ? $0.open > 0 : $0.queue == queue }
        return busy.map { ("queue \($0.queue)", .queue($0.queue)) }
            + (busy.count > 1 ? [("everything", .everything)] : [])
    }

    static func row(
        _ name: String, _ work: [OpenWork], _ target: ForecastTarget, _ prospects: Prospects
    ) -> JSONObject {
        let open = work.reduce(0) { $0 + ($1.isWanted ? $1.count : 0) }
        var row: JSONObject = ["what": .string(name)]
        if case .job = target { row["open"] = .null } else { row["open"] = .integer(open) }
        row["stuck"] = .integer(prospects.stuck(in: work))
        let answer = prospects.answer(for: work)
        row["state"] = .string(state(answer, open: open))
        for key in ["in", "ready", "earliest", "latest", "seconds", "seconds_low", "seconds_high"] { row[key] = .null }
        guard case .done(let date, let earliest, let latest)? = answer else { return row }
        func seconds(_ date: Date) -> Double { (max(0, date.timeIntervalSince(prospects.now)) * 10).rounded() / 10 }
        row["in"] = .string(TimeRange.text(seconds: seconds(date)))
        row["ready"] = .string(LocalTime.text(date))
        row["earliest"] = .string(LocalTime.text(earliest))
        row["latest"] = .string(LocalTime.text(latest))
        row["seconds"] = .number(seconds(date))
        row["seconds_low"] = .number(seconds(earliest))
        row["seconds_high"] = .number(seconds(latest))
        return row
    }

    private static func state(_ answer: QueueForecast.Answer?, open: Int) -> String {
        switch answer {
        case nil: open == 0 ? "done" : "unknown"
        case .nothingOpen?: "done"
        case .held?: "held"
        case .blocked(let queue)?: "blocked by queue \(queue)"
        case .done?: "open"
        }
    }
}

extension QueueStatusRow {
    /// Jobs that aren't finished.
    var open: Int { available + scheduled + running + pending }
}
