import Cluster
import Foundation
import JSONText
import JobStore

/// How far a run is: each shard with what is known of it.
struct SlurmOutlook {
    struct Shard {
        var number: Int
        var tally: ShardTally
        /// How often a worker has begun.
        var runs: Int
        /// "done", "running on n1", "waiting (Priority)", or why nobody is at it.
        var state: String
    }

    var run: SlurmRun
    var shards: [Shard] = []
    var tasks: [SlurmTask] = []
    /// Results that this sync has brought.
    var taken = 0
    /// What could not be read.
    var problems: [String] = []
    /// False where Slurm could not be asked.
    var isSlurmKnown = true
    var isTakenBack = false

    var missing: Int { shards.map(\.tally.open).reduce(0, +) }
    var failed: Int { shards.map(\.tally.failed).reduce(0, +) }
    var completed: Int { shards.map(\.tally.completed).reduce(0, +) }

    var headline: String {
        var text = "run \(run.id): \(completed) of \(counted(run.jobs, "job")) done"
        if failed > 0 { text += ", \(failed) failed" }
        if missing > 0 { text += ", \(missing) missing" }
        return text + "; \(counted(run.shards, "shard")) in \(run.folder)"
    }

    var json: JSONValue {
        let shards = shards.map { shard -> JSONValue in
            [
                "shard": .integer(shard.number), "completed": .integer(shard.tally.completed),
                "failed": .integer(shard.tally.failed), "missing": .integer(shard.tally.open),
                "runs": .integer(shard.runs), "state": .string(shard.state),
            ]
        }
        return [
            "run": .integer(Int(run.id)), "folder": .string(run.folder), "jobs": .integer(run.jobs),
            "completed": .integer(completed), "failed": .integer(failed), "missing": .integer(missing),
            "taken": .integer(taken), "tasks": .integer(tasks.count), "shards": .array(shards),
        ]
    }

    private static let namedShards = 20

    /// Says on standard error what came and what is missing.
    func announce() {
        Console.noteForeign(headline + "; \(taken) new")
        for problem in problems { Console.noteForeign("nightshift: \(problem)") }
        if isTakenBack, missing == 0 { return }
        let late = shards.filter { $0.tally.open > 0 }
        for shard in late.prefix(Self.namedShards) {
            let total = shard.tally.open + shard.tally.ended
            Console.noteForeign("  shard \(shard.number): \(shard.tally.open) of \(total) missing, \(shard.state)")
        }
        if late.count > Self.namedShards { Console.note("  and \(late.count - Self.namedShards) more shards") }
        let there = Set(tasks.map(\.shard))
        if isSlurmKnown, late.contains(where: { !there.contains($0.number) }) {
            Console.note("  shards that no task is at: nightshift slurm resubmit \(run.id)")
        }
    }

    /// - throws: ``CommandError`` without a text: 74, 75 or 1.
    static func throwUnlessDone(_ outlooks: [SlurmOutlook]) throws {
        if outlooks.contains(where: { !$0.problems.isEmpty }) { throw CommandError(.ioError, "") }
        if outlooks.contains(where: { $0.missing > 0 }) { throw CommandError(.temporary, "") }
        if outlooks.contains(where: { $0.failed > 0 }) { throw CommandError(.someFailed, "") }
    }
}

/// Brings a run's results home.
struct SlurmSync {
    let store: JobStore
    let run: SlurmRun
    private var files: SlurmFolder { SlurmFolder(run.folder) }

    /// Merges what is new.
    func bringHome(takesBack: Bool = false) async throws -> SlurmOutlook {
        var outlook = SlurmOutlook(run: run)
        outlook.isTakenBack = takesBack
        // Before the files are read: who has ended by then has brought everything back.
        askSlurm(&outlook)
        let progress = ProgressLine()
        for number in 0..<run.shards {
            let states = ShardRuns(folder: run.folder, number: number).states()
            if states.isEmpty {
                outlook.problems.append("\(run.folder)/shard-\(number).db: there is no such file")
            }
            for path in states {
                do {
                    // Undone jobs are taken back once, by the last of a shard's states.
                    let reports = try await store.mergeNew(
                        [path], of: run.id, takesBack: takesBack && path == states.last)
                    outlook.taken += reports.map(\.taken).reduce(0, +)
                } catch let error as JobStoreError {
                    // A run's state may have gone meanwhile: into the next one's, or into the shard that is done.
                    guard FileManager.default.fileExists(atPath: path) else { continue }
                    outlook.problems.append("\(path): \(error)")
                }
            }
            progress.update("shard \(number + 1) of \(run.shards): \(outlook.taken) results")
        }
        progress.clear()
        let tallies = try await store.tallies(ofSplit: run.split)
        let isFinished = tallies.values.allSatisfy { $0.open == 0 } && outlook.problems.isEmpty
        try await store.note(
            (0..<run.shards).flatMap(files.events), (0..<run.shards).flatMap(files.notes), of: run,
            isFinished: isFinished, now: Date())
        try await describe(&outlook, tallies)
        return outlook
    }

    /// Looks without changing anything.
    func look() async throws -> SlurmOutlook {
        var outlook = SlurmOutlook(run: run)
        askSlurm(&outlook)
        var tallies = try await store.tallies(ofSplit: run.split)
        for (number, tally) in tallies where tally.open > 0 {
            // Fuller than what was merged, as a rule.
            for path in ShardRuns(folder: run.folder, number: number).states() {
                if let far = try? ShardTally(path: path), far.ended > tallies[number]?.ended ?? 0 {
                    tallies[number] = far
                }
            }
        }
        try await describe(&outlook, tallies)
        return outlook
    }

    private func askSlurm(_ outlook: inout SlurmOutlook) {
        do {
            outlook.tasks = try SlurmClient(run).tasks()
        } catch {
            outlook.isSlurmKnown = false
            Console.noteForeign(
                "nightshift: Slurm can't be asked: \((error as? CommandError)?.description ?? "\(error)")")
        }
    }

    private func describe(_ outlook: inout SlurmOutlook, _ tallies: [Int: ShardTally]) async throws {
        let tasks = Dictionary(outlook.tasks.map { ($0.shard, $0) }, uniquingKeysWith: { first, _ in first })
        outlook.shards = (0..<run.shards).map { number in
            let tally = tallies[number] ?? ShardTally()
            let begun = ShardRuns(folder: run.folder, number: number).begun().count
            let state =
                if let task = tasks[number] {
                    task.text
                } else if tally.open == 0 {
                    "done"
                } else if outlook.isSlurmKnown {
                    Self.ending(files.events(ofShard: number).last)
                } else {
                    "unknown"
                }
            return .init(number: number, tally: tally, runs: begun, state: state)
        }
    }

    /// Why no task is at a shard that isn't done.
    private static func ending(_ event: SlurmEvent?) -> String {
        guard let event else { return "never begun, and not in Slurm's queue" }
        let code = event.status.map { " with exit code \($0)" } ?? ""
        switch event.event {
        case "began": return "its task on \(event.node) was killed or cancelled"
        case "gave up": return "given up on \(event.node) after \(counted(event.restarts, "restart"))\(code)"
        default: return "\(event.event) on \(event.node)\(code)"
        }
    }
}
