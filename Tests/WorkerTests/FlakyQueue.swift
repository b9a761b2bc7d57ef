import Foundation
import JobStore
import Synchronization

/// A queue in memory that fails where a test says so.
final class FlakyQueue: JobQueue {
    enum Method: Hashable {
        case claim, finish, heartbeat, outlook, reclaim, changeCounter, retire, recalls, keepTime
    }

    let queue = InMemoryJobQueue(settings: QueueSettings(leaseSeconds: 3600))
    private let errors = Mutex<[Method: [JobStoreError]]>([:])
    var settings: QueueSettings { queue.settings }

    /// The next calls of the method throw these errors, one each.
    func fail(_ method: Method, with errors: [JobStoreError]) {
        self.errors.withLock { $0[method] = errors }
    }

    private func pass(_ method: Method) throws {
        let error = errors.withLock { errors in
            errors[method]?.isEmpty == false ? errors[method]?.removeFirst() : nil
        }
        if let error { throw error }
    }

    func register(_ worker: WorkerRegistration, now: Date) async throws {
        try await queue.register(worker, now: now)
    }

    func announceStopping(worker: String, now: Date) async throws {
        try await queue.announceStopping(worker: worker, now: now)
    }

    func retire(worker: String, now: Date) async throws {
        try pass(.retire)
        try await queue.retire(worker: worker, now: now)
    }

    func claim(limit: Int, queues: [String]?, worker: String, now: Date) async throws -> [ClaimedJob] {
        try pass(.claim)
        return try await queue.claim(limit: limit, queues: queues, worker: worker, now: now)
    }

    func heartbeat(worker: String, running: [JobProgress], now: Date) async throws -> Set<JobClaim> {
        try pass(.heartbeat)
        return try await queue.heartbeat(worker: worker, running: running, now: now)
    }

    func claims(of worker: String) async throws -> Set<JobClaim> { try await queue.claims(of: worker) }

    func finish(_ claim: JobClaim, as ending: JobEnding, now: Date) async throws -> FinishOutcome {
        try pass(.finish)
        return try await queue.finish(claim, as: ending, now: now)
    }

    func recalls(of worker: String, now: Date) async throws -> [JobClaim: JobRecall] {
        try pass(.recalls)
        return try await queue.recalls(of: worker, now: now)
    }

    func keepTime(now: Date) async throws -> TimedChanges {
        try pass(.keepTime)
        return try await queue.keepTime(now: now)
    }

    func reclaim(now: Date) async throws -> [ReclaimedJob] {
        try pass(.reclaim)
        return try await queue.reclaim(now: now)
    }

    func outlook(queues: [String]?, now: Date) async throws -> QueueOutlook {
        try pass(.outlook)
        return try await queue.outlook(queues: queues, now: now)
    }

    func changeCounter() async throws -> Int64 {
        try pass(.changeCounter)
        return try await queue.changeCounter()
    }
}
