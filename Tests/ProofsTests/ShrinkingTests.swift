import Foundation
import JobStore
import Proofs
import Testing

@Suite("A failing sequence is made short")
struct ShrinkingTests {
    @Test("a model that forgets a job's hold is found out, by as few operations as it takes")
    func wrongModel() async throws {
        var proof = SequenceProof(count: 100, seed: 7)
        proof.model = { ForgetfulQueue() }
        let report = ProofReport { _ in }
        let sequence = try #require(try await proof.run(report))
        #expect(report.findings.count == 1)
        // A job is held, and the queue is asked for it or looks ahead.
        #expect((2...3).contains(sequence.count), "\(sequence)")
        #expect(sequence.contains { if case .hold(true, job: 0) = $0 { true } else { false } }, "\(sequence)")
    }

    @Test("the same seed makes the same sequence")
    func repetition() async throws {
        var proof = SequenceProof(count: 30, seed: 7)
        proof.model = { ForgetfulQueue() }
        let (first, second) = (ProofReport { _ in }, ProofReport { _ in })
        try await proof.run(first)
        try await proof.run(second)
        #expect(!first.findings.isEmpty && first.findings == second.findings)
    }
}

/// A model that is wrong in one thing: it can't hold a job.
private final class ForgetfulQueue: EditableQueue {
    private let queue = InMemoryJobQueue(random: { 0.5 })
    var settings: QueueSettings { queue.settings }

    func setHeld(_ isHeld: Bool, job id: Int64) async throws {}

    func add(_ jobs: [NewJob], now: Date) async throws -> [Int64] { try await queue.add(jobs, now: now) }
    func cancelJob(_ id: Int64) async throws { try await queue.cancelJob(id) }
    func retryJob(_ id: Int64) async throws { try await queue.retryJob(id) }
    func deleteJob(_ id: Int64) async throws { try await queue.deleteJob(id) }
    func setQueuePaused(_ isPaused: Bool, _ name: String) async throws {
        try await queue.setQueuePaused(isPaused, name)
    }
    func changeQueue(_ name: String, _ change: QueueChange) async throws { try await queue.changeQueue(name, change) }
    func pruneEnded(now: Date) async throws -> Int { try await queue.pruneEnded(now: now) }
    func look(_ id: Int64) async throws -> JobSnapshot? { try await queue.look(id) }

    func register(_ worker: WorkerRegistration, now: Date) async throws { try await queue.register(worker, now: now) }
    func announceStopping(worker: String, now: Date) async throws {
        try await queue.announceStopping(worker: worker, now: now)
    }
    func retire(worker: String, now: Date) async throws { try await queue.retire(worker: worker, now: now) }
    func claim(limit: Int, queues: [String]?, worker: String, now: Date) async throws -> [ClaimedJob] {
        try await queue.claim(limit: limit, queues: queues, worker: worker, now: now)
    }
    func heartbeat(worker: String, running: [JobProgress], now: Date) async throws -> Set<JobClaim> {
        try await queue.heartbeat(worker: worker, running: running, now: now)
    }
    func claims(of worker: String) async throws -> Set<JobClaim> { try await queue.claims(of: worker) }
    func recalls(of worker: String, now: Date) async throws -> [JobClaim: JobRecall] {
        try await queue.recalls(of: worker, now: now)
    }
    func keepTime(now: Date) async throws -> TimedChanges { try await queue.keepTime(now: now) }
    func finish(_ claim: JobClaim, as ending: JobEnding, now: Date) async throws -> FinishOutcome {
        try await queue.finish(claim, as: ending, now: now)
    }
    func reclaim(now: Date) async throws -> [ReclaimedJob] { try await queue.reclaim(now: now) }
    func outlook(queues: [String]?, now: Date) async throws -> QueueOutlook {
        try await queue.outlook(queues: queues, now: now)
    }
    func changeCounter() async throws -> Int64 { try await queue.changeCounter() }
}
