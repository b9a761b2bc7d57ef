import ChildProcesses
import Foundation
import Glibc
import JobStore
import Testing

@Suite("A dead worker is told from a silent one")
struct LivenessTests {
    private let host = HostIdentity(hostname: "h", processID: 7, bootID: "0123456789abcdef")

    private let folder: TemporaryFolder
    private let store: JobStore

    init() throws {
        folder = try TemporaryFolder()
        store = try JobStore(path: folder.path("queue.db"), mode: .create, host: host)
    }

    /// A worker with one running job.
    private func startWorker(host: HostIdentity? = nil, random: UInt32 = 1) async throws -> (
        job: ClaimedJob, lock: WorkerLock
    ) {
        let host = host ?? self.host
        let id = WorkerRegistration.id(host: host, random: random)
        let lock = try WorkerLock(folder: store.workerLockFolder, worker: id)
        let worker = WorkerRegistration(host: host, version: "1", random: random, lock: lock)
        #expect(worker.id == id)
        try await store.register(worker, now: start)
        try await store.enqueue([.text()], now: start)
        return (try #require(try await store.claim(limit: 1, queues: nil, worker: id, now: start).first), lock)
    }

    @Test("a worker's id names host, process, boot and a random part")
    func identity() {
        #expect(WorkerRegistration.id(host: host, random: 255) == "h:7:01234567:000000ff")
        #expect(HostIdentity.current.processID == getpid())
        #expect(!HostIdentity.current.hostname.isEmpty)
    }

    @Test("a worker that lives keeps its jobs until the lease ends")
    func living() async throws {
        let (job, lock) = try await startWorker()
        #expect(try await store.reclaim(now: seconds(1)).isEmpty)
        #expect(!WorkerLock.isAbandoned(path: lock.path))
        #expect(try await store.reclaim(now: seconds(61)).map(\.claim) == [job.claim])
        withExtendedLifetime(lock) {}
    }

    @Test("a killed worker's jobs are free at once", .enabled(if: KilledProcess.isPossible, "needs flock(1)"))
    func killed() async throws {
        let id = WorkerRegistration.id(host: host, random: 2)
        let path = store.workerLockFolder + "/" + id + ".lock"
        let process = try KilledProcess(holding: path)
        let worker = WorkerRegistration(
            id: id, hostname: host.hostname, processID: process.id, version: "1", bootID: host.bootID, lockPath: path)
        try await store.register(worker, now: start)
        try await store.enqueue([.text()], now: start)
        let job = try #require(try await store.claim(limit: 1, queues: nil, worker: id, now: start).first)
        #expect(try await store.reclaim(now: start).isEmpty)
        process.kill(SIGSTOP)
        #expect(try await store.reclaim(now: start).isEmpty, "a stopped process still holds its lock")
        process.kill(SIGKILL)
        process.wait()
        #expect(try await store.reclaim(now: start) == [ReclaimedJob(claim: job.claim, state: .available)])
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try await store.reclaim(now: start).isEmpty)
        let attempt = try #require(try await store.job(job.id)?.attempts.first)
        #expect(attempt.outcome == "lost")
        #expect(attempt.errorCode == "worker_lost")
    }

    @Test("nothing survives a restart of the machine")
    func restart() async throws {
        let before = HostIdentity(hostname: "h", processID: 7, bootID: "fedcba9876543210")
        let (job, _) = try await startWorker(host: before)
        #expect(try await store.reclaim(now: start).map(\.claim) == [job.claim])
    }

    @Test("a worker elsewhere, or without a lock that can be seen, is judged by its lease alone")
    func unknown() async throws {
        let elsewhere = HostIdentity(hostname: "other", processID: 7, bootID: "fedcba9876543210")
        _ = try await startWorker(host: elsewhere)
        let (_, lock) = try await startWorker(random: 3)
        try FileManager.default.removeItem(atPath: lock.path)
        #expect(try await store.reclaim(now: seconds(59)).isEmpty)
        #expect(try await store.reclaim(now: seconds(61)).count == 2)
    }

    @Test("a lock path that leads elsewhere is neither opened nor removed")
    func hostileLockPath() async throws {
        let precious = folder.path("precious.txt")
        try Data("keep".utf8).write(to: URL(filePath: precious))
        let worker = WorkerRegistration(
            id: "w", hostname: host.hostname, processID: 1, version: "1", bootID: host.bootID, lockPath: precious)
        try await store.register(worker, now: start)
        try await store.enqueue([.text()], now: start)
        _ = try await store.claim(limit: 1, queues: nil, worker: "w", now: start)
        #expect(try await store.reclaim(now: start).isEmpty)
        #expect(FileManager.default.fileExists(atPath: precious))
    }

    @Test("two live workers can't have one id, and a refused lock leaves the other's alone")
    func sameID() throws {
        let lock = try WorkerLock(folder: store.workerLockFolder, worker: "w")
        #expect(throws: JobStoreError.self) { try WorkerLock(folder: store.workerLockFolder, worker: "w") }
        #expect(FileManager.default.fileExists(atPath: lock.path))
        #expect(!WorkerLock.isAbandoned(path: lock.path))
    }
}

/// A process that holds a lock until it is killed.
private final class KilledProcess {
    private static let flock = "/usr/bin/flock"
    static var isPossible: Bool { FileManager.default.isExecutableFile(atPath: flock) }

    private let process: ChildProcess
    var id: Int32 { process.id }

    init(holding path: String) throws {
        let folder = URL(filePath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process = try ChildProcess(Self.flock, ["--no-fork", path, "sleep", "3600"])
        // It has the lock once it has become the program it was asked to run.
        while !FileManager.default.fileExists(atPath: path) || WorkerLock.isAbandoned(path: path) {
            try #require(process.isRunning)
            usleep(10_000)
        }
    }

    func kill(_ signal: Int32) { process.send(signal) }
    func wait() { process.wait() }
}
