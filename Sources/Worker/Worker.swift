public import Foundation
import Generation
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

    private var running = RunningJobs()
    private var outcome = WorkerReport()
    /// How often the worker's loop has turned: while it grows, the worker isn't stuck.
    public private(set) var turnCount = 0
    /// How far the jobs are that are under way, each 0...1.
    public var progress: [Double] { running.progress.compactMap(\.fraction) }
    private var claimedCount = 0
    /// How often it was asked for jobs and answered, be it with none.
    private var claimCount = 0
    private var unchargedLoad: Duration
    private var stop: Stop?
    private var lastTime = Date.distantPast
    private var lastChange: Int64?
    private var nextLook = Date.distantPast
    private var nextBeat = Date.distantPast
    private var nextReclaim = Date.distantPast
    private var nextRecall = Date.distantPast
    /// When to look for due jobs though nobody has changed anything: the hour may have come for some.
    private var nextClaim = Date.distantPast
    /// Whose lease has run out is left alone until then.
    private var reclaimPauseEnd = Date.distantPast
    /// More seconds between two looks are a clock that was set, or a machine that slept.
    private static let longestPause = 5.0
    private var engineWatch = EngineWatch()
    /// Routine accesses that failed last time.
    private var setbacks = Setbacks()

    /// A stop that was asked for: running jobs may go on until `graceEnd`.
    private struct Stop {
        let end: WorkerReport.End
        var graceEnd: Date
        /// The table of workers says so.
        var isAnnounced = false
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
        runner = JobRunner(engine: engine, catalog: catalog) { try? await queue.partResult(cacheKey: $0) }
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

    /// Works until it's drained, stopped, or at a limit. Cancelled, it hands back what runs at once, and returns as after any
    /// stop.
    ///
    /// - throws: `JobStoreError` when the queue can't be used any more; what ran is handed back, or left to its lease.
    ///   ``WorkerError`` when the engine hangs; the process should end then, since nothing stops a step.
    public func run() async throws -> WorkerReport {
        // In a task of its own: what hands jobs back mustn't be cancelled itself.
        let work = Task { try await runToEnd() }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            Task { await self.stopAtOnce() }
        }
    }

    private func stopAtOnce() {
        requestStop()
        requestStop()
    }

    private func runToEnd() async throws -> WorkerReport {
        try await queue.register(registration, now: now())
        report(.started(workerID: registration.id, engine: registration.engine))
        do {
            try await work()
        } catch {
            await retire()
            throw error
        }
        await retire()
        return outcome
    }

    /// Leaves the table of workers. Who can't is seen to be gone all the same, by the lock that its process releases.
    private func retire() async {
        do {
            try await queue.retire(worker: registration.id, now: now())
        } catch {
            logger.warning("the worker could not sign off", metadata: ["error": "\(error)"])
        }
    }

    private func work() async throws {
        try await withThrowingTaskGroup(of: JobClaim?.self) { group in
            // The tick: a child that sleeps and is replaced. Job children end when their job was written.
            let poll = Duration.seconds(options.pollSeconds)
            group.addTask {
                try? await Task.sleep(for: poll)
                return nil
            }
            // Whatever ends the loop, no job goes on generating behind it.
            defer { running.cancelTasks() }
            while true {
                try await keepUp()
                for claim in try await claimMore() {
                    group.addTask {
                        try await self.finish(claim)
                        return claim
                    }
                }
                if try await isDone() { break }
                guard let ended = try await group.next() else { break }
                if let ended {
                    running.remove(ended)
                    // There is room for another.
                    nextClaim = .distantPast
                } else {
                    group.addTask {
                        try? await Task.sleep(for: poll)
                        return nil
                    }
                }
            }
            group.cancelAll()
        }
    }

    // MARK: - Between tokens

    /// Beats, reclaims, and looks whether the rows of running jobs are still ours.
    private func keepUp() async throws {
        turnCount += 1
        let time = now()
        // A clock that was set back mustn't put off what is due by an hour.
        if time < lastTime {
            (nextBeat, nextReclaim, nextLook, nextClaim) = (.distantPast, .distantPast, .distantPast, .distantPast)
            nextRecall = .distantPast
            setbacks = Setbacks()
        }
        let elapsed = min(max(time.timeIntervalSince(lastTime), 0), Self.longestPause)
        running.age(by: elapsed)
        if lastTime != .distantPast, time.timeIntervalSince(lastTime) > Self.longestPause {
            // So have the others' leases run out, who are as alive: they get the time to say so.
            reclaimPauseEnd = time.addingTimeInterval(queue.settings.heartbeatSeconds)
        }
        lastTime = time
        try watchEngine(after: elapsed)
        if stop == nil, let deadline = options.deadline, time >= deadline { begin(.deadline) }
        if let stop, time >= stop.graceEnd { running.interruptAll() }
        if stop?.isAnnounced == false {
            stop?.isAnnounced = true
            try await tolerating(.announcement) {
                try await self.queue.announceStopping(worker: self.registration.id, now: time)
            }
        }
        if time >= nextBeat {
            nextBeat = time.addingTimeInterval(queue.settings.heartbeatSeconds)
            try await tolerating(.heartbeat) { try await self.beat(at: time) }
        }
        if time >= nextReclaim, stop == nil {
            nextReclaim = time.addingTimeInterval(options.reclaimSeconds)
            try await tolerating(.reclaim) { try await self.reclaim(at: time) }
            try await tolerating(.upkeep) { try await self.keepHouse(at: time) }
        }
        // Jobs may end by the hundred a second; nobody cancels that fast.
        guard time >= nextLook else { return }
        nextLook = time.addingTimeInterval(options.pollSeconds)
        try await tolerating(.look) {
            let change = try await self.queue.changeCounter()
            guard change != self.lastChange else { return }
            let held = self.running.claims
            if !held.isEmpty {
                self.running.drop(except: try await self.queue.claims(of: self.registration.id), among: held)
            }
            self.lastChange = change
            (self.nextClaim, self.nextRecall) = (.distantPast, .distantPast)
        }
        guard time >= nextRecall, !running.isEmpty else { return }
        nextRecall = time.addingTimeInterval(options.reclaimSeconds)
        try await tolerating(.recall) {
            self.running.obey(try await self.queue.recalls(of: self.registration.id, now: time))
        }
    }

    private func beat(at time: Date) async throws {
        let jobs = running.progress
        let good = try await queue.heartbeat(worker: registration.id, running: jobs, now: time)
        running.drop(except: good, among: jobs.map(\.claim))
    }

    private func reclaim(at time: Date) async throws {
        // A pause that ends in the far future was begun before the clock was set back.
        let pause = reclaimPauseEnd.timeIntervalSince(time)
        guard pause <= 0 || pause > queue.settings.heartbeatSeconds else { return }
        for job in try await queue.reclaim(now: time) {
            report(.reclaimed(jobID: job.claim.jobID, from: job.claim.worker, isFinal: job.state == .discarded))
        }
    }

    /// Deadlines, schedules, and the queue's own upkeep.
    private func keepHouse(at time: Date) async throws {
        let changes = try await queue.keepTime(now: time)
        if changes != TimedChanges() { report(.timed(changes)) }
        for note in try await queue.maintain(isIdle: running.isEmpty, now: time) { report(.noted(note)) }
    }

    /// A busy or full disk mustn't end the night: it is logged, and the access tried again a little later. Errors that
    /// won't pass are thrown.
    ///
    /// - returns: whether `body` was run and succeeded.
    @discardableResult
    private func tolerating(_ access: Setbacks.Access, _ body: () async throws -> Void) async throws -> Bool {
        guard setbacks.mayTry(access, at: now()) else { return false }
        do {
            try await body()
            setbacks.clear(access)
            return true
        } catch let error as JobStoreError where error.isTransient {
            if setbacks.note(access, at: now()) {
                logger.warning(
                    "the queue can't be used just now",
                    metadata: ["access": "\(access.rawValue)", "error": "\(error)"])
            }
            // What was due is due still.
            if access == .heartbeat { nextBeat = .distantPast }
            return false
        }
    }

    // MARK: - An engine that hangs

    /// Gives up when the engine does. What waits for it is handed back; what is in it is left running in the name of a
    /// worker that is gone, so that it counts as crashed: handed back, it would hang the next worker, and the next.
    ///
    /// - throws: ``WorkerError/engineStuck(seconds:jobs:)``
    private func watchEngine(after elapsed: Double) throws {
        engineWatch.look(at: runner.engine.service.activity, after: elapsed)
        guard engineWatch.seconds >= options.stallSeconds else { return }
        running.interruptWaiting()
        let jobs = running.abandonBegun()
        throw WorkerError.engineStuck(seconds: engineWatch.seconds, jobs: jobs)
    }

    // MARK: - Stopping

    private func begin(_ end: WorkerReport.End) {
        stop = Stop(end: end, graceEnd: now().addingTimeInterval(options.graceSeconds))
        // What waits for room in the engine would only begin in the grace, and hardly end in it.
        running.interruptWaiting()
        report(.stopping(end, running: running.generatingCount))
    }

    /// Whether the worker has nothing left to do; `outcome` then says why it ends.
    private func isDone() async throws -> Bool {
        guard running.isEmpty else { return false }
        if let stop {
            outcome.end = stop.end
            outcome.leftWork = outcome.interrupted > 0
            if !outcome.leftWork { outcome.leftWork = try await outlook()?.hasDue ?? true }
            return true
        }
        if let maximum = options.maximumJobs, claimedCount >= maximum {
            outcome.end = .jobLimit
            return true
        }
        if options.claimsOnce, claimCount > 0 {
            outcome.end = .claimedOnce
            return true
        }
        // What a rate holds back begins by itself.
        guard options.drains, let outlook = try await outlook(), !outlook.hasDue, !outlook.waitsForRate else {
            return false
        }
        if let next = outlook.nextDue, next <= now().addingTimeInterval(options.drainPatience) { return false }
        outcome.end = outlook.waitsForWindow ? .windowClosed : .drained
        outcome.leftWork = outlook.waitsForWindow
        return true
    }

    /// What lies ahead; `nil` when the queue can't be asked just now.
    private func outlook() async throws -> QueueOutlook? {
        var outlook: QueueOutlook?
        try await tolerating(.outlook) {
            // The jobs of a worker that has just died are due as well.
            if self.stop == nil { try await self.reclaim(at: self.now()) }
            outlook = try await self.queue.outlook(queues: self.options.queues, now: self.now())
        }
        return outlook
    }

    // MARK: - Jobs

    /// Claims as many jobs as there is room for and starts them.
    private func claimMore() async throws -> [JobClaim] {
        let time = now()
        guard stop == nil, time >= nextClaim, !(options.claimsOnce && claimCount > 0) else { return [] }
        let room = min(
            options.concurrency - running.count, options.maximumJobs.map { $0 - claimedCount } ?? .max)
        guard room > 0 else { return [] }
        var jobs: [ClaimedJob] = []
        try await tolerating(.claim) {
            jobs = try await self.queue.claim(
                limit: room, queues: self.options.queues, worker: self.registration.id, now: time)
            self.claimCount += 1
            // A change is noticed before that.
            self.nextClaim = time.addingTimeInterval(options.claimSeconds)
        }
        // Parts belong to a job that was counted, or will be when it is claimed again.
        claimedCount += jobs.count { !$0.isPart }
        let submission = Task { [runner, jobs] in await runner.submit(jobs) }
        for job in jobs { start(job, submission) }
        return jobs.map(\.claim)
    }

    private func start(_ job: ClaimedJob, _ submission: Task<[JobClaim: JobRunner.Submission], Never>) {
        let progress = JobRunner.Progress()
        let (runner, load, report) = (runner, unchargedLoad, report)
        unchargedLoad = .zero
        report(.claimed(jobID: job.id, kind: job.kind, attempt: job.claim.attempt))
        running.insert(
            RunningJob(
                job: job,
                task: Task {
                    guard let own = await submission.value[job.claim] else { throw CancellationError() }
                    return try await runner.run(own, of: job, loadDuration: load, progress: progress) {
                        report(.began(jobID: job.id, kind: job.kind))
                    }
                },
                progress: progress, claimedAt: now()))
    }

    /// Waits for a job and writes how it ended.
    private func finish(_ claim: JobClaim) async throws {
        guard let task = running[claim]?.task else { return }
        let result = await task.result
        guard let job = running[claim] else { return await runner.parts.release(claim) }
        let ending = job.ending(result, runner: runner)
        do {
            if case .divided = ending { claimedCount -= 1 }
            account(for: job, ending, try await store(ending, of: claim))
            await runner.parts.release(claim)
        } catch JobStoreError.constraint(let rule) {
            // A rule that the database holds us to: this job's trouble, not the night's.
            let failure = JobFailure(
                code: "refused_result", message: "the database refused the result: \(rule)",
                partialText: ending.lateText, figures: ending.figures)
            account(for: job, .failed(failure), try await store(.failed(failure), of: claim))
            await runner.parts.release(claim)
        }
    }

    private func store(_ ending: JobEnding, of claim: JobClaim) async throws -> FinishOutcome {
        try await untilItPasses(logger) { [queue, now] in
            try await queue.finish(claim, as: ending, now: now())
        }
    }

    private func account(for job: RunningJob, _ ending: JobEnding, _ stored: FinishOutcome) {
        report(outcome.count(job, ending, stored, at: now()))
    }
}
