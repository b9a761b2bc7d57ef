import Foundation
import JobStore
import Testing

/// Small, fast and the same everywhere (splitmix64): a failing seed can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

@Suite("The file and its twin in memory agree")
struct ModelBasedTests {
    @Test("after any sequence of operations", arguments: 1...40)
    func randomOperations(seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let test = try TestStore()
        let queues: [any EditableQueue] = [test.store, InMemoryJobQueue(random: { 0.5 })]
        var now = start
        var ids: [Int64] = []
        var claims: [JobClaim] = []
        for step in 0..<60 {
            let operation = Operation.random(ids: ids, claims: claims, using: &generator)
            var answers: [Answer] = []
            for queue in queues { answers.append(try await operation.apply(to: queue, now: now)) }
            try #require(answers[0] == answers[1], "seed \(seed), step \(step): \(operation)")
            if case .ids(let new) = answers[0] { ids += new }
            if case .claims(let new) = answers[0] { claims += new }
            if Bool.random(using: &generator) {
                now = now.addingTimeInterval([1, 15, 61, 4000].randomElement(using: &generator) ?? 1)
            }
        }
        for id in Set(ids) {
            let snapshot = try await queues[0].look(id)
            let twin = try await queues[1].look(id)
            #expect(snapshot == twin, "seed \(seed), job \(id)")
            guard let snapshot else { continue }
            #expect((snapshot.state != .completed) || snapshot.result != nil)
            #expect((snapshot.state == .running) == (snapshot.outcomes.last == .running))
            #expect(snapshot.outcomes.dropLast().allSatisfy { $0 != .running })
        }
        #expect(try await test.store.integrityCheck().isEmpty)
    }
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
    case refused
    case done
}

private enum Operation {
    case enqueue(NewJob)
    case claim(limit: Int, queues: [String]?, worker: String)
    case beat(worker: String, [JobClaim])
    case finish(JobClaim, JobEnding)
    case cancel(Int64)
    case retry(Int64)
    case delete(Int64)
    case pause(Bool)
    case hold(Bool, Int64)
    case keepTime
    case recalls(worker: String)
    case reclaim
    case outlook

    static func random(ids: [Int64], claims: [JobClaim], using generator: inout SeededGenerator) -> Operation {
        let worker = ["a", "b", "c"].randomElement(using: &generator) ?? "a"
        let id = ids.randomElement(using: &generator) ?? 1
        switch Int.random(in: 0..<24, using: &generator) {
        case 0..<5:
            var job = NewJob.text()
            job.priority = .random(in: 0...9, using: &generator)
            job.maxAttempts = .random(in: 1...3, using: &generator)
            if Int.random(in: 0..<5, using: &generator) == 0 {
                job.uniqueKey = ["k", "l"].randomElement(using: &generator)
            } else if Int.random(in: 0..<5, using: &generator) == 0, !ids.isEmpty {
                job.scheduledAt = seconds(.random(in: 0...500, using: &generator))
            }
            if Int.random(in: 0..<3, using: &generator) == 0, !ids.isEmpty { job.dependsOn = [id] }
            if Int.random(in: 0..<5, using: &generator) == 0, let other = ids.randomElement(using: &generator) {
                job.afterEndOf = [other]
            }
            if Int.random(in: 0..<6, using: &generator) == 0 {
                job.deadlineAt = seconds(.random(in: 0...900, using: &generator))
            }
            job.isHeld = Int.random(in: 0..<12, using: &generator) == 0
            return .enqueue(job)
        case 5..<9: return .claim(limit: .random(in: 1...3, using: &generator), queues: nil, worker: worker)
        case 9..<14:
            guard let claim = claims.randomElement(using: &generator) else { return .outlook }
            let endings: [JobEnding] = [
                .completed(JobResult(text: "t\(claim.jobID)")), .failed(JobFailure(code: "x", message: "x")),
                .failed(JobFailure(code: "y", message: "y", isPermanent: true)), .interrupted(partialText: "half"),
                .cancelled(),
            ]
            return .finish(claim, endings.randomElement(using: &generator) ?? .cancelled())
        case 14: return .beat(worker: worker, claims.filter { $0.worker == worker })
        case 15: return .cancel(id)
        case 16: return .retry(id)
        case 17: return Bool.random(using: &generator) ? .delete(id) : .pause(Bool.random(using: &generator))
        case 18: return .reclaim
        case 19, 20: return .hold(Bool.random(using: &generator), id)
        case 21: return .keepTime
        case 22: return .recalls(worker: worker)
        default: return .outlook
        }
    }

    func apply(to queue: any EditableQueue, now: Date) async throws -> Answer {
        switch self {
        case .enqueue(let job):
            do {
                return .ids(try await queue.add([job], now: now))
            } catch is JobStoreError {
                return .refused
            }
        case .hold(let isHeld, let id): try await queue.setHeld(isHeld, job: id)
        case .keepTime: return .timed(try await queue.keepTime(now: now))
        case .recalls(let worker): return .recalls(try await queue.recalls(of: worker, now: now))
        case .claim(let limit, let queues, let worker):
            return .claims(try await queue.claim(limit: limit, queues: queues, worker: worker, now: now).map(\.claim))
        case .beat(let worker, let claims):
            return .good(
                try await queue.heartbeat(worker: worker, running: claims.map { JobProgress(claim: $0) }, now: now))
        case .finish(let claim, let ending): return .finished(try await queue.finish(claim, as: ending, now: now))
        case .cancel(let id): try await queue.cancelJob(id)
        case .retry(let id): try await queue.retryJob(id)
        case .delete(let id): try await queue.deleteJob(id)
        case .pause(let isPaused): try await queue.setQueuePaused(isPaused, "default")
        case .reclaim: return .reclaimed(Set(try await queue.reclaim(now: now)))
        case .outlook: return .outlook(try await queue.outlook(queues: nil, now: now))
        }
        return .done
    }
}
