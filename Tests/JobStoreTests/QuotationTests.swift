import Foundation
import JobStore
import Proofs
import TestSupport
import Testing

@Suite("Quotations of results")
struct QuotationTests {
    private let text = "Naïve bees – 😀 – make honey. Honey is sweet."

    private func result(_ words: String...) -> JobResult {
        JobResult(
            text: words.joined(separator: "\n"),
            quotations: words.map { word in
                let range = text.range(of: word) ?? text.startIndex..<text.startIndex
                let begin = text.utf8.distance(from: text.startIndex, to: range.lowerBound)
                return Quotation(bytes: begin..<begin + word.utf8.count, of: text)
            })
    }

    @Test("they're kept with the result that was stored, and replaced with it", arguments: Route.allCases)
    func kept(route: Route) async throws {
        try await route.with { queue in
            let id = try await queue.add([.text(text)], now: start)[0]
            let first = try #require(try await queue.claim(limit: 1, queues: nil, worker: "a", now: start).first)
            #expect(
                try await queue.complete(first.claim, with: result("Naïve bees", "make honey"), now: start)
                    == .stored(.completed))
            #expect(
                try await queue.look(id)?.quotations == [
                    Quotation(begin: 0, end: 10, text: "Naïve bees"), Quotation(begin: 17, end: 27, text: "make honey"),
                ])
        }
    }

    @Test("a finish that comes too late leaves none", arguments: Route.allCases)
    func late(route: Route) async throws {
        try await route.with { queue in
            let id = try await queue.add([.text(text)], now: start)[0]
            let job = try #require(try await queue.claim(limit: 1, queues: nil, worker: "a", now: start).first)
            try await queue.cancelJob(id)
            #expect(try await queue.complete(job.claim, with: result("bees"), now: start) == .refused(.cancelled))
            #expect(try await queue.look(id)?.quotations == [])
        }
    }

    @Test("a place that doesn't hold the text becomes the first that does, or none", arguments: Route.allCases)
    func misplaced(route: Route) async throws {
        try await route.with { queue in
            let id = try await queue.add([.text(text)], now: start)[0]
            let job = try #require(try await queue.claim(limit: 1, queues: nil, worker: "a", now: start).first)
            var wrong = JobResult(text: "honey\nwasps")
            wrong.quotations = [Quotation(begin: 3, end: 8, text: "honey"), Quotation(begin: 0, end: 5, text: "wasps")]
            #expect(try await queue.complete(job.claim, with: wrong, now: start) == .stored(.completed))
            #expect(try await queue.look(id)?.quotations == [Quotation(begin: 22, end: 27, text: "honey")])
        }
    }

    /// A store whose only job has a result with two quotations.
    private func completed(_ input: NewJob) async throws -> TestStore {
        let test = try TestStore()
        try await test.store.enqueue([input], now: start)
        let job = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "a", now: start).first)
        _ = try await test.store.complete(job.claim, with: result("bees – 😀", "sweet."), now: start)
        #expect(try SQLitePrompt.run(test.path, "SELECT count(*) FROM quotations") == "2")
        return test
    }

    private static let document = NewJob(
        kind: "summarize",
        input: .document(NewDocument(text: "Naïve bees – 😀 – make honey. Honey is sweet.", title: "Bees")))

    @Test(
        "the view gives the quoted text back, of inline texts and of documents", .enabled(if: SQLitePrompt.isInstalled))
    func view() async throws {
        for (job, name) in [(NewJob.text(text), ""), (Self.document, "Bees")] {
            let test = try await completed(job)
            #expect(
                try SQLitePrompt.run(
                    test.path,
                    "SELECT position, coalesce(document, ''), document_id, begin, end, text FROM quoted_texts")
                    == "1|\(name)|\(name.isEmpty ? "" : "1")|6|14|bees – 😀\n2|\(name)|\(name.isEmpty ? "" : "1")|38|44|sweet."
            )
            #expect(
                try SQLitePrompt.run(
                    test.path,
                    """
                    SELECT substr(coalesce(d.text, j.input), q.begin + 1, q.end - q.begin) FROM quotations q
                    JOIN jobs j ON j.id = q.job_id LEFT JOIN documents d ON d.id = q.document_id
                    """) == "bees – 😀\nsweet.")
        }
    }

    @Test(
        "they go with what they depend on, also without foreign keys", .enabled(if: SQLitePrompt.isInstalled),
        arguments: [
            "DELETE FROM jobs", "DELETE FROM results", "UPDATE results SET text = 'other'",
            "UPDATE documents SET text = 'other'", "UPDATE jobs SET document_id = NULL, input = 'x'",
            "UPDATE jobs SET document_id = NULL, input = 'x'; DELETE FROM documents",
        ])
    func cascade(_ sql: String) async throws {
        let test = try await completed(Self.document)
        #expect(try SQLitePrompt.run(test.path, sql + "; SELECT count(*) FROM quotations") == "0")
        let inline = try await completed(.text(text))
        #expect(
            try SQLitePrompt.run(inline.path, "UPDATE jobs SET input = 'other'; SELECT count(*) FROM quotations") == "0"
        )
    }

    @Test(
        "a retry keeps them until there is another result, and pruning takes them",
        .enabled(if: SQLitePrompt.isInstalled))
    func retryAndPrune() async throws {
        let test = try await completed(Self.document)
        try await test.store.execute("UPDATE jobs SET state = 'available'")
        let again = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "a", now: seconds(9)).first)
        #expect(try SQLitePrompt.run(test.path, "SELECT count(*) FROM quotations") == "2")
        _ = try await test.store.complete(again.claim, with: result("honey"), now: seconds(10))
        #expect(try SQLitePrompt.run(test.path, "SELECT position, text FROM quoted_texts") == "1|honey")
        let old = PruneSelection(states: [.completed], before: seconds(100))
        #expect(try await test.store.prune(old, limit: 9, now: seconds(200)).jobs == 1)
        #expect(try SQLitePrompt.run(test.path, "SELECT count(*) FROM quotations") == "0")
    }

    @Test(
        "of bytes that aren't UTF-8, only places that give the text back are kept",
        .enabled(if: SQLitePrompt.isInstalled))
    func damaged() async throws {
        let test = try TestStore()
        _ = try SQLitePrompt.run(
            test.path,
            """
            INSERT INTO jobs(kind, input, scheduled_at)
            VALUES ('summarize', CAST(x'c080e282ac80206265657320e2' AS TEXT), '2026-01-01')
            """)
        let job = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "a", now: start).first)
        let seen = try #require(job.text)
        let begin = try #require(seen.range(of: "bees")?.lowerBound)
        let offset = seen.utf8.distance(from: seen.startIndex, to: begin)
        var quoting = JobResult(text: "bees")
        quoting.quotations = [Quotation(bytes: offset..<offset + 4, of: seen)]
        #expect(try await test.store.complete(job.claim, with: quoting, now: start) == .stored(.completed))
        let stored = try SQLitePrompt.run(test.path, "SELECT text FROM quoted_texts")
        #expect(stored == "bees" || stored == "")
    }
}
