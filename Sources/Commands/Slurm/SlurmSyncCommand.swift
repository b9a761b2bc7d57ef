import ArgumentParser
import Cluster
import Foundation
import JSONText
import JobStore

struct SlurmSyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Bring home what the nodes have done so far, and say what is missing.",
        discussion: """
            Merges what the tasks have brought back since the last time, and notes who worked on which shard and how that \
            ended. It can be repeated at will, also while tasks run. Nothing is taken twice.

            Exit codes: 0 all jobs of the run have ended, 1 so they have, and some failed, 74 something could not be read, \
            75 some are missing.

            EXAMPLES
              nightshift slurm sync
              nightshift slurm sync --every 10m          until nothing is missing, or no task is left to do it
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var choice: SlurmRunOption

    @Option(help: ArgumentHelp("Again and again after this time.", valueName: "duration"))
    var every: String?

    @Flag(help: "Print an object for each run.")
    var json = false

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let pause = try every.map { try TimeExpression.duration($0) }
        while true {
            var outlooks: [SlurmOutlook] = []
            for run in try await choice.runs(in: store) {
                let outlook = try await SlurmSync(store: store, run: run).bringHome()
                outlooks.append(outlook)
                if json { try Console.print(DelimitedText.json(outlook.json)) }
                outlook.announce()
            }
            if let pause, outlooks.contains(where: { $0.missing > 0 && !$0.tasks.isEmpty }) {
                try await Task.sleep(for: .seconds(max(1, pause)))
                continue
            }
            try SlurmOutlook.throwUnlessDone(outlooks)
            return
        }
    }
}

struct SlurmStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how far the shards are and what Slurm does with them.",
        discussion: """
            What isn't merged yet is read from what the tasks have brought back; nothing is changed.

            EXAMPLES
              nightshift slurm status
              nightshift slurm status 2 --json
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var choice: SlurmRunOption

    @Flag(help: "Print an object for each run.")
    var json = false

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        for run in try await choice.runs(in: store) {
            let outlook = try await SlurmSync(store: store, run: run).look()
            if json {
                try Console.print(DelimitedText.json(outlook.json))
                continue
            }
            try Console.printForeign(outlook.headline)
            var table = TextTable([
                .init("shard", .right), .init("done", .right), .init("failed", .right, usual: "0"),
                .init("missing", .right), .init("runs", .right), .init("state", isFlexible: true),
            ])
            for shard in outlook.shards {
                table.append([
                    "\(shard.number)", "\(shard.tally.completed)", "\(shard.tally.failed)", "\(shard.tally.open)",
                    "\(shard.runs)", shard.state,
                ])
            }
            for line in table.lines(width: Console.outputWidth, style: Console.outputStyle) { try Console.print(line) }
        }
    }
}

struct SlurmResubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resubmit",
        abstract: "Submit the shards anew that are neither done nor in Slurm's queue.",
        discussion: """
            For shards whose task was given up, or cancelled. The script is used as it lies in the run's folder: change it \
            first where it was at fault.

            EXAMPLES
              nightshift slurm resubmit
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var choice: SlurmRunOption

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let run = try await choice.one(in: store)
        let outlook = try await SlurmSync(store: store, run: run).bringHome()
        let there = Set(outlook.tasks.map(\.shard))
        let shards = outlook.shards.filter { $0.tally.open > 0 && !there.contains($0.number) }.map(\.number)
        guard !shards.isEmpty else {
            Console.note("run \(run.id): every shard is done or in Slurm's queue")
            return
        }
        let files = SlurmFolder(run.folder)
        try? FileManager.default.removeItem(atPath: files.cancelMark)
        let submission = try SlurmClient(run).submit(files.script, tasks: SlurmTask.ranges(shards), at: run.nodes)
        try await store.record(submission, of: run.id)
        try Console.printForeign(submission.job)
        Console.noteForeign("run \(run.id): \(counted(shards.count, "shard")) submitted anew: \(submission.tasks)")
    }
}

struct SlurmCancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Stop a run's tasks.",
        discussion: """
            Each finishes or hands back what it has, and brings its shard home. What isn't done stays with the shards, to be \
            done by 'slurm resubmit', or by this queue's own workers with --take-back.

            EXAMPLES
              nightshift slurm cancel
              nightshift slurm cancel 2 --take-back
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var choice: SlurmRunOption

    @Flag(help: "Wait until the tasks have ended, bring home what they did, and let this queue's workers do the rest.")
    var takeBack = false

    @Option(help: ArgumentHelp("How long to wait for them.", valueName: "duration"))
    var wait = "3m"

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let run = try await choice.one(in: store)
        let patience = try TimeExpression.duration(wait)
        let client = SlurmClient(run)
        // First of all, so that no task is requeued by its script.
        let files = SlurmFolder(run.folder)
        guard FileManager.default.createFile(atPath: files.cancelMark, contents: Data()) else {
            throw CommandError(.cannotCreate, "\(files.cancelMark): the file cannot be made")
        }
        try client.cancel()
        try await store.noteCancelled(run.id, now: Date())
        guard takeBack else {
            Console.note("run \(run.id): cancelled; when its tasks have ended: nightshift slurm sync \(run.id)")
            return
        }
        let deadline = Date().addingTimeInterval(patience)
        while try !client.tasks().isEmpty {
            guard Date() < deadline else {
                throw CommandError(
                    .temporary, "run \(run.id): its tasks haven't ended within \(wait). Once they have, run this again")
            }
            try await Task.sleep(for: .seconds(1))
        }
        let outlook = try await SlurmSync(store: store, run: run).bringHome(takesBack: true)
        outlook.announce()
    }
}
