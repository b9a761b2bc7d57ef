import ArgumentParser
import Cluster
import Foundation
import JSONText
import JobStore

struct SlurmSubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Split the queue, write the script of an array of tasks, and submit it.",
        discussion: """
            The folder --out must be seen by all nodes; the shards, the script and its logs lie in it. The script is yours \
            to read, to change, and to submit by hand. The same command again goes on where it was cut off; what is in \
            Slurm's queue already isn't submitted twice.

            What follows -- goes to 'nightshift work' on the nodes.

            EXAMPLES
              nightshift slurm submit --nodes 4 --out /shared/night --model /shared/models/gpt-j-6b --time 8:00:00
              nightshift slurm submit --nodes 2 --shards 16 --out /shared/essays --batch essays --cpus 32 --mem 64G \\
                --stage /local/models --scratch '$TMPDIR' -- --weights int8
              nightshift slurm submit --nodes 4 --out /shared/night --dry-run     prints the script
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var filter: SelectionOptions

    @Option(help: "Tasks at once.")
    var nodes: Int

    @Option(help: "Files to deal the jobs out among; by default eight for each of --nodes.")
    var shards: Int?

    @Option(
        help: ArgumentHelp(
            "A folder that all nodes see; by default one beside the queue, named by the time.", valueName: "folder"),
        completion: .directory)
    var out: String?

    @OptionGroup(title: "On the nodes") var node: SlurmNodeOptions
    @OptionGroup(title: "For Slurm") var slurm: SlurmResourceOptions

    @Argument(parsing: .postTerminator, help: ArgumentHelp("More for 'nightshift work'.", valueName: "option"))
    var arguments: [String] = []

    @Flag(help: "Print the script; split and submit nothing.")
    var dryRun = false

    @Flag(help: "Split and write the script, but leave the submitting to you.")
    var noSubmit = false

    @Flag(help: "Print an object with the run.")
    var json = false

    private var shardCount: Int { shards ?? min(8 * nodes, JobStore.shardLimit) }

    func validate() throws {
        guard (1...1000).contains(nodes) else { throw ValidationError("--nodes takes 1 to 1000") }
        guard (1...JobStore.shardLimit).contains(shardCount) else {
            throw ValidationError("--shards takes 1 to \(JobStore.shardLimit)")
        }
        if out?.isEmpty == true { throw ValidationError("--out names no folder") }
    }

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let folder = URL(filePath: out ?? "\(store.path)-slurm/\(Self.stamp(Date()))").standardizedFileURL
            .path(percentEncoded: false)
        let path = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        if dryRun {
            try Console.printForeign(try script(folder: path, split: "…", queue: store.path).text)
            return
        }
        // What can be refused is refused before jobs are given away.
        _ = try script(folder: path, split: "", queue: store.path)
        if !noSubmit { try SlurmClient.check() }
        let selection = try await filter.selection(in: store)
        let report = try await store.split(selection, into: shardCount, folder: path, now: Date())
        let files = SlurmFolder(path)
        try files.make()
        let jobs = report.shards.map(\.jobs).reduce(0, +)
        guard jobs > 0 else {
            throw CommandError(.noInput, "\(path): there is nothing to give out: no job is available")
        }
        let run = try await store.recordSlurmRun(
            split: report.split, folder: path, shards: shardCount, jobs: jobs, nodes: nodes)
        let script = try script(folder: path, split: report.split, queue: store.path)
        try files.write(script)
        try? FileManager.default.removeItem(atPath: files.cancelMark)
        if report.left > 0 { Console.note("\(counted(report.left, "undone job")) stay here") }
        let submission = noSubmit ? nil : try await submit(run, files, store)
        try announce(run, files, submission)
    }

    /// Submits the array, unless a command that was cut off after that has.
    private func submit(_ run: SlurmRun, _ files: SlurmFolder, _ store: JobStore) async throws -> SlurmSubmission {
        let client = SlurmClient(run)
        if let task = try client.tasks().first {
            let known = try await store.submissions(of: run.id)
            let submission =
                known.last
                ?? SlurmSubmission(job: task.job, tasks: "0-\(run.shards - 1)", command: "found in Slurm's queue")
            if known.isEmpty { try await store.record(submission, of: run.id) }
            Console.note("its tasks are in Slurm's queue already; nothing was submitted again")
            return submission
        }
        let submission = try client.submit(files.script, tasks: SlurmTask.ranges(0..<run.shards), at: nodes)
        try await store.record(submission, of: run.id)
        return submission
    }

    private func announce(_ run: SlurmRun, _ files: SlurmFolder, _ submission: SlurmSubmission?) throws {
        if json {
            var object: JSONObject = [
                "run": .integer(Int(run.id)), "split": .string(run.split), "folder": .string(run.folder),
                "script": .string(files.script), "shards": .integer(run.shards), "jobs": .integer(run.jobs),
                "nodes": .integer(run.nodes),
            ]
            object["slurm_job"] = submission.map { .string($0.job) }
            try Console.print(DelimitedText.json(.object(object)))
        } else {
            try Console.printForeign(submission?.job ?? files.script)
        }
        let amount = "\(counted(run.jobs, "job")) in \(counted(run.shards, "shard"))"
        guard let submission else {
            Console.noteForeign(
                "run \(run.id): \(amount), not submitted. Submit it with: sbatch \(ShellText.quoted(files.script))")
            return
        }
        Console.noteForeign(
            "run \(run.id): \(amount), Slurm's job \(submission.job), at most \(counted(run.nodes, "task")) at once; "
                + files.script)
        Console.note(
            "  how far it is: nightshift slurm status; what is done so far comes home with: nightshift slurm sync")
    }

    private func script(folder: String, split: String, queue: String) throws -> SlurmScript {
        var script = SlurmScript(
            name: "nightshift-\(split)", folder: folder, shards: shardCount, nodes: nodes, program: node.programPath)
        try node.apply(to: &script)
        try slurm.apply(to: &script)
        script.arguments += arguments
        script.remarks = [
            "Made by nightshift \(Version.current) for the queue \(queue). It is yours to read and to change; by hand: sbatch "
                + "\(folder)/\(SlurmScript.fileName)",
            "What is done so far comes home with: nightshift slurm sync --db \(queue)",
        ]
        return script
    }

    private static func stamp(_ date: Date) -> String {
        String(LocalTime.text(date).map { $0 == " " ? "-" : $0 }.filter { $0 != ":" })
    }
}

/// How a task works.
struct SlurmNodeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The model, as the nodes see it; by default as NIGHTSHIFT_MODEL says there, else the built-in one.",
            valueName: "path"))
    var model: String?

    @Option(help: ArgumentHelp("An adapter for it, as the nodes see it.", valueName: "path"))
    var adapter: String?

    @Option(
        help: ArgumentHelp(
            "Copy the model to this folder on each node's own disk first, once a node.", valueName: "folder"))
    var stage: String?

    @Option(
        help: ArgumentHelp(
            "Where on a node's own disk a shard lies while it is worked on; variables are the node's.",
            valueName: "folder"))
    var scratch = "${TMPDIR:-/tmp}"

    @Option(
        help: ArgumentHelp(
            "How often shards are brought back: what a node that vanishes loses at most.", valueName: "duration"))
    var bringBack = "60s"

    @Option(help: ArgumentHelp("nightshift on the nodes; by default this program's own file.", valueName: "path"))
    var program: String?

    @Option(
        help: ArgumentHelp(
            "A command that each task runs first, such as 'module load openblas'; may be repeated.",
            valueName: "command"))
    var setup: [String] = []

    @Option(help: "How often a task may begin anew before it is given up.")
    var restarts = 20

    func validate() throws {
        guard (0...1000).contains(restarts) else { throw ValidationError("--restarts takes 0 to 1000") }
        if stage != nil, model == nil { throw ValidationError("--stage needs --model: the model to copy") }
    }

    var programPath: String {
        if let program { return program }
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return own ?? Swift.CommandLine.arguments[0]
    }

    func apply(to script: inout SlurmScript) throws {
        guard try TimeExpression.duration(bringBack) > 0 else {
            throw CommandError(.usage, "--bring-back takes more than 0 s")
        }
        // The nodes run it in folders of their own; a name of a model that is kept there stays a name.
        script.model = model.map {
            $0.contains("/") ? URL(filePath: $0).standardizedFileURL.path(percentEncoded: false) : $0
        }
        script.stage = stage
        script.scratch = scratch
        script.bringBack = bringBack
        script.setup = setup
        script.maximumRestarts = restarts
        if let adapter { script.arguments += ["--adapter", adapter] }
    }
}

/// What a task needs, in sbatch's own words.
struct SlurmResourceOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The partition.")
    var partition: String?

    @Option(help: ArgumentHelp("The longest time of a task; it goes on in another.", valueName: "time"))
    var time: String?

    @Option(help: ArgumentHelp("Memory of a task, such as 64G; see 'nightshift plan'.", valueName: "size"))
    var mem: String?

    @Option(help: "Cores of a task.")
    var cpus: Int?

    @Option(help: "The account that pays.")
    var account: String?

    @Option(help: "Nodes to keep away from.")
    var exclude: String?

    @Option(help: "Seconds before the end of its time at which a task is told.")
    var notice = 60

    @Option(
        name: .customLong("sbatch"),
        help: ArgumentHelp(
            "Another option of sbatch, such as 'qos=low' or 'exclusive'; may be repeated.", valueName: "option"))
    var others: [String] = []

    func validate() throws {
        if let cpus, !(1...4096).contains(cpus) { throw ValidationError("--cpus takes 1 to 4096") }
        guard (10...3600).contains(notice) else { throw ValidationError("--notice takes 10 to 3600 s") }
    }

    func apply(to script: inout SlurmScript) throws {
        let named: [(String, String?)] = [
            ("partition", partition), ("time", time), ("mem", mem), ("cpus-per-task", cpus.map(String.init)),
            ("account", account),
        ]
        script.options = named.compactMap { name, value in value.map { (name, $0) } }
        for other in others {
            let parts = other.drop { $0 == "-" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            script.options.append((String(parts[0]), parts.count > 1 ? String(parts[1]) : ""))
        }
        for (name, value) in script.options + [("exclude", exclude ?? "")] {
            if let problem = SlurmScript.problem(withOption: name, value) { throw CommandError(.usage, problem) }
        }
        script.exclude = exclude
        script.notice = notice
    }
}
