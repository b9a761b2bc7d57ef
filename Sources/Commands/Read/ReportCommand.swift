import ArgumentParser
import Foundation
import JobStore
import Reports

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "A page to read in the morning: what was done, and what came out.",
        discussion: """
            One HTML file that needs nothing else, no network either: a summary, charts, and each document with its results, \
            its source and, for quotations, the passage marked in its context; with a filter, light and dark, for screen, \
            phone and paper. By default it is about the last day in which something ended; --all, --since and --batch choose \
            otherwise.

            EXAMPLES
              nightshift report --html morning.html
              nightshift report --html essays.html --batch essays
              nightshift report --html week.html --since '2026-11-20 18:00' --title 'The week'
            """)

    /// Jobs that fell asleep longer ago than this before the last one belong to another night.
    private static let night = 86_400.0
    private static let contextCharacters = 300

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var filter: SelectionOptions

    @Option(
        help: ArgumentHelp("The page's file; - for standard output. An earlier report is replaced.", valueName: "file"),
        completion: .file())
    var html: String

    @OptionGroup var period: PeriodOptions

    @Flag(help: "Everything that has ended, however long ago.")
    var all = false

    @Option(help: "What the page is called.")
    var title: String?

    @Option(
        help: ArgumentHelp("How much of each document's text the page holds; 0 for none.", valueName: "characters"))
    var excerpt = 2000

    @Flag(help: "Replace the file though it is no report.")
    var force = false

    func validate() throws {
        guard (0...10_000_000).contains(excerpt) else {
            throw ValidationError("--excerpt takes 0 to 10000000 characters")
        }
        if all, !period.isEmpty { throw ValidationError("choose --all or --since and --until") }
    }

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let now = Date()
        var report = ReportFilter(selection: try await filter.selection(in: store))
        (report.since, report.until) = try period.range(now: now)
        var scope = filter.description
        if period.isEmpty, !all, filter.batch == nil, let last = try await store.lastEnd() {
            report.since = last.addingTimeInterval(-Self.night)
            scope.append("what ended within a day before the last job")
        }
        try guardFile()
        var facts = NightFacts()
        let progress = ProgressLine()
        defer { progress.clear() }
        try await store.forEachAttempt(report) { fact in
            facts.count(fact)
            progress.update("looked at \(facts.attempts.grouped) attempts")
        }
        let counts = NightCounts(try await store.reportCounts(report))
        let title = title ?? Self.title(facts.period)
        var page = ReportPage(
            .init(
                title: title, scope: scope.isEmpty ? nil : scope.joined(separator: ", "), made: now,
                version: Version.current))
        let output = try ExportOutput(html, replaces: true)
        try output.write(page.head(facts, counts))
        var written = 0
        try await store.forEachReported(report) { jobs in
            let passages = try await store.passages(ofJobs: jobs.map(\.id), context: Self.contextCharacters)
            var entries: [ReportPage.Entry] = []
            var last: Int64?
            for job in jobs {
                var entry = ReportPage.Entry(job: job, passages: passages[job.id] ?? [])
                if excerpt > 0, job.documentID == nil || job.documentID != last {
                    entry.excerpt = try await store.excerpt(ofJob: job.id, characters: excerpt)
                }
                last = job.documentID
                entries.append(entry)
            }
            try output.write(page.body(entries))
            written += jobs.count
            progress.update("wrote \(written.grouped) results")
        }
        try output.write(page.foot())
        try output.finish()
        progress.clear()
        if html != "-" {
            Console.noteForeign("wrote \(html): \(counted(written, "job")), \(Self.size(of: html).byteText)")
        }
    }

    /// What isn't a report of ours was put there by somebody.
    private func guardFile() throws {
        guard html != "-", !force, FileManager.default.fileExists(atPath: html) else { return }
        let head = FileHandle(forReadingAtPath: html).flatMap { try? $0.read(upToCount: 4096) } ?? Data()
        guard head.range(of: Data("<meta name=\"generator\" content=\"nightshift".utf8)) != nil else {
            throw CommandError(.cannotCreate, "\(html): is there already, and is no report; --force replaces it")
        }
    }

    private static func size(of path: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }

    private static func title(_ period: ClosedRange<Date>?) -> String {
        guard let period else { return "Nightshift" }
        let (first, last) = (LocalTime.text(period.lowerBound).prefix(10), LocalTime.text(period.upperBound).prefix(10))
        return first == last ? "Nightshift, \(first)" : "Nightshift, \(first) to \(last)"
    }
}

/// A stretch of the past.
struct PeriodOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only what ended from then on: 22:00 (the last one), '2026-11-22 22:00', 8h.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only what ended before then.", valueName: "time"))
    var until: String?

    var isEmpty: Bool { since == nil && until == nil }

    /// - throws: ``CommandError`` (64).
    func range(now: Date, calendar: Calendar = .current) throws -> (since: Date?, until: Date?) {
        (try since.map { try Self.past($0, now, calendar) }, try until.map { try Self.past($0, now, calendar) })
    }

    /// A duration counts back from now, and a time of day is the last one that was.
    private static func past(_ text: String, _ now: Date, _ calendar: Calendar) throws -> Date {
        if let seconds = try? TimeExpression.duration(text) { return now.addingTimeInterval(-seconds) }
        let moment = try TimeExpression.moment(text, now: now, calendar: calendar)
        guard moment > now, text.wholeMatch(of: /\s*\d{1,2}:\d{2}(:\d{2})?\s*/) != nil else { return moment }
        return calendar.date(byAdding: .day, value: -1, to: moment) ?? moment.addingTimeInterval(-86_400)
    }
}

extension SelectionOptions {
    /// `batch essays`, `kind summarize`: what was chosen.
    var description: [String] {
        [batch.map { "batch \($0)" }, kind.map { "kind \($0)" }, queue.map { "queue \($0)" }].compactMap(\.self)
    }
}
