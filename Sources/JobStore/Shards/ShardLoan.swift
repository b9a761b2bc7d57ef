package import Foundation
import GRDB
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A shard that this machine has taken on: a copy on its own disk, which is brought back under a name of its own by rename.
///
/// The queue's log needs memory that all processes share, so that a shard on a network disk can't be worked on in place; and
/// a copy that is only ever replaced whole can be read from everywhere at any time.
///
/// A run begins with the fullest state there is: the shard, what earlier runs have brought back, and what a worker that was
/// killed has left on this machine's disk, which is brought back first. What was done in states that weren't chosen is not
/// lost: the merge takes it from their files.
package final class ShardLoan: Sendable {
    package let runs: ShardRuns
    /// The copy that is worked on.
    package let local: String
    /// What had to be passed over.
    package let remarks: [String]
    private let scratch: String
    private let ownership: QueueOwnership
    private let state: Mutex<State>

    private struct State {
        var note: ShardRunNote
        /// The state that the copy was made of, until it is brought back for the first time.
        var base: String?
    }

    package var run: Int { state.withLock { $0.note.run } }

    /// - Parameters:
    ///   - shard: `shard-3.db` in the folder that all machines see.
    ///   - scratch: a folder on this machine's own disk.
    ///   - task: what the engine that started this process calls it.
    /// - Throws: `JobStoreError`: `refusedShard` for what is no shard.
    package init(shard: String, scratch: String, task: String?, host: HostIdentity = .current, now: Date) throws {
        guard FileIdentity(path: shard) != nil else { throw JobStoreError.notFound(path: shard) }
        guard let runs = ShardRuns(shard: shard) else {
            throw JobStoreError.refusedShard(path: shard, reason: "a shard is named shard-0.db, shard-1.db and so on")
        }
        let mark = try Self.mark(of: runs.shard)
        guard mark.number == runs.number else {
            throw JobStoreError.refusedShard(
                path: shard, reason: "it was renamed; its name is shard-\(mark.number).db")
        }
        let scratch =
            URL(filePath: scratch).standardizedFileURL.path(percentEncoded: false).withoutFinalSlash
            + "/nightshift-\(mark.split)"
        do {
            try FileManager.default.createDirectory(
                atPath: scratch, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw JobStoreError.cannotOpen(path: scratch, reason: "the folder cannot be made")
        }
        if let kind = FileSystemKind.unsuitableKind(at: scratch) {
            throw JobStoreError.networkFileSystem(path: scratch, kind: kind)
        }
        var remarks = Leftovers(scratch: scratch, folder: runs.folder, mark: mark).bringBack()
        let note = try runs.begin { run in
            ShardRunNote(
                split: mark.split, shard: mark.number, run: run, hostname: host.hostname, pid: host.processID,
                task: task, startedAt: Timestamp.text(now))
        }
        let local = "\(scratch)/\(runs.name(note.run)).db"
        // Before there is a file: whoever looks for leftovers must see that this isn't one.
        ownership = try QueueOwnership(folder: local + "-workers", queue: local, isExclusive: true)
        let (base, unreadable) = try Self.fullest(of: runs)
        remarks += unreadable
        do {
            try FileManager.default.copyItem(atPath: base, toPath: local + ".part")
            try Self.move(local + ".part", to: local)
        } catch let error as CocoaError {
            unlink(local + ".part")
            throw error.code == .fileWriteOutOfSpace
                ? JobStoreError.diskFull(path: local)
                : JobStoreError.inputOutput(path: base, detail: error.localizedDescription)
        }
        self.runs = runs
        self.local = local
        self.scratch = scratch
        self.remarks = remarks
        state = Mutex(State(note: note, base: base == runs.shard ? nil : base))
    }

    /// Brings the copy's present state back.
    ///
    /// - Returns: false when a later run has begun: then nobody waits for this one to go on.
    package func bringBack() throws -> Bool {
        let (run, base) = state.withLock { ($0.note.run, $0.base) }
        try Self.publish(local, as: runs.file(run))
        // All that was in it is in this run's own file. Should its owner live, it writes the file anew.
        if let base, base != runs.file(run) { unlink(base) }
        state.withLock { $0.base = nil }
        return !runs.isSuperseded(run)
    }

    /// Brings the copy back for the last time and gives up this machine's. A shard that is done gets its plain name.
    ///
    /// - Parameter outcome: for the note; `nil` where the loan ends for another reason than the end of the work.
    package func end(isDone: Bool, outcome: String, now: Date) throws {
        _ = try bringBack()
        var note = state.withLock { $0.note }
        // Two that are done are as good as each other, so that the later one may take the place.
        if isDone { try Self.move(runs.file(note.run), to: runs.shard) }
        note.endedAt = Timestamp.text(now)
        note.outcome = isDone ? "done" : runs.isSuperseded(note.run) ? "superseded" : outcome
        try note.write(to: runs.note(note.run))
        Self.remove(local)
        // If nothing else is in it.
        rmdir(scratch)
    }

    // MARK: - Files

    /// Which shard a file is.
    fileprivate static func mark(of path: String) throws -> ShardMark {
        guard FileIdentity(path: path + "-wal") == nil else {
            throw JobStoreError.refusedShard(
                path: path, reason: "a worker is or was at work on it in place; go on with that: no --scratch")
        }
        return try UndisturbedDatabase(path: path).read { db in
            _ = try Migrator(path: path).pending(in: db)
            guard try db.tableExists("settings"), let text = try QueueStamp.value(QueueStamp.markKey, in: db),
                let mark = ShardMark(text)
            else {
                throw JobStoreError.refusedShard(
                    path: path, reason: "it is no shard; only those that 'nightshift split' makes can be borrowed")
            }
            return mark
        }
    }

    /// The state in which most jobs have ended, of equals the latest; and what of the others can't be read.
    private static func fullest(of runs: ShardRuns) throws -> (path: String, unreadable: [String]) {
        var best: (path: String, ended: Int)?
        var unreadable: [String] = []
        for path in runs.states() {
            do {
                let ended = try ShardTally(path: path).ended
                if ended >= best?.ended ?? 0 { best = (path, ended) }
            } catch let error as JobStoreError {
                unreadable.append("passed over: \(error)")
            }
        }
        guard let best else {
            throw JobStoreError.refusedShard(path: runs.shard, reason: "no state of it can be read")
        }
        return (best.path, unreadable)
    }

    /// Puts a copy of a queue's file, which may be in use, in its place whole.
    fileprivate static func publish(_ local: String, as destination: String) throws {
        let snapshot = local + ".snapshot"
        unlink(snapshot)
        _ = try QueueBackup(of: local, to: snapshot, replaces: true, now: Date()).run()
        defer { unlink(snapshot) }
        let url = URL(filePath: destination)
        let partial = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).part")
            .path(percentEncoded: false)
        unlink(partial)
        do {
            try FileManager.default.copyItem(atPath: snapshot, toPath: partial)
            try QueueBackup.synchronize(partial)
            try move(partial, to: destination)
            try QueueBackup.synchronize(url.deletingLastPathComponent().path(percentEncoded: false))
        } catch {
            unlink(partial)
            guard let error = error as? CocoaError else { throw error }
            throw error.code == .fileWriteOutOfSpace
                ? JobStoreError.diskFull(path: destination)
                : JobStoreError.inputOutput(path: destination, detail: error.localizedDescription)
        }
    }

    private static func move(_ path: String, to destination: String) throws {
        guard rename(path, destination) == 0 else {
            throw JobStoreError.inputOutput(path: destination, detail: String(cString: strerror(errno)))
        }
    }

    fileprivate static func remove(_ local: String) {
        for ending in ["", "-wal", "-shm", "-journal", ".snapshot", ".part"] { unlink(local + ending) }
        try? FileManager.default.removeItem(atPath: local + "-workers")
    }

    /// Copies that workers of this split, killed on this machine, have left.
    private struct Leftovers {
        let scratch: String
        let folder: String
        let mark: ShardMark

        /// Brings each back as the state of its run.
        ///
        /// - Returns: what could not be brought back, and stays where it is.
        func bringBack() -> [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: scratch)) ?? []
            return names.sorted().compactMap { name in
                guard name.hasSuffix(".db"), let (number, run) = ShardRuns.parse(name) else { return nil }
                let path = "\(scratch)/\(name)"
                // Its worker lives.
                guard let own = try? QueueOwnership(folder: path + "-workers", queue: path, isExclusive: true) else {
                    return nil
                }
                defer { withExtendedLifetime(own) {} }
                do {
                    let found = try UndisturbedDatabase(path: path).read { db in
                        try QueueStamp.value(QueueStamp.markKey, in: db).flatMap(ShardMark.init)
                    }
                    guard found == ShardMark(split: mark.split, number: number) else { return nil }
                    try publish(path, as: ShardRuns(folder: folder, number: number).file(run))
                    remove(path)
                    return nil
                } catch {
                    return "\(path), which a killed worker has left, stays there: \(error)"
                }
            }
        }
    }
}
