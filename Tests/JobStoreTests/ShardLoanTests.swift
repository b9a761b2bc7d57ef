import Foundation
import JobStore
import Testing

@Suite("A shard is borrowed from a folder that all machines see")
struct ShardLoanTests {
    private let test: TestStore
    private var store: JobStore { test.store }
    private var shared: String { test.folder.path("shared") }
    private var shard: String { shared + "/shard-0.db" }

    init() throws { test = try TestStore() }

    private func split(_ count: Int, into shards: Int = 1) async throws {
        try await store.enqueue((1...count).map { _ in NewJob.text() }, now: start)
        _ = try await store.split(JobSelection(), into: shards, folder: shared, now: seconds(10))
    }

    private func borrow(_ machine: String, shard: String? = nil) throws -> ShardLoan {
        try ShardLoan(
            shard: shard ?? self.shard, scratch: test.folder.path(machine), task: "test on \(machine)",
            host: HostIdentity(hostname: machine, processID: 1, bootID: machine), now: seconds(20))
    }

    /// Does some jobs of a borrowed shard, and leaves others running.
    private func work(_ loan: ShardLoan, done: Int, left: Int = 0, by machine: String = "far") async throws {
        let far = try JobStore(
            path: loan.local, host: HostIdentity(hostname: machine, processID: 1, bootID: machine), random: { 0.5 })
        defer { try? far.close() }
        let jobs = try await far.claim(limit: done + left, queues: nil, worker: "worker-\(machine)", now: seconds(30))
        for job in jobs.prefix(done) {
            _ = try await far.complete(job.claim, with: JobResult(text: "by \(machine)"), now: seconds(31))
        }
    }

