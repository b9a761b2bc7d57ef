import Foundation
import JSONText
import JobStore
import TestSupport
import Testing

@Suite("A queue is split among files and merged again")
struct ShardTests {
    private let test: TestStore
    private var store: JobStore { test.store }
    private var folder: String { test.folder.path("shards") }

    init() throws { test = try TestStore() }

    private func shard(_ number: Int) -> String { "\(folder)/shard-\(number).db" }

    private func query(_ path: String, _ sql: String) throws -> String { try SQLitePrompt.run(path, sql) }

    /// Does the jobs of a shard as a worker would.
    @discardableResult
    private func work(_ number: Int, limit: Int = 100, _ ending: (ClaimedJob) -> JobEnding) async throws -> [Int64] {
        let store = try JobStore(path: shard(number), random: { 0.5 })
        defer { try? store.close() }
        let jobs = try await store.claim(limit: limit, queues: nil, worker: "far-\(number)", now: seconds(100))
        for job in jobs { _ = try await store.finish(job.claim, as: ending(job), now: seconds(101)) }
        return jobs.map(\.id)
    }

    private func text(_ job: ClaimedJob) -> JobEnding {
        .completed(JobResult(text: "result of \(job.id): \(job.text ?? "")"))
    }

    private func split(_ count: Int = 2) async throws -> SplitReport {
        try await store.split(JobSelection(), into: count, folder: folder, now: seconds(10))
    }

