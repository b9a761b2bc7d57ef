import ArgumentParser
import Foundation
import JSONText
import JobStore

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "What happened to jobs, and when.",
        discussion: """
            Every change of a job's state is recorded, whoever made it, also at the sqlite3 prompt. The latest 50 are shown,
            or all that --since or --job names. Events of removed jobs are removed with them.

            EXAMPLES
              nightshift events --follow
              nightshift events --job 12
              nightshift events --since '2026-11-22 22:00' --json | jq -r 'select(.error_code) | .job'
            """)

    private static let pageLength = 500

    @OptionGroup var queueOptions: QueueOptions

    @Flag(name: .shortAndLong, help: "Go on, and show events as they happen.")
    var follow = false

    @Option(help: ArgumentHelp("Only events of this job.", valueName: "id"))
    var job: Int64?

    @Option(help: ArgumentHelp("Only events since then: 22:00 (the last one), '2026-11-22 22:00'.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Begin with the latest of this number.", valueName: "number"))
    var limit: Int?

    @Flag(help: "One JSON object a line; times are UTC.")
    var json = false

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit takes 0 or more") }
    }

    func run() async throws {
        let now = Date()
        let since = try since.map { try Self.past($0, now: now) }
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        var filter = EventFilter(jobID: job, since: since)
        let style = Console.outputStyle
        // Read before the events, so that none falls between.
        var lastChange = try await store.changeCounter()
        if let limit = limit ?? (since == nil && job == nil ? 50 : nil) {
            let latest = try await store.events(filter, limit: limit, latest: true)
            for event in latest { try write(event, style) }
            // Where none matches, those that are there already don't come up again.
            filter.afterID = latest.last?.id
            if latest.isEmpty { filter.afterID = try await store.events(limit: 1, latest: true).last?.id }
        }
        try await writeNew(&filter, from: store, style)
        while follow {
            try await Task.sleep(for: .milliseconds(200))
            let change = try await store.changeCounter()
            guard change != lastChange else { continue }
            lastChange = change
            try await writeNew(&filter, from: store, style)
        }
    }

    /// Page by page, so that a million neither fill the memory nor hold one read open.
    private func writeNew(_ filter: inout EventFilter, from store: JobStore, _ style: TerminalStyle) async throws {
        while true {
            let page = try await store.events(filter, limit: Self.pageLength)
            for event in page { try write(event, style) }
            guard let last = page.last else { return }
            filter.afterID = last.id
        }
    }

    private func write(_ event: QueueEventRow, _ style: TerminalStyle) throws {
        if json { return try Console.print(DelimitedText.json(.object(RowEncoder.object(event)))) }
        try Console.print(event.line(style: style))
    }

    /// A time of day is the last one that was.
    private static func past(_ text: String, now: Date) throws -> Date {
        let moment = try TimeExpression.moment(text, now: now)
        guard moment > now else { return moment }
        return Calendar.current.date(byAdding: .day, value: -1, to: moment) ?? moment.addingTimeInterval(-86_400)
    }
}

extension QueueEventRow {
    /// `2026-11-22 22:31:05  job 12 summarize  running → completed  attempt 1  host:4711:…`, on this machine's clock.
    func line(style: TerminalStyle) -> String {
        var parts = ["job \(job)" + (kind.map { " \($0)" } ?? "")]
        // More than what the states tell: lost, timed out, handed back.
        let end = outcome.flatMap { $0 == to ? nil : " (\($0))" } ?? ""
        let arrow = from.map { "\($0) → " } ?? "added, "
        let change = arrow + style.paint(to, TerminalStyle.look(ofStatus: outcome ?? to)) + end
        if let attempt, attempt > 0 { parts.append("attempt \(attempt)") }
        if let by { parts.append(by) }
        if let error { parts.append(error) }
        parts = parts.map { DisplayText.line($0, limit: 300) }
        parts.insert(change, at: 1)
        return ([style.paint(LocalTime.local(at), .dim)] + parts).joined(separator: "  ")
    }
}
