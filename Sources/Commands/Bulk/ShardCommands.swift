import ArgumentParser
import Foundation
import JSONText
import JobStore

struct SplitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Deal out the queue's jobs among files for other machines.",
        discussion: """
            Makes shard-0.db, shard-1.db and so on in the folder --out: queues of their own with the jobs that are available \
            and their documents. 'nightshift work --db shard-0.db --drain' does them anywhere, and 'nightshift merge' brings \
            the results home. Here the jobs are held meanwhile. The same command again gives the same shards, also after it \
            was killed.

            Jobs that wait for others stay, and so do pauses, run windows, rates and concurrency, which are this machine's.

            EXAMPLES
              nightshift split --shards 8 --out /scratch/night
              nightshift split --shards 4 --out shards --batch essays
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var filter: SelectionOptions

    @Option(help: "How many; four to ten times as many as machines.")
    var shards: Int

    @Option(help: ArgumentHelp("The folder to make them in.", valueName: "folder"), completion: .directory)
    var out: String

    @Flag(help: "Print an object with the shards.")
    var json = false

    func validate() throws {
        guard (1...JobStore.shardLimit).contains(shards) else {
            throw ValidationError("--shards takes 1 to \(JobStore.shardLimit)")
        }
    }

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let selection = try await filter.selection(in: store)
        let report = try await store.split(selection, into: shards, folder: out, now: Date())
        if json {
            let shards = report.shards.map { shard -> JSONValue in
                ["path": .string(shard.path), "jobs": .integer(shard.jobs), "new": .bool(shard.isNew)]
            }
            try Console.print(
                DelimitedText.json([
                    "shards": .array(shards), "given": .integer(report.given), "left": .integer(report.left),
                ]))
        } else {
            for shard in report.shards { try Console.printForeign("\(shard.path)\t\(shard.jobs)") }
        }
        let made = report.shards.count(where: \.isNew)
        var text = "\(counted(report.given, "job")) given out, \(counted(made, "shard")) made"
        if made < report.shards.count { text += ", \(report.shards.count - made) made before" }
        if report.left > 0 { text += "; \(counted(report.left, "undone job")) stay here" }
        Console.note(text)
    }
}

struct MergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Bring home what was done in shards.",
        discussion: """
            Attempts and results of the files that 'nightshift split' made go into the queue; the first completed result of a \
            job counts. It can be repeated at will, and while shards are being worked on: what isn't done yet is told and \
            comes the next time.

            Exit codes: 0 all jobs of these shards are done, 1 some failed, 65 a file is no shard of this queue, 75 some are \
            not done yet.

            EXAMPLES
              nightshift merge /scratch/night/shard-*.db
              nightshift merge --take-back lost/shard-3.db      its undone jobs are done here
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The shards.", completion: .file(extensions: ["db"]))
    var files: [String]

    @Flag(help: "Let this queue's own workers do what the shards haven't. Nobody should be working on them any more.")
    var takeBack = false

    @Flag(help: "Print an object with the counts.")
    var json = false

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        var reports: [MergeReport] = []
        var problem: CommandError?
        let progress = ProgressLine()
        for file in files {
            do {
                reports.append(
                    try await store.merge(shardAt: file, takesBack: takeBack) {
                        progress.update("\(file): \($0.taken) results")
                    })
            } catch let error as JobStoreError {
                // The other shards are none the worse for it.
                progress.clear()
                let status: ExitStatus = if case .notFound = error { .noInput } else { error.exitStatus }
                let message = if case .notFound = error { "\(file): there is no such file" } else { error.description }
                Console.noteForeign("nightshift: \(message)")
                problem = problem ?? CommandError(status, "not everything was merged")
            }
        }
        progress.clear()
        let out = try await store.jobsInShards().values.reduce(0, +)
        try announce(reports, out: out)
        if let problem { throw problem }
        if !takeBack, reports.contains(where: { $0.undone > 0 }) { throw CommandError(.temporary, "") }
        if reports.contains(where: { $0.failed > 0 }) { throw CommandError(.someFailed, "") }
    }

    private func announce(_ reports: [MergeReport], out: Int) throws {
        if json {
            let shards = reports.map { report -> JSONValue in
                [
                    "path": .string(report.path), "shard": .integer(report.shard), "taken": .integer(report.taken),
                    "already_done": .integer(report.alreadyDone), "failed": .integer(report.failed),
                    "undone": .integer(report.undone), "set_aside": .integer(report.setAside),
                    "gone": .integer(report.gone),
                ]
            }
            try Console.print(DelimitedText.json(["shards": .array(shards), "out": .integer(out)]))
        }
        for report in reports { Console.noteForeign("\(report.path): \(Self.text(report))") }
        if out > 0 { Console.note("\(counted(out, "job")) of this queue still out in shards") }
    }

    private static func text(_ report: MergeReport) -> String {
        let parts = [
            (report.taken, "merged"), (report.alreadyDone, "there already"), (report.failed, "failed"),
            (report.undone, "not done yet"), (report.setAside, "cancelled here, the text kept with the attempt"),
            (report.gone, "deleted here"),
        ].filter { $0.0 > 0 || $0.1 == "merged" }
        return parts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
}
