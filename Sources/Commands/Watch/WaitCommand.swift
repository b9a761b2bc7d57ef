import ArgumentParser
import Foundation
import JSONText
import JobStore
import Reports

struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until jobs have ended.",
        discussion: """
            Somebody else must do them: a worker here or a service. Exit codes: 0 all completed, 1 some failed or were \
            cancelled, 75 the time is up and some are open still.

            EXAMPLES
              nightshift wait 12 13
              nightshift wait --batch essays --timeout 8h && mail -s done me < results.md
              nightshift wait --queue night
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "Ids of jobs.")
    var ids: [Int64] = []

    @Option(name: .shortAndLong, help: "All jobs of the batch of this name.")
    var batch: String?

    @Option(name: .shortAndLong, help: "All jobs in this queue.")
    var queue: String?

    @Option(help: ArgumentHelp("Wait no longer than this: 90s, 15m, 8h.", valueName: "duration"))
    var timeout: String?

    @Flag(help: "Print nothing while waiting.")
    var quiet = false

    @Flag(help: "Print an object with the counts at the end.")
    var json = false

    func validate() throws {
        guard [!ids.isEmpty, batch != nil, queue != nil].count(where: \.self) == 1 else {
            throw ValidationError("name jobs by ids, --batch or --queue")
        }
    }

    func run() async throws {
        let timeout = try timeout.map(TimeExpression.timeout)
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let selection = try await selection(in: store)
        let counts = try await wait(for: selection, in: store, timeout: timeout)
        let bad = (counts[.discarded] ?? 0) + (counts[.cancelled] ?? 0)
        let open = counts.reduce(0) { $0 + ($1.key.isFinal ? 0 : $1.value) }
        // A job that was deleted meanwhile is not completed.
        let missing = max(0, Set(ids).count - counts.values.reduce(0, +))
        if json {
            try Console.print(
                DelimitedText.json(
                    .object([
                        "completed": .integer(counts[.completed] ?? 0), "failed": .integer(counts[.discarded] ?? 0),
                        "cancelled": .integer(counts[.cancelled] ?? 0), "open": .integer(open),
                        "deleted": .integer(missing),
                    ])))
        }
        if open > 0 { throw CommandError(.temporary, "the time is up, and \(counted(open, "job")) of them still open") }
        if bad + missing > 0 { throw CommandError(.someFailed, "\(counted(bad + missing, "job")) not completed") }
    }

    private func selection(in store: JobStore) async throws -> JobSelection {
        if !ids.isEmpty {
            let states = try await store.states(ofJobs: ids)
            for id in ids where states[id] == nil { throw CommandError(.noInput, "there is no job \(id)") }
            return JobSelection(ids: ids)
        }
        if let batch {
            guard let id = try await store.existingBatch(named: batch) else {
                throw CommandError(.noInput, "there is no batch '\(DisplayText.line(batch, limit: 80))'")
            }
            return JobSelection(batchID: id)
        }
        guard try await store.queues().contains(where: { $0.queue == queue }) else {
            throw CommandError(.noInput, "there is no queue '\(DisplayText.line(queue ?? "", limit: 80))'")
        }
        return JobSelection(queue: queue)
    }

    private func wait(
        for selection: JobSelection, in store: JobStore, timeout: Double?
    ) async throws -> [JobState: Int] {
        let clock = ContinuousClock()
        let start = clock.now
        let display = ProgressDisplay()
        defer { display.finish() }
        var lastChange: Int64?
        var counts: [JobState: Int] = [:]
        var left: Double?
        var nextForecast = start
        var hasWarned = false
        while true {
            let change = try await store.changeCounter()
            if change != lastChange {
                lastChange = change
                counts = try await store.counts(of: selection)
            }
            let ended = counts.reduce(0) { $0 + ($1.key.isFinal ? $1.value : 0) }
            let total = counts.values.reduce(0, +)
            if ended == total { return counts }
            let elapsed = start.duration(to: clock.now) / .seconds(1)
            if let timeout, elapsed >= timeout { return counts }
            if !quiet {
                if clock.now >= nextForecast {
                    let begin = clock.now
                    let prospects = try await Prospects(store, now: Date())
                    left = try await seconds(selection, in: store, prospects)
                    nextForecast = clock.now + max(.seconds(5), begin.duration(to: clock.now) * 50)
                    if prospects.workers.isEmpty, !hasWarned {
                        hasWarned = true
                        Console.note("no worker is running; start one with: nightshift work")
                    }
                }
                display.show(
                    WorkProgress(
                        done: ended, total: total, failed: counts[.discarded] ?? 0, elapsed: elapsed, left: left))
            }
            let pause = min(0.25, timeout.map { max(0.01, $0 - elapsed) } ?? 0.25)
            try await Task.sleep(for: .seconds(pause))
        }
    }

    /// Seconds to the end of the last of them, as far as that is known.
    private func seconds(_ selection: JobSelection, in store: JobStore, _ prospects: Prospects) async throws -> Double?
    {
        let target: ForecastTarget =
            if let batch = selection.batchID { .batch(batch) } else if let queue = selection.queue {
                .queue(queue)
            } else {
                .job(try await lastOpen(selection.ids ?? [], in: store))
            }
        let work = try await store.openWork(target, now: prospects.now)
        guard case .done(let end, _, _)? = prospects.answer(for: work) else { return nil }
        return max(0, end.timeIntervalSince(prospects.now))
    }

    private func lastOpen(_ ids: [Int64], in store: JobStore) async throws -> Int64 {
        let states = try await store.states(ofJobs: ids)
        return ids.filter { states[$0]?.isFinal == false }.max() ?? ids.max() ?? 0
    }
}
