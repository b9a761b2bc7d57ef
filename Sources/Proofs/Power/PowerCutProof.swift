import Foundation
import JobStore
import TestSupport

/// The power fails at any byte of the log. A queue is worked on with no checkpoint, so that its log only grows; then the
/// file is opened beside every kind of beginning of that log, also with a torn last page. What was acknowledged before
/// the log was as long must be there, and what is there must be whole.
package struct PowerCutProof {
    package var prefixes: Int
    package var seed: UInt64

    package init(prefixes: Int, seed: UInt64) {
        self.prefixes = prefixes
        self.seed = seed
    }

    package func run(_ report: ProofReport) async throws {
        let folder = try ProofFolder(in: ProofFolder.fastest)
        var generator = SplitMix64(seed: seed)
        let history = try await WorkedQueue(folder: folder, using: &generator)
        let log = try Data(contentsOf: URL(filePath: folder.path("base.db-wal")))
        report.note(
            "seed \(seed); \(history.operations) changes by hand and worker, a log of \(log.count) bytes, "
                + "\(history.acknowledged.count) ends of jobs acknowledged")
        var states: Set<String> = []
        var (torn, garbled, whole) = (0, 0, 0)
        for number in 0..<prefixes {
            // The very ends are always among them.
            let length = number == 0 ? log.count : number == 1 ? 0 : Int.random(in: 0...log.count, using: &generator)
            var tail = Data()
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: torn += 1
            case 1:
                // What a disk may leave where a write was under way: old or random bytes.
                garbled += 1
                tail = Data(
                    (0..<Int.random(in: 1...9000, using: &generator)).map { _ in .random(in: 0...255, using: &generator)
                    })
            default:
                // The length was written, the content wasn't.
                whole += 1
                tail = Data(count: .random(in: 1...20_000, using: &generator))
            }
            let state = try await check(
                log.prefix(length), tail: tail, history, in: folder, worksOn: number % 10 == 0, report)
            states.insert(state)
        }
        report.note(
            """
            \(prefixes) beginnings of the log opened: \(torn) cut off, \(garbled) followed by garbage, \(whole) by zeros; \
            \(states.count) different states of the queue, \((prefixes + 9) / 10) of them worked on to the end
            """)
    }

    /// Opens the queue as it is after a power cut.
    ///
    /// - parameter worksOn: also does the rest of its jobs
    /// - returns: what tells states apart
    private func check(
        _ log: Data, tail: Data, _ history: WorkedQueue, in folder: ProofFolder, worksOn: Bool, _ report: ProofReport
    ) async throws -> String {
        let path = folder.path("after.db")
        for name in [path, path + "-wal", path + "-shm"] { try? FileManager.default.removeItem(atPath: name) }
        try FileManager.default.copyItem(atPath: folder.path("base.db"), toPath: path)
        try (log + tail).write(to: URL(filePath: path + "-wal"))
        let store: JobStore
        do {
            store = try JobStore(path: path)
        } catch {
            report.find("\(log.count) bytes of the log: \(error)")
            return ""
        }
        defer { try? store.close() }
        for violation in try await store.audit() { report.find("\(log.count) bytes of the log: \(violation)") }
        let ended = Set(try await store.query("SELECT id FROM jobs WHERE finalized_at IS NOT NULL").map { $0[0] })
        for end in history.acknowledged where end.logLength <= log.count && !ended.contains("\(end.job)") {
            report.find(
                "\(log.count) bytes of the log: the end of job \(end.job), acknowledged at \(end.logLength), is gone")
        }
        let state = try await store.query("SELECT group_concat(id || state || attempt) FROM jobs").first?.first ?? ""
        if worksOn { try await workOn(store, report) }
        return state
    }

    /// The next morning: what was running is taken back, and everything is done.
    private func workOn(_ store: JobStore, _ report: ProofReport) async throws {
        let morning = WorkedQueue.start.addingTimeInterval(86_400)
        _ = try await store.reclaim(now: morning)
        try await store.execute(
            "UPDATE queues SET paused_at = NULL; UPDATE jobs SET held_at = NULL WHERE held_at IS NOT NULL")
        while true {
            let jobs = try await store.claim(limit: 8, queues: nil, worker: "next", now: morning)
            if jobs.isEmpty { break }
            for job in jobs {
                let outcome = try await store.complete(job.claim, with: JobResult(text: "t"), now: morning)
                report.expect(outcome == .stored(.completed), "job \(job.id) can't be completed: \(outcome)")
            }
        }
        for violation in try await store.audit() { report.find("worked on: \(violation)") }
        let open = try await store.query("SELECT count(*) FROM jobs WHERE finalized_at IS NULL")
        report.expect(open == [["0"]], "\(open) jobs can't be done any more")
    }
}
