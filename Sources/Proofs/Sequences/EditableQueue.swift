package import Foundation
package import JobStore

/// A queue with what people do beside its workers: the store, and its twin in memory.
package protocol EditableQueue: JobQueue {
    func add(_ jobs: [NewJob], now: Date) async throws -> [Int64]
    func cancelJob(_ id: Int64) async throws
    func retryJob(_ id: Int64) async throws
    func deleteJob(_ id: Int64) async throws
    func setQueuePaused(_ isPaused: Bool, _ queue: String) async throws
    func setHeld(_ isHeld: Bool, job id: Int64) async throws
    func changeQueue(_ queue: String, _ change: QueueChange) async throws
    /// Removes all jobs that have ended; returns how many.
    func pruneEnded(now: Date) async throws -> Int
    func look(_ id: Int64) async throws -> JobSnapshot?
}

extension InMemoryJobQueue: EditableQueue {
    package func add(_ jobs: [NewJob], now: Date) async throws -> [Int64] {
        try await enqueue(jobs, now: now).map(\.id)
    }
    package func cancelJob(_ id: Int64) async throws { await cancel(id) }
    package func retryJob(_ id: Int64) async throws { await retry(id) }
    package func deleteJob(_ id: Int64) async throws { await delete(id) }
    package func setQueuePaused(_ isPaused: Bool, _ queue: String) async throws {
        await setPaused(isPaused, queue: queue)
    }
    package func setHeld(_ isHeld: Bool, job id: Int64) async throws { await setHeld(isHeld, id) }
    package func changeQueue(_ queue: String, _ change: QueueChange) async throws {
        await self.change(queue: queue, change)
    }
    package func pruneEnded(now: Date) async throws -> Int {
        let ended = await endedJobs
        for id in ended { await delete(id) }
        return ended.count
    }
    package func look(_ id: Int64) async throws -> JobSnapshot? { await snapshot(id) }
}

extension JobStore: EditableQueue {
    package func add(_ jobs: [NewJob], now: Date) async throws -> [Int64] {
        try await enqueue(jobs, now: now).map(\.id)
    }
    package func cancelJob(_ id: Int64) async throws { try await cancel(JobSelection(ids: [id])) }
    package func retryJob(_ id: Int64) async throws { try await retry(JobSelection(ids: [id])) }
    package func deleteJob(_ id: Int64) async throws { try await execute("DELETE FROM jobs WHERE id = \(id)") }
    package func setQueuePaused(_ isPaused: Bool, _ queue: String) async throws {
        if isPaused {
            try await pause(queue: queue, now: Date(timeIntervalSince1970: 0))
        } else {
            try await resume(queue: queue)
        }
    }
    package func setHeld(_ isHeld: Bool, job id: Int64) async throws {
        let job = JobSelection(ids: [id])
        if isHeld { try await hold(job, now: Date(timeIntervalSince1970: 0)) } else { try await release(job) }
    }
    package func changeQueue(_ queue: String, _ change: QueueChange) async throws {
        try await self.change(queue: queue, change)
    }
    package func pruneEnded(now: Date) async throws -> Int {
        let ended = PruneSelection(states: [.completed, .cancelled, .discarded], before: .distantFuture)
        return try await prune(ended, limit: 10_000, now: now).jobs
    }
    package func look(_ id: Int64) async throws -> JobSnapshot? {
        guard let detail = try await job(id) else { return nil }
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        guard let state = JobState(rawValue: detail.job.state) else { throw ProofError("state \(detail.job.state)") }
        return JobSnapshot(
            state: state, attempt: detail.job.attempt, maxAttempts: detail.job.maxAttempts, error: detail.job.error,
            scheduledAt: Timestamp.date(milliseconds: Timestamp.milliseconds(try format.parse(detail.job.scheduledAt))),
            result: detail.result?.text,
            outcomes: try detail.attempts.map { attempt in
                guard let outcome = AttemptOutcome(rawValue: attempt.outcome) else { throw ProofError(attempt.outcome) }
                return outcome
            },
            lateTexts: detail.attempts.map(\.lateText),
            quotations: detail.quotations.map { Quotation(begin: $0.begin, end: $0.end, text: $0.text) })
    }
}
