import Foundation
import Generation
import JSONText
import JobStore
import Testing
import Worker

@Suite("Jobs that quote")
struct QuotingJobsTests {
    private let queue = InMemoryJobQueue(settings: QueueSettings(leaseSeconds: 3600))
    private let text = "The ferry crossed the river at noon.\n\nNobody – not even Zoë – had paid. The captain laughed."

    private func run(_ kind: String, _ options: [String: JSONValue] = [:], contextLength: Int = 2048) async throws
        -> JobSnapshot
    {
        let id = try await queue.enqueue(
            [
                NewJob(
                    kind: kind, input: .inline(text), question: kind == "answer-quote" ? "Who?" : nil, options: options)
            ],
            now: Date())[0].id
        _ = try await TestWorker(contextLength: contextLength)
            .make(on: queue, WorkerOptions(concurrency: 4, drains: true)).run()
        return try #require(await queue.snapshot(id))
    }

    @Test("a kind that quotes stores what it quotes and where that stands")
    func stored() async throws {
        for (kind, options): (String, [String: JSONValue]) in [
            ("summarize-quote", [:]), ("summarize", ["constraint": "span"]),
            ("paraphrase", ["constraint": "sentences", "num_beams": 3]),
            ("answer-quote", ["no_answer_threshold": -1000]),
        ] {
            let job = try await run(kind, options)
            let result = try #require(job.result, "\(kind): \(job.error ?? "")")
            #expect(!job.quotations.isEmpty)
            #expect(result == job.quotations.map(\.text).joined(separator: "\n"))
            let scalars = Array(text.unicodeScalars)
            for quotation in job.quotations {
                var there = String.UnicodeScalarView()
                there.append(contentsOf: scalars[quotation.begin..<quotation.end])
                #expect(String(there) == quotation.text)
            }
        }
    }

    @Test("where the threshold isn't reached, the answer is that the document doesn't tell")
    func noAnswer() async throws {
        let job = try await run("answer-quote", ["no_answer_threshold": 1000, "no_answer_text": "no word of it"])
        #expect(job.state == .completed)
        #expect(job.result == "no word of it")
        #expect(job.quotations == [])
    }

    @Test("a document that is cut is quoted only as far as the model has read it")
    func truncated() async throws {
        let job = try await run(
            "summarize", ["constraint": "sentences", "overflow": "truncate", "max_new_tokens": 40], contextLength: 58)
        let result = try #require(job.result, "\(job.error ?? "")")
        #expect(!result.contains("captain"))
        #expect(job.quotations.allSatisfy { $0.end < 60 })
    }

    @Test("a budget that no sentence fits fails the job, with the numbers")
    func tooShort() async throws {
        let job = try await run("summarize", ["constraint": "sentences", "max_new_tokens": 2])
        #expect(job.state == .discarded)
        #expect(job.error?.contains(/no sentence of the document fits into 2 tokens: the shortest has \d+/) == true)
    }
}