    @Test(
        "there and back: every job once, with its id, document, attempts and result",
        .enabled(if: SQLitePrompt.isInstalled))
    func roundTrip() async throws {
        let batch = try await store.batch(named: "night", now: start)
        let jobs = (1...10).map { number in
            NewJob(
                kind: "summarize", input: .document(NewDocument(text: "text \(number % 3)")), queue: "q\(number % 2)",
                options: ["max_new_tokens": .integer(number)], batchID: batch, customID: "c\(number)")
        }
        try await store.enqueue(jobs, now: start)
        _ = try await store.sealBatch(named: "night", now: start)
        let report = try await split()
        #expect(report.shards.map(\.jobs) == [5, 5] && report.given == 10 && report.left == 0)
        #expect(try query(store.path, "SELECT DISTINCT status FROM job_status") == "held")
        #expect(try query(shard(0), "PRAGMA journal_mode; SELECT count(*) FROM documents") == "delete\n2")
        #expect(
            try query(shard(0), "SELECT sealed_at IS NOT NULL FROM batches; SELECT DISTINCT state FROM jobs")
                == "1\navailable")
        #expect(
            try query(shard(0), "SELECT count(*) FROM settings WHERE key GLOB 'retain_*' AND value IS NOT NULL") == "0")

        let ids = try await work(0, text) + work(1, text)
        #expect(ids.sorted() == Array(1...10))
        for number in 0...1 {
            let merged = try await store.merge(shardAt: shard(number))
            #expect(merged.taken == 5 && merged.undone == 0 && merged.failed == 0)
        }
        #expect(try query(store.path, "SELECT DISTINCT state FROM jobs") == "completed")
        #expect(
            try query(store.path, "SELECT text FROM results WHERE job_id = 7") == "result of 7: text 1")
        #expect(
            try query(store.path, "SELECT outcome, worker_id, count(*) FROM attempts GROUP BY 1, 2 ORDER BY 2")
                == "completed|far-0|5\ncompleted|far-1|5")
        #expect(try query(store.path, "SELECT finished_at IS NOT NULL FROM batches") == "1")
        #expect(try query(store.path, "PRAGMA integrity_check; PRAGMA foreign_key_check") == "ok")
        // Again, and by two at once: nothing changes.
        async let first = store.merge(shardAt: shard(0))
        async let second = test.another().merge(shardAt: shard(0))
        #expect(try await [first.alreadyDone, second.alreadyDone] == [5, 5])
        #expect(try query(store.path, "SELECT count(*) FROM attempts") == "10")
    }

    @Test(
        "the same split again gives the same shards, and what has come since stays",
        .enabled(if: SQLitePrompt.isInstalled))
    func again() async throws {
        try await store.enqueue((1...6).map { _ in NewJob.text() }, now: start)
        _ = try await split(3)
        let before = try query(shard(1), "SELECT group_concat(id) FROM jobs")
        try await store.enqueue([NewJob.text()], now: start)
        let report = try await split(3)
        #expect(report.given == 0 && report.left == 1 && report.shards.allSatisfy { !$0.isNew })
        #expect(try query(shard(1), "SELECT group_concat(id) FROM jobs") == before)
        await #expect(throws: JobStoreError.self) { try await split(2) }
        // One that was carried away isn't made a second time.
        try FileManager.default.removeItem(atPath: shard(1))
        _ = try await split(3)
        #expect(!FileManager.default.fileExists(atPath: shard(1)))
        let other = try await store.split(JobSelection(), into: 1, folder: test.folder.path("more"), now: start)
        #expect(other.given == 1)
    }

    @Test(
        "a split that was killed goes on: no job is lost, none is in two shards", .enabled(if: SQLitePrompt.isInstalled)
    )
    func interrupted() async throws {
        try await store.enqueue((1...8).map { _ in NewJob.text() }, now: start)
        _ = try await split(2)
        // As it is after a kill: some jobs not marked yet, one shard half made.
        try FileManager.default.removeItem(atPath: shard(0))
        try FileManager.default.removeItem(atPath: shard(1))
        try Data("half".utf8).write(to: URL(filePath: folder + "/.nightshift-shard-0.partial"))
        try await store.execute(
            """
            UPDATE settings SET value = json_set(value, '$.isMarked', json('false'), '$.made', json('[]')) WHERE key LIKE 'split:%';
            UPDATE jobs SET held_at = NULL, metadata = '{}' WHERE id > 4
            """)
        let report = try await split(2)
        #expect(report.given == 4 && report.shards.map(\.jobs) == [4, 4])
        let ids = try [0, 1].map { try query(shard($0), "SELECT id FROM jobs ORDER BY id") }
        #expect(ids.joined(separator: "\n").split(separator: "\n").compactMap { Int($0) }.sorted() == Array(1...8))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted().filter { $0.contains("partial") } == []
        )
    }

    @Test(
        "what isn't done is told, stays with the shard, and comes with the next merge",
        .enabled(if: SQLitePrompt.isInstalled))
    func undone() async throws {
        try await store.enqueue((1...4).map { _ in NewJob.text() }, now: start)
        _ = try await split(1)
        try await work(0, limit: 1, text)
        try await work(0, limit: 1) { _ in .failed(JobFailure(code: "x", message: "no memory")) }
        var report = try await store.merge(shardAt: shard(0))
        #expect(report.taken == 1 && report.undone == 3)
        #expect(
            try query(store.path, "SELECT attempt, max_attempts, error, state FROM jobs WHERE id = 2")
                == "1|3|no memory|pending")
        #expect(try await store.jobsInShards().values.reduce(0, +) == 3)
        // Taken back, they are this queue's own again, and a try here has its own number.
        report = try await store.merge(shardAt: shard(0), takesBack: true)
        #expect(report.undone == 3)
        #expect(try await store.jobsInShards().isEmpty)
        let claim = try await store.claim(limit: 3, queues: nil, worker: "here", now: seconds(9999)).map(\.claim)
        #expect(claim.first { $0.jobID == 2 }?.attempt == 2)
    }

    @Test(
        "a job tried on both sides keeps all attempts; the first result counts", .enabled(if: SQLitePrompt.isInstalled))
    func bothSides() async throws {
        try await store.enqueue([NewJob.text(), NewJob.text()], now: start)
        _ = try await split(1)
        try await store.release(JobSelection())
        let claims = try await store.claim(limit: 2, queues: nil, worker: "here", now: seconds(20))
        _ = try await store.complete(claims[0].claim, with: JobResult(text: "ours"), now: seconds(21))
        try await work(0, text)
        let report = try await store.merge(shardAt: shard(0))
        #expect(report.taken == 1 && report.alreadyDone == 1)
        #expect(try query(store.path, "SELECT text FROM results WHERE job_id = 1") == "ours")
        #expect(
            try query(store.path, "SELECT job_id, attempt, worker_id, outcome FROM attempts ORDER BY 1, 2")
                == "1|1|here|completed\n1|2|far-0|completed\n2|1|here|interrupted\n2|2|far-0|completed")
        #expect(try query(store.path, "SELECT state, attempt FROM jobs WHERE id = 2") == "completed|2")
        // The worker here learns that its claim is no longer good.
        let late = try await store.complete(claims[1].claim, with: JobResult(text: "late"), now: seconds(30))
        #expect(late == .refused(.lost))
    }

    @Test("jobs cancelled, given up or deleted at home", .enabled(if: SQLitePrompt.isInstalled))
    func endedHere() async throws {
        try await store.enqueue((1...3).map { _ in NewJob.text() }, now: start)
        _ = try await split(1)
        try await store.execute(
            "UPDATE jobs SET state='cancelled' WHERE id=1; UPDATE jobs SET state='discarded' WHERE id=2; DELETE FROM jobs WHERE id=3"
        )
        try await work(0, text)
        let report = try await store.merge(shardAt: shard(0))
        #expect(report.setAside == 1 && report.taken == 1 && report.gone == 1)
        #expect(try query(store.path, "SELECT state FROM jobs ORDER BY id") == "cancelled\ncompleted")
        #expect(try query(store.path, "SELECT late_text FROM attempts WHERE job_id=1").hasPrefix("result of 1"))
    }

    @Test("a job given up in its shard is given up at home", .enabled(if: SQLitePrompt.isInstalled))
    func givenUp() async throws {
        try await store.enqueue([NewJob.text()], now: start)
        _ = try await split(1)
        try await work(0) { _ in .failed(JobFailure(code: "bad", message: "too long", isPermanent: true)) }
        #expect(try await store.merge(shardAt: shard(0)).failed == 1)
        #expect(try query(store.path, "SELECT state, error, attempt FROM jobs") == "discarded|too long|1")
        #expect(try await store.merge(shardAt: shard(0)).failed == 1)
        #expect(try query(store.path, "SELECT count(*) FROM attempts") == "1")
    }

    @Test("what waits stays at home, and is released by the merge", .enabled(if: SQLitePrompt.isInstalled))
    func waiting() async throws {
        try await store.enqueue([NewJob.text()], now: start)
        var after = NewJob.text()
        after.dependsOn = [1]
        try await store.enqueue([after], now: start)
        let report = try await split(1)
        #expect(report.given == 1 && report.left == 1)
        try await work(0, text)
        _ = try await store.merge(shardAt: shard(0))
        #expect(try query(store.path, "SELECT state FROM jobs ORDER BY id") == "completed\navailable")
    }

    @Test("rows of other tables that hang on a result come along", .enabled(if: SQLitePrompt.isInstalled))
    func children() async throws {
        let table =
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, job_id INTEGER REFERENCES jobs(id), attempt INTEGER, note TEXT)"
        try await store.enqueue([NewJob.text()], now: start)
        _ = try await split(1)
        try await store.execute(table)
        try await work(0, text)
        _ = try query(shard(0), table + "; INSERT INTO notes VALUES (5, 1, 1, 'x'), (6, 1, 1, 'y')")
        _ = try await store.merge(shardAt: shard(0))
        #expect(try query(store.path, "SELECT * FROM notes") == "1|1|1|x\n2|1|1|y")
    }

    @Test("definitions come along with the results made by them, and verdicts with the texts that they are about")
    func reviews() async throws {
        try await store.enqueue((1...3).map { _ in NewJob.text() }, now: start)
        _ = try await split(1)
        try await work(0) { job in
            .completed(
                JobResult(
                    text: "text \(job.id)", source: .init(definition: "template: \(job.id % 2)", style: "pocket")))
        }
        let far = try JobStore(path: shard(0))
        defer { try? far.close() }
        _ = try await far.review([NewReview(jobID: 1, verdict: .corrected, correction: "Better.", by: "ann")])
        _ = try await store.merge(shardAt: shard(0))
        func reviews() throws -> String {
            try query(store.path, "SELECT job_id, verdict, coalesce(correction, ''), text, by FROM reviews ORDER BY 1")
        }
        #expect(try reviews() == "1|corrected|Better.|text 1|ann")
        #expect(
            try query(
                store.path,
                "SELECT r.job_id, d.text FROM results r JOIN definitions d ON d.sha256 = r.definition ORDER BY 1")
                == "1|template: 1\n2|template: 0\n3|template: 1")
        var pairs: [String] = []
        try await store.forEachReviewed { pairs.append("\($0.completion) \($0.definition ?? "") \($0.style ?? "")") }
        #expect(pairs == ["Better. template: 1 pocket"])
        // A later verdict counts, wherever it comes from, and one of a text that isn't the result here doesn't.
        _ = try await far.review([
            NewReview(jobID: 2, verdict: .accepted, by: "ann"), NewReview(jobID: 3, verdict: .accepted, by: "ann"),
        ])
        try await store.execute("UPDATE results SET text = 'other' WHERE job_id = 3")
        _ = try await store.merge(shardAt: shard(0))
        #expect(try reviews() == "1|corrected|Better.|text 1|ann\n2|accepted||text 2|ann")
        _ = try await store.review([NewReview(jobID: 2, verdict: .rejected, by: "bob")])
        _ = try await store.merge(shardAt: shard(0))
        #expect(try reviews() == "1|corrected|Better.|text 1|ann\n2|rejected||text 2|bob")
        _ = try query(
            shard(0), "UPDATE reviews SET verdict = 'accepted', at = '2099-01-01T00:00:00.000Z' WHERE job_id = 2")
        _ = try query(shard(0), "UPDATE reviews SET at = '2099-01-01T00:00:00.000Z' WHERE job_id = 2")
        let report = try await store.merge(shardAt: shard(0))
        #expect(report.taken == 0 && report.alreadyDone == 3)
        #expect(try reviews() == "1|corrected|Better.|text 1|ann\n2|accepted||text 2|ann")
    }

    @Test("a file that is no shard of this queue is refused, and nothing is changed")
    func strangers() async throws {
        try await store.enqueue([NewJob.text()], now: start)
        _ = try await split(1)
        let other = try TestStore()
        await #expect(throws: JobStoreError.self) { try await other.store.merge(shardAt: shard(0)) }
        await #expect(throws: JobStoreError.self) { try await store.merge(shardAt: other.path) }
        await #expect(throws: JobStoreError.notFound(path: "/nowhere.db")) {
            try await store.merge(shardAt: "/nowhere.db")
        }
        let garbage = test.folder.path("garbage.db")
        try Data(repeating: 7, count: 10_000).write(to: URL(filePath: garbage))
        await #expect(throws: JobStoreError.notADatabase(path: garbage)) { try await store.merge(shardAt: garbage) }
    }

    @Test("a shard is read while it is worked on, and is left as it is")
    func live() async throws {
        try await store.enqueue((1...3).map { _ in NewJob.text() }, now: start)
        _ = try await split(1)
        let far = try JobStore(path: shard(0), random: { 0.5 })
        let claims = try await far.claim(limit: 3, queues: nil, worker: "far", now: seconds(20)).map(\.claim)
        _ = try await far.complete(claims[0], with: JobResult(text: "done"), now: seconds(21))
        #expect(try await store.merge(shardAt: shard(0)).taken == 1)
        _ = try await far.complete(claims[1], with: JobResult(text: "done"), now: seconds(22))
        let report = try await store.merge(shardAt: shard(0))
        #expect(report.taken == 1 && report.alreadyDone == 1 && report.undone == 1)
        #expect(try await far.integrityCheck().isEmpty)
        try far.close()
    }
}
