public import Foundation
import JSONText
import Synchronization

/// The queue in memory, for tests of workers: the same promises as `JobStore`'s, kept by the same rules, without a file.
/// It knows no documents' names, no batches and no schedules.
public final class InMemoryJobQueue: JobQueue {
    public let settings: QueueSettings
    let clock: WallClock
    let random: @Sendable () -> Double
    let state = Mutex(State())

    public init(
        settings: QueueSettings = QueueSettings(), clock: WallClock = .system,
        random: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
    ) {
        self.settings = settings
        self.clock = clock
        self.random = random
    }

    struct State {
        var jobs: [Int64: Job] = [:]
        var lastID: Int64 = 0
        var documents: [String: ClaimedJob.Document] = [:]
        var queues: [String: Queue] = [:]
        var stoppedWorkers: Set<String> = []
        var changes: Int64 = 0
    }

    struct Queue {
        var isPaused = false
        var concurrency: Int?
        var rate: RateLimit?
        var window: RunWindow?
        var timeoutSeconds: Double?
        /// Milliseconds since 1970; only where there is a rate.
        var starts: [Int64] = []
    }

    struct Job {
        var new: NewJob
        let document: ClaimedJob.Document?
        var state: JobState
        var scheduledAt: Int64
        var attempt = 0
        var maxAttempts: Int
        var worker: String?
        var leaseEnd: Int64 = 0
        var error: String?
        var result: String?
        var quotations: [Quotation] = []
        var attempts: [Attempt] = []
        /// Of a part: its place in the whole.
        var place: Place?
        var fullResult: JobResult?

        struct Place {
            var level: Int
            var begin: Int
            var end: Int
        }

        var text: String {
            if case .inline(let text) = new.input { text } else { document?.text ?? "" }
        }

        /// A worker has died in it, and no attempt since has ended in another way.
        var isSuspect: Bool {
            attempts.last { $0.outcome != .interrupted && $0.outcome != .running }?.outcome == .lost
        }

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

    struct Attempt {
        let number: Int
        let worker: String
        var outcome: AttemptOutcome = .running
        var lateText: String?
        var hasResult = false
        var hasDivided = false
    }

    func change<T>(_ body: (inout State) throws -> T) rethrows -> T {
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
        try change { state in
            try jobs.enumerated().map { index, job in
                if let key = job.uniqueKey, let holder = holder(of: key, in: state) {
                    return EnqueuedJob(id: holder, isNew: false)
                }
                var job = job
                if let continued = job.continues { job.dependsOn.append(continued) }
                guard (job.dependsOn + job.afterEndOf).allSatisfy({ state.jobs[$0] != nil }) else {
                    throw JobStoreError.refusedJob(index: index, constraint: "depends_on names no job")
                }
                state.lastID += 1
                state.jobs[state.lastID] = Job(
                    new: job, document: document(for: job, in: &state), state: .available,
                    scheduledAt: Timestamp.milliseconds(job.scheduledAt ?? now), maxAttempts: job.maxAttempts)
                state.waitIfNeeded(state.lastID, isNew: true)
                return EnqueuedJob(id: state.lastID, isNew: true)
            }
        }
    }

    /// Whether a job that has been given up or cancelled can be open again: nobody has its unique key by now.
    private func mayComeBack(_ job: Job, in state: State) -> Bool {
        guard job.state == .discarded || job.state == .cancelled, let key = job.new.uniqueKey else { return true }
        return holder(of: key, in: state) == nil
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
            state.end(id, as: .cancelled)
        }
    }

    /// Makes a discarded or cancelled job available again, with one more attempt where all are spent; not where another
    /// job has its unique key now.
    public func retry(_ id: Int64) async {
        change { state in
            guard var job = state.jobs[id], job.state == .discarded || job.state == .cancelled else { return }
            guard mayComeBack(job, in: state) else { return }
            // A part brings its whole back with it.
            if let whole = job.new.parentID.flatMap({ state.jobs[$0] }), !mayComeBack(whole, in: state) { return }
            if job.state == .cancelled, state.waits(id, job) { job.error = nil }
            job.state = .available
            job.new.deadlineAt = nil
            if job.attempt >= job.maxAttempts { job.maxAttempts = job.attempt + 1 }
            state.jobs[id] = job
            state.reopenParts(around: id)
            state.waitIfNeeded(id)
        }
    }

    /// Removes a job, whatever its state.
    public func delete(_ id: Int64) async {
        change { $0.remove(id) }
    }

    public func setPaused(_ isPaused: Bool, queue: String) async {
        change { $0.queues[queue, default: Queue()].isPaused = isPaused }
    }

    /// Changes what holds back a queue.
    public func change(queue: String, _ change: QueueChange) async {
        self.change { $0.queues[queue, default: Queue()].apply(change) }
    }

    /// Keeps a job from being claimed until it is let go.
    public func setHeld(_ isHeld: Bool, _ id: Int64) async {
        change { state in
            guard let job = state.jobs[id], !job.state.isFinal, job.new.isHeld != isHeld else { return }
            state.jobs[id]?.new.isHeld = isHeld
            for part in state.parts(of: id) where state.jobs[part]?.state.isFinal == false {
                state.jobs[part]?.new.isHeld = isHeld
                if isHeld { state.waitIfNeeded(part) } else { state.letGoIfPossible(part) }
            }
            if isHeld { state.waitIfNeeded(id) } else { state.letGoIfPossible(id) }
        }
    }

    /// The parts of a job, level by level, in their order.
    public func parts(of id: Int64) async -> [Int64] { state.withLock { $0.parts(of: id) } }

    /// The whole jobs that have ended, oldest first.
    package var endedJobs: [Int64] {
        get async {
            state.withLock { state in
                state.jobs.filter { $0.value.state.isFinal && $0.value.new.parentID == nil }.keys.sorted()
            }
        }
    }

    /// What there is to know about a job afterwards; `nil` if there is none.
    public func snapshot(_ id: Int64) async -> JobSnapshot? {
        state.withLock { state in
            state.jobs[id].map { job in
                JobSnapshot(
                    state: job.state, attempt: job.attempt, maxAttempts: job.maxAttempts, error: job.error,
                    scheduledAt: Timestamp.date(milliseconds: job.scheduledAt), result: job.result,
                    outcomes: job.attempts.map(\.outcome), lateTexts: job.attempts.map(\.lateText),
                    quotations: job.quotations)
            }
        }
    }

    func endRunningAttempt(of id: Int64, as outcome: AttemptOutcome, in state: inout State) {
        guard var job = state.jobs[id], job.state == .running,
            let index = job.attempts.firstIndex(where: { $0.number == job.attempt && $0.outcome == .running })
        else { return }
        job.attempts[index].outcome = outcome
        state.jobs[id] = job
    }
}
