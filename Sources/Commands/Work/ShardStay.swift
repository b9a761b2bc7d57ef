import Foundation
package import JobStore
package import Worker

/// A worker's stay at a shard that was borrowed from a folder which other machines see: it works on a copy on this
/// machine's disk, and brings that back now and then and at the end.
package struct ShardStay: Sendable {
    package let store: JobStore
    private let loan: ShardLoan
    private let shard: String
    private let period: Double

    /// The variable by which the engine that started this process says what it calls it.
    static let taskVariable = "NIGHTSHIFT_TASK"

    /// Borrows the shard, and releases what dead workers have left running in it.
    ///
    /// - parameters:
    ///   - scratch: a folder on this machine's own disk
    ///   - period: seconds between two times of bringing it back, which is what a machine that vanishes loses at most
    package init(
        shard: String, scratch: String, period: Double, settings: QueueSettings = QueueSettings(),
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws {
        let task = environment[Self.taskVariable].flatMap { $0.isEmpty ? nil : $0 }
        loan = try ShardLoan(shard: shard, scratch: scratch, task: task, now: Date())
        (self.shard, self.period) = (shard, period)
        for remark in loan.remarks { Console.noteForeign("nightshift: \(remark)") }
        store = try JobStore(path: loan.local, settings: settings)
        let released = try await store.releaseLeftovers(now: Date())
        let tally = try await store.tally()
        var text =
            "\(shard), run \(loan.run): \(tally.ended) of \(counted(tally.ended + tally.open, "job")) done before"
        if !released.isEmpty { text += ", \(released.count) left by a dead worker released" }
        Console.noteForeign(text)
    }

    /// Works to the session's end and brings the shard back, whatever that end is.
    ///
    /// - throws: what ended the session; ``CommandError`` (75) when jobs of the shard are open still.
    package func work(_ session: WorkerSession) async throws -> WorkerReport {
        let keeper = Task { await keep(session) }
        let outcome: Result<WorkerReport, any Error>
        do {
            outcome = .success(try await session.run())
        } catch {
            outcome = .failure(error)
        }
        keeper.cancel()
        let isSuperseded = await keeper.value
        let tally = try await store.tally()
        try? store.close()
        try await end(isDone: tally.open == 0, outcome: (try? outcome.get()) == nil ? "failed" : "stopped")
        var report = try outcome.get()
        Console.noteForeign(
            "\(shard), run \(loan.run): brought back, \(tally.ended) of \(counted(tally.ended + tally.open, "job")) done"
        )
        if isSuperseded {
            // The later run does the rest: to try again would take the shard from it.
            report.leftWork = false
        } else if tally.open > 0, !report.leftWork {
            throw CommandError(.temporary, "\(counted(tally.open, "job")) of \(shard) can't be done yet; run it again")
        }
        return report
    }

    /// Brings the copy back now and then, until it is cancelled or another run has taken the shard.
    ///
    /// - returns: whether one has.
    private func keep(_ session: WorkerSession) async -> Bool {
        var brought: Int64 = 0
        while true {
            do {
                try await Task.sleep(for: .seconds(period))
            } catch {
                return false
            }
            do {
                let change = try await store.lastEvent()
                guard change != brought || loan.runs.isSuperseded(loan.run) else { continue }
                guard try await bringBack() else {
                    Console.noteForeign("\(shard): another machine has taken it; what was done here is brought back")
                    await session.requestStop()
                    return true
                }
                brought = change
            } catch {
                // The work goes on here; the next time may do.
                Console.noteForeign("nightshift: \(shard) could not be brought back: \(error)")
            }
        }
    }

    /// Copying waits for disks: not on the threads that everything else shares.
    private func bringBack() async throws -> Bool {
        let loan = loan
        return try await Task.detached { try loan.bringBack() }.value
    }

    /// A network disk may be away for a moment: what was done here is worth some tries.
    private func end(isDone: Bool, outcome: String) async throws {
        let loan = loan
        var delay = 1.0
        while true {
            do {
                return try await Task.detached { try loan.end(isDone: isDone, outcome: outcome, now: Date()) }.value
            } catch let error as JobStoreError where error.isTransient && delay < 16 {
                Console.noteForeign("nightshift: \(shard) could not be brought back, trying again: \(error)")
                try await Task.sleep(for: .seconds(delay))
                delay *= 2
            }
        }
    }
}
