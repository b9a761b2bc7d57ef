import ArgumentParser
import Foundation
import JSONText
import JobStore

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel jobs that aren't finished.",
        discussion: """
            A running job's worker stops at the next token. Above 100 jobs the command asks first on a terminal.

            EXAMPLES
              nightshift cancel 12 13
              nightshift cancel --batch essays --yes
              nightshift cancel --queue night --state available
            """)

    @OptionGroup var change: ChangeOptions

    func run() async throws {
        try await change.run(verb: "cancel", past: "cancelled", from: [.pending, .available, .running]) {
            try await $0.cancel($1)
        }
    }
}

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Make discarded and cancelled jobs available again.",
        discussion: """
            A job that has used up its attempts gets one more. Above 100 jobs the command asks first on a terminal.

            EXAMPLES
              nightshift retry 12
              nightshift retry --state discarded
              nightshift retry --all --kind summarize
            """)

    @OptionGroup var change: ChangeOptions

    func run() async throws {
        try await change.run(verb: "retry", past: "made available again", from: [.discarded, .cancelled]) {
            try await $0.retry($1)
        }
    }
}

/// Which jobs to change, and whether to ask.
struct ChangeOptions: ParsableArguments {
    /// Above this many a person is asked.
    private static let askAbove = 100

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var filter: SelectionOptions

    @Argument(help: "Ids of jobs.")
    var ids: [Int64] = []

    @Option(name: [.short, .long, .customLong("status")], help: "Only jobs of this status, as 'list' shows it.")
    var state: JobStatus?

    @Flag(help: "All jobs that the other conditions leave.")
    var all = false

    @Flag(name: .shortAndLong, help: "Don't ask.")
    var yes = false

    @Flag(help: "Print an object with changed, unchanged and unknown.")
    var json = false

    func validate() throws {
        guard !ids.isEmpty || !filter.isEmpty || state != nil || all else {
            throw ValidationError(
                "name jobs by id, or choose them by --batch, --state, --queue, --kind or --shard, or say --all")
        }
    }

    /// Changes the jobs and says how many it were.
    ///
    /// - parameters:
    ///   - from: the states the change is possible in.
    ///   - body: changes those of the selected jobs that are in such a state; returns how many.
    /// - throws: ``CommandError`` (1) for ids that don't exist, after the others were changed.
    func run(
        verb: String, past: String, from: Set<JobState>,
        _ body: (JobStore, JobSelection) async throws -> Int
    ) async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        var selection = try await filter.selection(in: store, ids: ids.isEmpty ? nil : ids)
        let known = ids.isEmpty ? [:] : try await store.states(ofJobs: ids)
        selection.statuses = state.map { [$0] }
        let counts = try await store.counts(of: selection)
        let possible = counts.filter { from.contains($0.key) }.values.reduce(0, +)
        if possible > Self.askAbove, !yes, Console.inputIsTerminal, Console.errorIsTerminal,
            !Console.confirm("\(verb.capitalized) \(possible) jobs?")
        {
            throw CommandError(.someFailed, "nothing was changed")
        }
        let changed = possible == 0 ? 0 : try await body(store, selection)
        let unchanged = max(0, counts.values.reduce(0, +) - changed)
        let unknown = ids.filter { known[$0] == nil }
        if json {
            let object: JSONObject = [
                "changed": .integer(changed), "unchanged": .integer(unchanged),
                "unknown": .array(unknown.map { .integer(Int($0)) }),
            ]
            try Console.print(JSONValue.object(object).text)
        }
        Console.note(summary(past, changed, unchanged, counts.filter { !from.contains($0.key) }))
        if !unknown.isEmpty {
            let names = unknown.prefix(20).map(String.init).joined(separator: ", ")
            throw CommandError(.someFailed, "there is no job \(names)\(unknown.count > 20 ? ", …" : "")")
        }
    }

    private func summary(_ past: String, _ changed: Int, _ unchanged: Int, _ others: [JobState: Int]) -> String {
        var text = "\(counted(changed, "job")) \(past)"
        guard unchanged > 0 else { return text }
        let states = others.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($1) \($0.rawValue)" }
        text += "; \(unchanged) left as \(unchanged == 1 ? "it is" : "they are")"
        return states.isEmpty ? text : text + " (\(states.joined(separator: ", ")))"
    }
}
