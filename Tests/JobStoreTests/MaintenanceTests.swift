import Foundation
import Glibc
import JobStore
import TestSupport
import Testing

@Suite("A queue's file is taken care of")
struct MaintenanceTests {
    /// Finished jobs by the shortest way, a day's age each.
    private func insertFinished(_ count: Int, _ state: String, into store: JobStore) async throws {
        try await store.execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
            INSERT INTO jobs(kind, input, state, finalized_at)
            SELECT 'summarize', 'x', '\(state)', strftime('%Y-%m-%dT%H:%M:%fZ', '2026-11-22 21:00', -i || ' days') FROM n
            """)
    }

    @Test("finished jobs are kept as long as the settings say, 30 days, 7 days and for ever by default")
    func retention() async throws {
        let test = try TestStore()
        let store = test.store
        #expect(try await store.retention() == RetentionPolicy())
        for state in ["completed", "cancelled", "discarded"] { try await insertFinished(40, state, into: store) }
        try await store.enqueue([.text()], now: seconds(-1e8))
        #expect(try await store.prune(try await store.retention(), limit: 1000, now: start).jobs == 10 + 33)
        let rest =
            [StateCount(queue: "default", state: .available, count: 1)]
            + [("cancelled", 7), ("completed", 30), ("discarded", 40)].map {
                StateCount(queue: "default", state: JobState(rawValue: $0.0) ?? .pending, count: $0.1)
            }
        #expect(try await store.stateCounts() == rest)
        try await store.execute("UPDATE settings SET value = '5' WHERE key = 'retain_discarded_days'")
        try await store.execute("UPDATE settings SET value = NULL WHERE key = 'retain_completed_days'")
        let changed = try await store.retention()
        #expect(changed == RetentionPolicy(completedDays: nil, cancelledDays: 7, discardedDays: 5))
        #expect(try await store.prune(changed, limit: 20, now: start).jobs == 20)
        #expect(try await store.prune(changed, limit: 1000, now: start).jobs == 15)
    }

    @Test("a pruned job takes its traces with it, and documents that nobody else needs")
    func traces() async throws {
        let test = try TestStore()
        let store = test.store
        func job(_ text: String) -> NewJob { NewJob(kind: "s", input: .document(NewDocument(text: text))) }
        try await store.enqueue([job("own"), job("shared"), job("shared")], now: start)
        for job in try await store.claim(limit: 2, queues: nil, worker: "w", now: start) {
            _ = try await store.complete(job.claim, with: JobResult(text: "t"), now: start)
        }
        let report = try await store.prune(RetentionPolicy(), limit: 9, now: seconds(31 * 86_400))
        #expect(report == PruneReport(jobs: 2, documents: 1))
        #expect(try await store.job(1) == nil)
        #expect(try await store.inputText(ofJob: 3) == "shared")
        #expect(try await store.results(limit: 9).isEmpty)
        #expect(try await store.integrityCheck().isEmpty)
        #expect(try await store.pragma("foreign_key_check") == nil)
    }

    @Test("an idle worker prunes step by step, and gives the room back to the file system")
    func steps() async throws {
        let test = try TestStore()
        let store = test.store
        try await insertFinished(700, "cancelled", into: store)
        try await store.execute("UPDATE jobs SET input = hex(randomblob(8000))")
        try await store.checkpoint()
        let before = try #require(try await store.pragma("page_count"))
        var now = start
        var steps = 0
        func isDone() async throws -> Bool {
            let left = try await store.stateCounts().first?.count ?? 0
            let free = try await store.pragma("freelist_count") ?? 0
            return left <= 7 && free <= 128
        }
        while try await !isDone() {
            #expect(try await store.maintain(isIdle: true, now: now).isEmpty)
            now = now.addingTimeInterval(1)
            steps += 1
            try #require(steps < 100)
        }
        #expect(steps >= 7)
        #expect(try #require(try await store.pragma("page_count")) < before / 3)
        // A busy worker's steps are a minute apart.
        try await insertFinished(700, "cancelled", into: store)
        for second in 0..<59 {
            _ = try await store.maintain(isIdle: false, now: now.addingTimeInterval(Double(second)))
        }
        let left = try await store.stateCounts().first?.count ?? 0
        #expect(left >= 600)
        // Unless more becomes old than they remove.
        for second in 59..<140 {
            _ = try await store.maintain(isIdle: false, now: now.addingTimeInterval(Double(second)))
        }
        #expect(try await store.stateCounts().first?.count ?? 0 <= 14)
    }

    @Test("a file that nobody has open any more is all there is of the queue")
    func closing() async throws {
        let test = try TestStore()
        let another = try test.another()
        try await another.enqueue([.text()], now: start)
        _ = try await another.claim(limit: 1, queues: nil, worker: "w", now: start)
        try test.store.close()
        #expect(FileManager.default.fileExists(atPath: test.path + "-wal"))
        try another.close()
        #expect(!FileManager.default.fileExists(atPath: test.path + "-wal"))
        let copy = test.folder.path("copy.db")
        try FileManager.default.copyItem(atPath: test.path, toPath: copy)
        #expect(try await JobStore(path: copy).stateCounts().map(\.state) == [.running])
    }

    @Test("one process at a time writes the log back")
    func election() async throws {
        let test = try TestStore()
        try await test.store.enqueue((0..<100).map { _ in .text() }, now: start)
        let path = test.store.workerLockFolder + "/upkeep.lock"
        #expect(try await test.store.checkpoint())
        let other = try #require(WorkerLockHolder(path: path))
        #expect(try await !test.store.checkpoint())
        other.release()
        #expect(try await test.store.checkpoint())
    }

    @Test("a log that a reader keeps from being written back is told of, with what to do")
    func heldLog() async throws {
        let test = try TestStore()
        let store = test.store
        let reader = try OpenPrompt(test.path, "BEGIN; SELECT count(*) FROM jobs;")
        defer { reader.end() }
        let text = String(repeating: "x", count: 500_000)
        for _ in 0..<140 { try await store.execute("INSERT INTO jobs(kind, input) VALUES ('s', '\(text)')") }
        #expect(store.logSize() > 64 << 20)
        let note = try #require(try await store.maintain(isIdle: false, now: start).first)
        #expect(note.description.contains("MiB") && note.description.contains("sqlite3 prompt"))
        #expect(note.description.contains("sqlite3 (process \(reader.id))"))
        #expect(try await store.maintain(isIdle: false, now: seconds(599)).isEmpty, "not again and again")
        reader.end()
        #expect(try await store.maintain(isIdle: false, now: seconds(601)).isEmpty)
        #expect(store.logSize() == 0)
    }

    @Test(
        "a file that is deleted or replaced under a worker is noticed, and all that was in it rescued",
        arguments: [true, false])
    func goneFile(isReplaced: Bool) async throws {
        let test = try TestStore()
        let store = test.store
        try await store.enqueue([.text()], now: start)
        let job = try #require(try await store.claim(limit: 1, queues: nil, worker: "w", now: start).first)
        try FileManager.default.removeItem(atPath: test.path)
        if isReplaced { try Data("something else".utf8).write(to: URL(filePath: test.path)) }
        await #expect(throws: JobStoreError.fileGone(path: test.path)) { try await store.changeCounter() }
        await #expect(throws: JobStoreError.fileGone(path: test.path)) {
            try await store.maintain(isIdle: true, now: start)
        }
        // What is finished meanwhile is in the copy too.
        _ = try await store.complete(job.claim, with: JobResult(text: "Honey."), now: start)
        let copy = try await store.rescue(now: start)
        let rescued = try JobStore(path: copy)
        #expect(try await rescued.results(limit: 9).map(\.text) == ["Honey."])
        #expect(try await rescued.integrityCheck().isEmpty)
    }
}

/// Another process's lock, in effect: an open file of its own.
private final class WorkerLockHolder {
    private let descriptor: Int32

    init?(path: String) {
        descriptor = open(path, O_RDWR)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
    }

    func release() { close(descriptor) }
}
