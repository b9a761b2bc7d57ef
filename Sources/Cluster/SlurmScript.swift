/// The script of an array of tasks, one for each shard: what Slurm is told, a few variables, and the part that is the same
/// for all. It can be read, changed and submitted by hand.
public struct SlurmScript: Sendable, Equatable {
    /// What Slurm calls the tasks.
    public var name: String
    /// The folder with the shards.
    public var folder: String
    public var shards: Int
    /// Tasks at once.
    public var nodes: Int
    /// The program on the nodes.
    public var program: String
    /// `nil` leaves it to the nodes' `NIGHTSHIFT_MODEL`.
    public var model: String?
    /// A folder on the nodes' own disks that the model is copied to first.
    public var stage: String?
    /// A folder on the nodes' own disks; variables such as `$TMPDIR` are the node's.
    public var scratch = "${TMPDIR:-/tmp}"
    public var bringBack = "60s"
    /// Seconds before the end of its time at which a task is told.
    public var notice = 60
    public var maximumRestarts = 20
    /// Options of sbatch with their values, such as `("partition", "cpu")`.
    public var options: [(name: String, value: String)] = []
    /// More for `nightshift work`.
    public var arguments: [String] = []
    /// Commands that each task runs first.
    public var setup: [String] = []
    /// Nodes to keep away from, as Slurm writes them.
    public var exclude: String?
    /// Comment lines at the top.
    public var remarks: [String] = []

    public init(name: String, folder: String, shards: Int, nodes: Int, program: String) {
        (self.name, self.folder, self.shards, self.nodes, self.program) = (name, folder, shards, nodes, program)
    }

    public static func == (a: Self, b: Self) -> Bool { a.text == b.text }

    /// The file's name within the folder.
    public static let fileName = "nightshift.sbatch"

    /// What of a value can't be written in a script's directive.
    public static func problem(withOption name: String, _ value: String) -> String? {
        guard name.wholeMatch(of: /[a-z][a-z-]*/) != nil else { return "'\(name)' is no option of sbatch" }
        guard value.allSatisfy({ !$0.isNewline && $0 != "\"" && $0 != "\0" }) else {
            return "the value of --\(name) has a line's end or a quotation mark in it"
        }
        return nil
    }

    public var text: String {
        var lines =
            ["#!/usr/bin/env bash"]
            + remarks.map { "# " + $0.split(whereSeparator: \.isNewline).joined(separator: " ") }
        let given = Set(options.map(\.name))
        func directive(_ name: String, _ value: String) {
            if given.contains(name) { return }
            lines.append(Self.directive(name, value))
        }
        directive("job-name", name)
        directive("array", "0-\(shards - 1)%\(nodes)")
        directive("nodes", "1")
        directive("ntasks", "1")
        directive("output", "\(folder)/logs/shard-%a.log")
        directive("open-mode", "append")
        lines.append("#SBATCH --requeue")
        directive("signal", "B:USR1@\(notice)")
        if let exclude { directive("exclude", exclude) }
        for option in options { lines.append(Self.directive(option.name, option.value)) }
        lines += [
            "",
            "folder=\(Self.quoted(folder))",
            "program=\(Self.quoted(program))",
            "model=\(Self.quoted(model ?? ""))          # empty: as NIGHTSHIFT_MODEL says on the node",
            "stage=\(Self.expanding(stage ?? ""))          # a folder on the node's disk to copy the model to; empty: use it where it is",
            "scratch=\(Self.expanding(scratch))          # a folder on the node's disk for the shard while it is worked on",
            "bring_back=\(Self.quoted(bringBack))          # how often the shard is brought back",
            "grace=\(max(1, notice - 15))s          # how long running jobs may go on when the time is up",
            "maximum_restarts=\(maximumRestarts)",
            "exclude=\(Self.quoted(exclude ?? ""))",
            "arguments=(\(arguments.map(Self.quoted).joined(separator: " ")))          # more for 'nightshift work'",
            "setup=(\(setup.map(Self.quoted).joined(separator: " ")))          # commands to run first",
        ]
        return lines.joined(separator: "\n") + "\n"
            + String(decoding: PackageResources.shard_task_sh_txt, as: UTF8.self)
    }

    private static func directive(_ name: String, _ value: String) -> String {
        if value.isEmpty { return "#SBATCH --\(name)" }
        return value.contains(" ") ? "#SBATCH --\(name)=\"\(value)\"" : "#SBATCH --\(name)=\(value)"
    }

    /// One word of the shell's, taken as it is.
    static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }

    /// One word of the shell's in which variables stand for their values, and nothing else is special.
    static func expanding(_ text: String) -> String {
        guard text.contains("$") else { return quoted(text) }
        var escaped = ""
        for character in text {
            if character == "\"" || character == "\\" || character == "`" { escaped.append("\\") }
            escaped.append(character)
        }
        return "\"" + escaped.replacing("$(", with: "\\$(") + "\""
    }
}
