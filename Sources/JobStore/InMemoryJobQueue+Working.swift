public import Foundation
import JSONText
import Synchronization

// What workers do.

extension InMemoryJobQueue {
    public func register(_ worker: WorkerRegistration, now: Date) async throws {
        change { _ = $0.stoppedWorkers.remove(worker.id) }
    }

    public func announceStopping(worker: String, now: Date) async throws {
        change { _ in }
    }

    public func retire(worker: String, now: Date) async throws {
        change { _ = $0.stoppedWorkers.insert(worker) }
    }

    public func claim(limit: Int, queues: [String]?, worker: String, now: Date) async throws -> [ClaimedJob] {
        let time = Timestamp.milliseconds(now)
        let lease = Int64(settings.leaseSeconds * 1000)
        let moment = LocalMoment(now, on: clock)
        return change { state in
            let own = state.jobs.values.filter { $0.state == .running && $0.worker == worker }
            if own.count == 1, own[0].isSuspect { return [] }
            // As the store: who finds nothing due changes nothing.
            guard !state.dueJobs(queues: queues, time: time, moment: moment, limit: 1).isEmpty else { return [] }
            _ = state.discardMissed(at: time)
            let due = state.company(
                of: state.dueJobs(queues: queues, time: time, moment: moment, limit: max(limit, 0)), isIdle: own.isEmpty
            )
            return due.compactMap { id in
                guard var job = state.jobs[id] else { return nil }
                job.state = .running
                job.attempt += 1
                job.worker = worker
                job.leaseEnd = time + lease
                job.attempts.append(Attempt(number: job.attempt, worker: worker))
                state.jobs[id] = job
                if state.queues[job.new.queue]?.rate != nil { state.queues[job.new.queue]?.starts.append(time) }
                var claimed = claimed(
                    job, id: id, worker: worker, time: time,
                    timeoutSeconds: job.new.timeoutSeconds ?? state.queues[job.new.queue]?.timeoutSeconds)
                claimed.conversation = state.conversation(before: job)
                claimed.parts = state.highestParts(of: id)
                return claimed
            }
        }
    }

    private func claimed(
        _ job: Job, id: Int64, worker: String, time: Int64, timeoutSeconds: Double?
    ) -> ClaimedJob {
        var input: String?
        if case .inline(let text) = job.new.input { input = text }
        return ClaimedJob(
            claim: JobClaim(jobID: id, attempt: job.attempt, worker: worker), kind: job.new.kind, queue: job.new.queue,
            priority: job.new.priority, maxAttempts: job.maxAttempts, question: job.new.question, input: input,
            document: job.document, template: nil, optionsJSON: JSONValue.object(JSONObject(job.new.options)).text,
            metadataJSON: JSONValue.object(JSONObject(job.new.metadata)).text, batchID: job.new.batchID,
            customID: job.new.customID,
            parentID: job.new.parentID, part: job.new.part, timeoutSeconds: timeoutSeconds,
            waitMilliseconds: Int(max(0, time - job.scheduledAt)))
    }

    public func heartbeat(worker: String, running: [JobProgress], now: Date) async throws -> Set<JobClaim> {
        let leaseEnd = Timestamp.milliseconds(now) + Int64(settings.leaseSeconds * 1000)
        return change { state in
            Set(
                running.map(\.claim).filter { claim in
                    guard claim.worker == worker, state.jobs[claim.jobID]?.isHeld(by: claim) == true else {
                        return false
                    }
                    state.jobs[claim.jobID]?.leaseEnd = leaseEnd
                    return true
                })
        }
    }

    public func claims(of worker: String) async throws -> Set<JobClaim> {
        state.withLock { state in
            Set(
                state.jobs.filter { $0.value.state == .running && $0.value.worker == worker }
                    .map { JobClaim(jobID: $0.key, attempt: $0.value.attempt, worker: worker) })
        }
    }

    public func finish(_ claim: JobClaim, as ending: JobEnding, now: Date) async throws -> FinishOutcome {
        let random = random()
        let retry = settings.retry
        return change { state in
            guard var job = state.jobs[claim.jobID] else { return .refused(.deleted) }
            let effect = EndingEffect(
                of: ending, attempt: job.attempt, maxAttempts: job.maxAttempts,
                failuresBefore: job.attempts.count {
                    $0.number < job.attempt && ($0.outcome == .failed || $0.outcome == .timedOut)
                }, retry: retry, random: random)
            let index = job.attempts.firstIndex { $0.number == claim.attempt && $0.worker == claim.worker }
            if job.isHeld(by: claim), let index {
                if case .divided(let division) = ending { state.divide(claim.jobID, into: division) }
                job.apply(effect, to: index, now: Timestamp.milliseconds(now))
                job.attempts[index].lateText = ending.lateText
                if case .divided = ending { job.attempts[index].hasDivided = true }
                if case .completed(let result) = ending {
                    job.attempts[index].lateText = nil
                    job.attempts[index].hasResult = true
                    job.result = result.text
                    job.fullResult = result
                    let places = state.parts(of: claim.jobID).compactMap { state.jobs[$0]?.place }
                    if !places.isEmpty { job.fullResult?.partCount = places.count { $0.level == 0 } }
                    job.quotations = result.quotations.compactMap { $0.located(in: job.text) }
                }
                state.jobs[claim.jobID] = job
                state.settle(claim.jobID)
                return .stored(effect.state)
            }
            defer { state.jobs[claim.jobID] = job }
            if let index, job.attempt == claim.attempt, job.attempts[index].outcome == effect.outcome {
                if case .completed = ending, job.attempts[index].hasResult { return .stored(job.state) }
                if case .failed = ending { return .stored(job.state) }
                if case .divided = ending, job.attempts[index].hasDivided { return .stored(effect.state) }
            }
            let isCancelled = job.state == .cancelled && job.attempt == claim.attempt
            if let index {
                if job.attempts[index].outcome == .running {
                    job.attempts[index].outcome = isCancelled ? .cancelled : .lost
                }
                job.attempts[index].lateText = ending.lateText ?? job.attempts[index].lateText
            }
            if case .cancelled = ending, isCancelled { return .stored(.cancelled) }
            return .refused(isCancelled ? .cancelled : .lost)
        }
    }

