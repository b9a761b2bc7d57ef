import ArgumentParser
import Bulk
import Foundation
import JSONText
import JobStore
import Kernels

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write what came out to files.",
        discussion: """
            jsonl is OpenAI's batch output, a line a job in the order of their ids; jobs that failed are lines with an error, \
            in --errors where that is given. csv has a row a job. md and txt write one file a document into the folder -o. \
            Files appear when they are whole, and replace others only with --force.

            With --jobs the jobs themselves are written, in the form that 'nightshift import' reads.

            Exit codes: 0 all well, 1 some of the jobs have failed, 73 a file is there already.

            EXAMPLES
              nightshift export --batch essays -o essays.jsonl --errors failed.jsonl
              nightshift export --kind summarize --format md -o summaries/
              nightshift export --batch essays --format csv > essays.csv
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case jsonl, csv, md, txt
    }

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var filter: SelectionOptions

    @Option(
        name: [.short, .long],
        help: "Only jobs of this status, as 'list' shows it; may be repeated. By default those that have ended.")
    var state: [JobStatus] = []

    @Option(name: .shortAndLong, help: "By default what the output's name ends with, else jsonl.")
    var format: Format?

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("The file, or for md and txt the folder; - for standard output.", valueName: "path"),
        completion: .file())
    var output = "-"

    @Option(help: ArgumentHelp("Where the lines of failed jobs go.", valueName: "file"), completion: .file())
    var errors: String?

    @Flag(help: "Write the jobs, not what came of them.")
    var jobs = false

    @Flag(help: "Replace files that are there.")
    var force = false

    func validate() throws {
        if isByDocument, output == "-" {
            throw ValidationError("--format \(usedFormat.rawValue) writes a file a document: name a folder with -o")
        }
        if jobs, usedFormat != .jsonl { throw ValidationError("--jobs writes JSON lines") }
        if errors != nil, usedFormat != .jsonl || jobs {
            throw ValidationError("--errors goes with the answers of --format jsonl")
        }
    }

    private var usedFormat: Format {
        format ?? Format(rawValue: URL(filePath: output).pathExtension.lowercased()) ?? .jsonl
    }
    private var isByDocument: Bool { usedFormat == .md || usedFormat == .txt }

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        var selection = try await filter.selection(in: store)
        let undone: Set<JobState> = [.pending, .available, .running]
        let ended: Set<JobState> =
            jobs ? Set(JobState.allCases) : isByDocument ? [.completed] : [.completed, .cancelled, .discarded]
        if state.isEmpty { selection.states = ended } else { selection.statuses = Set(state) }
        var tally = Tally()
        if isByDocument {
            try await writeDocuments(store, selection, &tally)
        } else {
            try await writeLines(store, selection, &tally)
        }
        (selection.states, selection.statuses) = (undone, nil)
        let left = jobs ? 0 : try await store.counts(of: selection).values.reduce(0, +)
        Console.noteForeign(summary(tally, left: left))
        if tally.failed > 0, !jobs { throw CommandError(.someFailed, "") }
    }

    /// What was written.
    private struct Tally {
        var jobs = 0
        var failed = 0
        var files = 0
    }

    private func summary(_ tally: Tally, left: Int) -> String {
        var text = counted(tally.jobs, "job") + (output == "-" ? "" : " to \(output)")
        if tally.files > 0 { text += " in \(counted(tally.files, "file"))" }
        if tally.failed > 0, !jobs {
            text += "; \(tally.failed) of them failed or cancelled" + (errors.map { ", in \($0)" } ?? "")
        }
        if left > 0 { text += "; \(left) not done yet" }
        return text
    }

    // MARK: - Lines

    private func writeLines(_ store: JobStore, _ selection: JobSelection, _ tally: inout Tally) async throws {
        let main = try ExportOutput(output, replaces: force)
        let errorOutput = try errors.map { try ExportOutput($0, replaces: force) }
        if usedFormat == .csv { try main.write(ExportRows.csvHeader) }
        try await store.forEachExported(ExportFilter(selection: selection, readsInputs: jobs)) { job in
            tally.jobs += 1
            let isFailed = job.state == .discarded || job.state == .cancelled
            if isFailed { tally.failed += 1 }
            switch usedFormat {
            case .csv: try main.write(ExportRows.csvRow(job))
            default:
                let line = jobs ? ExportRows.jobLine(job) : ExportRows.answerLine(job)
                let target = isFailed && !jobs ? errorOutput ?? main : main
                try target.write(DelimitedText.json(.object(line)) + "\n")
            }
        }
        try main.finish()
        try errorOutput?.finish()
    }

    // MARK: - A file a document

    private func writeDocuments(_ store: JobStore, _ selection: JobSelection, _ tally: inout Tally) async throws {
        try ExportFolder.make(output)
        var writer = DocumentWriter(folder: output, isMarkdown: usedFormat == .md, replaces: force)
        for order in [ExportFilter.Order.byDocument, .withoutDocument] {
            try await store.forEachExported(ExportFilter(selection: selection, order: order)) { job in
                tally.jobs += 1
                if job.text == nil { tally.failed += 1 }
                try writer.write(job)
            }
            try writer.finish()
        }
        tally.files = writer.fileCount
    }
}
