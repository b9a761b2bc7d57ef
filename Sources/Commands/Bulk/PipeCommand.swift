import ArgumentParser
package import Bulk
import Documents
import Foundation
import JobCatalog
import JobStore
import UnixSignals
package import Worker

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

struct PipeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipe",
        abstract: "Answer JSON lines with JSON lines, without a queue.",
        discussion: """
            Reads what 'nightshift import' reads, and writes OpenAI's batch output: a line for each job the moment it is \
            done, found by its custom_id; what fails is a line with an error. The model is loaded once. No more lines are \
            read than --jobs, and none while nobody takes the answers.

            SIGTERM, SIGINT, SIGHUP or SIGUSR1: reads no more, finishes what runs within --grace, and says what is undone; \
            a second signal ends it at once. Exit codes: 0 all well, 1 some lines failed, 74 the streams can't be read or \
            written, 75 stopped with work left.

            EXAMPLES
              nightshift pipe < requests.jsonl > answers.jsonl
              nightshift pipe --kind summarize --resume answers.jsonl < texts.jsonl >> answers.jsonl
            """)

    @OptionGroup var modelOptions: ModelOptions

    @Option(name: .shortAndLong, help: "The kind of lines that name none.", completion: .kind)
    var kind: String?

    @Option(help: ArgumentHelp("What is asked where a line has no question.", valueName: "text"))
    var question: String?

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of every job that doesn't set it; may be repeated.", valueName: "key=value"))
    var options: [String] = []

    @Option(
        help: ArgumentHelp(
            "Pass over lines that this file has answers for; a torn last line is no answer.", valueName: "file"),
        completion: .file())
    var resume: String?

    @Flag(help: "With --resume: answers that are errors don't count.")
    var retryErrors = false

    @Option(name: .shortAndLong, help: "Jobs to hold at once; by default twice --batch-rows.")
    var jobs: Int?

    @Option(help: ArgumentHelp("How long running jobs may go on after a stop.", valueName: "duration"))
    var grace = "30s"

    @Option(help: "The style of prompt, in place of the model's own.")
    var style: String?

    @Flag(name: .shortAndLong, help: "Print nothing on standard error but errors.")
    var quiet = false

    func validate() throws {
        if let jobs, !(1...4096).contains(jobs) { throw ValidationError("--jobs takes 1 to 4096") }
    }

    func run() async throws {
        guard PipeOutput.isOpen else { throw CommandError(.ioError, "standard output is closed") }
        let grace = try TimeExpression.duration(grace)
        var defaults = JobLineParser.Defaults()
        (defaults.kind, defaults.question, defaults.options) = (
            kind, question, try JobOptions.parse(arguments: options)
        )
        if let kind { _ = try JobCatalog.ofUser.definition(named: kind) }
        let answers = try resume.flatMap { try EarlierAnswers(at: $0, retryingErrors: retryErrors) }
        if !quiet, let text = answers?.text { Console.noteForeign(text) }
        let engine = try modelOptions.load().textEngine(style: style)
        let session = PipeSession(
            engine: engine, parser: .ofPipe(defaults), held: jobs ?? 2 * modelOptions.batchRows, grace: grace,
            answered: answers?.names)
        try await session.run().announce(isQuiet: quiet)
    }
}

/// The answers that the file of `--resume` has already.
package struct EarlierAnswers {
    package let names: PipeResume
    /// For people.
    package let text: String

    /// - parameter path: `nil` comes of one that isn't there: a run that has not begun has no answers yet.
    package init?(at path: String, retryingErrors: Bool) throws {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let input = try FileInput(path)
        names = try PipeResume(input.bytes, retriesErrors: retryingErrors)
        // What is appended to it mustn't begin within the torn line.
        if input.isStandardOutput, input.lastByte.map({ $0 != 0x0A }) == true { try Console.write([0x0A]) }
        text =
            "\(path): \(counted(names.count, "answer")) there already"
            + (names.tornLines > 0 ? ", \(counted(names.tornLines, "torn line")) passed over" : "")
    }
}

extension JobLineParser {
    package static func ofPipe(_ defaults: Defaults) -> JobLineParser {
        JobLineParser(
            catalog: .ofUser, defaults: defaults,
            document: { path in
                let document = try DocumentReader().read(.file(path: path))
                return NewDocument(document)
            },
            time: { try TimeExpression.moment($0, now: Date()) })
    }
}

extension PipeSession.Outcome {
    /// Says what was done, and throws what the exit code is to tell.
    package func announce(isQuiet: Bool) throws {
        if !isQuiet || !report.undone.isEmpty {
            var text = "\(report.completed) answered, \(report.failed) failed"
            if skipped > 0 { text += ", \(skipped) passed over" }
            if !report.undone.isEmpty { text += ", \(report.undone.count) undone: " + names(report.undone) }
            if hasUnread { text += "; the rest of the input is unread" }
            Console.noteForeign(text)
        }
        if let error { throw error }
        if !report.undone.isEmpty || hasUnread {
            throw CommandError(.temporary, "stopped before all was done; go on with --resume")
        }
        if report.failed > 0 { throw CommandError(.someFailed, "") }
    }

    private func names(_ jobs: [PipeQueue.Undone]) -> String {
        jobs.prefix(20).map { $0.customID ?? "line \($0.line)" }.joined(separator: ", ")
            + (jobs.count > 20 ? ", …" : "")
    }
}

/// A worker between standard input and standard output.
package struct PipeSession {
    package struct Outcome {
        var report: PipeQueue.Report
        var skipped: Int
        /// Ended before the input did.
        var hasUnread: Bool
        /// What ended it.
        var error: (any Error)?
    }

    private let feed: PipeFeed
    private let queue: PipeQueue
    private let output: PipeOutput
    private let worker: Worker
    private let grace: Double

    package init(engine: TextEngine, parser: JobLineParser, held: Int, grace: Double, answered: PipeResume?) {
        let output = PipeOutput()
        self.output = output
        self.grace = grace
        queue = PipeQueue(window: held, model: engine.model) { try await output.write($0) }
        feed = PipeFeed(queue: queue, parser: parser, answered: answered)
        worker = Worker(
            queue: queue, engine: engine, catalog: .ofUser,
            registration: WorkerRegistration(
                host: .current, version: Version.current, engine: engine.description, random: 0),
            options: WorkerOptions(concurrency: held, drains: true, graceSeconds: grace, pollSeconds: 0.05),
            logger: Console.logger)
    }

    /// Works to the end of the input, or until a signal; never throws, so that what was done is told in any case.
    package func run() async -> Outcome {
        // Who closes standard output shows as an error of writing.
        signal(SIGPIPE, SIG_IGN)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigusr1)
        let watcher = Task { [worker, output, grace] in
            var isFirst = true
            for await _ in signals {
                await worker.requestStop()
                // Nobody may be there to take the answers: then they are undone.
                output.giveUp(after: isFirst ? grace + 1 : 1)
                isFirst = false
            }
        }
        // Reading may wait for ever: the end of the process ends it.
        let feeding = Task { [feed, worker] in
            do {
                try await feed.run()
                return nil as (any Error)?
            } catch {
                await worker.requestStop()
                return error
            }
        }
        defer { watcher.cancel() }
        var failure: (any Error)?
        do {
            _ = try await worker.run()
        } catch {
            failure = error
        }
        let isFed = await feed.isDone
        if isFed, let error = await feeding.value { failure = failure ?? error }
        return Outcome(
            report: await queue.finalReport(), skipped: await feed.skipped, hasUnread: await !feed.hasReadAll,
            error: failure)
    }
}
