import Foundation
import JobStore

/// A queue and its model, to which the same things happen.
struct OperatedQueues {
    private let store: any EditableQueue
    private let model: any EditableQueue
    private var now = Date(timeIntervalSince1970: 1_795_381_200)
    private var ids: [Int64] = []
    /// Those of `ids` that are parts of others.
    private var parts: Set<Int64> = []
    private var claims: [JobClaim] = []

    init(store: any EditableQueue, model: any EditableQueue) {
        self.store = store
        self.model = model
    }

    /// What a queue answers, so that two can be compared.
    private enum Answer: Equatable {
        case ids([Int64])
        case claims([JobClaim])
        case good(Set<JobClaim>)
        case finished(FinishOutcome)
        case reclaimed(Set<ReclaimedJob>)
        case outlook(QueueOutlook)
        case timed(TimedChanges)
        case recalls([JobClaim: JobRecall])
        case count(Int)
        case refused
        case done
    }

    /// - returns: how the answers differ; `nil` where they don't.
    mutating func apply(_ operation: QueueOperation) async throws -> String? {
        if case .clock(let seconds) = operation { now += seconds }
        let (found, expected) = (try await answer(operation, of: store), try await answer(operation, of: model))
        guard found == expected else { return "\(operation): the queue says \(found), the model \(expected)" }
        if case .ids(let new) = found { ids += new }
        if case .claims(let new) = found {
            claims += new
            for claim in new where !ids.contains(claim.jobID) {
                ids.append(claim.jobID)
                parts.insert(claim.jobID)
            }
        }
        return nil
    }

    /// - returns: how the jobs differ in the end.
    func compare() async throws -> String? {
        for id in Set(ids).sorted() {
            let (found, expected) = (try await store.look(id), try await model.look(id))
            if found != expected {
                return
                    "job \(id) is \(found.map { "\($0)" } ?? "gone") and \(expected.map { "\($0)" } ?? "gone") in the model"
            }
        }
        return nil
    }

    private func job(_ place: Int) -> Int64? { ids.isEmpty ? nil : ids[place % ids.count] }

    private func answer(_ operation: QueueOperation, of queue: any EditableQueue) async throws -> Answer {
        switch operation {
        case .add(let draft):
            do {
                return .ids(try await queue.add([job(draft)], now: now))
            } catch is JobStoreError {
                return .refused
            }
        case .claim(let limit, let queues, let worker):
            return .claims(try await queue.claim(limit: limit, queues: queues, worker: worker, now: now).map(\.claim))
        case .beat(let worker):
            let running = claims.filter { $0.worker == worker }.map { JobProgress(claim: $0) }
            return .good(try await queue.heartbeat(worker: worker, running: running, now: now))
        case .finish(let place, let ending):
            guard !claims.isEmpty else { return .done }
            let claim = claims[place % claims.count]
            return .finished(
                try await queue.finish(
                    claim, as: ending.ending(of: claim, isPart: parts.contains(claim.jobID)), now: now))
        case .cancel(let place): if let id = job(place) { try await queue.cancelJob(id) }
        case .retry(let place): if let id = job(place) { try await queue.retryJob(id) }
        case .delete(let place): if let id = job(place), !parts.contains(id) { try await queue.deleteJob(id) }
        case .hold(let isHeld, let place): if let id = job(place) { try await queue.setHeld(isHeld, job: id) }
        case .pause(let isPaused, let name): try await queue.setQueuePaused(isPaused, name)
        case .limit(let name, let concurrency, let rate, let timeout):
            var change = QueueChange()
            change.concurrency = concurrency.map { .set($0) } ?? .clear
            change.rate = rate.map { .set(RateLimit(count: $0, seconds: 60)) } ?? .clear
            change.timeoutSeconds = timeout.map { .set($0) } ?? .clear
            try await queue.changeQueue(name, change)
        case .retire(let worker): try await queue.retire(worker: worker, now: now)
        case .reclaim: return .reclaimed(Set(try await queue.reclaim(now: now)))
        case .keepTime: return .timed(try await queue.keepTime(now: now))
        case .recalls(let worker): return .recalls(try await queue.recalls(of: worker, now: now))
        case .outlook: return .outlook(try await queue.outlook(queues: nil, now: now))
        case .prune: return .count(try await queue.pruneEnded(now: now))
        case .clock: break
        }
        return .done
    }

    private func job(_ draft: QueueOperation.JobDraft) -> NewJob {
        var job = NewJob(kind: "summarize", input: .inline("Bees make honey."), queue: draft.queue)
        job.priority = draft.priority
        job.maxAttempts = draft.maxAttempts
        job.uniqueKey = draft.uniqueKey
        job.scheduledAt = draft.delay.map { now.addingTimeInterval($0) }
        job.deadlineAt = draft.deadline.map { now.addingTimeInterval($0) }
        job.timeoutSeconds = draft.timeout
        job.isHeld = draft.isHeld
        job.dependsOn = [draft.dependsOn.flatMap { self.job($0) }].compactMap(\.self)
        job.afterEndOf = [draft.afterEndOf.flatMap { self.job($0) }].compactMap(\.self)
        return job
    }
}

extension QueueOperation.Ending {
    fileprivate func ending(of claim: JobClaim, isPart: Bool) -> JobEnding {
        switch self {
        // Parts aren't divided.
        case .divided where !isPart:
            .divided(
                JobDivision(parts: [
                    .init(text: "Bees ", begin: 0, end: 5), .init(text: "make honey.", begin: 5, end: 16),
                ]))
        case .divided: .completed(JobResult(text: "text of a part"))
        case .completed: .completed(JobResult(text: "text of \(claim.jobID)"))
        case .failed: .failed(JobFailure(code: "x", message: "it went wrong"))
        case .failedForGood: .failed(JobFailure(code: "y", message: "it can't be done", isPermanent: true))
        case .timedOut: .failed(JobFailure(code: "z", message: "too long", timedOut: true, partialText: "half"))
        case .interrupted: .interrupted(partialText: "half")
        case .cancelled: .cancelled()
        }
    }
}
