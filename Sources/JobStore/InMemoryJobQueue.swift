public import Foundation
import JSONText
import Synchronization

/// The queue in memory, for tests of workers: the same promises as `JobStore`'s, kept by the same rules, without a file.
/// It knows no documents' names, no batches, and no run windows.
public final class InMemoryJobQueue: JobQueue {
    public let settings: QueueSettings
    private let random: @Sendable () -> Double
    private let state = Mutex(State())

    public init(
        settings: QueueSettings = QueueSettings(), random: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
    ) {
        self.settings = settings
        self.random = random
    }

    private struct State {
        var jobs: [Int64: Job] = [:]
        var lastID: Int64 = 0
        var documents: [String: ClaimedJob.Document] = [:]
        var pausedQueues: Set<String> = []
        var stoppedWorkers: Set<String> = []
        var changes: Int64 = 0
    }

    private struct Job {
        let new: NewJob
        let document: ClaimedJob.Document?
        var state: JobState
        var scheduledAt: Int64
        var attempt = 0
        var maxAttempts: Int
        var worker: String?
        var leaseEnd: Int64 = 0
        var error: String?
        var result: String?
        var attempts: [Attempt] = []

        func isHeld(by claim: JobClaim) -> Bool {
            state == .running && attempt == claim.attempt && worker == claim.worker
        }

        mutating func apply(_ effect: EndingEffect, to index: Int, now: Int64) {
            attempts[index].outcome = effect.outcome
            state = effect.state
            error = effect.error
            if effect.handsAttemptBack { maxAttempts += 1 }
            if let delay = effect.delaySeconds {
                scheduledAt = Timestamp.milliseconds(Timestamp.date(milliseconds: now).addingTimeInterval(delay))
            }
        }
    }

    private struct Attempt {
        let number: Int
        let worker: String
        var outcome: AttemptOutcome = .running
        var lateText: String?
        var hasResult = false
    }

    private func change<T>(_ body: (inout State) throws -> T) rethrows -> T {
        try state.withLock { state in
            state.changes += 1
            return try body(&state)
        }
    }
}

// MARK: - What people and commands do

extension InMemoryJobQueue {
    @discardableResult
    public func enqueue(_ jobs: some Sequence<NewJob>, now: Date) async throws -> [EnqueuedJob] {
        change { state in
            jobs.map { job in
                if let key = job.uniqueKey, let holder = holder(of: key, in: state) {
                    return EnqueuedJob(id: holder, isNew: false)
                }
                state.lastID += 1
                let waits = job.dependsOn.contains { state.jobs[$0]?.state != .completed }
                state.jobs[state.lastID] = Job(
                    new: job, document: document(for: job, in: &state), state: waits ? .pending : .available,
                    scheduledAt: Timestamp.milliseconds(job.scheduledAt ?? now), maxAttempts: job.maxAttempts)
                return EnqueuedJob(id: state.lastID, isNew: true)
            }
        }
    }

    /// The open or completed job that has the key.
    private func holder(of uniqueKey: String, in state: State) -> Int64? {
        state.jobs.first { _, job in
            job.new.uniqueKey == uniqueKey && job.state != .cancelled && job.state != .discarded
        }?.key
    }

    private func document(for job: NewJob, in state: inout State) -> ClaimedJob.Document? {
        guard case .document(let new) = job.input else { return nil }
        if let known = state.documents[new.text] { return known }
        let document = ClaimedJob.Document(
            id: Int64(state.documents.count + 1), title: new.title, source: new.source, mediaType: new.mediaType,
            text: new.text)
        state.documents[new.text] = document
        return document
    }

    /// Cancels a job that isn't finished.
    public func cancel(_ id: Int64) async {
        change { state in
            guard let job = state.jobs[id], !job.state.isFinal else { return }
            endRunningAttempt(of: id, as: .cancelled, in: &state)
            state.jobs[id]?.state = .cancelled
        }
    }

    /// Makes a discarded or cancelled job available again, with one more attempt where all are spent; not where another
    /// job has its unique key now.
    public func retry(_ id: Int64) async {
        change { state in
            guard var job = state.jobs[id], job.state == .discarded || job.state == .cancelled else { return }
            if let key = job.new.uniqueKey, holder(of: key, in: state) != nil { return }
            job.state = .available
            if job.attempt >= job.maxAttempts { job.maxAttempts = job.attempt + 1 }
            state.jobs[id] = job
        }
    }

    /// Removes a job, whatever its state.
    public func delete(_ id: Int64) async {
        change { $0.jobs[id] = nil }
    }

    public func setPaused(_ isPaused: Bool, queue: String) async {
        change { state in
            if isPaused { state.pausedQueues.insert(queue) } else { state.pausedQueues.remove(queue) }
        }
    }

