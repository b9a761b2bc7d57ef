import Foundation
import JobStore
import TestSupport

/// A queue that was worked on in every way, its file as it was before and its log, which was never written back.
struct WorkedQueue {
    /// A job's end that a caller was told of, and how long the log was by then.
    struct Acknowledged {
        let job: Int64
        let logLength: Int
    }

    static let start = Date(timeIntervalSince1970: 1_795_381_200)

    private(set) var acknowledged: [Acknowledged] = []
    private(set) var operations = 0

    /// Leaves `base.db` and `base.db-wal` in the folder.
    init(folder: ProofFolder, using generator: inout SplitMix64) async throws {
        let store = try JobStore(path: folder.database, mode: .create, random: { 0.5 })
        try await store.checkpoint()
        // Not through SQLite, which is why it's done while nobody else has the file open: the log is empty now.
        try store.close()
        try FileManager.default.copyItem(atPath: folder.database, toPath: folder.path("base.db"))
        let worked = try JobStore(path: folder.database, random: { 0.5 })
        try await worked.execute("INSERT INTO batches(id, name) VALUES (1, 'night')")
        var now = Self.start
        var ids: [Int64] = []
        var running: [ClaimedJob] = []
        while worked.logSize() < 12 << 20 {
            operations += 1
            now += .random(in: 0...20, using: &generator)
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<3: ids += try await Self.add(to: worked, known: ids, batch: 1, now: now, using: &generator)
            case 3..<8:
                running += try await worked.claim(
                    limit: .random(in: 1...4, using: &generator), queues: nil, worker: "w", now: now)
            case 8..<15:
                guard let index = running.indices.randomElement(using: &generator) else { continue }
                let job = running.remove(at: index)
                let ending = Self.ending(of: job, using: &generator)
                let outcome = try await worked.finish(job.claim, as: ending, now: now)
                if case .stored(let state) = outcome, state.isFinal { note(job.id, worked) }
            case 15:
                let held = running.map { JobProgress(claim: $0.claim) }
                _ = try await worked.heartbeat(worker: "w", running: held, now: now)
            case 16:
                guard let id = ids.randomElement(using: &generator) else { continue }
                if try await worked.cancel(JobSelection(ids: [id])) == 1 { note(id, worked) }
            case 17: _ = try await worked.reclaim(now: now)
            case 18:
                guard let id = ids.randomElement(using: &generator) else { continue }
                if Bool.random(using: &generator) {
                    try await worked.hold(JobSelection(ids: [id]), now: now)
                } else {
                    try await worked.release(JobSelection(ids: [id]))
                }
            default: _ = try await worked.keepTime(now: now)
            }
        }
        // While it's open: closing would write the log back. A copy of bytes is all that a power cut leaves, too.
        try Self.copy(folder.database + "-wal", to: folder.path("base.db-wal"))
        try worked.close()
    }

    private mutating func note(_ job: Int64, _ store: JobStore) {
        acknowledged.append(Acknowledged(job: job, logLength: Int(store.logSize())))
    }

    private static func add(
        to store: JobStore, known: [Int64], batch: Int64, now: Date, using generator: inout SplitMix64
    ) async throws -> [Int64] {
        let jobs = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
            let text = String(repeating: "The goat eats. ", count: .random(in: 1...900, using: &generator))
            var job = NewJob(
                kind: "summarize",
                input: Bool.random(using: &generator) ? .inline(text) : .document(NewDocument(text: text)))
            job.priority = .random(in: 0...9, using: &generator)
            if Int.random(in: 0..<4, using: &generator) == 0 { job.batchID = batch }
            if Int.random(in: 0..<4, using: &generator) == 0, let other = known.randomElement(using: &generator) {
                job.afterEndOf = [other]
            }
            if Int.random(in: 0..<9, using: &generator) == 0 { job.isHeld = true }
            if Int.random(in: 0..<9, using: &generator) == 0 { job.deadlineAt = now.addingTimeInterval(600) }
            return job
        }
        return try await store.enqueue(jobs, now: now).map(\.id)
    }

    private static func ending(of job: ClaimedJob, using generator: inout SplitMix64) -> JobEnding {
        let text = String(repeating: "Honey. ", count: .random(in: 0...1500, using: &generator))
        if !job.isPart, job.parts.isEmpty, let whole = job.text, Int.random(in: 0..<4, using: &generator) == 0 {
            let half = whole.unicodeScalars.count / 2
            return .divided(
                JobDivision(parts: [
                    .init(text: String(whole.prefix(half)), begin: 0, end: half),
                    .init(text: String(whole.dropFirst(half)), begin: half, end: whole.unicodeScalars.count),
                ]))
        }
        return switch Int.random(in: 0..<8, using: &generator) {
        case 0: .failed(JobFailure(code: "x", message: "it went wrong", partialText: text))
        case 1: .failed(JobFailure(code: "y", message: "it can't be done", isPermanent: true))
        case 2: .interrupted(partialText: text)
        default: .completed(JobResult(text: text))
        }
    }

    private static func copy(_ source: String, to destination: String) throws {
        // The log is no file that SQLite holds locks on: those are on the database's shared memory.
        try Data(contentsOf: URL(filePath: source)).write(to: URL(filePath: destination))
    }
}
