import Foundation
import JSONText
import JobCatalog
import JobStore
import TestSupport
import Testing
import Worker

@Suite("Jobs on long documents")
struct DividedJobsTests {
    private let queue = InMemoryJobQueue(settings: QueueSettings(leaseSeconds: 3600), random: { 0.5 })
    private static let story = (1...400).map {
        "Number \($0): the ferry crossed the river at noon and came back."
            + ($0 % 7 == 0 ? "\n\n" : " ")
    }.joined()

    private func add(
        _ kind: String, _ text: String = story, _ options: [String: JSONValue] = [:], question: String? = nil
    )
        async throws -> Int64
    {
        try await queue.enqueue(
            [NewJob(kind: kind, input: .inline(text), question: question, options: options)], now: Date())[0].id
    }

    @discardableResult
    private func work(_ test: TestWorker? = nil, contextLength: Int = 600) async throws -> WorkerReport {
        let test = try test ?? TestWorker(contextLength: contextLength)
        return try await test.make(on: queue, WorkerOptions(concurrency: 16, drains: true)).run()
    }

    private func texts(ofPartsOf id: Int64) async throws -> [String] {
        var texts: [String] = []
        for part in await queue.parts(of: id) { texts.append(try #require(await queue.inputText(part))) }
        return texts
    }

    @Test("a summary is made of its parts' summaries, in levels as needed, and counted as one job")
    func mapReduce() async throws {
        let id = try await add("summarize", Self.story, ["max_new_tokens": 60, "min_new_tokens": 50])
        let report = try await work()
        let job = try #require(await queue.snapshot(id))
        #expect(job.state == .completed, "\(job.error ?? "")")
        #expect(report.completed == 1 && report.discarded == 0 && report.failedAttempts == 0)
        let places = await queue.partPlaces(of: id)
        let ground = places.filter { $0.level == 0 }
        #expect(ground.count > 5 && places.contains { $0.level == 1 })
        #expect(report.completedParts == places.count)
        #expect(try await texts(ofPartsOf: id).prefix(ground.count).joined() == Self.story)
        #expect(ground.first?.begin == 0 && ground.last?.end == Self.story.unicodeScalars.count)
        // Dividing costs no try.
        #expect(job.maxAttempts - job.attempt == 2)
        #expect(job.outcomes.last == .completed && job.outcomes.dropLast().allSatisfy { $0 == .interrupted })
        #expect(await queue.partCount(of: id) == ground.count)
    }

    @Test("a paraphrase is its sections put together, with the document's paragraph breaks; headings stay")
    func sections() async throws {
        let paragraph = "The ferry crossed the river at noon. Nobody had paid. The captain laughed at that.\n"
        let text = "Chapter One\n\n\(paragraph)\n* * *\n\n" + String(repeating: "\(paragraph)\n", count: 4)
        let id = try await add("paraphrase", text)
        try await work(contextLength: 2048)
        let job = try #require(await queue.snapshot(id))
        #expect(job.state == .completed)
        // What the model has written may have paragraphs of its own.
        let result = try #require(job.result)
        #expect(result.hasPrefix("Chapter One\n\n") && result.contains("\n\n* * *\n\n"))
        #expect(await queue.parts(of: id).count == 7)
        #expect(try await texts(ofPartsOf: id).joined() == text)
    }

    @Test("the same part isn't computed twice: not by another job, not after a retry, not side by side")
    func reuse() async throws {
        let options: [String: JSONValue] = ["max_new_tokens": 20]
        let first = try await add("summarize", Self.story, options)
        let twin = try await add("summarize", Self.story, options)
        try await work()
        let later = try await add("summarize", Self.story, options)
        try await work()
        var results: [String?] = []
        for id in [first, twin, later] { results.append(await queue.snapshot(id)?.result) }
        #expect(results[0] != nil && results[0] == results[1] && results[1] == results[2])
        let (own, others) = (await queue.computedParts(of: first), await queue.computedParts(of: twin))
        let computed = own + others
        #expect(await queue.parts(of: first).count == computed)
        #expect(await queue.computedParts(of: later) == 0)
    }

    @Test("a part that fails for good fails the whole, by name; a retry does only what is missing")
    func failure() async throws {
        let id = try await add("summarize", Self.story, ["max_new_tokens": 20])
        let claimed = try await queue.claim(limit: 1, queues: nil, worker: "w", now: Date())
        let engine = try TestWorker(contextLength: 600).engine
        let preparation = JobPreparation(
            catalog: JobCatalog(), tokenizer: engine.tokenizer, contextLength: 600, endTokens: [], style: .pocket)
        guard case .divide(let division) = try preparation.plan(try #require(claimed.first)) else {
            Issue.record("the text fits")
            return
        }
        #expect(try await queue.finish(claimed[0].claim, as: .divided(division), now: Date()) == .stored(.available))
        #expect(await queue.snapshot(id)?.state == .pending)
        let parts = try await queue.claim(limit: 2, queues: nil, worker: "w", now: Date())
        #expect(parts.map(\.part) == [1, 2] && parts.allSatisfy { $0.parentID == id })
        _ = try await queue.complete(parts[0].claim, with: JobResult(text: "The first part."), now: Date())
        _ = try await queue.fail(
            parts[1].claim, with: JobFailure(code: "x", message: "it went wrong", isPermanent: true), now: Date())
        let failed = try #require(await queue.snapshot(id))
        #expect(failed.state == .discarded)
        #expect(failed.error == "part 2 of it (job \(parts[1].id)) was given up: it went wrong")
        for part in await queue.parts(of: id).dropFirst(2) {
            #expect(await queue.snapshot(part)?.state == .cancelled)
        }
        await queue.retry(id)
        #expect(await queue.snapshot(id)?.state == .pending)
        #expect(await queue.snapshot(parts[0].id)?.state == .completed)
        let report = try await work()
        #expect(report.completed == 1 && report.completedParts == division.parts.count - 1)
        #expect(await queue.snapshot(parts[0].id)?.outcomes == [.completed])
    }

    @Test("who cancels the whole cancels its parts; who cancels a part ends the whole")
    func cancellation() async throws {
        let id = try await add("summarize", Self.story, ["max_new_tokens": 500])
        let test = try TestWorker(secondsPerStep: 0.01, contextLength: 1200)
        let worker = test.make(on: queue, WorkerOptions(concurrency: 4, drains: true, pollSeconds: 0.02))
        async let report = worker.run()
        try await test.events.wait { if case .began = $0 { true } else { false } }
        await queue.cancel(id)
        #expect(try await report.completed == 0)
        for part in await queue.parts(of: id) { #expect(await queue.snapshot(part)?.state == .cancelled) }
        await queue.retry(id)
        #expect(await queue.snapshot(id)?.state == .pending)
        let part = try #require(await queue.parts(of: id).last)
        await queue.cancel(part)
        #expect(await queue.snapshot(id)?.state == .cancelled)
        #expect(await queue.snapshot(id)?.error?.contains("(job \(part)) was cancelled") == true)
    }

    @Test("a question on a long document is answered from the passages that match, whose places are kept")
    func retrieval() async throws {
        let text = Self.story + "The lighthouse keeper was called Ada Quillfeather. " + Self.story
        let id = try await add(
            "answer", text, ["max_new_tokens": 8], question: "What was the lighthouse keeper called?")
        try await work()
        let job = try #require(await queue.snapshot(id))
        #expect(job.state == .completed, "\(job.error ?? "")")
        #expect(await queue.parts(of: id) == [])
        let evidence = await queue.evidence(of: id)
        #expect(evidence.contains { $0.place.text.contains("Ada Quillfeather") })
        let scalars = Array(text.unicodeScalars)
        for passage in evidence {
            var there = String.UnicodeScalarView()
            there.append(contentsOf: scalars[passage.place.begin..<passage.place.end])
            #expect(String(there) == passage.place.text)
        }
        #expect(zip(evidence, evidence.dropFirst()).allSatisfy { $0.place.end < $1.place.begin })
    }

    @Test(
        "quotations of a long document stand where they say, whichever way it was read",
        arguments: ["summarize-quote", "answer-quote"])
    func quotations(kind: String) async throws {
        let id = try await add(
            kind, Self.story, kind == "answer-quote" ? ["no_answer_threshold": -1000] : ["max_new_tokens": 60],
            question: kind == "answer-quote" ? "When did number 77 cross?" : nil)
        try await work(contextLength: 700)
        let job = try #require(await queue.snapshot(id))
        #expect(job.state == .completed, "\(job.error ?? "")")
        #expect(!job.quotations.isEmpty)
        #expect(job.result == job.quotations.map(\.text).joined(separator: "\n"))
        let scalars = Array(Self.story.unicodeScalars)
        for quotation in job.quotations {
            var there = String.UnicodeScalarView()
            there.append(contentsOf: scalars[quotation.begin..<quotation.end])
            #expect(String(there) == quotation.text)
            #expect(!quotation.text.contains("\u{FFFD}") && !quotation.text.contains("[…]"))
        }
    }

    @Test("a part that a hand has deleted is made again, and what the others brought is used")
    func deletedPart() async throws {
        let id = try await add("summarize", Self.story, ["max_new_tokens": 20])
        try await work()
        let parts = await queue.parts(of: id)
        await queue.rerun(id)
        await queue.delete(parts[2])
        let report = try await work()
        #expect(report.completed == 1 && report.completedParts == 1)
        #expect(try await texts(ofPartsOf: id).prefix(parts.count).joined() == Self.story)
    }

    @Test("what isn't to be divided is refused with what helps, or cut and marked")
    func refused() async throws {
        let refused = try await add("summarize", Self.story, ["overflow": "refuse"])
        let cut = try await add("summarize", Self.story, ["overflow": "truncate", "max_new_tokens": 5])
        let hopeless = try await add("summarize", Self.story, ["max_new_tokens": 700])
        try await work()
        #expect(await queue.snapshot(refused)?.error?.contains("overflow=map-reduce") == true)
        #expect(await queue.snapshot(cut)?.outcomes == [.completed])
        #expect(await queue.snapshot(hopeless)?.error?.contains("0 fit") == true)
    }
}
