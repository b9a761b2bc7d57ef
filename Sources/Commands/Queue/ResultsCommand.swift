import ArgumentParser
import Foundation
import JSONText
import JobStore

struct ResultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results",
        abstract: "What came out.",
        discussion: """
            The columns are those of the view result_texts. text prints the texts only, md a heading for each. With --output \
            each document becomes a file, its jobs one after the other; a file that is there is left alone. The parts of long \
            documents are left out unless --parts, --parent or their ids ask for them. --search and --document compare words \
            without regard to case and accents.

            EXAMPLES
              nightshift results
              nightshift results 12 13 --format md
              nightshift results --batch essays --csv > essays.csv
              nightshift results --kind summarize --newest --limit 5 --json
              nightshift results --search 'notice period' --since 22:00
              nightshift results --format md -o results/
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table, plain, json, jsonl, csv, text, md
    }

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var filter: SelectionOptions

    @Argument(help: "Ids of jobs; all that have a result if none is named.")
    var ids: [Int64] = []

    @Option(name: .shortAndLong, help: "The form of the output.")
    var format: Format?

    @Option(help: "Only results of jobs of this status: completed, or another for what is done again.")
    var state: JobStatus?

    @Option(help: ArgumentHelp("Only of documents whose names have these words.", valueName: "words"))
    var document: String?

    @Option(help: ArgumentHelp("Only results with these words, in text, question or document.", valueName: "words"))
    var search: String?

    @OptionGroup var period: PeriodOptions

    @Flag(help: "Also the parts that long documents were split into.")
    var parts = false

    @Option(help: ArgumentHelp("What the parts of this job have brought.", valueName: "id"))
    var parent: Int64?

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "Write a file for each document into this folder; --format text or md.", valueName: "folder"),
        completion: .directory)
    var folder: String?

    @Flag(help: "With --output, replace files that are there.")
    var force = false

    @OptionGroup var limit: LimitOptions
    @OptionGroup var output: OutputOptions

    static let columns: [RowColumn] = [
        .number("id"), .text("kind"), .text("document", isFlexible: true), .text("question", isFlexible: true),
        .text("text", isFlexible: true), .hidden("prompt_tokens"), .hidden("completion_tokens"),
        .hidden("finish_reason"),
        RowColumn(name: "seconds", alignment: .right), .hidden("tokens_per_second"), .time("finished"), .text("batch"),
        .hidden("stopped_by"), .hidden("truncated"), .hidden("parts"), .hidden("parent_id"), .hidden("part"),
    ]

    func validate() throws {
        if folder != nil, let format, format != .text, format != .md {
            throw ValidationError("--output writes --format text or md")
        }
    }

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        var selection = try await filter.selection(in: store, ids: ids.isEmpty ? nil : ids)
        selection.statuses = state.map { [$0] }
        (selection.parentID, selection.includesParts) = (parent, parts)
        let words = ResultWords(search: search, document: document)
        let (since, until) = try period.range(now: Date())
        if let folder { return try await write(selection, since, until, words, to: folder, from: store) }
        var filter = ResultFilter(selection: selection, newestFirst: limit.newest, since: since, until: until)
        var missing = words.isEmpty && period.isEmpty && state == nil ? Set(ids) : []
        let fetch = { (after: Int64, limit: Int) in
            var found: [ResultRow] = []
            filter.afterID = after
            while found.count < limit {
                let wanted = words.isEmpty ? limit : 500
                let rows = try await store.results(filter, limit: wanted)
                found += rows.filter { words.fit(text: $0.text, question: $0.question, document: $0.document) }
                guard rows.count == wanted, let last = rows.last else { break }
                filter.afterID = last.id
            }
            missing.subtract(found.map(\.id))
            return Array(found.prefix(limit))
        }
        switch format {
        case .text?, .md?: try await printTexts(fetch)
        default:
            let format = format.flatMap { RowFormat(rawValue: $0.rawValue) } ?? output.format
            var printer = RowPrinter(Self.columns, format: format, hasHeader: !output.noHeader)
            try await limit.print(&printer, format: format, empty: "No results.", id: \ResultRow.id, fetch: fetch)
        }
        try await name(missing, in: store)
    }

    /// A file for each document.
    private func write(
        _ selection: JobSelection, _ since: Date?, _ until: Date?, _ words: ResultWords, to folder: String,
        from store: JobStore
    ) async throws {
        try ExportFolder.make(folder)
        var writer = DocumentWriter(folder: folder, isMarkdown: format == .md, replaces: force)
        var count = 0
        for order in [ExportFilter.Order.byDocument, .withoutDocument] {
            try await store.forEachExported(ExportFilter(selection: selection, order: order)) { job in
                guard let text = job.text, parts || job.parentID == nil,
                    words.fit(text: text, question: job.question, document: job.documentTitle ?? job.documentSource),
                    job.wasWritten(since, until)
                else { return }
                try writer.write(job)
                count += 1
            }
        }
        try writer.finish()
        Console.noteForeign("wrote \(counted(count, "result")) into \(counted(writer.fileCount, "file")) in \(folder)")
    }

    private func printTexts(_ fetch: (Int64, Int) async throws -> [ResultRow]) async throws {
        var left = limit.rows(for: .plain)
        var after: Int64 = 0
        while left > 0 {
            let page = try await fetch(after, min(500, left))
            for row in page { try Console.printForeign(format == .md ? Self.markdown(row) : row.text + "\n") }
            guard let last = page.last else { return }
            after = last.id
            left -= page.count
        }
    }

    private static func markdown(_ row: ResultRow) -> String {
        var text = "## \(DisplayText.line(row.document ?? "Job \(row.id)"))\n\n"
        if let question = row.question { text += "> \(DisplayText.line(question))\n\n" }
        return text + row.text + "\n\n*job \(row.id), \(row.kind), \(row.finished ?? "")*\n\n"
    }

    /// Names the jobs that were asked for and have no result, each with why.
    private func name(_ missing: Set<Int64>, in store: JobStore) async throws {
        guard !missing.isEmpty else { return }
        let states = try await store.states(ofJobs: Array(missing))
        for id in missing.sorted() {
            let reason = states[id].map { "job \(id) has no result: it is \($0.rawValue)" } ?? "there is no job \(id)"
            Console.note("nightshift: \(reason)")
        }
        throw CommandError(.someFailed, "\(counted(missing.count, "job")) without a result")
    }
}

struct ResultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "result",
        abstract: "The text one job has brought, and nothing else.",
        discussion: """
            With --json the row of the table results, and in quotations what the text quotes of the document and where that \
            stands: substr(text, begin + 1, end - begin) of the document gives each quotation back. evidence has the passages of a \
            long document that an answer was looked for in, likewise.

            EXAMPLES
              nightshift result 12
              nightshift result 12 --json
              nightshift result 12 > summary.txt
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The job's id.")
    var id: Int64

    @Flag(help: "One JSON object.")
    var json = false

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        guard let detail = try await store.job(id) else { throw CommandError(.noInput, "there is no job \(id)") }
        guard let result = detail.result else {
            let error = detail.job.error.map { ": \(DisplayText.line($0, limit: 500))" } ?? ""
            throw CommandError(.someFailed, "job \(id) has no result: it is \(detail.job.state)\(error)")
        }
        guard json else { return try Console.printForeign(result.text) }
        var object: JSONObject = ["id": .integer(Int(id)), "kind": .string(detail.job.kind)]
        for member in try RowEncoder.object(result).members { object[member.name] = member.value }
        object["quotations"] = .array(try detail.quotations.map { .object(try RowEncoder.object($0)) })
        object["evidence"] = .array(try detail.evidence.map { .object(try RowEncoder.object($0)) })
        try Console.print(DelimitedText.json(.object(object)))
    }
}
