import Foundation
import JSONText
import JobStore
import Testing

@Suite("Jobs are enqueued whole or refused by name")
struct EnqueueTests {
    @Test("a refused job names itself and takes its thousand with it")
    func refusal() async throws {
        let test = try TestStore()
        await #expect(throws: JobStoreError.refusedJob(index: 1, constraint: "an answer job needs a question")) {
            try await test.store.enqueue([.text(), .text(kind: "answer")], now: start)
        }
        #expect(try await test.store.stateCounts().isEmpty)
        let many = (0..<1500).map { NewJob.text(kind: $0 == 1200 ? "answer" : "summarize") }
        await #expect(throws: JobStoreError.refusedJob(index: 1200, constraint: "an answer job needs a question")) {
            try await test.store.enqueue(many, now: start)
        }
        #expect(try await test.store.stateCounts().map(\.count) == [1000])
    }

    @Test("a repeated custom_id is named")
    func customID() async throws {
        let test = try TestStore()
        let batch = try await test.store.batch(named: "b", now: start)
        #expect(try await test.store.batch(named: "b", now: start) == batch)
        var job = NewJob.text()
        job.batchID = batch
        job.customID = "line-1"
        let twice = [job, job]
        await #expect(throws: JobStoreError.duplicateCustomID(index: 1, customID: "line-1", batchID: batch)) {
            try await test.store.enqueue(twice, now: start)
        }
    }

    @Test("a name that leads nowhere is refused")
    func missingReferences() async throws {
        let test = try TestStore()
        var job = NewJob.text()
        job.batchID = 9
        let nowhere = [
            job, NewJob(kind: "s", input: .documentID(9)), NewJob(kind: "s", input: .inline("x"), dependsOn: [9]),
        ]
        for job in nowhere {
            await #expect(throws: JobStoreError.self) { try await test.store.enqueue([job], now: start) }
        }
        #expect(try await test.store.stateCounts().isEmpty)
    }

    @Test("a NUL is refused in an input and replaced in a result, never a cut")
    func nul() async throws {
        let test = try TestStore()
        await #expect(throws: JobStoreError.nulCharacter(index: 0, field: "input")) {
            try await test.store.enqueue([.text("a\0b")], now: start)
        }
        try await test.store.enqueue([.text()], now: start)
        let job = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "w", now: start).first)
        _ = try await test.store.complete(job.claim, with: JobResult(text: "a\0b"), now: start)
        #expect(try await test.store.job(job.id)?.result?.text == "a\u{2400}b")
    }

    @Test("options that aren't an object are the job's failure, not the claim's")
    func options() async throws {
        let test = try TestStore()
        try await test.store.enqueue([.text()], now: start)
        try await test.store.execute("UPDATE jobs SET options = '[1]'")
        let job = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "w", now: start).first)
        #expect(throws: JobStoreError.optionsNotAnObject(jobID: job.id, options: "[1]")) { try job.options() }
    }

    @Test("options and metadata come back as they were")
    func json() async throws {
        let test = try TestStore()
        let options: [String: JSONValue] = [
            "stop": .array([.string("\n"), .string("/")]), "temperature": .number(0.5), "seed": .integer(.max),
            "greedy": .bool(true), "none": .null, "deep": .object(["a": .array([])]),
        ]
        try await test.store.enqueue([NewJob(kind: "s", input: .inline("é"), options: options)], now: start)
        let job = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "w", now: start).first)
        #expect(try job.options() == options)
        #expect(job.text == "é")
    }

    @Test("selections cancel and retry what they name, and leave the rest")
    func selections() async throws {
        let test = try TestStore()
        var night = NewJob.text()
        night.queue = "night"
        night.uniqueKey = "k"
        try await test.store.enqueue([.text(), night, .text(kind: "paraphrase")], now: start)
        #expect(try await test.store.cancel(JobSelection(kind: "paraphrase")) == 1)
        #expect(try await test.store.cancel(JobSelection(queue: "night")) == 1)
        #expect(try await test.store.cancel(JobSelection(states: [.completed])) == 0)
        try await test.store.enqueue([night], now: start)
        // Job 2 would take the key that job 4 has now.
        #expect(try await test.store.retry(JobSelection()) == 1)
        #expect(
            try await test.store.list(limit: 9).map(\.status) == ["available", "cancelled", "available", "available"])
        await #expect(throws: JobStoreError.unknownQueue(name: "x", known: ["default", "night"])) {
            try await test.store.pause(queue: "x", now: start)
        }
    }

    @Test("results come in pages and one by one")
    func results() async throws {
        let test = try TestStore()
        try await test.store.enqueue((0..<1200).map { _ in NewJob.text() }, now: start)
        for job in try await test.store.claim(limit: 1200, queues: nil, worker: "w", now: start) {
            _ = try await test.store.complete(job.claim, with: JobResult(text: "\(job.id)"), now: start)
        }
        var seen: [Int64] = []
        try await test.store.forEachResult { seen.append($0.id) }
        #expect(seen == Array(1...1200))
        var newest: [Int64] = []
        try await test.store.forEachResult(ResultFilter(newestFirst: true)) { newest.append($0.id) }
        #expect(newest == Array((1...1200).reversed()))
        #expect(try await test.store.results(ResultFilter(afterID: 1198), limit: 9).map(\.text) == ["1199", "1200"])
    }
}
