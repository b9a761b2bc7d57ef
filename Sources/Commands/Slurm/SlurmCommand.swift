import ArgumentParser
import Cluster
import Foundation
import JobStore

struct SlurmCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slurm",
        abstract: "Give the queue's jobs to the machines of a Slurm cluster.",
        discussion: """
            'submit' deals the jobs out among shards in a folder that all nodes see and submits an array of tasks, one for \
            each; 'sync' brings home what is done so far, as often as you like. A task that is killed, runs out of time or \
            loses its node goes on elsewhere. Docs/cluster.md tells how.

            EXAMPLES
              nightshift slurm submit --nodes 4 --out /shared/night --model /shared/models/gpt-j-6b --time 8:00:00
              nightshift slurm status
              nightshift slurm sync
            """,
        subcommands: [
            SlurmSubmitCommand.self, SlurmStatusCommand.self, SlurmSyncCommand.self, SlurmResubmitCommand.self,
            SlurmCancelCommand.self,
        ])
}

/// Which of the splits that were submitted.
struct SlurmRunOption: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Which submission, by the number that 'submit' printed; by default all that aren't finished.",
            valueName: "run"))
    var run: Int64?

    /// - throws: ``CommandError`` (66) where there is none.
    func runs(in store: JobStore) async throws -> [SlurmRun] {
        let all = try await store.slurmRuns()
        guard let last = all.last else {
            throw CommandError(
                .noInput, "nothing of this queue was given to Slurm yet; see: nightshift slurm submit --help")
        }
        if let run {
            guard let found = all.first(where: { $0.id == run }) else {
                throw CommandError(.noInput, "there is no run \(run); the last one is \(last.id)")
            }
            return [found]
        }
        let open = all.filter { $0.finishedAt == nil }
        return open.isEmpty ? [last] : open
    }

    /// The one that is meant.
    func one(in store: JobStore) async throws -> SlurmRun {
        let found = try await runs(in: store)
        guard found.count == 1 else {
            throw CommandError(
                .usage, "which one? Open are \(found.map { "\($0.id)" }.joined(separator: ", "))")
        }
        return found[0]
    }
}

/// Slurm, as its own commands show it.
struct SlurmClient {
    private let name: String

    init(_ run: SlurmRun) { name = run.name }

    private static func program(_ name: String) throws -> OtherProgram {
        try OtherProgram(name, purpose: "run this where Slurm's commands are, such as its login node")
    }

    /// The run's tasks that wait or run.
    func tasks() throws -> [SlurmTask] {
        SlurmTask.parse(try Self.program("squeue").require(SlurmTask.question(name: name)))
    }

    /// - parameter tasks: the shards, as `--array` has them, and how many at once.
    /// - returns: what Slurm calls the array.
    func submit(_ script: String, tasks: String, at nodes: Int) throws -> SlurmSubmission {
        let arguments = ["--parsable", "--array=\(tasks)%\(nodes)", script]
        let output = try Self.program("sbatch").require(arguments)
        guard let job = output.split(whereSeparator: { $0 == "\n" || $0 == ";" }).first else {
            throw CommandError(.unavailable, "sbatch didn't say what it calls the job")
        }
        let command = (["sbatch"] + arguments).map(ShellText.quoted).joined(separator: " ")
        return SlurmSubmission(job: String(job), tasks: tasks, command: command)
    }

    /// Without Slurm there is nothing to submit to: said before anything is split.
    static func check() throws { for name in ["sbatch", "squeue"] { _ = try program(name) } }

    func cancel() throws {
        // TERM to the script as well, so that what was done is brought back.
        _ = try Self.program("scancel").require(["--name", name])
    }
}

/// The files of a run beside its shards.
struct SlurmFolder {
    let path: String

    init(_ path: String) { self.path = path }

    var script: String { path + "/" + SlurmScript.fileName }
    var cancelMark: String { path + "/cancelled" }

    func make() throws {
        for folder in ["tasks", "logs"] {
            do {
                try FileManager.default.createDirectory(
                    atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
            } catch {
                throw CommandError(.cannotCreate, "\(path)/\(folder): the folder cannot be made")
            }
        }
    }

    func write(_ script: SlurmScript) throws {
        do {
            try Data(script.text.utf8).write(to: URL(filePath: self.script), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: self.script)
        } catch {
            throw CommandError(.cannotCreate, "\(self.script): \(error.localizedDescription)")
        }
    }

    /// What the task of a shard has written.
    func events(ofShard shard: Int) -> [SlurmEvent] {
        guard let data = FileManager.default.contents(atPath: "\(path)/tasks/shard-\(shard).tsv") else { return [] }
        return TaskLine.parse(String(decoding: data, as: UTF8.self)).map {
            SlurmEvent(
                shard: shard, line: $0.number, at: $0.at, task: $0.task, restarts: $0.restarts, node: $0.node,
                event: $0.event, status: $0.status)
        }
    }

    func notes(ofShard shard: Int) -> [ShardRunNote] {
        let runs = ShardRuns(folder: path, number: shard)
        return runs.begun().compactMap { ShardRunNote.read(runs.note($0)) }
    }
}
