import ArgumentParser
import Foundation
import JobStore

struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Keep jobs from being started until they are released.",
        discussion: """
            A running job goes on, and is held if it comes back. Above 100 jobs the command asks first on a terminal.

            EXAMPLES
              nightshift hold 12 13
              nightshift hold --batch essays
              sqlite3 "$(nightshift paths queue)" "UPDATE jobs SET held_at = datetime('now') WHERE id = 12"
            """)

    @OptionGroup var change: ChangeOptions

    func run() async throws {
        try await change.run(verb: "hold", past: "held", from: [.pending, .available, .running]) {
            try await $0.hold($1, now: Date())
        }
    }
}

struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Let held jobs go.",
        discussion: """
            What waits for other jobs goes on waiting for them.

            EXAMPLES
              nightshift release 12 13
              nightshift release --state held
              nightshift release --shard shards/shard-3.db      a shard that is lost: its jobs are done here
            """)

    @OptionGroup var change: ChangeOptions

    func run() async throws {
        try await change.run(verb: "release", past: "released", from: [.pending, .available, .running]) {
            try await $0.release($1)
        }
    }
}

struct ReprioritizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprioritize",
        abstract: "Give unfinished jobs another priority.",
        discussion: """
            0 runs first, 9 last; jobs begin with 5. A running job keeps running; the priority counts when it comes back.

            EXAMPLES
              nightshift reprioritize 12 --priority 0
              nightshift reprioritize --batch essays --priority 9
            """)

    @OptionGroup var change: ChangeOptions

    @Option(name: .shortAndLong, help: "0 runs first, 9 last.")
    var priority: Int

    func validate() throws {
        guard (0...9).contains(priority) else { throw ValidationError("--priority takes 0 (first) to 9") }
    }

    func run() async throws {
        try await change.run(verb: "reprioritize", past: "reprioritized", from: [.pending, .available, .running]) {
            try await $0.reprioritize($1, to: priority)
        }
    }
}
