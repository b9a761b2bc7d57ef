import Foundation
import JobStore
import Proofs
import Testing

/// What tests of divided jobs start from.
protocol PartsOfJobs {}

extension PartsOfJobs {
    var text: String { "One two. Three four. Five six." }

    func division(level: Int = 0) -> JobDivision {
        JobDivision(
            level: level,
            parts: [
                .init(text: "One two. ", begin: 0, end: 9), .init(text: "Three four. ", begin: 9, end: 21),
                .init(text: "Five six.", begin: 21, end: 30, isCut: true),
            ])
    }

    /// A job that waits for its three parts.
    func divided(_ queue: any EditableQueue, _ job: NewJob? = nil) async throws -> Int64 {
        let id = try await queue.add([job ?? .text(text)], now: start)[0]
        let claim = try #require(try await queue.claim(limit: 1, queues: nil, worker: "a", now: start).first).claim
        #expect(try await queue.finish(claim, as: .divided(division()), now: start) == .stored(.available))
        // The answer may have been lost on the way.
        #expect(try await queue.finish(claim, as: .divided(division()), now: start) == .stored(.available))
        return id
    }

    func claim(_ queue: any EditableQueue, _ limit: Int = 9, after delay: Double = 1) async throws
        -> [ClaimedJob]
    {
        try await queue.claim(limit: limit, queues: nil, worker: "a", now: seconds(delay))
    }

    func complete(_ jobs: [ClaimedJob], _ queue: any EditableQueue) async throws {
        for job in jobs {
            _ = try await queue.complete(job.claim, with: JobResult(text: "<\(job.text ?? "")>"), now: seconds(2))
        }
    }
}
