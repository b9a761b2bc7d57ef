import Foundation
import JobStore
import Migrations
import TestSupport
import Testing

@Suite("A queue's file is looked at without a trace")
struct InspectionTests {
    private func names(of folder: TemporaryFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    }

    @Test("a file that nobody has open is read without making SQLite's own files beside it")
    func closedFile() throws {
        let folder = try TemporaryFolder()
        // What SQLite's names of files give a meaning must not have one.
        let path = folder.path("a queue?mode=rwc#100%.db")
        try JobStore(path: path, mode: .create).close()
        _ = try? SQLitePrompt.run(path, "SELECT count(*) FROM jobs")
        let before = try names(of: folder)
        try #require(!before.contains { $0.hasSuffix("-wal") })
        let inspection = try QueueInspection(path: path, now: start)
        #expect(inspection.damage.isEmpty)
        #expect(inspection.work?.queues.map(\.queue) == ["default"])
        #expect(try names(of: folder) == before)
    }

    @Test("what is only in the log of a file in use is seen, and the log is left as it is")
    func fileInUse() async throws {
        let test = try TestStore()
        try await test.store.enqueue([.text(), .text()], now: start)
        let (before, log) = (try names(of: test.folder), test.store.logSize())
        let inspection = try QueueInspection(path: test.path, now: start)
        #expect(inspection.work?.queues.first?.available == 2)
        #expect(UInt64(inspection.file.logBytes) == log)
        #expect(try names(of: test.folder) == before)
        #expect(test.store.logSize() == log)
    }

    @Test("every number of writes between two looks is seen")
    func changing() async throws {
        let test = try TestStore()
        for count in 1...20 {
            try await test.store.enqueue([.text()], now: start)
            if count.isMultiple(of: 3) { try await test.store.checkpoint() }
            #expect(try QueueInspection(path: test.path, now: start).work?.queues.first?.available == count)
        }
    }

    @Test("a worker that is silent for longer than a lease is gone, and its jobs stalled")
    func goneWorker() async throws {
        let test = try TestStore()
        let store = test.store
        for id in ["quick", "silent"] {
            try await store.register(
                WorkerRegistration(id: id, hostname: "elsewhere", processID: 1, version: "1"), now: start)
        }
        try await store.enqueue([.text()], now: start)
        _ = try await store.claim(limit: 1, queues: nil, worker: "silent", now: start)
        _ = try await store.heartbeat(worker: "quick", running: [], now: seconds(61))
        let early = try #require(try QueueInspection(path: test.path, now: seconds(59)).work)
        #expect(early.liveWorkers.count == 2 && early.stalledJobs == 0)
        let late = try #require(try QueueInspection(path: test.path, now: seconds(61)).work)
        #expect(late.liveWorkers.map(\.id) == ["quick"])
        #expect(late.goneWorkers.map(\.id) == ["silent"] && late.goneWorkers.map(\.running) == [1])
        #expect(late.stalledJobs == 1)
    }

    @Test("failures are counted by kind and code, the most frequent first")
    func failures() async throws {
        let test = try TestStore()
        let store = test.store
        let kinds = ["a", "b", "b"]
        try await store.enqueue(kinds.map { .text(kind: $0) }, now: start)
        for job in try await store.claim(limit: 9, queues: nil, worker: "w", now: start) {
            let failure = JobFailure(code: "\(job.kind)_code", message: "m", isPermanent: true)
            _ = try await store.finish(job.claim, as: .failed(failure), now: start)
        }
        let failures = try #require(try QueueInspection(path: test.path, now: start).work).failures
        #expect(failures.map(\.kind) == ["b", "a"] && failures.map(\.jobs) == [2, 1])
        #expect(failures.map(\.code) == ["b_code", "a_code"])
    }

    @Test("rows that refer to nothing are counted by table")
    func brokenReferences() async throws {
        let test = try TestStore()
        try test.store.close()
        _ = try SQLitePrompt.run(
            test.path, "INSERT INTO results(job_id, attempt, text) VALUES (7, 1, 'x'), (8, 1, 'y')")
        #expect(try QueueInspection(path: test.path, now: start).brokenReferences == ["results": 2])
    }

    @Test("a file of an older schema is named as such, and its work not looked at")
    func olderSchema() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("old.db")
        try OldQueue.make(at: path)
        let inspection = try QueueInspection(path: path, now: start)
        #expect(inspection.schema.version == 1 && inspection.schema.missing == Migrations.all.dropFirst().map(\.name))
        #expect(inspection.work == nil)
    }

    @Test("what isn't a queue is refused as it is everywhere")
    func refusals() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("diary.txt")
        #expect(throws: JobStoreError.notFound(path: path)) { try QueueInspection(path: path, now: start) }
        try Data(repeating: 0x41, count: 5000).write(to: URL(filePath: path))
        #expect(throws: JobStoreError.notADatabase(path: path)) { try QueueInspection(path: path, now: start) }
    }

    @Test("a page of garbage is found")
    func damage() async throws {
        let test = try TestStore()
        let text = String(repeating: "honey ", count: 400)
        try await test.store.enqueue((0..<300).map { _ in .text(text) }, now: start)
        try test.store.close()
        _ = try SQLitePrompt.run(test.path, "PRAGMA wal_checkpoint(TRUNCATE)")
        let handle = try FileHandle(forUpdating: URL(filePath: test.path))
        // Page 60 and its neighbours are full of jobs by then.
        try handle.seek(toOffset: 60 * 8192)
        try handle.write(contentsOf: Data(repeating: 0x5A, count: 4 * 8192))
        try handle.close()
        let outcome = Result { try QueueInspection(path: test.path, now: start) }
        switch outcome {
        case .success(let inspection): #expect(!inspection.damage.isEmpty)
        case .failure(let error): #expect(error is JobStoreError)
        }
    }
}
