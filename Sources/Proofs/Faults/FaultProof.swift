import ChildProcesses
import Foundation
import JobStore

/// Everything that can be wrong with a file, a disk or a neighbour, one after another. Work goes on where it can, ends
/// with the right message where it can't, and loses nothing either way.
package struct FaultProof {
    /// How long another process holds the write lock.
    package var lockSeconds: Int

    package init(lockSeconds: Int) { self.lockSeconds = lockSeconds }

    package func run(_ report: ProofReport) async throws {
        try await wrongFiles(report)
        try await readOnlyFolder(report)
        try await fullDisk(report)
        try await limitedFile(report)
        try await failingWrites(report)
        try await otherOpeners(report)
        try await heldLock(report)
    }

    // MARK: - Files that are no queues

    private struct WrongFile {
        let name: String
        let bytes: Data
        /// Whether the error says what is wrong.
        let isNamed: (JobStoreError) -> Bool
    }

    private func wrongFiles(_ report: ProofReport) async throws {
        let queue = try ProvenQueue()
        try await queue.add(3, tokens: 3)
        try queue.store.close()
        let sound = try Data(contentsOf: URL(filePath: queue.folder.database))
        func changed(_ range: Range<Int>, _ bytes: [UInt8]) -> Data {
            var copy = sound
            copy.replaceSubrange(range, with: bytes)
            return copy
        }
        func isNoDatabase(_ error: JobStoreError) -> Bool { if case .notADatabase = error { true } else { false } }
        let garbage = Data(sound.indices.map { _ in .random(in: 0...255) })
        // Offsets of the header: SQLite's "Database File Format", 1.3.
        let files = [
            WrongFile(name: "a file of garbage", bytes: garbage, isNamed: isNoDatabase),
            WrongFile(
                name: "a garbled header", bytes: changed(0..<16, Array("SQLite format 4\0".utf8)), isNamed: isNoDatabase
            ),
            WrongFile(
                name: "another program's database", bytes: changed(68..<72, [0x47, 0x50, 0x4b, 0x47]),
                isNamed: { if case .foreignDatabase = $0 { true } else { false } }),
            WrongFile(
                name: "a newer schema", bytes: changed(60..<64, [0, 0, 0x27, 0x0f]),
                isNamed: { if case .newerSchema = $0 { true } else { false } }),
        ]
        for file in files { try refuse(file, in: queue.folder, report) }
    }

    private func refuse(_ file: WrongFile, in folder: ProofFolder, _ report: ProofReport) throws {
        let path = folder.path("wrong.db")
        for name in [path, path + "-wal", path + "-shm"] { try? FileManager.default.removeItem(atPath: name) }
        try file.bytes.write(to: URL(filePath: path))
        do {
            try JobStore(path: path).close()
            report.find("\(file.name): the file was opened")
        } catch let error as JobStoreError {
            report.expect(file.isNamed(error), "\(file.name): \(error)")
        }
        let isUntouched = try Data(contentsOf: URL(filePath: path)) == file.bytes
        report.expect(isUntouched, "\(file.name): the file was changed")
        report.note("\(file.name): refused, and left as it was")
    }

    private func readOnlyFolder(_ report: ProofReport) async throws {
        guard let disk = try SmallDisk(megabytes: 8) else {
            report.note("a read-only file system: skipped, since mounting one isn't permitted here")
            return
        }
        let queue = try ProvenQueue(in: disk.path)
        try await queue.add(1, tokens: 3)
        try queue.store.close()
        try disk.makeReadOnly()
        let log = try ProofFolder()
        let end = try WorkerKind.standIn.start(
            database: queue.folder.database, output: log.path("log"), ["--drain"]
        ).end(within: 120)
        let text = try String(contentsOfFile: log.path("log"), encoding: .utf8)
        // 73 where the folder of locks can't be made, 77 where the file can't be written.
        report.expect([.exited(73), .exited(77)].contains(end), "a read-only file system: \(end), \(text)")
        report.note("a read-only file system: \(text.trimmingCharacters(in: .whitespacesAndNewlines))")
        try disk.makeWritable()
    }

    // MARK: - Disks

    private func fullDisk(_ report: ProofReport) async throws {
        guard let disk = try SmallDisk(megabytes: 8) else {
            report.note("a full disk: skipped, since mounting one isn't permitted here")
            return
        }
        let queue = try ProvenQueue(in: disk.path)
        try await queue.add(60, tokens: 20)
        let worker = try queue.start("--drain")
        try await queue.wait(until: "count(*) >= 5 FROM jobs WHERE state = 'completed'")
        try disk.fill()
        try await queue.wait(for: "a complaint about the full disk") { queue.journalText.contains("is full") }
        try await Task.sleep(for: .seconds(2))
        let meanwhile = try await queue.count("state = 'completed'")
        try disk.free()
        let end = try worker.end(within: 120)
        report.expect(end == .exited(0), "a full disk: the worker ended with \(end)")
        try await queue.expectDone(60, "a full disk", report)
        report.note("a full disk: \(meanwhile) of 60 jobs done when it was full, all 60 once there was room again")
    }

    /// A quota: writes beyond it fail, for this worker only.
    private func limitedFile(_ report: ProofReport) async throws {
        let queue = try ProvenQueue()
        try await queue.add(40, tokens: 20)
        let size = try FileManager.default.attributesOfItem(atPath: queue.folder.database + "-wal")[.size] as? NSNumber
        let blocks = ((size?.intValue ?? 0) + 300_000) / 512
        let limited = try ChildProcess(
            "/bin/sh",
            [
                "-c", "trap '' XFSZ; ulimit -f \(blocks); exec \"$0\" work --db \"$1\" --drain",
                WorkerKind.ownExecutable,
                queue.folder.database,
            ], output: queue.journal)
        try await queue.wait(for: "a complaint about the limit") {
            limited.end != nil || queue.journalText.contains("the queue can't be")
        }
        limited.killNow()
        let before = try await queue.count("state = 'completed'")
        for violation in try await queue.store.audit() { report.find("a limit of file size: \(violation)") }
        let end = try queue.start("--drain").end(within: 120)
        report.expect(end == .exited(0), "after a limit of file size: \(end)")
        try await queue.expectDone(40, "a limit of file size", report)
        report.note("a limit of file size: \(before) of 40 jobs done under it, the rest without it")
    }

    private func failingWrites(_ report: ProofReport) async throws {
        let queue = try ProvenQueue()
        guard let faults = try SystemFaults(in: queue.folder) else {
            report.note("writes that fail with EIO: skipped, since there is no C compiler")
            return
        }
        // A worker that can't sign off counts as crashed.
        try await queue.store.execute("UPDATE settings SET value = '1000' WHERE key = 'maximum_crashes'")
        let failures = queue.folder.path("failures")
        var ends: [String: Int] = [:]
        // A commit makes dozens of writes: where they fail more often, none comes through.
        for every in [97, 211, 499, 1009, 2003] {
            try await queue.add(20, tokens: 10)
            for _ in 0..<2 {
                let worker = try queue.start(
                    "--drain", "--max-time", "4", "--grace", "1",
                    environment: faults.failing(every: every, failures: failures))
                let end = (try? worker.end(within: 30)).map { "\($0)" } ?? "ended by us after 30 s"
                ends[end, default: 0] += 1
                for violation in try await queue.store.audit() { report.find("EIO, every \(every): \(violation)") }
            }
        }
        report.expect(ends.keys.allSatisfy { !$0.contains("killed") }, "EIO: a worker crashed: \(ends)")
        // What a worker couldn't sign off is taken back, and the rest done, once the disk is well again.
        let end = try queue.start("--drain").end(within: 120)
        report.expect(end == .exited(0) || end == .exited(1), "after EIO: \(end)")
        try await queue.wait(
            until:
                "count(*) = 0 FROM jobs WHERE finalized_at IS NULL AND scheduled_at <= strftime('%Y-%m-%dT%H:%M:%fZ')")
        try await queue.expectDone(100, "EIO", report)
        let count = (try? Data(contentsOf: URL(filePath: failures)).count) ?? 0
        report.expect(count > 0, "EIO: not one write has failed")
        let text = ends.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        report.note("writes and syncs that fail with EIO: \(count) have; workers: \(text); 100 jobs, all done once")
    }

    // MARK: - Neighbours

    private func otherOpeners(_ report: ProofReport) async throws {
        let queue = try ProvenQueue()
        guard let faults = try SystemFaults(in: queue.folder) else { return }
        let openers = queue.folder.path("openers")
        try await queue.add(20, tokens: 5)
        let end = try queue.start("--drain", environment: faults.watching(openers: openers)).end(within: 120)
        report.expect(end == .exited(0), "a watched worker ended with \(end)")
        let lines = try String(contentsOfFile: openers, encoding: .utf8).split(separator: "\n")
        report.expect(lines.contains("sqlite"), "not even SQLite was seen to open the file")
        for line in Set(lines) where line != "sqlite" {
            report.find("somebody else than SQLite opened the file, \(line)")
        }
        report.note("openings of the queue's file by a worker: \(lines.count), all by SQLite")
    }

    private func heldLock(_ report: ProofReport) async throws {
        let prompt = "/usr/bin/sqlite3"
        guard FileManager.default.isExecutableFile(atPath: prompt) else {
            report.note("a lock held by another process: skipped, since there is no sqlite3")
            return
        }
        let queue = try ProvenQueue()
        try await queue.add(60, tokens: 20)
        let worker = try queue.start("--drain")
        try await queue.wait(until: "count(*) >= 3 FROM jobs WHERE state = 'completed'")
        let holder = try ChildProcess(
            prompt,
            [
                "-cmd", ".timeout 10000", queue.folder.database, "BEGIN IMMEDIATE", ".shell sleep \(lockSeconds)",
                "COMMIT",
            ],
            output: queue.folder.path("prompt.txt"))
        report.expect(try holder.end(within: 120) == .exited(0), "the prompt that held the lock failed")
        let end = try worker.end(within: 120)
        report.expect(end == .exited(0), "a lock held for \(lockSeconds) s: the worker ended with \(end)")
        try await queue.expectDone(60, "a lock held for \(lockSeconds) s", report)
        let lost = try await queue.number("SELECT count(*) FROM attempts WHERE outcome <> 'completed'")
        report.expect(lost == 0, "a lock held for \(lockSeconds) s: \(lost) attempts were lost to it")
        report.note("a lock held by another process for \(lockSeconds) s: 60 jobs, each done at its first try")
    }
}
