import Foundation
import JobStore

extension WorkerReport {
    /// Counts a job that has ended; returns what to tell about it.
    mutating func count(
        _ job: RunningJob, _ ending: JobEnding, _ stored: FinishOutcome, at time: Date
    ) -> WorkerEvent {
        let (id, kind) = (job.job.id, job.job.kind)
        switch (stored, ending) {
        case (.refused(.cancelled), _):
            cancelled += 1
            return .cancelled(jobID: id, kind: kind)
        case (.refused(.deleted), _):
            deleted += 1
            return .deleted(jobID: id, kind: kind)
        case (.refused(.lost), _):
            lost += 1
            return .lost(jobID: id, kind: kind)
        case (.stored, .completed(let result)):
            if job.job.isPart { completedParts += 1 } else { completed += 1 }
            return .completed(
                jobID: id, kind: job.label, seconds: time.timeIntervalSince(job.claimedAt),
                promptTokens: result.figures.promptTokens ?? 0, cachedTokens: result.figures.cachedTokens ?? 0,
                completionTokens: result.figures.completionTokens ?? 0)
        case (.stored(let state), .failed(let failure)):
            failedAttempts += 1
            if state == .discarded { discarded += 1 }
            return .failed(
                jobID: id, kind: job.label, code: failure.code, message: failure.message, isFinal: state == .discarded)
        case (.stored, .divided(let division)):
            return .divided(jobID: id, kind: kind, parts: division.parts.count, level: division.level)
        case (.stored, .interrupted):
            interrupted += 1
            return .interrupted(jobID: id, kind: kind)
        case (.stored, .cancelled):
            cancelled += 1
            return .cancelled(jobID: id, kind: kind)
        }
    }
}

extension RunningJob {
    /// Its kind, and what it is a part of.
    fileprivate var label: String {
        guard let parent = job.parentID else { return job.kind }
        return "\(job.kind), part \(job.part.map(String.init) ?? "?") of job \(parent)"
    }
}
