public import Foundation
public import JSONText
public import JobStore
public import Records

/// A queue for a worker whose jobs come from a stream and whose results leave by another, in memory and no larger than its
/// window: whoever brings jobs waits until there is room, and a worker waits until its result has left.
public actor PipeQueue: JobQueue {
    /// What became of all lines.
    public struct Report: Sendable, Equatable {
        public var completed = 0
        public var failed = 0
        /// Jobs that were begun, or read, and not ended.
        public var undone: [Undone] = []
    }

    /// A job that nobody will do any more.
    public struct Undone: Sendable, Equatable {
        public var line: Int
        public var customID: String?
    }

    public nonisolated let settings = QueueSettings()

    private let window: Int
    private let engineModel: String
    private let emit: @Sendable (JSONObject) async throws -> Void
    private var waiting: [BulkJob] = []
    private var running: [JobClaim: BulkJob] = [:]
    private var attempts: [Int: Int] = [:]
    private var isInputOpen = true
    private var changes: Int64 = 0
    private var room: CheckedContinuation<Void, Never>?
    private var report = Report()
    /// Jobs that wait for their parts, by line; and by the parts' numbers, which are below 0, what they are parts of.
    private var families: [Int: PipeFamily] = [:]
    private var places: [Int: (line: Int, part: Int)] = [:]
    private var lastPart = 0

    /// - parameters:
    ///   - window: the most jobs that wait for the worker; as many again may run.
    ///   - model: named in answers to requests that name none.
    ///   - emit: writes a line; returns when it has left.
    public init(window: Int, model: String, emit: @escaping @Sendable (JSONObject) async throws -> Void) {
        precondition(window >= 1)
        self.window = window
        engineModel = model
        self.emit = emit
    }

    // MARK: - The feeding side; one task only

    /// Waits until there is room for another job.
    public func waitForRoom() async {
        guard waiting.count >= window else { return }
        await withCheckedContinuation { room = $0 }
    }

    /// Takes a job; its line is its id.
    public func add(_ job: BulkJob) {
        waiting.append(job)
        changes += 1
    }

    /// Answers a line that became no job.
    public func refuse(_ problem: BulkProblem) async throws {
        report.failed += 1
        try await emit(OutputLine.failure(problem))
    }

    /// No more jobs will come.
    public func closeInput() {
        isInputOpen = false
        changes += 1
    }

    /// What was done, and what wasn't: for when the worker has ended.
    public func finalReport() -> Report {
        var report = report
        let left =
            (waiting + running.values).filter { places[$0.line] == nil }
            + families.values.filter { !$0.isDone }.map(\.job)
        report.undone += left.map { Undone(line: $0.line, customID: $0.customID) }
        report.undone.sort { $0.line < $1.line }
        return report
    }

    // MARK: - The worker's side

    public func register(_ worker: WorkerRegistration, now: Date) {}
    public func announceStopping(worker: String, now: Date) {}
    public func retire(worker: String, now: Date) {}

    public func claim(limit: Int, queues: [String]?, worker: String, now: Date) -> [ClaimedJob] {
        // As the queue does: the most urgent first, then in their order.
        let order = waiting.indices.sorted { (waiting[$0].job.priority, $0) < (waiting[$1].job.priority, $1) }
        let chosen = Set(order.prefix(max(limit, 0)))
        let jobs = chosen.sorted().map { waiting[$0] }
        waiting = waiting.indices.filter { !chosen.contains($0) }.map { waiting[$0] }
        if waiting.count < window {
            room?.resume()
            room = nil
        }
        return jobs.map { job in
            let attempt = (attempts[job.line] ?? 0) + 1
            attempts[job.line] = attempt
            let claim = JobClaim(jobID: Int64(job.line), attempt: attempt, worker: worker)
            running[claim] = job
            var claimed = ClaimedJob(job.job, claim: claim)
            if let place = places[job.line] { (claimed.parentID, claimed.part) = (Int64(place.line), place.part) }
            if let family = families.removeValue(forKey: job.line) { claimed.parts = family.claimedParts }
            return claimed
        }
    }

    public func heartbeat(worker: String, running jobs: [JobProgress], now: Date) -> Set<JobClaim> { Set(running.keys) }
    public func claims(of worker: String) -> Set<JobClaim> { Set(running.keys) }
    public func recalls(of worker: String, now: Date) -> [JobClaim: JobRecall] { [:] }
    public func keepTime(now: Date) -> TimedChanges { TimedChanges() }
    public func reclaim(now: Date) -> [ReclaimedJob] { [] }
    public func changeCounter() -> Int64 { changes }

    public func outlook(queues: [String]?, now: Date) -> QueueOutlook {
        QueueOutlook(hasDue: isInputOpen || !waiting.isEmpty, nextDue: nil, hasRunning: !running.isEmpty)
    }

    public func finish(_ claim: JobClaim, as ending: JobEnding, now: Date) async throws -> FinishOutcome {
        guard let job = running[claim] else { return .refused(.deleted) }
        if let place = places[job.line] { return try await finish(part: job, at: place, claim, as: ending) }
        switch ending {
        case .completed(let result):
            try await emit(OutputLine.answer(answer(job, result, now: now)))
            end(claim)
            report.completed += 1
            return .stored(.completed)
        case .failed(let failure) where !failure.isPermanent && claim.attempt < job.job.maxAttempts:
            return tryAgain(job, claim)
        case .failed(let failure):
            try await emit(
                OutputLine.failure(
                    jobID: claim.jobID, customID: job.customID, line: job.line, code: failure.code,
                    message: failure.message))
            end(claim)
            report.failed += 1
            return .stored(.discarded)
        case .divided(let division):
            divide(job, claim, into: division)
            return .stored(.available)
        case .interrupted, .cancelled:
            end(claim)
            report.undone.append(Undone(line: job.line, customID: job.customID))
            return .stored(.available)
        }
    }

    // MARK: - Parts of texts that are too long for one prompt

    private func divide(_ job: BulkJob, _ claim: JobClaim, into division: JobDivision) {
        running[claim] = nil
        changes += 1
        var whole = job
        // Dividing costs no try.
        whole.job.maxAttempts += 1
        guard !division.parts.isEmpty else { return waiting.append(whole) }
        families[job.line] = PipeFamily(job: whole, division: division)
        var parts: [BulkJob] = []
        for (index, part) in division.parts.enumerated() {
            lastPart -= 1
            places[lastPart] = (job.line, index + 1)
            var own = job
            own.line = lastPart
            own.job.input = .inline(part.text)
            parts.append(own)
        }
        // What was begun goes on first.
        waiting = parts + waiting
    }

    private func finish(
        part job: BulkJob, at place: (line: Int, part: Int), _ claim: JobClaim, as ending: JobEnding
    ) async throws -> FinishOutcome {
        switch ending {
        case .completed(let result):
            forget(claim)
            families[place.line]?.results[place.part] = result
            if let family = families[place.line], family.isDone { waiting.insert(family.job, at: 0) }
            changes += 1
            return .stored(.completed)
        case .failed(let failure) where !failure.isPermanent && claim.attempt < job.job.maxAttempts:
            return tryAgain(job, claim)
        case .failed(let failure):
            forget(claim)
            guard let family = drop(place.line) else { return .stored(.discarded) }
            try await emit(
                OutputLine.failure(
                    jobID: Int64(place.line), customID: family.job.customID, line: place.line, code: failure.code,
                    message: "part \(place.part) of its text: \(failure.message)"))
            report.failed += 1
            return .stored(.discarded)
        case .interrupted, .cancelled, .divided:
            forget(claim)
            if let family = drop(place.line) {
                report.undone.append(Undone(line: place.line, customID: family.job.customID))
            }
            return .stored(.available)
        }
    }

    private func tryAgain(_ job: BulkJob, _ claim: JobClaim) -> FinishOutcome {
        running[claim] = nil
        waiting.append(job)
        changes += 1
        return .stored(.available)
    }

    private func forget(_ claim: JobClaim) {
        places[Int(claim.jobID)] = nil
        end(claim)
    }

    /// Gives up a job and its parts; those that run stop at the worker's next look.
    private func drop(_ line: Int) -> PipeFamily? {
        guard let family = families.removeValue(forKey: line) else { return nil }
        let parts = Set(places.filter { $0.value.line == line }.keys)
        waiting.removeAll { parts.contains($0.line) }
        for claim in running.keys where parts.contains(Int(claim.jobID)) { end(claim) }
        for part in parts { places[part] = nil }
        changes += 1
        return family
    }

    private func end(_ claim: JobClaim) {
        running[claim] = nil
        attempts[Int(claim.jobID)] = nil
    }

    private func answer(_ job: BulkJob, _ result: JobResult, now: Date) -> JobAnswer {
        let metadata = job.job.metadata
        func text(_ key: String) -> String? { if case .string(let text)? = metadata[key] { text } else { nil } }
        return JobAnswer(
            jobID: Int64(job.line), customID: job.customID, line: job.line, kind: job.job.kind,
            url: text(RequestOrigin.url), model: text(RequestOrigin.model) ?? engineModel, createdAt: now,
            text: result.text, finishReason: result.figures.finishReason?.rawValue,
            promptTokens: result.figures.promptTokens, cachedTokens: result.figures.cachedTokens,
            completionTokens: result.figures.completionTokens, seed: result.figures.seed, isTruncated: result.truncated)
    }
}

/// A job that waits for its parts.
private struct PipeFamily {
    let job: BulkJob
    let division: JobDivision
    /// By the parts' numbers, from 1.
    var results: [Int: JobResult] = [:]

    var isDone: Bool { results.count == division.parts.count }

    var claimedParts: [ClaimedJob.Part] {
        division.parts.enumerated().map { index, part in
            let result = results[index + 1]
            return ClaimedJob.Part(
                id: -Int64(index + 1), number: index + 1, level: division.level, begin: part.begin, end: part.end,
                state: result == nil ? .available : .completed, result: result?.text,
                isTruncated: result?.truncated ?? false, quotations: result?.quotations ?? [])
        }
    }
}
