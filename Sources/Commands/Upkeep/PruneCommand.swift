import ArgumentParser
import Foundation
import JSONText
import JobStore

struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove jobs that ended long ago, with their results.",
        discussion: """
            Workers do this by themselves, by the table settings: completed jobs after 30 days, cancelled ones after 7, \
            discarded ones never. Without --older, so does this command, at once. Texts go with the last job that needs \
            them. It works in small steps, so that workers hardly notice; stopped half-way, it has done what it did. \
            Above 100 jobs it asks first on a terminal.

            EXAMPLES
              nightshift prune --dry-run
              nightshift prune --older 30d --vacuum
              nightshift prune --older 0d --batch essays --state completed --state discarded
              sqlite3 "$(nightshift paths queue)" "UPDATE settings SET value = 90 WHERE key = 'retain_completed_days'"
            """)

    enum FinalState: String, ExpressibleByArgument, CaseIterable {
        case completed, cancelled, discarded
    }

    /// Few enough for a few milliseconds.
    private static let jobsAStep = 100
    private static let askAbove = 100

    @OptionGroup var queueOptions: QueueOptions

    @Option(help: ArgumentHelp("Only what ended longer ago: 30d, 12h; 0d is all.", valueName: "duration"))
    var older: String?

    @Option(help: "Only jobs of this state; may be repeated. With --older, by default completed and cancelled.")
    var state: [FinalState] = []

    @Option(name: .shortAndLong, help: "Only jobs of the batch of this name.")
    var batch: String?

    @Flag(help: "Also remove texts that no job needs and that are as old, a day at least.")
    var documents = false

    @Flag(help: "Give the room that is free now back to the disk.")
    var vacuum = false

    @Flag(help: "Say what would be removed, and change nothing.")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "Don't ask.")
    var yes = false

    @Flag(help: "Print an object with jobs, documents and freed_bytes.")
    var json = false

    func validate() throws {
        if older == nil, batch != nil {
            throw ValidationError("--batch needs --older; --older 0d is all of it that has ended")
        }
    }

    func run() async throws {
        let now = Date()
        let older = try older.map { try TimeExpression.duration($0) }
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let selections = try await selections(in: store, older: older, now: now)
        let documentsBefore = now.addingTimeInterval(-max(older ?? 0, 86_400))
        var planned: [JobState: Int] = [:]
        for selection in selections { planned.merge(try await store.pruneCounts(selection), uniquingKeysWith: +) }
        let total = planned.values.reduce(0, +)
        if dryRun {
            let unused = documents ? try await store.unusedDocuments(before: documentsBefore) : 0
            return try tell("would be removed", Removed(jobs: total, documents: unused), planned)
        }
        if total > Self.askAbove, !yes, Console.inputIsTerminal, Console.errorIsTerminal,
            !Console.confirm("Remove \(total) jobs with their results?")
        {
            throw CommandError(.someFailed, "nothing was removed")
        }
        let sizeBefore = store.fileSize()
        var removed = Removed()
        for selection in selections { try await prune(selection, of: total, in: store, &removed, now: now) }
        if documents {
            try await Self.repeatStep(on: store) {
                let count = try await store.removeUnusedDocuments(before: documentsBefore, limit: Self.jobsAStep)
                removed.documents += count
                return count == Self.jobsAStep
            }
        }
        if vacuum {
            if try await !store.shrink() {
                Console.note(
                    "The file could not be made smaller now: somebody reads it, or it was made without the means.")
            }
            removed.freedBytes = max(0, sizeBefore - store.fileSize())
        }
        try tell("removed", removed, planned)
    }

    private struct Removed {
        var jobs = 0
        var documents = 0
        /// `nil` where the file wasn't made smaller.
        var freedBytes: Int?
    }

    // MARK: - What

    private func selections(in store: JobStore, older: TimeInterval?, now: Date) async throws -> [PruneSelection] {
        guard let older else { return try await selectionsBySettings(in: store, now: now) }
        var batchID: Int64?
        if let batch {
            batchID = try await store.existingBatch(named: batch)
            guard batchID != nil else {
                throw CommandError(.noInput, "there is no batch '\(DisplayText.line(batch, limit: 80))'")
            }
        }
        let states: Set<JobState> = state.isEmpty ? [.completed, .cancelled] : Set(state.map(\.state))
        return [PruneSelection(states: states, before: now.addingTimeInterval(-older), batchID: batchID)]
    }

    private func selectionsBySettings(in store: JobStore, now: Date) async throws -> [PruneSelection] {
        let policy = try await store.retention()
        let days: [(JobState, Int?)] = [
            (.completed, policy.completedDays), (.cancelled, policy.cancelledDays), (.discarded, policy.discardedDays),
        ]
        let wanted = Set(state.map(\.state))
        return days.compactMap { state, days in
            guard let days, wanted.isEmpty || wanted.contains(state) else { return nil }
            return PruneSelection(states: [state], before: now.addingTimeInterval(-86_400 * Double(days)))
        }
    }

    // MARK: - Steps

    private func prune(
        _ selection: PruneSelection, of total: Int, in store: JobStore, _ removed: inout Removed, now: Date
    ) async throws {
        let line = ProgressLine()
        defer { line.clear() }
        var (jobs, documents) = (removed.jobs, removed.documents)
        try await Self.repeatStep(on: store) {
            let report = try await store.prune(selection, limit: Self.jobsAStep, now: now)
            jobs += report.jobs
            documents += report.documents
            line.update("removed \(jobs) of \(total) jobs")
            try await store.checkpointIfLarge()
            return report.isCutShort
        }
        (removed.jobs, removed.documents) = (jobs, documents)
    }

    /// Repeats `body` as long as it returns that there may be more to do.
    private static func repeatStep(on store: JobStore, _ body: () async throws -> Bool) async throws {
        while true {
            let start = ContinuousClock.now
            guard try await body() else { return }
            try await store.letOthersIn(after: .now - start)
        }
    }

    // MARK: - Words

    private func tell(_ verb: String, _ removed: Removed, _ planned: [JobState: Int]) throws {
        if json {
            let object: JSONObject = [
                "jobs": .integer(removed.jobs), "documents": .integer(removed.documents),
                "freed_bytes": removed.freedBytes.map { .integer($0) } ?? .null,
            ]
            try Console.print(JSONValue.object(object).text)
        }
        let states = planned.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($1) \($0.rawValue)" }
        var text = counted(removed.jobs, "job")
        if removed.jobs > 0, !states.isEmpty { text += " (\(states.joined(separator: ", ")))" }
        if removed.documents > 0 { text += " and \(counted(removed.documents, "text"))" }
        text += " \(verb)"
        if let freed = removed.freedBytes { text += "; \(freed.byteText) given back to the disk" }
        Console.note(text)
    }
}

extension PruneCommand.FinalState {
    var state: JobState {
        switch self {
        case .completed: .completed
        case .cancelled: .cancelled
        case .discarded: .discarded
        }
    }
}
