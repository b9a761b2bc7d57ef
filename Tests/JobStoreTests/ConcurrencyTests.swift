import Foundation
import JobStore
import TestSupport
import Testing

@Suite("Many workers share one file")
struct ConcurrencyTests {
    @Test("four workers complete each job exactly once")
    func exactlyOnce() async throws {
        let test = try TestStore()
        let ids = try await test.store.enqueue((0..<400).map { _ in NewJob.text() }, now: start).map(\.id)
        let finished = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for worker in 0..<4 {
                group.addTask {
                    let store = try test.another()
                    var done: [Int64] = []
                    while true {
                        let jobs = try await store.claim(limit: 3, queues: nil, worker: "w\(worker)", now: start)
                        if jobs.isEmpty { return done }
                        for job in jobs {
                            let result = JobResult(text: "by w\(worker)")
                            #expect(
                                try await store.complete(job.claim, with: result, now: start) == .stored(.completed))
                            done.append(job.id)
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(finished.sorted() == ids)
        #expect(try await test.store.stateCounts() == [StateCount(queue: "default", state: .completed, count: 400)])
        #expect(try await test.store.integrityCheck().isEmpty)
    }

    @Test("a queue's rate and concurrency are exact when workers race for its jobs")
    func racingLimits() async throws {
        let test = try TestStore()
        try await test.store.enqueue((0..<200).map { _ in NewJob.text() }, now: start)
        try await test.store.execute("UPDATE queues SET rate_count = 17, rate_seconds = 60")
        let claimed = try await withThrowingTaskGroup(of: Int.self) { group in
            for worker in 0..<6 {
                group.addTask {
                    let store = try test.another()
                    var count = 0
                    for second in 0..<20 {
                        count += try await store.claim(
                            limit: 3, queues: nil, worker: "w\(worker)", now: seconds(Double(second))
                        ).count
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(claimed == 17)
        try await test.store.execute("UPDATE queues SET rate_count = NULL, concurrency = 23")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<6 {
                group.addTask {
                    let store = try test.another()
                    for _ in 0..<10 {
                        _ = try await store.claim(limit: 2, queues: nil, worker: "w\(worker)", now: seconds(20))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await test.store.queues().map(\.running) == [23])
    }

    @Test("a queue's concurrency holds across workers")
    func concurrencyLimit() async throws {
        let test = try TestStore()
        try await test.store.enqueue((0..<10).map { _ in NewJob.text() }, now: start)
        try await test.store.execute("UPDATE queues SET concurrency = 3")
        #expect(try await test.store.claim(limit: 2, queues: nil, worker: "a", now: start).count == 2)
        let another = try test.another()
        let last = try await another.claim(limit: 9, queues: nil, worker: "b", now: start)
        #expect(last.count == 1)
        #expect(try await test.store.claim(limit: 9, queues: nil, worker: "a", now: start).isEmpty)
        #expect(try await test.store.outlook(queues: nil, now: start).hasDue == false)
        _ = try await another.complete(last[0].claim, with: JobResult(text: "t"), now: start)
        #expect(try await test.store.claim(limit: 9, queues: nil, worker: "a", now: start).count == 1)
    }

    @Test("a finish is written although its task was cancelled")
    func cancelledTask() async throws {
        let test = try TestStore()
        try await test.store.enqueue([.text()], now: start)
        let job = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "a", now: start).first)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await test.store.complete(job.claim, with: JobResult(text: "t"), now: start)
        }
        task.cancel()
        #expect(try await task.value == .stored(.completed))
    }

    @Test("a write waits for a prompt that holds the lock for a moment", .enabled(if: SQLitePrompt.isInstalled))
    func lockedForAMoment() async throws {
        let test = try TestStore()
        try await test.store.enqueue([.text()], now: start)
        let path = test.path
        let prompt = Task.detached { try SQLitePrompt.run(path, "BEGIN IMMEDIATE; SELECT 1;\n.shell sleep 1\nCOMMIT;") }
        try await Task.sleep(for: .milliseconds(300))
        let jobs = try await test.store.claim(limit: 1, queues: nil, worker: "a", now: start)
        #expect(jobs.count == 1)
        _ = try await prompt.value
    }

    @Test("the log is written back and emptied, also beside an open reader's refusal")
    func checkpoint() async throws {
        let test = try TestStore()
        try await test.store.enqueue(
            (0..<2000).map { _ in NewJob.text(String(repeating: "x", count: 2000)) }, now: start)
        #expect(test.store.logSize() > 4_000_000)
        #expect(try await test.store.checkpoint())
        #expect(test.store.logSize() == 0)
        #expect(try await test.store.pragma("busy_timeout") == 10_000)
    }

    @Test("bulk inserts keep the log bounded")
    func boundedLog() async throws {
        let test = try TestStore()
        try await test.store.enqueue(
            (0..<20_000).lazy.map { _ in NewJob.text(String(repeating: "x", count: 4000)) }, now: start)
        #expect(test.store.logSize() < 64 << 20)
    }
}