    /// What there is to know about a job afterwards; `nil` if there is none.
    public func snapshot(_ id: Int64) async -> JobSnapshot? {
        state.withLock { state in
            state.jobs[id].map { job in
                JobSnapshot(
                    state: job.state, attempt: job.attempt, maxAttempts: job.maxAttempts, error: job.error,
                    scheduledAt: Timestamp.date(milliseconds: job.scheduledAt), result: job.result,
                    outcomes: job.attempts.map(\.outcome), lateTexts: job.attempts.map(\.lateText))
            }
        }
    }

    private func endRunningAttempt(of id: Int64, as outcome: AttemptOutcome, in state: inout State) {
        guard var job = state.jobs[id], job.state == .running,
            let index = job.attempts.firstIndex(where: { $0.number == job.attempt && $0.outcome == .running })
        else { return }
        job.attempts[index].outcome = outcome
        state.jobs[id] = job
    }
}

// MARK: - What workers do

extension InMemoryJobQueue {
    public func register(_ worker: WorkerRegistration, now: Date) async throws {
        change { _ in }
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
        return change { state in
            let due = dueJobs(in: state, queues: queues, time: time)
            return due.prefix(max(limit, 0)).compactMap { id in
                guard var job = state.jobs[id] else { return nil }
                job.state = .running
                job.attempt += 1
                job.worker = worker
                job.leaseEnd = time + lease
                job.attempts.append(Attempt(number: job.attempt, worker: worker))
                state.jobs[id] = job
                return claimed(job, id: id, worker: worker, time: time)
            }
        }
    }

    private func dueJobs(in state: State, queues: [String]?, time: Int64) -> [Int64] {
        state.jobs.filter { isOpen($0.value, in: state, queues: queues) && $0.value.scheduledAt <= time }
            .sorted {
                ($0.value.new.priority, $0.value.scheduledAt, $0.key) < (
                    $1.value.new.priority, $1.value.scheduledAt, $1.key
                )
            }
            .map(\.key)
    }

    private func isOpen(_ job: Job, in state: State, queues: [String]?) -> Bool {
        job.state == .available && !state.pausedQueues.contains(job.new.queue)
            && (queues?.contains(job.new.queue) ?? true)
    }

    private func claimed(_ job: Job, id: Int64, worker: String, time: Int64) -> ClaimedJob {
        var input: String?
        if case .inline(let text) = job.new.input { input = text }
        return ClaimedJob(
            claim: JobClaim(jobID: id, attempt: job.attempt, worker: worker), kind: job.new.kind, queue: job.new.queue,
            priority: job.new.priority, maxAttempts: job.maxAttempts, question: job.new.question, input: input,
            document: job.document, template: nil, optionsJSON: JSONValue.object(JSONObject(job.new.options)).text,
            metadataJSON: JSONValue.object(JSONObject(job.new.metadata)).text, batchID: job.new.batchID,
            customID: job.new.customID,
            parentID: job.new.parentID, part: job.new.part, waitMilliseconds: Int(max(0, time - job.scheduledAt)))
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
            defer { state.jobs[claim.jobID] = job }
            if job.isHeld(by: claim), let index {
                job.apply(effect, to: index, now: Timestamp.milliseconds(now))
                job.attempts[index].lateText = ending.lateText
                if case .completed(let result) = ending {
                    job.attempts[index].lateText = nil
                    job.attempts[index].hasResult = true
                    job.result = result.text
                }
                if effect.state == .completed { release(after: claim.jobID, completed: &job, in: &state) }
                return .stored(job.state)
            }
            if let index, job.attempt == claim.attempt, job.attempts[index].outcome == effect.outcome {
                if case .completed = ending, job.attempts[index].hasResult { return .stored(job.state) }
                if case .failed = ending { return .stored(job.state) }
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

    /// Jobs that waited for this one only become available.
    private func release(after id: Int64, completed: inout Job, in state: inout State) {
        state.jobs[id] = completed
        for (waiting, job) in state.jobs where job.state == .pending && job.new.dependsOn.contains(id) {
            if job.new.dependsOn.allSatisfy({ state.jobs[$0]?.state == .completed }) {
                state.jobs[waiting]?.state = .available
            }
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
                return ReclaimedJob(
                    claim: JobClaim(jobID: id, attempt: job.attempt, worker: worker), state: effect.state)
            }
        }
    }

    public func outlook(queues: [String]?, now: Date) async throws -> QueueOutlook {
        let time = Timestamp.milliseconds(now)
        return state.withLock { state in
            let later = state.jobs.values.filter { isOpen($0, in: state, queues: queues) && $0.scheduledAt > time }
            return QueueOutlook(
                hasDue: !dueJobs(in: state, queues: queues, time: time).isEmpty,
                nextDue: later.map(\.scheduledAt).min().map(Timestamp.date(milliseconds:)),
                hasRunning: state.jobs.values.contains { $0.state == .running })
        }
    }

    public func changeCounter() async throws -> Int64 {
        state.withLock { $0.changes }
    }
}
