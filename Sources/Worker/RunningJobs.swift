import Foundation
import JobStore

/// A job that is being generated.
struct RunningJob {
    let job: ClaimedJob
    let task: Task<JobEnding, any Error>
    let progress: JobRunner.Progress
    let claimedAt: Date
    /// Why the task was cancelled.
    var cancellation: Cancellation?
    /// How long the engine has had it while the machine was awake: waiting for room, a clock that is set and a suspended
    /// night don't count.
    var awakeSeconds = 0.0
    /// As much of that as has passed since the task was cancelled.
    var cancelledSeconds = 0.0

    enum Cancellation {
        /// The row is no longer ours: cancelled, released or deleted.
        case claimGone
        /// The worker stops, or the queue's window has closed: the job is handed back.
        case interrupted
        /// It wasn't done by its deadline.
        case deadlineMissed
        /// It took longer than an attempt may.
        case timedOut
    }

    /// How the attempt is to be recorded whose task has ended so.
    func ending(_ result: Result<JobEnding, any Error>, runner: JobRunner) -> JobEnding {
        let soFar = (text: progress.text, figures: runner.figures(of: progress))
        switch (result, cancellation) {
        // A text that was complete before the cancellation reached it counts.
        case (.success(let ending), _): return ending
        case (.failure, .deadlineMissed):
            return .failed(
                JobFailure(
                    code: "deadline_missed", message: "deadline_missed: not done by its deadline", isPermanent: true,
                    timedOut: true, partialText: soFar.text, figures: soFar.figures))
        case (.failure, .timedOut):
            return .failed(
                JobFailure(
                    code: "timed_out", message: "timed_out: took longer than \(job.timeoutSeconds ?? 0) s",
                    timedOut: true, partialText: soFar.text, figures: soFar.figures))
        case (.failure, .claimGone): return .cancelled(partialText: soFar.text, figures: soFar.figures)
        case (.failure(let error), nil) where !(error is CancellationError):
            return .failed(
                JobFailure(
                    code: "internal", message: String(describing: error), partialText: soFar.text,
                    figures: soFar.figures))
        case (.failure, _): return .interrupted(partialText: soFar.text, figures: soFar.figures)
        }
    }
}

/// The jobs a worker has in hand, and why any of them was told to stop.
struct RunningJobs {
    private var jobs: [JobClaim: RunningJob] = [:]

    var isEmpty: Bool { jobs.isEmpty }
    var count: Int { jobs.count }
    var claims: [JobClaim] { Array(jobs.keys) }
    /// Of the jobs whose lease is to be renewed: one that doesn't end though it was told to, since the engine hangs, is
    /// left to its lease, so that others may take it.
    var progress: [JobProgress] {
        jobs.filter { $0.value.cancelledSeconds < Self.patience }
            .map { JobProgress(claim: $0.key, fraction: $0.value.progress.fraction) }
    }
    /// How long a job may take to stop.
    private static let patience = 60.0

    subscript(claim: JobClaim) -> RunningJob? { jobs[claim] }

    mutating func insert(_ job: RunningJob) { jobs[job.job.claim] = job }
    mutating func remove(_ claim: JobClaim) { jobs[claim] = nil }

    /// Stops the jobs of `held` whose claim is no longer good.
    mutating func drop(except good: Set<JobClaim>, among held: [JobClaim]) {
        for claim in held where !good.contains(claim) { cancel(claim, because: .claimGone) }
    }

    /// Jobs that nobody has told to stop.
    var generatingCount: Int { jobs.values.count { $0.cancellation == nil } }

    /// Stops the jobs that the engine hasn't begun.
    mutating func interruptWaiting() {
        for (claim, job) in jobs where !job.progress.current.hasBegun { cancel(claim, because: .interrupted) }
    }

    mutating func interruptAll() {
        for claim in claims { cancel(claim, because: .interrupted) }
    }

    /// Stops what the queue calls back.
    mutating func obey(_ recalls: [JobClaim: JobRecall]) {
        for (claim, recall) in recalls {
            switch recall {
            case .windowClosed: cancel(claim, because: .interrupted)
            case .deadlineMissed: cancel(claim, because: .deadlineMissed)
            }
        }
    }

    /// Lets time pass, and stops the jobs that have used up theirs.
    mutating func age(by seconds: Double) {
        for (claim, job) in jobs {
            if job.progress.current.hasBegun { jobs[claim]?.awakeSeconds += seconds }
            if job.cancellation != nil { jobs[claim]?.cancelledSeconds += seconds }
            if let timeout = job.job.timeoutSeconds, let awake = jobs[claim]?.awakeSeconds, awake > timeout {
                cancel(claim, because: .timedOut)
            }
        }
    }

    /// Ends all tasks without a word about why, when there is nobody left to write their endings.
    func cancelTasks() {
        for job in jobs.values { job.task.cancel() }
    }

    /// Tells a job to stop; the first reason stands.
    private mutating func cancel(_ claim: JobClaim, because reason: RunningJob.Cancellation) {
        guard let job = jobs[claim], job.cancellation == nil else { return }
        jobs[claim]?.cancellation = reason
        job.task.cancel()
    }
}
