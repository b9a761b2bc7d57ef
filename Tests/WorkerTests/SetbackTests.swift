import Foundation
import JSONText
import JobCatalog
import JobStore
import Testing
import Worker

@Suite("Worker and a queue in trouble")
struct SetbackTests {
    let flaky = FlakyQueue()
    private let busy = JobStoreError.busy(path: "queue.db")

    private func enqueue(_ count: Int) async throws -> [Int64] {
        let jobs = (0..<count).map { index in
            NewJob(
                kind: "generate", input: .inline("Text number \(index)."), options: ["max_new_tokens": .integer(3)])
        }
        return try await flaky.queue.enqueue(jobs, now: Date()).map(\.id)
    }

    @Test(
        "a locked or full file delays the work and loses nothing",
        arguments: [
            FlakyQueue.Method.claim, .finish, .heartbeat, .outlook, .reclaim, .changeCounter, .retire, .recalls,
            .keepTime,
        ])
    func passingTrouble(method: FlakyQueue.Method) async throws {
        let ids = try await enqueue(3)
        flaky.fail(method, with: [busy, .diskFull(path: "queue.db")])
        let report = try await TestWorker().make(on: flaky, WorkerOptions(drains: true, pollSeconds: 0.01)).run()
        #expect(report.completed == 3)
        for id in ids { #expect(await flaky.queue.snapshot(id)?.outcomes == [.completed]) }
    }

    @Test("a file that is damaged ends the worker", arguments: [FlakyQueue.Method.claim, .heartbeat, .changeCounter])
    func lastingTrouble(method: FlakyQueue.Method) async throws {
        _ = try await enqueue(1)
        let damage = JobStoreError.corrupt(path: "queue.db", detail: "page 7")
        flaky.fail(method, with: [damage])
        let worker = try TestWorker().make(on: flaky, WorkerOptions())
        await #expect(throws: damage) { try await worker.run() }
    }

    @Test("a result that the database refuses fails its job, not the night")
    func refusedResult() async throws {
        let ids = try await enqueue(2)
        flaky.fail(.finish, with: [.constraint(message: "results.text is too long")])
        // On a clock that stands: the time for its next try doesn't come.
        let now = Date()
        let report = try await TestWorker()
            .make(on: flaky, now: { now }, WorkerOptions(concurrency: 1, drains: true)).run()
        #expect(report.completed == 1)
        #expect(report.failedAttempts == 1)
        #expect(await flaky.queue.snapshot(ids[0])?.state == .available)
        #expect(await flaky.queue.snapshot(ids[0])?.error?.contains("results.text is too long") == true)
        #expect(await flaky.queue.snapshot(ids[1])?.state == .completed)
    }

    @Test("who can't see whether work is left says that it is")
    func unknownRest() async throws {
        flaky.fail(.outlook, with: [busy])
        let report = try await TestWorker().make(on: flaky, WorkerOptions(deadline: .distantPast)).run()
        #expect(report.end == .deadline)
        #expect(report.leftWork)
    }
}