    private var files: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: shared).sorted().filter { $0 != "upkeep.lock" }
        }
    }

    private func copies(_ machine: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: test.folder.path(machine))?.allObjects as? [String] ?? []
        return found.filter { $0.hasSuffix(".db") }.sorted()
    }

    @Test("it is worked on as a copy, brought back while it is, and comes home under its own name when it is done")
    func roundTrip() async throws {
        try await split(4)
        let loan = try borrow("n1")
        try await work(loan, done: 2)
        #expect(try loan.bringBack())
        #expect(try files == ["shard-0.db", "shard-0.run1.db", "shard-0.run1.json"])
        #expect(try await store.merge(shardAt: shared + "/shard-0.run1.db").taken == 2)
        try await work(loan, done: 2)
        try loan.end(isDone: true, outcome: "stopped", now: seconds(40))
        #expect(try files == ["shard-0.db", "shard-0.run1.json"])
        #expect(copies("n1").isEmpty)
        let report = try await store.merge(shardAt: shard)
        #expect(report.taken == 2 && report.alreadyDone == 2)
        let note = try #require(ShardRunNote.read(shared + "/shard-0.run1.json"))
        #expect(note.outcome == "done" && note.task == "test on n1" && note.hostname == "n1" && note.endedAt != nil)
        #expect(try await store.audit().isEmpty)
    }

    @Test("a shard that was handed back goes on elsewhere from where it was, and its old state goes")
    func handedBack() async throws {
        try await split(4)
        let first = try borrow("n1")
        try await work(first, done: 3)
        try first.end(isDone: false, outcome: "stopped", now: seconds(40))
        let second = try borrow("n2")
        #expect(second.run == 2)
        #expect(try ShardTally(path: second.local).completed == 3)
        #expect(try second.bringBack())
        #expect(try files == ["shard-0.db", "shard-0.run1.json", "shard-0.run2.db", "shard-0.run2.json"])
    }

    @Test("of a machine that vanished, what it had brought back is gone on with; the rest is released at once")
    func vanished() async throws {
        try await split(4)
        let first = try borrow("n1")
        try await work(first, done: 1, left: 2, by: "n1")
        #expect(try first.bringBack())
        let second = try borrow("n2")
        let far = try JobStore(path: second.local, random: { 0.5 })
        #expect(try await far.releaseLeftovers(now: seconds(31)).count == 2)
        let tally = try await far.tally()
        #expect(tally.completed == 1 && tally.open == 3)
        #expect(try await far.claim(limit: 1, queues: nil, worker: "n2", now: seconds(32)).count == 1)
        #expect(try await far.audit().isEmpty)
        try far.close()
        withExtendedLifetime(first) {}
    }

    @Test("what a killed worker has left on a machine's disk is brought back by the next one there, of any shard")
    func leftovers() async throws {
        try await split(6, into: 2)
        var killed: ShardLoan? = try borrow("n1")
        try await work(try #require(killed), done: 2)
        // As the kernel does it: its lock goes, its copy stays.
        killed = nil
        #expect(copies("n1").count == 1)
        let other = try borrow("n1", shard: shared + "/shard-1.db")
        #expect(other.remarks.isEmpty)
        #expect(copies("n1").map { $0.split(separator: "/").last } == ["shard-1.run1.db"])
        #expect(try ShardTally(path: shared + "/shard-0.run1.db").completed == 2)
        let next = try borrow("n2")
        #expect(try ShardTally(path: next.local).completed == 2)
    }

    @Test(
        "two that live at once never write to one file; the first result counts, both attempts stay, the older one stops"
    )
    func twoAtOnce() async throws {
        try await split(4)
        let old = try borrow("n1")
        try await work(old, done: 3, by: "n1")
        // It hasn't brought anything back when its machine is thought dead.
        let new = try borrow("n2")
        try await work(new, done: 4, by: "n2")
        #expect(try new.bringBack())
        #expect(try !old.bringBack())
        try new.end(isDone: true, outcome: "stopped", now: seconds(50))
        try old.end(isDone: false, outcome: "stopped", now: seconds(51))
        #expect(ShardRunNote.read(shared + "/shard-0.run1.json")?.outcome == "superseded")
        #expect(try files == ["shard-0.db", "shard-0.run1.db", "shard-0.run1.json", "shard-0.run2.json"])
        #expect(try await store.merge(shardAt: shared + "/shard-0.run1.db").taken == 3)
        let report = try await store.merge(shardAt: shard)
        #expect(report.taken == 1 && report.alreadyDone == 3)
        let texts = try await store.query("SELECT text, count(*) FROM results GROUP BY 1 ORDER BY 1")
        #expect(texts == [["by n1", "3"], ["by n2", "1"]])
        #expect(try await store.query("SELECT count(*) FROM attempts WHERE outcome = 'completed'") == [["7"]])
        #expect(
            try await store.query(
                "SELECT max(n) FROM (SELECT count(*) AS n FROM events WHERE to_state = 'completed' GROUP BY job_id)")
                == [["1"]])
        #expect(try await store.audit().isEmpty)
    }

    @Test("machines that begin at the same moment get runs of their own")
    func race() async throws {
        try await split(2)
        let runs = try await withThrowingTaskGroup(of: Int.self) { group in
            for machine in 0..<8 { group.addTask { try borrow("n\(machine)").run } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(runs.sorted() == Array(1...8))
    }

    @Test("a state that can't be read is passed over, and named")
    func damaged() async throws {
        try await split(2)
        let first = try borrow("n1")
        try await work(first, done: 1)
        try first.end(isDone: false, outcome: "stopped", now: seconds(40))
        try Data("torn".utf8).write(to: URL(filePath: shared + "/shard-0.run1.db"))
        let second = try borrow("n2")
        #expect(second.remarks.count == 1 && second.remarks[0].contains("shard-0.run1.db"))
        #expect(try ShardTally(path: second.local).open == 2)
    }

    @Test("what is no shard isn't borrowed")
    func strangers() async throws {
        try await split(2)
        #expect(throws: JobStoreError.self) { try borrow("n1", shard: store.path) }
        #expect(throws: JobStoreError.notFound(path: shared + "/shard-9.db")) {
            try borrow("n1", shard: shared + "/shard-9.db")
        }
        let renamed = shared + "/shard-7.db"
        try FileManager.default.copyItem(atPath: shard, toPath: renamed)
        #expect(throws: JobStoreError.refusedShard(path: renamed, reason: "it was renamed; its name is shard-0.db")) {
            try borrow("n1", shard: renamed)
        }
        #expect(copies("n1").isEmpty)
    }

    @Test("a limit of crashes goes along with the shards")
    func crashLimit() async throws {
        try await store.execute("UPDATE settings SET value = '10' WHERE key = 'maximum_crashes'")
        try await split(1)
        let loan = try borrow("n1")
        let far = try JobStore(path: loan.local)
        #expect(try await far.query("SELECT value FROM settings WHERE key = 'maximum_crashes'") == [["10"]])
        try far.close()
    }

    @Test("a queue is one worker's alone, or many workers' together")
    func ownership() throws {
        let folder = store.workerLockFolder
        var shared: [QueueOwnership] = []
        for _ in 0..<2 { shared.append(try QueueOwnership(folder: folder, queue: store.path, isExclusive: false)) }
        #expect(throws: JobStoreError.self) { try QueueOwnership(folder: folder, queue: store.path, isExclusive: true) }
        shared = []
        let alone = try QueueOwnership(folder: folder, queue: store.path, isExclusive: true)
        for isExclusive in [true, false] {
            #expect(throws: JobStoreError.self) {
                try QueueOwnership(folder: folder, queue: store.path, isExclusive: isExclusive)
            }
        }
        withExtendedLifetime(alone) {}
    }
}
