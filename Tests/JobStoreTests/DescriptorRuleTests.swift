import Foundation
import JobStore
import TestSupport
import Testing

/// Closing any descriptor of the database drops all locks that the process has on it (fcntl's rule): another process then
/// takes itself for the last one, deletes the log with its commits, and nobody notices. So nobody but SQLite may open it.
@Suite("Only SQLite opens the queue's file")
struct DescriptorRuleTests {
    private static let sources = Repository.root.appending(path: "Sources")

    private func swiftFiles(in folder: URL) throws -> [URL] {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
    }

    @Test("GRDB, and with it the file, is the business of one module")
    func oneModule() throws {
        let files = try swiftFiles(in: Self.sources)
        #expect(files.count > 100)
        let importers = try files.filter {
            try String(contentsOf: $0, encoding: .utf8).contains(
                /(?m)^\s*(public |package )?import (GRDB|SQLite3|CSQLite|GRDBSQLite)/)
        }
        #expect(!importers.isEmpty)
        for file in importers { #expect(file.path.contains("/Sources/JobStore/"), "\(file.path)") }
    }

    /// The files of the module that open anything, and what: never the database.
    private static let openers = [
        "WorkerLock.swift": "the workers' lock files", "UpkeepLock.swift": "upkeep.lock",
        "HostIdentity.swift": "/proc/sys/kernel/random/boot_id", "FileSystemKind.swift": "/proc/self/mountinfo",
        "FileHolders.swift": "/proc/<process>/comm",
        "QueueBackup.swift": "the copy, before it has its name, and its folder",
        "QueueOwnership.swift": "owner.lock",
        "ShardLoan.swift": "a shard's states and snapshots, copied while nobody has them open",
        "ShardRuns.swift": "the notes of a shard's runs",
    ]

    @Test("the module opens nothing but its locks and the kernel's files")
    func nothingElse() throws {
        let opening =
            /\b(open|fopen|creat|openat)\(|FileHandle\(|contentsOf|contents\(atPath|InputStream\(|copyItem|mmap\(/
        var found: Set<String> = []
        for file in try swiftFiles(in: Self.sources.appending(path: "JobStore")) {
            let code = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
                .filter { !$0.trimmingPrefix(while: \.isWhitespace).hasPrefix("//") }.joined(separator: "\n")
                // The queue's gates are opened in another sense.
                .replacing("QueueGate.open(", with: "").replacing("static func open(", with: "")
            if code.contains(opening) { found.insert(file.lastPathComponent) }
        }
        #expect(found == Set(Self.openers.keys))
    }

    @Test("the commands give the file's path to the store, and to nobody else")
    func commands() throws {
        // Whoever holds a path may open it: those that name the queue's are few, and only make a store of it or print it.
        let named = /\.path\(\)|queueOptions\.path|store\.path|Places\S*\.queue/
        let allowed: Set = [
            "QueueOptions.swift", "StatusCommand.swift", "InitCommand.swift", "PathsCommand.swift",
            "DoctorCommand.swift",
            "MigrateCommand.swift", "BackupCommand.swift", "AddCommand.swift", "Completions.swift",
            "SlurmSubmitCommand.swift", "WatchCommand.swift", "WorkCommand.swift",
        ]
        for file in try swiftFiles(in: Self.sources.appending(path: "Commands")) {
            let text = try String(contentsOf: file, encoding: .utf8)
            guard text.contains(named) else { continue }
            #expect(allowed.contains(file.lastPathComponent), "\(file.lastPathComponent) names the queue's file")
            #expect(
                !text.contains(/contentsOf\b|FileHandle\(|fopen\(|copyItem/), "\(file.lastPathComponent) opens files")
        }
    }

    @Test(
        "after all that a store does, another process that comes and goes doesn't delete the log",
        .enabled(if: SQLitePrompt.isInstalled, "needs the sqlite3 tool"))
    func behaviour() async throws {
        let test = try TestStore()
        let store = test.store
        let worker = WorkerRegistration(id: "w", hostname: "h", processID: 1, version: "1")
        try await store.register(worker, now: start)
        try await store.enqueue((0..<20).map { _ in .text() }, now: start)
        let jobs = try await store.claim(limit: 9, queues: nil, worker: "w", now: start)
        _ = try await store.heartbeat(worker: "w", running: [], now: start)
        _ = try await store.reclaim(now: start)
        _ = try await store.keepTime(now: start)
        _ = try await store.recalls(of: "w", now: start)
        _ = try await store.maintain(isIdle: true, now: start)
        _ = try await store.checkpoint()
        _ = try await store.changeCounter()
        _ = try await store.liveWorkers(now: start)
        _ = try await store.integrityCheck()
        // A second store of the same process comes and goes as well.
        try test.another().close()
        #expect(try SQLitePrompt.run(test.path, "SELECT count(*) FROM jobs") == "20")
        #expect(FileManager.default.fileExists(atPath: test.path + "-wal"), "the prompt took itself for the last one")
        _ = try await store.complete(jobs[0].claim, with: JobResult(text: "Honey."), now: start)
        #expect(try SQLitePrompt.run(test.path, "SELECT text FROM results") == "Honey.")
        #expect(try SQLitePrompt.run(test.path, "PRAGMA integrity_check") == "ok")
    }
}
