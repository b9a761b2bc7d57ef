/// A task that Slurm has in its queue.
public struct SlurmTask: Sendable, Equatable {
    /// The number of the array, and of the task in it: the shard.
    public var job: String
    public var shard: Int
    /// `RUNNING`, `PENDING`, `COMPLETING` and so on.
    public var state: String
    /// Why it waits.
    public var reason: String
    /// Where it runs.
    public var nodes: String

    public init(job: String, shard: Int, state: String, reason: String, nodes: String) {
        (self.job, self.shard, self.state, self.reason, self.nodes) = (job, shard, state, reason, nodes)
    }

    /// What squeue is asked for: each task of arrays by itself, without headings.
    public static func question(name: String) -> [String] {
        ["--noheader", "--array", "--name", name, "--format", "%F|%K|%T|%r|%N"]
    }

    /// Reads squeue's answer; lines of another form are passed over.
    public static func parse(_ text: String) -> [SlurmTask] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingSpaces
            }
            guard fields.count == 5, let shard = Int(fields[1]) else { return nil }
            return SlurmTask(job: fields[0], shard: shard, state: fields[2], reason: fields[3], nodes: fields[4])
        }
    }

    /// "running on n1", "waiting (Priority)".
    public var text: String {
        switch state {
        case "RUNNING": "running on \(nodes)"
        case "PENDING": "waiting" + (reason.isEmpty || reason == "None" ? "" : " (\(reason))")
        default: state.lowercased() + (nodes.isEmpty ? "" : " on \(nodes)")
        }
    }

    /// Numbers as `--array` has them: `0-2,5`.
    public static func ranges(_ numbers: some Sequence<Int>) -> String {
        var ranges: [ClosedRange<Int>] = []
        for number in numbers.sorted() {
            if let last = ranges.last, number <= last.upperBound + 1 {
                ranges[ranges.count - 1] = last.lowerBound...max(number, last.upperBound)
            } else {
                ranges.append(number...number)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}

/// A line that a task has written of its beginning or end.
public struct TaskLine: Sendable, Equatable {
    /// Of the file, from 1.
    public var number: Int
    public var at: String
    public var task: String
    public var restarts: Int
    public var node: String
    public var event: String
    public var status: Int?

    /// Reads a task's file; a torn last line and lines of another form are passed over.
    public static func parse(_ text: String) -> [TaskLine] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return lines.enumerated().compactMap { index, line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 6, let restarts = Int(fields[2]), !fields[4].isEmpty else { return nil }
            return TaskLine(
                number: index + 1, at: fields[0], task: fields[1], restarts: restarts, node: fields[3],
                event: fields[4], status: Int(fields[5]))
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
