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

    @Test(
        "of many jobs at once each is stored or refused for itself, and keys count within the same call",
        arguments: [0, 3, 9, 10, 25])
    func each(wrong: Int) async throws {
        let test = try TestStore()
        var jobs = (0..<31).map { NewJob.text("text \($0)") }
        jobs[wrong].kind = "answer"
        for index in [2, 7, 19, 30] { jobs[index].uniqueKey = "k" }
        jobs[12] = NewJob(kind: "s", input: .inline("text 12"), dependsOn: [9999])
        jobs[13] = NewJob(kind: "s", input: .inline("text 13"), dependsOn: [1])
        let outcomes = try await test.store.enqueueEach(jobs, now: start)
        #expect(outcomes.count == 31)
        var ids: [Int64] = []
        for (index, outcome) in outcomes.enumerated() {
            switch outcome {
            case .success(let job) where job.isNew:
                ids.append(job.id)
                #expect(try await test.store.inputText(ofJob: job.id) == "text \(index)")
            case .success(let job):
                let first = ids[[0, 1, 2].filter { $0 != wrong }.count - 1]
                #expect(job.id == first && [7, 19, 30].contains(index))
            case .failure(.refusedJob(let named, _)): #expect(named == index && [wrong, 12].contains(index))
            case .failure(let error): Issue.record(error)
            }
        }
        #expect(ids == ids.sorted() && ids.count == 31 - 3 - 2)
        #expect(try await test.store.stateCounts().reduce(0) { $0 + $1.count } == ids.count)
        #expect(try await test.store.audit().isEmpty)
    }

    @Test("a row that somebody's own trigger leaves out is told")
    func ignored() async throws {
        let test = try TestStore()
        try await test.store.execute(
            "CREATE TRIGGER own BEFORE INSERT ON jobs WHEN new.input = 'text 4' BEGIN SELECT RAISE(IGNORE); END")
        let outcomes = try await test.store.enqueueEach((0..<10).map { .text("text \($0)") }, now: start)
        let failed = outcomes.indices.filter { if case .failure = outcomes[$0] { true } else { false } }
        #expect(failed == [4])
        #expect(try await test.store.stateCounts().map(\.count) == [9])
    }

    @Test("a status means the same jobs in the view, in a list, in a count and in a change")
    func statuses() async throws {
        let test = try TestStore()
        let ids = try await test.store.enqueue((0..<9).map { _ in NewJob.text() }, now: start).map(\.id)
        try await test.store.execute(
            """
            UPDATE jobs SET held_at = '2026-01-01' WHERE id IN (1, 2);
            UPDATE jobs SET scheduled_at = '2999-01-01' WHERE id IN (3, 4);
            UPDATE jobs SET attempt = 1 WHERE id = 4;
            UPDATE jobs SET state = 'running', attempted_at = '2026-01-01', attempted_by = 'w',
              lease_expires_at = CASE id WHEN 7 THEN '2026-01-01' ELSE '2999-01-01' END WHERE id IN (7, 8);
            INSERT INTO job_dependencies(job_id, depends_on) VALUES (9, 8)
            """)
        func selected(_ status: JobStatus) -> JobSelection {
            var selection = JobSelection()
            selection.statuses = [status]
            return selection
        }
        func listed(_ status: JobStatus) async throws -> [Int64] {
            try await test.store.list(selected(status), limit: 9).map(\.id)
        }
        let expected: [JobStatus: [Int64]] = [
            .held: [1, 2], .scheduled: [3], .retryable: [4], .available: [5, 6], .stalled: [7], .running: [8],
            .pending: [9],
        ]
        for status in JobStatus.allCases {
            let view = try await test.store.query("SELECT id FROM job_status WHERE status = '\(status)' ORDER BY id")
            #expect(view.compactMap { Int64($0[0]) } == expected[status, default: []])
            #expect(try await listed(status) == expected[status, default: []])
            let count = expected[status].map { [status.state: $0.count] } ?? [:]
            #expect(try await test.store.counts(of: selected(status)) == count)
        }
        var several = JobSelection()
        several.statuses = [.held, .retryable, .scheduled, .completed]
        #expect(try await test.store.list(several, limit: 9).map(\.id) == [1, 2, 3, 4])
        #expect(try await test.store.counts(of: several) == [.pending: 2, .available: 2])
        #expect(try await test.store.list(selected(.held), afterID: 1, limit: 9).map(\.id) == [2])
        #expect(try await test.store.list(selected(.available), newestFirst: true, limit: 1).map(\.id) == [ids[5]])
        #expect(try await test.store.cancel(selected(.available)) == 2)
        #expect(try await test.store.cancel(selected(.pending)) == 1)
        #expect(try await test.store.cancel(selected(.running)) == 1)
        #expect(try await test.store.cancel(selected(.retryable)) == 1)
        #expect(try await test.store.retry(selected(.scheduled)) == 0)
        #expect(try await listed(.cancelled) == [4, 5, 6, 8, 9])
        #expect(try await test.store.release(selected(.held)) == 2)
        #expect(try await listed(.scheduled) == [3])
        #expect(try await listed(.stalled) == [7])
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
