import Foundation
import JobStore
import TestSupport

/// Random sequences of operations on a queue and on a model of it in memory, which must agree at each step and in the end;
/// what the queue's rows say must hold then, too. A sequence that fails is made shorter as long as it still fails.
package struct SequenceProof {
    package var count: Int
    package var length: Int
    /// Of the first sequence; each next one has the next seed.
    package var seed: UInt64
    /// Makes what the queue is compared with.
    package var model: @Sendable () -> any EditableQueue = { InMemoryJobQueue(random: { 0.5 }) }

    package init(count: Int, length: Int = 50, seed: UInt64) {
        self.count = count
        self.length = length
        self.seed = seed
    }

    /// - returns: the shortest failing sequence; `nil` where none has failed.
    @discardableResult
    package func run(_ report: ProofReport) async throws -> [QueueOperation]? {
        let folder = try ProofFolder(in: ProofFolder.fastest)
        let bench = try SequenceBench(folder: folder, model: model)
        var operations = 0
        var nextNote = ContinuousClock.now + .seconds(60)
        for number in 0..<count {
            let own = seed &+ UInt64(number)
            var generator = SplitMix64(seed: own)
            let sequence = (0..<length).map { _ in QueueOperation.random(using: &generator) }
            operations += length
            if ContinuousClock.now > nextNote {
                report.note("\(number) sequences so far")
                nextNote += .seconds(60)
            }
            guard let failure = try await bench.failure(of: sequence) else { continue }
            report.find("seed \(own): \(failure)")
            let shortest = try await Shrinker(fails: { try await bench.failure(of: $0) != nil }).shrink(sequence)
            let why = try await bench.failure(of: shortest) ?? failure
            report.note(
                "the shortest sequence of seed \(own) that fails, \(shortest.count) of \(length) operations:\n"
                    + shortest.map { "  \($0)\n" }.joined() + "  -> \(why)\nto repeat: --seed \(own) --count 1")
            return shortest
        }
        report.note(
            "seeds \(seed) to \(seed &+ UInt64(max(count, 1) - 1)); \(count) sequences of \(length) operations, "
                + "\(operations) operations compared with the model")
        return nil
    }
}

/// Gives each sequence an empty queue.
private final class SequenceBench {
    private let store: JobStore
    private let model: @Sendable () -> any EditableQueue

    init(folder: ProofFolder, model: @escaping @Sendable () -> any EditableQueue) throws {
        self.model = model
        store = try JobStore(path: folder.database, mode: .create, random: { 0.5 })
    }

    deinit { try? store.close() }

    /// Nothing of the last sequence is left, the count of ids included: quicker than a new file.
    private func empty() async throws {
        try await store.execute(
            """
            DELETE FROM jobs; DELETE FROM attempts; DELETE FROM results; DELETE FROM events; DELETE FROM workers;
            DELETE FROM documents; DELETE FROM queue_starts; DELETE FROM queues; DELETE FROM sqlite_sequence;
            INSERT INTO queues(name) VALUES ('default'), ('night')
            """)
        try await store.checkpointIfLarge()
    }

    /// - returns: what goes wrong; `nil` where nothing does.
    func failure(of sequence: [QueueOperation]) async throws -> String? {
        try await empty()
        let model = model()
        for name in ["a", "b", "c"] {
            let worker = WorkerRegistration(id: name, hostname: "elsewhere", processID: 1, version: "1")
            try await store.register(worker, now: Date(timeIntervalSince1970: 0))
            try await model.register(worker, now: Date(timeIntervalSince1970: 0))
        }
        var queues = OperatedQueues(store: store, model: model)
        for (step, operation) in sequence.enumerated() {
            do {
                if let difference = try await queues.apply(operation) { return "step \(step + 1), \(difference)" }
            } catch {
                return "step \(step + 1), \(operation): \(error)"
            }
        }
        if let difference = try await queues.compare() { return difference }
        return try await store.audit().first
    }
}
