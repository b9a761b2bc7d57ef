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

    enum Cancellation {
        /// The row is no longer ours: cancelled, released or deleted.
        case claimGone
        /// The worker stops: the job is handed back.
        case interrupted
    }

    /// How the attempt is to be recorded whose task has ended so.
    func ending(_ result: Result<JobEnding, any Error>, runner: JobRunner) -> JobEnding {
        let soFar = (text: progress.text, figures: runner.figures(of: progress))
        switch (result, cancellation) {
        // A text that was complete before the cancellation reached it counts.
        case (.success(let ending), _): return ending
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
    var progress: [JobProgress] {
        jobs.map { JobProgress(claim: $0.key, fraction: $0.value.progress.fraction) }
    }

    subscript(claim: JobClaim) -> RunningJob? { jobs[claim] }

    mutating func insert(_ job: RunningJob) { jobs[job.job.claim] = job }
    mutating func remove(_ claim: JobClaim) { jobs[claim] = nil }

    /// Stops the jobs of `held` whose claim is no longer good.
    mutating func drop(except good: Set<JobClaim>, among held: [JobClaim]) {
        for claim in held where !good.contains(claim) { cancel(claim, because: .claimGone) }
    }

    mutating func interruptAll() {
        for claim in claims { cancel(claim, because: .interrupted) }
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
