public import Foundation
public import JobCatalog
public import JobStore
public import Logging

/// Claims jobs, runs them side by side through one engine, and writes each result the moment it's there.
///
/// The database is the only truth: the worker looks for changes every `pollSeconds` and obeys whoever edited a row.
/// Leases are renewed by a beat; a finish is fenced by the claim and repeated until it's written.
public actor Worker {
    private let queue: any JobQueue
    private let runner: JobRunner
    private let options: WorkerOptions
    private let registration: WorkerRegistration
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let report: @Sendable (WorkerEvent) -> Void

    private var running: [JobClaim: RunningJob] = [:]
    private var outcome = WorkerReport()
    private var claimedCount = 0
    private var unchargedLoad: Duration
    private var stop: Stop?
    private var lastChange: Int64?
    private var nextBeat = Date.distantPast
    private var nextReclaim = Date.distantPast

    private struct RunningJob {
        let job: ClaimedJob
        let task: Task<JobEnding, any Error>
        let progress: JobRunner.Progress
        let claimedAt: Date
        /// Why the task was cancelled.
        var cancellation: Cancellation?
    }

    private enum Cancellation {
        /// The row is no longer ours: cancelled, released or deleted.
        case claimGone
        /// The worker stops: the job is handed back.
        case interrupted
    }

    /// A stop that was asked for: running jobs may go on until `graceEnd`.
    private struct Stop {
        let end: WorkerReport.End
        var graceEnd: Date
    }

    /// - parameters:
    ///   - queue: where jobs come from and results go
    ///   - now: the wall clock
    ///   - report: called as things happen; must not block
    public init(
        queue: any JobQueue, engine: TextEngine, catalog: JobCatalog, registration: WorkerRegistration,
        options: WorkerOptions, logger: Logger, now: @escaping @Sendable () -> Date = { Date() },
        report: @escaping @Sendable (WorkerEvent) -> Void = { _ in }
    ) {
        self.queue = queue
        runner = JobRunner(engine: engine, catalog: catalog)
        self.options = options
        self.registration = registration
        self.logger = logger
        self.now = now
        self.report = report
        unchargedLoad = engine.loadDuration
    }

    /// Claims no more and finishes what runs within the grace; asked again, hands back what runs at once.
    public func requestStop() {
        if stop != nil {
            stop?.graceEnd = now()
        } else {
            begin(.stopped)
        }
    }

    /// Works until it's drained, stopped, or at a limit.
    ///
    /// - throws: `JobStoreError` when the queue can't be used any more; what ran is left to its lease.
    public func run() async throws -> WorkerReport {
        try await queue.register(registration, now: now())
        report(.started(workerID: registration.id))
        do {
            try await work()
        } catch {
            try? await queue.retire(worker: registration.id, now: now())
            throw error
        }
        try await patiently { [queue, registration, now] in
            try await queue.retire(worker: registration.id, now: now())
        }
        return outcome
    }

    private func work() async throws {
        try await withThrowingTaskGroup(of: JobClaim?.self) { group in
            // The tick: a child that sleeps and is replaced. Job children end when their job was written.
            let poll = Duration.seconds(options.pollSeconds)
            group.addTask { try? await Task.sleep(for: poll); return nil }
            // Whatever ends the loop, no job goes on generating behind it.
            defer { for job in running.values { job.task.cancel() } }
            while true {
                await keepUp()
                for claim in await claimMore() {
                    group.addTask {
                        try await self.finish(claim)
                        return claim
                    }
                }
                if try await isDone() { break }
                guard let ended = try await group.next() else { break }
                if let ended {
                    running[ended] = nil
                } else {
                    group.addTask { try? await Task.sleep(for: poll); return nil }
                }
            }
            group.cancelAll()
        }
    }

    // MARK: - Between tokens

    /// Beats, reclaims, and looks whether the rows of running jobs are still ours.
    private func keepUp() async {
        let time = now()
        if stop == nil, let deadline = options.deadline, time >= deadline { begin(.deadline) }
        if let stop, time >= stop.graceEnd { interruptAll() }
        if time >= nextBeat {
            nextBeat = time.addingTimeInterval(queue.settings.heartbeatSeconds)
            let jobs = running.map { JobProgress(claim: $0.key, fraction: $0.value.progress.fraction) }
            await tolerating("heartbeat") {
                let good = try await self.queue.heartbeat(worker: self.registration.id, running: jobs, now: time)
                self.drop(except: good, among: jobs.map(\.claim))
                try await (self.queue as? JobStore)?.checkpointIfLarge()
            }
        }
        if time >= nextReclaim, stop == nil {
            nextReclaim = time.addingTimeInterval(options.reclaimSeconds)
            await tolerating("reclaim") {
                for reclaimed in try await self.queue.reclaim(now: time) {
                    self.report(.reclaimed(jobID: reclaimed.claim.jobID, from: reclaimed.claim.worker))
                }
            }
        }
        guard !running.isEmpty else { return }
        await tolerating("look for changes") {
            let change = try await self.queue.changeCounter()
            guard change != self.lastChange else { return }
            self.lastChange = change
            let held = Array(self.running.keys)
            self.drop(except: try await self.queue.claims(of: self.registration.id), among: held)
        }
    }

    /// A busy or full disk mustn't end the night: the next look comes soon.
    private func tolerating(_ action: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            logger.warning(
                "queue access failed", metadata: ["action": "\(action)", "error": "\(error)"])
        }
    }

    /// Stops the jobs whose claim is no longer good.
    private func drop(except good: Set<JobClaim>, among held: [JobClaim]) {
        for claim in held where !good.contains(claim) && running[claim]?.cancellation == nil {
            running[claim]?.cancellation = .claimGone
            running[claim]?.task.cancel()
        }
    }

    // MARK: - Stopping

    private func begin(_ end: WorkerReport.End) {
        stop = Stop(end: end, graceEnd: now().addingTimeInterval(options.graceSeconds))
        report(.stopping(running: running.count))
        let (queue, id, time) = (queue, registration.id, now())
        Task { try? await queue.announceStopping(worker: id, now: time) }
    }

    private func interruptAll() {
        for (claim, job) in running where job.cancellation == nil {
            running[claim]?.cancellation = .interrupted
            job.task.cancel()
        }
    }

    /// Whether the worker has nothing left to do, and why.
    private func isDone() async throws -> Bool {
        guard running.isEmpty else { return false }
        if let stop {
            outcome.end = stop.end
            return true
        }
        if let maximum = options.maximumJobs, claimedCount >= maximum {
            outcome.end = .jobLimit
            return true
        }
        guard options.drains else { return false }
        // The jobs of a worker that has just died are due as well.
        _ = try await queue.reclaim(now: now())
        outcome.end = .drained
        return try await !queue.outlook(queues: options.queues, now: now()).hasDue
    }

    // MARK: - Jobs

    /// Claims as many jobs as there is room for and starts them.
    private func claimMore() async -> [JobClaim] {
        guard stop == nil else { return [] }
        let room = min(
            options.concurrency - running.count, options.maximumJobs.map { $0 - claimedCount } ?? .max)
        guard room > 0 else { return [] }
        var jobs: [ClaimedJob] = []
        await tolerating("claim") {
            jobs = try await self.queue.claim(
                limit: room, queues: self.options.queues, worker: self.registration.id, now: self.now())
        }
        claimedCount += jobs.count
        for job in jobs { start(job) }
        return jobs.map(\.claim)
    }

    private func start(_ job: ClaimedJob) {
        let progress = JobRunner.Progress()
        let (runner, load) = (runner, unchargedLoad)
        unchargedLoad = .zero
        report(.claimed(jobID: job.id, kind: job.kind, attempt: job.claim.attempt))
        running[job.claim] = RunningJob(
            job: job,
            task: Task { try await runner.run(job, loadDuration: load, progress: progress) },
            progress: progress, claimedAt: now())
    }

    /// Waits for a job and writes how it ended.
    private func finish(_ claim: JobClaim) async throws {
        guard let task = running[claim]?.task else { return }
        let result = await task.result
        guard let job = running[claim] else { return }
        let ending = ending(of: job, result)
        let stored = try await patiently { [queue, now] in
            try await queue.finish(claim, as: ending, now: now())
        }
        account(for: job, ending, stored)
    }

    private func ending(of job: RunningJob, _ result: Result<JobEnding, any Error>) -> JobEnding {
        switch (result, job.cancellation) {
        // A text that was complete before the cancellation reached it counts.
        case (.success(let ending), _): return ending
        case (.failure, .claimGone): return .cancelled(partialText: job.progress.text)
        case (.failure(let error), nil) where !(error is CancellationError):
            return .failed(JobFailure(code: "internal", message: String(describing: error)))
        case (.failure, _): return .interrupted(partialText: job.progress.text)
        }
    }

    /// Tries until the queue takes it: the text cost minutes, a lock passes. Other errors than passing ones are thrown.
    private func patiently<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        var delay = 0.1
        while true {
            do {
                return try await body()
            } catch let error as JobStoreError where error.isTransient {
                logger.warning("the queue can't be written, trying again", metadata: ["error": "\(error)"])
                // A sleep that the end of the task can't cut short.
                await Task { [delay] in _ = try? await Task.sleep(for: .seconds(delay)) }.value
                delay = min(delay * 2, 5)
            }
        }
    }

    private func account(for job: RunningJob, _ ending: JobEnding, _ stored: FinishOutcome) {
        let (id, kind) = (job.job.id, job.job.kind)
        guard case .stored(let state) = stored else {
            switch stored {
            case .refused(.cancelled):
                outcome.cancelled += 1
                report(.cancelled(jobID: id, kind: kind))
            default:
                outcome.lost += 1
                report(.lost(jobID: id, kind: kind))
            }
            return
        }
        switch ending {
        case .completed(let result):
            outcome.completed += 1
            report(
                .completed(
                    jobID: id, kind: kind, seconds: now().timeIntervalSince(job.claimedAt),
                    promptTokens: result.figures.promptTokens ?? 0,
                    completionTokens: result.figures.completionTokens ?? 0))
        case .failed(let failure):
            outcome.failedAttempts += 1
            if state == .discarded { outcome.discarded += 1 }
            report(
                .failed(
                    jobID: id, kind: kind, code: failure.code, message: failure.message, isFinal: state == .discarded))
        case .interrupted:
            outcome.interrupted += 1
            report(.interrupted(jobID: id, kind: kind))
        case .cancelled:
            outcome.cancelled += 1
            report(.cancelled(jobID: id, kind: kind))
        }
    }
}
