import ArgumentParser
import Bulk
import Documents
import Foundation
import JSONText
import JobCatalog
import JobStore
import Kernels
import Records

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Queue a job for each line of a JSONL or CSV file.",
        discussion: """
            JSON lines are OpenAI batch requests for /v1/completions and /v1/chat/completions, or objects with the columns \
            of jobs: kind, input (or document, or path), question, options, custom_id, queue, priority, title, metadata, \
            max_attempts, scheduled_at, deadline_at, timeout_seconds. The first row of a CSV file names its columns.

            The same import again adds what is missing: after a kill, or after lines were put right. Wrong lines are named and \
            the rest goes in (exit 1); with --strict nothing does (exit 65).

            EXAMPLES
              nightshift import requests.jsonl --batch essays --errors wrong.jsonl
              nightshift import reviews.csv --kind summarize --column input=body --column custom_id=id
              zcat big.jsonl.gz | nightshift import - --batch big
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case jsonl, csv
    }

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The file; - for standard input.", completion: .file(extensions: ["jsonl", "csv"]))
    var file: String

    @Option(name: .shortAndLong, help: "By default what the file's name ends with, else jsonl.")
    var format: Format?

    @Option(name: .shortAndLong, help: "The kind of lines that name none.", completion: .kind)
    var kind: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Add the jobs to the batch of this name.", valueName: "name"))
    var batch: String?

    @Option(name: .shortAndLong, help: "The queue of lines that name none.")
    var queue = "default"

    @Option(name: .shortAndLong, help: "The priority of lines that name none: 0 runs first, 9 last.")
    var priority = 5

    @Option(help: ArgumentHelp("What is asked where a line has no question.", valueName: "text"))
    var question: String?

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of every job that doesn't set it; may be repeated.", valueName: "key=value"))
    var options: [String] = []

    @Option(
        help: ArgumentHelp("A column of the CSV file under another name; may be repeated.", valueName: "ours=theirs"))
    var column: [String] = []

    @Flag(help: "Pass over columns of the CSV file that jobs don't have.")
    var ignoreUnknown = false

    @Option(help: ArgumentHelp("What separates the cells of the CSV file.", valueName: "character"))
    var delimiter = ","

    @Option(
        help: ArgumentHelp(
            "Write a line for each line that is refused, as OpenAI's error files have them.", valueName: "file"),
        completion: .file())
    var errors: String?

    @Flag(name: [.long, .customLong("all-or-nothing")], help: "Add nothing unless every line is right.")
    var strict = false

    @Flag(help: "Add nothing; say what would be added.")
    var dryRun = false

    @Flag(help: "Print an object with the counts.")
    var json = false

    func validate() throws {
        guard (0...9).contains(priority) else { throw ValidationError("--priority takes 0 (first) to 9") }
        guard (1...128).contains(queue.count) else { throw ValidationError("a queue's name has 1 to 128 characters") }
        guard batch?.isEmpty != true else { throw ValidationError("--batch names no batch") }
        guard delimiter.utf8.count == 1, delimiter.first?.isNewline == false, delimiter != "\"" else {
            throw ValidationError("--delimiter takes one ASCII character")
        }
    }

    func run() async throws {
        let parsedOptions = try JobOptions.parse(arguments: options)
        if let kind { _ = try JobCatalog.ofUser.definition(named: kind) }
        let given = try FileInput(file)
        // Pipes come once only, and --strict reads twice.
        let spool = strict && given.size == nil ? try SpoolFile(given) : nil
        let input = try spool.map { try FileInput($0.path) } ?? given
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let errorFile = try errors.map { try OutputFile(path: $0, replaces: true) }
        let isCheck = dryRun || strict
        let existing = if let batch { try await store.existingBatch(named: batch) } else { Int64?.none }
        var session = Session(store: store, errorFile: errorFile, batchID: existing, options: parsedOptions)
        if !isCheck, let batch { session.batchID = try await store.batch(named: batch, now: Date()) }
        var report = try await read(input, session, isCheck ? .check : .add)
        if strict, !dryRun, report.refused == 0 {
            if let batch { session.batchID = try await store.batch(named: batch, now: Date()) }
            report = try await read(FileInput(spool?.path ?? file), session, .add)
        }
        try errorFile?.finish()
        try announce(report)
    }

    /// What both passes of an import share.
    private struct Session {
        let store: JobStore
        let errorFile: OutputFile?
        var batchID: Int64?
        let options: [String: JSONValue]
    }

    private func read(
        _ input: FileInput, _ session: Session, _ mode: BulkImporter.Mode
    ) async throws -> ImportReport {
        let progress = ImportProgress(total: input.size, verb: mode == .add ? "added" : "checked")
        let name = file == "-" ? "standard input" : URL(filePath: file).lastPathComponent
        let journal = RefusalJournal(session.errorFile, file: name, progress: progress)
        var importer = BulkImporter(
            store: session.store, parser: parser(session), mode: mode, fileName: name, batch: batch,
            refuse: { try journal.write($0) })
        defer { progress.finish() }
        do {
            switch format ?? Format(rawValue: URL(filePath: file).pathExtension.lowercased()) ?? .jsonl {
            case .jsonl:
                var reader = JSONLinesReader(input.bytes)
                try await importer.run(&reader, now: { Date() }, progress: { progress.update($0, offset: $1) })
            case .csv:
                var reader = try CSVReader(
                    input.bytes, separator: delimiter.utf8.first ?? UInt8(ascii: ","), columns: try columns(),
                    isKnown: JobLineParser.isKnown)
                try await importer.run(&reader, now: { Date() }, progress: { progress.update($0, offset: $1) })
            }
        } catch let problem as BulkProblem {
            throw CommandError(.badData, "\(name), \(problem)")
        } catch {
            progress.finish()
            // What was added stays added, and must be known.
            if mode == .add {
                Console.noteForeign("nightshift: " + summary(importer.report) + "; run it again to add the rest")
            }
            throw error
        }
        journal.close()
        return importer.report
    }

    private func parser(_ session: Session) -> JobLineParser {
        var defaults = JobLineParser.Defaults()
        (defaults.kind, defaults.queue, defaults.priority) = (kind, queue, priority)
        (defaults.question, defaults.options, defaults.batchID) = (question, session.options, session.batchID)
        let folder = file == "-" ? nil : URL(filePath: file).deletingLastPathComponent()
        return JobLineParser(
            catalog: .ofUser, defaults: defaults,
            document: { path in
                let document = try DocumentReader().read(.file(path: URL(filePath: path, relativeTo: folder).path))
                return NewDocument(document)
            },
            time: { try TimeExpression.moment($0, now: Date()) })
    }

    private func columns() throws -> CSVReader.Columns {
        var names: [String: String] = [:]
        for mapping in column {
            let parts = mapping.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, JobLineParser.isKnown(parts[0]) else {
                throw CommandError(
                    .usage,
                    "--column \(mapping): write ours=theirs; ours are \(JobLineParser.fieldNames.joined(separator: ", ")), "
                        + "\(JobLineParser.optionPrefix)NAME")
            }
            names[parts[1]] = parts[0]
        }
        return CSVReader.Columns(names: names, ignoresUnknown: ignoreUnknown)
    }

    // MARK: - The end

    private func announce(_ report: ImportReport) throws {
        if json { try Console.print(DelimitedText.json(.object(object(report)))) }
        Console.noteForeign(summary(report))
        guard report.refused > 0 else { return }
        let refused = "\(counted(report.refused, "line")) refused" + (errors.map { ", see \($0)" } ?? "")
        if strict { throw CommandError(.badData, "\(refused); nothing was added, because of --strict") }
        let isNothing = report.added + report.present == 0
        throw CommandError(isNothing ? .badData : .someFailed, refused)
    }

    private func summary(_ report: ImportReport) -> String {
        let name = file == "-" ? "standard input" : file
        let adds = !dryRun && !(strict && report.refused > 0)
        var text = "\(name): \(counted(report.records, "line")) read, "
        text += adds ? "\(counted(report.added, "job")) added" : "\(counted(report.added, "job")) to be added"
        if adds, let first = report.firstID, let last = report.lastID {
            text += first == last ? " (\(first))" : " (\(first) to \(last))"
        }
        if report.present > 0 { text += ", \(report.present) there already" }
        if report.refused > 0 { text += ", \(report.refused) refused" }
        return text
    }

    private func object(_ report: ImportReport) -> JSONObject {
        [
            "lines": .integer(report.records), "added": .integer(strict && report.refused > 0 ? 0 : report.added),
            "present": .integer(report.present),
            "refused": .integer(report.refused), "first_id": report.firstID.map { .integer(Int($0)) } ?? .null,
            "last_id": report.lastID.map { .integer(Int($0)) } ?? .null, "batch": batch.map { .string($0) } ?? .null,
            "errors": errors.map { .string($0) } ?? .null, "dry_run": .bool(dryRun),
        ]
    }
}
