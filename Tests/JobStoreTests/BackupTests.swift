import Foundation
import Glibc
import JobStore
import TestSupport
import Testing

@Suite("A backup is one consistent state, whole or not there")
struct BackupTests {
    private func backUp(_ test: TestStore, to name: String, replaces: Bool = false) throws -> QueueBackup {
        let backup = try QueueBackup(of: test.path, to: test.folder.path(name), replaces: replaces, now: start)
        #expect(try backup.run() > 0)
        return backup
    }

    private func names(_ test: TestStore) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: test.folder.url.path))
    }

    @Test("it holds a state of the queue that workers go on with, and is a queue itself")
    func whileInUse() async throws {
        let test = try TestStore()
        let store = test.store
        try await store.enqueue((0..<200).map { _ in .text() }, now: start)
        let work = Task {
            while !Task.isCancelled {
                for job in try await store.claim(limit: 3, queues: nil, worker: "w", now: start) {
                    _ = try await store.complete(job.claim, with: JobResult(text: "Honey."), now: start)
                }
            }
        }
        var completed: [Int] = []
        for number in 0..<5 {
            _ = try backUp(test, to: "copy\(number).db")
            let copy = try JobStore(path: test.folder.path("copy\(number).db"))
            #expect(try await copy.integrityCheck().isEmpty)
            #expect(try await copy.counts(of: JobSelection()).values.reduce(0, +) == 200)
            // Every completed job has its result, at whatever moment the copy was made.
            let done = try await copy.counts(of: JobSelection())[.completed] ?? 0
            #expect(try await copy.results(limit: 999).count == done)
            completed.append(done)
            try copy.close()
        }
        #expect(completed == completed.sorted())
        work.cancel()
        try await work.value
        #expect(try names(test).allSatisfy { !$0.hasSuffix(".part") })
    }

    @Test("an existing file is only replaced on request, and the queue itself never, by whatever name")
    func destinations() async throws {
        let test = try TestStore()
        try Data("old".utf8).write(to: URL(filePath: test.folder.path("copy.db")))
        #expect(throws: JobStoreError.self) { try backUp(test, to: "copy.db") }
        #expect(try String(contentsOfFile: test.folder.path("copy.db"), encoding: .utf8) == "old")
        _ = try backUp(test, to: "copy.db", replaces: true)
        try JobStore(path: test.folder.path("copy.db")).close()
        #expect(throws: JobStoreError.self) { try backUp(test, to: "queue.db", replaces: true) }
        try FileManager.default.createSymbolicLink(
            atPath: test.folder.path("link.db"), withDestinationPath: test.path)
        #expect(throws: JobStoreError.self) { try backUp(test, to: "link.db", replaces: true) }
        #expect(throws: JobStoreError.self) { try backUp(test, to: "nowhere/copy.db") }
    }

    @Test("a database in use is never replaced")
    func otherQueueInUse() async throws {
        let (test, other) = (try TestStore(), try TestStore())
        try await other.store.enqueue([.text()], now: start)
        #expect(throws: JobStoreError.self) {
            try QueueBackup(of: test.path, to: other.path, replaces: true, now: start)
        }
    }

    @Test("in a folder it is named by the queue and the time; it is as private as the queue")
    func folder() async throws {
        let test = try TestStore()
        chmod(test.path, 0o600)
        try FileManager.default.createDirectory(atPath: test.folder.path("backups"), withIntermediateDirectories: true)
        let backup = try backUp(test, to: "backups")
        let name = URL(filePath: backup.destination).lastPathComponent
        #expect(name.wholeMatch(of: /queue-202611\d\d-\d{6}\.db/) != nil, "\(name)")
        let attributes = try FileManager.default.attributesOfItem(atPath: backup.destination)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("a failure leaves neither half a file nor a changed one")
    func failure() async throws {
        let test = try TestStore()
        let backup = try QueueBackup(of: test.path, to: test.folder.path("copy.db"), replaces: false, now: start)
        // Somebody else is faster.
        try Data("theirs".utf8).write(to: URL(filePath: backup.destination))
        #expect(throws: JobStoreError.self) { try backup.run() }
        #expect(try String(contentsOfFile: backup.destination, encoding: .utf8) == "theirs")
        #expect(!FileManager.default.fileExists(atPath: backup.temporary))
    }

    @Test("a queue of an older version is copied as it is")
    func olderVersion() throws {
        let folder = try TemporaryFolder()
        try OldQueue.make(at: folder.path("old.db"))
        _ = try QueueBackup(of: folder.path("old.db"), to: folder.path("copy.db"), replaces: false, now: start).run()
        #expect(try SQLitePrompt.run(folder.path("copy.db"), "PRAGMA user_version") == "1")
        #expect(try SQLitePrompt.run(folder.path("old.db"), "PRAGMA user_version") == "1")
    }
}
