public import Foundation

/// The queue as a worker sees it. `JobStore` keeps it in SQLite, `InMemoryJobQueue` in memory for tests of workers.
///
/// Methods wait for the disk and for other processes' locks, never on Swift's cooperative threads, and take no notice of
/// task cancellation: a stopping worker must still be able to write what it has. All times are passed in.
public protocol JobQueue: Sendable {
    var settings: QueueSettings { get }

    /// Makes the worker known before its first claim.
    func register(_ worker: WorkerRegistration, now: Date) async throws
    /// Says that the worker claims no more.
    func announceStopping(worker: String, now: Date) async throws
    /// Says that the worker is gone. Jobs it still holds are handed out again by the next `reclaim`.
    func retire(worker: String, now: Date) async throws

    /// Takes up to `limit` due jobs: lowest priority number first, then the longest due, then the lowest id. Paused queues,
    /// closed run windows, full queues and those whose rate is used up give nothing. A job in which a worker has died is
    /// handed out alone, to a worker that has nothing else in hand; until it ends, that worker gets nothing more.
    ///
    /// - Parameter queues: the queues to serve; `nil` for all.
    func claim(limit: Int, queues: [String]?, worker: String, now: Date) async throws -> [ClaimedJob]

    /// Renews the leases of the worker's jobs and notes their progress.
    ///
    /// - Returns: the claims that are still good. A job missing from them was cancelled, released or lost: stop it.
    func heartbeat(worker: String, running: [JobProgress], now: Date) async throws -> Set<JobClaim>

    /// The worker's good claims, without renewing them: a cheap look after `changeCounter` has moved.
    func claims(of worker: String) async throws -> Set<JobClaim>

    /// The worker's running jobs that must stop now though nobody has changed them.
    func recalls(of worker: String, now: Date) async throws -> [JobClaim: JobRecall]

    /// Does what the hour demands: gives up waiting jobs whose deadline has passed, and adds the jobs of schedules, each
    /// occurrence once, whichever worker is first. Call it every second or so.
    func keepTime(now: Date) async throws -> TimedChanges

    /// Takes care of the store itself, in small steps: call it every second or so.
    ///
    /// - Parameter isIdle: the worker has nothing to do, so that more may be done at once.
    /// - Returns: what somebody should know, and do.
    /// - Throws: `JobStoreError.fileGone` where the store was taken away; nothing that is written any more will be found.
    func maintain(isIdle: Bool, now: Date) async throws -> [MaintenanceNote]

    /// Ends an attempt: state, attempt and result change together, or, where the claim is no longer good, only the
    /// attempt's own row does. A job that is divided gets its parts and waits for them in the same step; parts that stand
    /// there already and are the same are kept with what came of them. After an error that `isTransient` call it again until it is written: a completion or
    /// failure that was stored the first time is recognized, any other repetition is refused and harms nothing.
    ///
    /// - Throws: `JobStoreError.constraint` where a result that says it is JSON isn't; then nothing was changed, and the
    ///   attempt is the worker's to fail.
    func finish(_ claim: JobClaim, as ending: JobEnding, now: Date) async throws -> FinishOutcome

    /// The result of a part that has this key, to be used again; without figures of its own. `nil` where there is none.
    func partResult(cacheKey: String) async throws -> JobResult?

    /// Takes running jobs from workers whose lease ran out or that are known to be dead. Beat before you call it, lest a
    /// worker that was stopped for a while takes its own jobs away.
    func reclaim(now: Date) async throws -> [ReclaimedJob]

    /// What lies ahead, to decide whether to sleep, and how long, or to end.
    func outlook(queues: [String]?, now: Date) async throws -> QueueOutlook

    /// A number that moves whenever anybody has changed anything. Costs microseconds: poll it every 50-100 ms.
    func changeCounter() async throws -> Int64
}

extension JobQueue {
    /// A queue that takes up no room needs no care.
    public func maintain(isIdle: Bool, now: Date) async throws -> [MaintenanceNote] { [] }

    /// A queue that keeps no results has none to use again.
    public func partResult(cacheKey: String) async throws -> JobResult? { nil }

    public func complete(_ claim: JobClaim, with result: JobResult, now: Date) async throws -> FinishOutcome {
        try await finish(claim, as: .completed(result), now: now)
    }

    public func fail(_ claim: JobClaim, with failure: JobFailure, now: Date) async throws -> FinishOutcome {
        try await finish(claim, as: .failed(failure), now: now)
    }

    public func interrupt(_ claim: JobClaim, partialText: String? = nil, now: Date) async throws -> FinishOutcome {
        try await finish(claim, as: .interrupted(partialText: partialText), now: now)
    }
}
