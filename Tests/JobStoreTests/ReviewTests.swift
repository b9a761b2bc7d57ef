import Foundation
import JobStore
import TestSupport
import Testing

@Suite("Reviews of results", .enabled(if: SQLitePrompt.isInstalled))
struct ReviewTests {
    /// A store with a completed job on a document, and one that waits.
    private func completed(_ result: JobResult? = nil) async throws -> TestStore {
        let test = try TestStore()
        try await test.store.enqueue(
            [
                NewJob(
                    kind: "answer", input: .document(NewDocument(text: "Bees make honey.", title: "Bees")),
                    question: "What do bees make?"), .text(),
            ], now: start)
        let job = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "a", now: start).first)
        var result = result ?? JobResult(text: "honey", model: "m1")
        if result.source == nil { result.source = .init(definition: "template: x", style: "pocket") }
        _ = try await test.store.complete(job.claim, with: result, now: start)
        return test
    }

    private func look(_ test: TestStore, _ columns: String = "verdict, correction, text, model, style") throws -> String
    {
        try SQLitePrompt.run(test.path, "SELECT \(columns) FROM reviews")
    }

    @Test("a verdict keeps what was judged, and a later one takes its place")
    func stored() async throws {
        let test = try await completed()
        var outcomes = try await test.store.review([NewReview(jobID: 1, verdict: .accepted, by: "ann")])
        #expect(outcomes == [.stored])
        #expect(try look(test) == "accepted||honey|m1|pocket")
        outcomes = try await test.store.review([
            NewReview(jobID: 1, verdict: .corrected, correction: "Honey.", note: "a sentence"),
            NewReview(jobID: 2, verdict: .rejected), NewReview(jobID: 9, verdict: .rejected),
            NewReview(jobID: 1, verdict: .corrected), NewReview(jobID: 1, verdict: .accepted, correction: "x"),
            NewReview(jobID: 1, verdict: .corrected, correction: " \n"),
        ])
        #expect(outcomes.prefix(3) == [.stored, .noResult(.available), .noJob])
        for outcome in outcomes.suffix(3) {
            guard case .refused = outcome else { return #expect(Bool(false), "\(outcome)") }
        }
        #expect(try look(test) == "corrected|Honey.|honey|m1|pocket")
        let rows = try await test.store.reviews(limit: 10)
        #expect(rows.map(\.id) == [1] && rows[0].document == "Bees" && rows[0].note == "a sentence")
        #expect(try await test.store.reviews(verdict: .accepted, limit: 10).isEmpty)
        #expect(try await test.store.removeReviews(JobSelection(ids: [1])) == 1)
        #expect(try look(test) == "")
    }

    @Test("plain SQL does the same, and is held to the same rules")
    func byHand() async throws {
        let test = try await completed()
        func prompt(_ sql: String) throws -> String { try SQLitePrompt.run(test.path, sql) }
        #expect(try prompt("INSERT INTO reviews(job_id, verdict) VALUES (1, 'accepted')") == "")
        #expect(try look(test) == "accepted||honey|m1|pocket")
        #expect(try prompt("UPDATE reviews SET verdict = 'corrected', correction = 'Honey.'") == "")
        #expect(try look(test) == "corrected|Honey.|honey|m1|pocket")
        #expect(
            try prompt("INSERT INTO reviews(job_id, verdict) VALUES (2, 'accepted')")
                .contains("only a result can be reviewed: the job has none"))
        #expect(
            try prompt("UPDATE reviews SET verdict = 'rejected'")
                .contains("a corrected result has a correction, and no other has"))
        #expect(try prompt("UPDATE reviews SET verdict = 'good'").contains("CHECK constraint failed"))
        #expect(try look(test) == "corrected|Honey.|honey|m1|pocket")
    }

    @Test("a JSON result's correction is JSON")
    func json() async throws {
        let test = try await completed(JobResult(text: "{\"a\": 1}", format: .json))
        let outcomes = try await test.store.review([
            NewReview(jobID: 1, verdict: .corrected, correction: "{"),
            NewReview(jobID: 1, verdict: .corrected, correction: "{\"a\": 2}"),
        ])
        #expect(outcomes == [.refused("the result is JSON, and so must its correction be"), .stored])
    }

    @Test("a result that is made again leaves the verdict on the old text, until there is a new one")
    func madeAgain() async throws {
        let test = try await completed()
        _ = try await test.store.review([NewReview(jobID: 1, verdict: .accepted)])
        try await test.store.execute("UPDATE jobs SET state = 'available' WHERE id = 1")
        let again = try #require(
            try await test.store.claim(limit: 10, queues: nil, worker: "a", now: seconds(9)).first { $0.id == 1 })
        _ = try await test.store.complete(again.claim, with: JobResult(text: "wax", model: "m2"), now: seconds(10))
        #expect(try look(test) == "accepted||honey|m1|pocket")
        _ = try await test.store.review([NewReview(jobID: 1, verdict: .rejected)])
        #expect(try look(test) == "rejected||wax|m2|")
    }

    @Test(
        "verdicts go with the job and with what it works on, also without foreign keys",
        arguments: [
            "DELETE FROM jobs WHERE id = 1", "UPDATE documents SET text = 'other'",
            "UPDATE jobs SET question = 'Who?' WHERE id = 1",
            "UPDATE jobs SET document_id = NULL, input = 'x' WHERE id = 1",
        ])
    func cascade(_ sql: String) async throws {
        let test = try await completed()
        _ = try await test.store.review([NewReview(jobID: 1, verdict: .accepted)])
        #expect(try SQLitePrompt.run(test.path, sql + "; SELECT count(*) FROM reviews") == "0")
    }

    @Test("accepted and corrected results come with all it takes to ask for them again; a definition is kept once")
    func pairs() async throws {
        let test = try await completed()
        let more = try await test.store.enqueue((0..<60).map { _ in .text() }, now: start).map(\.id)
        for job in try await test.store.claim(limit: 100, queues: nil, worker: "a", now: start) {
            let source = JobResult.Source(definition: "template: x", style: "pocket")
            _ = try await test.store.complete(
                job.claim, with: JobResult(text: "text \(job.id)", source: source), now: start)
        }
        _ = try await test.store.review(
            more.map { NewReview(jobID: $0, verdict: $0 % 2 == 0 ? .accepted : .rejected) }
                + [NewReview(jobID: 1, verdict: .corrected, correction: "Honey.")])
        var jobs: [ReviewedJob] = []
        try await test.store.forEachReviewed { jobs.append($0) }
        #expect(jobs.map(\.id) == [1] + more.filter { $0 % 2 == 0 })
        let first = try #require(jobs.first)
        #expect(first.completion == "Honey." && first.document == "Bees make honey." && first.title == "Bees")
        #expect(first.question == "What do bees make?" && first.definition == "template: x" && first.style == "pocket")
        #expect(jobs[1].completion == "text \(jobs[1].id)")
        #expect(try SQLitePrompt.run(test.path, "SELECT count(*) FROM definitions") == "1")
    }
}
