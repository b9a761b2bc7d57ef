public import ArgumentParser
import Foundation
import JSONText
public import JobStore
import Tokenization

struct ReviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "Say which results are good, and what the others ought to be.",
        discussion: """
            Verdicts are rows of the table reviews, one a job, and may as well be written by SQL. Without a verdict the reviews \
            are listed. Accepted and corrected results make a training set: --pairs prints it, 'nightshift tune' takes it \
            from the queue.

            A file of --import has a line for each verdict, JSON or CSV with a header line: id or custom_id, verdict \
            (accepted, rejected, corrected; left out with a correction), correction, note, by.

            EXAMPLES
              nightshift review 12 13 14 --accept
              nightshift review 15 --reject --note "made up"
              nightshift review 16 --correct "The bridge was closed in May."
              nightshift review 17 --correct-file better.txt
              nightshift review --batch essays --accept
              nightshift review --import verdicts.csv
              nightshift review --verdict rejected
              nightshift review --pairs > pairs.jsonl
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var filter: SelectionOptions

    @Argument(help: "Ids of jobs; without any, all that the options select.")
    var ids: [Int64] = []

    @Flag(help: "Their results are good.")
    var accept = false

    @Flag(help: "Their results are not.")
    var reject = false

    @Option(help: ArgumentHelp("This is what the result of one job ought to be; - reads it.", valueName: "text"))
    var correct: String?

    @Option(help: ArgumentHelp("The same from a file.", valueName: "file"), completion: .file())
    var correctFile: String?

    @Flag(help: "Take the verdict back.")
    var clear = false

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    var note: String?

    @Option(help: ArgumentHelp("Who says so; by default $USER.", valueName: "name"))
    var by: String?

    @Option(
        name: .customLong("import"),
        help: ArgumentHelp("Verdicts from a file, JSON lines or CSV; - for standard input.", valueName: "file"),
        completion: .file())
    var imported: String?

    @Flag(help: "Print prompts and good texts as JSON lines.")
    var pairs = false

    @Option(help: "With --pairs: the style of prompt, in place of the one that each text was made with.")
    var style: String?

    @Option(help: "List only these: accepted, rejected or corrected.")
    var verdict: Verdict?

    @OptionGroup var limit: LimitOptions
    @OptionGroup var output: OutputOptions

    private var modes: [String] {
        [
            accept ? "--accept" : nil, reject ? "--reject" : nil, correct.map { _ in "--correct" },
            correctFile.map { _ in "--correct-file" }, clear ? "--clear" : nil, imported.map { _ in "--import" },
            pairs ? "--pairs" : nil,
        ].compactMap(\.self)
    }

    func validate() throws {
        if modes.count > 1 { throw ValidationError("\(modes[0]) and \(modes[1]): give one of them") }
        let hasSelection = !ids.isEmpty || !filter.isEmpty
        if accept || reject || clear, !hasSelection {
            throw ValidationError("\(modes[0]): name jobs, or select them with --batch, --kind or --queue")
        }
        if correct != nil || correctFile != nil, ids.count != 1 || !filter.isEmpty {
            throw ValidationError("\(modes[0]) is about one job; name its id")
        }
        if imported != nil, hasSelection { throw ValidationError("--import says which jobs; name none") }
        if style != nil, !pairs { throw ValidationError("--style goes with --pairs") }
    }

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        if let imported { return try await ReviewIntake(path: imported, by: author).run(in: store) }
        let selection = try await filter.selection(in: store, ids: ids.isEmpty ? nil : ids)
        if pairs { return try await printPairs(selection, in: store) }
        if clear {
            let count = try await store.removeReviews(selection)
            return Console.note("\(counted(count, "review")) removed")
        }
        guard let (verdict, correction) = try newVerdict() else { return try await list(selection, in: store) }
        try await judge(selection, verdict, correction, in: store)
    }

    private var author: String? {
        by ?? ProcessInfo.processInfo.environment["USER"].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func newVerdict() throws -> (Verdict, correction: String?)? {
        if accept { return (.accepted, nil) }
        if reject { return (.rejected, nil) }
        let text: String
        switch (correct, correctFile) {
        case ("-"?, _): text = try Self.text(of: "-")
        case (let correct?, _): text = correct
        case (nil, let file?): text = try Self.text(of: file)
        case (nil, nil): return nil
        }
        // Editors end every file with a line end.
        return (.corrected, text.hasSuffix("\n") ? String(text.dropLast()) : text)
    }

    /// A correction is no longer than a model's output ever is.
    private static let longestCorrection = 16 << 20

    private static func text(of path: String) throws -> String {
        let file = try FileInput(path)
        var bytes: [UInt8] = []
        while case let piece = try file.nextPiece(), !piece.isEmpty {
            bytes += piece
            guard bytes.count <= longestCorrection else {
                throw CommandError(.badData, "\(file.name): a correction of more than \(longestCorrection >> 20) MiB")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else {
            throw CommandError(.badData, "\(file.name): isn't text in UTF-8")
        }
        return text
    }

    private func judge(
        _ selection: JobSelection, _ verdict: Verdict, _ correction: String?, in store: JobStore
    ) async throws {
        var jobs = ids
        if ids.isEmpty {
            try await store.forEachResult(ResultFilter(selection: selection)) { jobs.append($0.id) }
        }
        let outcomes = try await store.review(
            jobs.map { NewReview(jobID: $0, verdict: verdict, correction: correction, note: note, by: author) })
        var failures = 0
        for (id, outcome) in zip(jobs, outcomes) {
            guard let problem = outcome.problem(ofJob: id) else { continue }
            failures += 1
            Console.noteForeign("nightshift: \(problem)")
        }
        Console.note("\(counted(jobs.count - failures, "result")) \(verdict.rawValue)")
        if failures > 0 { throw CommandError(.someFailed, "\(counted(failures, "job")) without a verdict, see above") }
    }

    // MARK: - Listing

    static let columns: [RowColumn] = [
        .number("id"), .text("kind"), .text("document", isFlexible: true), .hidden("question"), .text("verdict"),
        .text("text", isFlexible: true), .text("correction", isFlexible: true), .text("note", isFlexible: true),
        .text("by"), .time("at"), .hidden("batch"), .hidden("model"),
    ]

    private func list(_ selection: JobSelection, in store: JobStore) async throws {
        var printer = RowPrinter(Self.columns, format: output.format, hasHeader: !output.noHeader)
        try await limit.print(&printer, format: output.format, empty: "No reviews.", id: \ReviewRow.id) {
            after, limit in
            try await store.reviews(
                ResultFilter(selection: selection, afterID: after, newestFirst: self.limit.newest), verdict: verdict,
                limit: limit)
        }
    }

    private func printPairs(_ selection: JobSelection, in store: JobStore) async throws {
        let renderer = ReviewedPairs(style: style)
        var (count, failures) = (0, 0)
        try await store.forEachReviewed(selection) { job in
            do {
                try Console.print(renderer.pair(job).json.text)
                count += 1
            } catch let problem as PairProblem {
                failures += 1
                Console.noteForeign("nightshift: job \(job.id): \(problem.description)")
            }
        }
        Console.note("\(counted(count, "pair"))")
        if failures > 0 { throw CommandError(.someFailed, "\(counted(failures, "result")) left out, see above") }
    }
}

extension Verdict: ExpressibleByArgument {}

extension ReviewOutcome {
    /// What a person reads; `nil` where all went well.
    func problem(ofJob id: Int64) -> String? {
        switch self {
        case .stored: nil
        case .noJob: "there is no job \(id)"
        case .noResult(let state): "job \(id) has no result: it is \(state.rawValue)"
        case .refused(let reason): "job \(id): \(reason)"
        }
    }
}