    public func reclaim(now: Date) async throws -> [ReclaimedJob] {
        let time = Timestamp.milliseconds(now)
        let maximumCrashes = settings.maximumCrashes
        return change { state in
            state.jobs.keys.sorted().compactMap { id -> ReclaimedJob? in
                guard var job = state.jobs[id], job.state == .running, let worker = job.worker,
                    job.leaseEnd < time || state.stoppedWorkers.contains(worker),
                    let index = job.attempts.firstIndex(where: { $0.number == job.attempt })
                else { return nil }
                let crashes = job.attempts.count { $0.outcome == .lost && $0.number < job.attempt } + 1
                let effect = EndingEffect(crashNumber: crashes, of: maximumCrashes, worker: worker)
                job.apply(effect, to: index, now: time)
                state.jobs[id] = job
                state.settle(id)
                return ReclaimedJob(
                    claim: JobClaim(jobID: id, attempt: job.attempt, worker: worker), state: effect.state)
            }
        }
    }

    public func recalls(of worker: String, now: Date) async throws -> [JobClaim: JobRecall] {
        let time = Timestamp.milliseconds(now)
        let moment = LocalMoment(now, on: clock)
        return state.withLock { state in
            var recalls: [JobClaim: JobRecall] = [:]
            for (id, job) in state.jobs where job.state == .running && job.worker == worker {
                let claim = JobClaim(jobID: id, attempt: job.attempt, worker: worker)
                let window = state.queues[job.new.queue]?.window
                if let deadline = job.new.deadlineAt, Timestamp.milliseconds(deadline) <= time {
                    recalls[claim] = .deadlineMissed
                } else if let window, window.endPolicy == .interrupt, !window.contains(moment) {
                    recalls[claim] = .windowClosed
                }
            }
            return recalls
        }
    }

    public func keepTime(now: Date) async throws -> TimedChanges {
        let time = Timestamp.milliseconds(now)
        return change { TimedChanges(missedDeadlines: $0.discardMissed(at: time)) }
    }

    public func outlook(queues: [String]?, now: Date) async throws -> QueueOutlook {
        let time = Timestamp.milliseconds(now)
        let moment = LocalMoment(now, on: clock)
        return state.withLock { state in
            let waiting = state.jobs.values.filter {
                $0.state == .available && state.queues[$0.new.queue]?.isPaused != true
                    && queues?.contains($0.new.queue) ?? true
            }
            var outlook = QueueOutlook(
                hasDue: false, nextDue: nil, hasRunning: state.jobs.values.contains { $0.state == .running })
            outlook.nextDue = waiting.map(\.scheduledAt).filter { $0 > time }.min().map(Timestamp.date(milliseconds:))
            for queue in Set(waiting.filter { $0.scheduledAt <= time }.map(\.new.queue)) {
                if state.room(in: queue, time: time, moment: moment) > 0 {
                    outlook.hasDue = true
                } else if state.queues[queue]?.window?.contains(moment) == false {
                    outlook.waitsForWindow = true
                } else if state.queues[queue]?.roomToStart(at: time) == 0 {
                    outlook.waitsForRate = true
                }
            }
            return outlook
        }
    }

    public func changeCounter() async throws -> Int64 {
        state.withLock { $0.changes }
    }
}

extension InMemoryJobQueue.State {
    /// The jobs that `job` goes on with, oldest first.
    fileprivate func conversation(before job: InMemoryJobQueue.Job) -> [ClaimedJob.EarlierJob] {
        var earlier: [ClaimedJob.EarlierJob] = []
        var next = job.new.continues
        while let id = next {
            let job = jobs[id]
            earlier.append(
                ClaimedJob.EarlierJob(
                    id: id, text: job?.text, reply: job?.result,
                    optionsJSON: JSONValue.object(JSONObject(job?.new.options ?? [:])).text))
            next = job?.new.continues
        }
        return earlier.reversed()
    }
}
