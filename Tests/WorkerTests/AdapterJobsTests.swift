import Foundation
import Generation
import JSONText
import JobStore
import Testing
import Worker

@Suite("Jobs with adapters")
struct AdapterJobsTests {
    private final class Weights: AdapterWeights {
        let digest: String
        init(_ digest: String) { self.digest = digest }
    }

    /// Knows 'tales'; 'large' never fits now; all others aren't there.
    private struct Finder: AdapterFinder {
        func adapters(named names: String) throws(AdapterProblem) -> JobAdapters {
            switch names {
            case "none": return .none
            case "tales": return AdapterJobsTests.tales
            case "large": throw AdapterProblem("large: no room now", isPassing: true)
            default: throw AdapterProblem("no adapter '\(names)'", isPassing: false)
            }
        }
    }

    private static let tales = JobAdapters(
        mix: AdapterMix([.init(Weights("t"), scale: 0.5)]), names: "tales=0.5", fingerprints: "+t=0.5")

    private func run(
        _ options: [[String: JSONValue]], own: JobAdapters = .none, finder: (any AdapterFinder)? = Finder()
    ) async throws -> [JobSnapshot] {
        let queue = InMemoryJobQueue(settings: QueueSettings(leaseSeconds: 3600))
        let text = "The ferry crossed the river at noon. Nobody had paid. The captain laughed."
        let ids = try await queue.enqueue(
            options.map { options in
                var job = NewJob(
                    kind: "summarize", input: .inline(text),
                    options: options.merging(["seed": 1, "max_new_tokens": 12]) { own, _ in own })
                job.maxAttempts = 1
                return job
            }, now: Date()
        ).map(\.id)
        var test = try TestWorker()
        test.engine.adapters = own
        test.engine.adapterFinder = finder
        _ = try await test.make(on: queue, WorkerOptions(concurrency: 8, drains: true)).run()
        var snapshots: [JobSnapshot] = []
        for id in ids { snapshots.append(try #require(await queue.snapshot(id))) }
        return snapshots
    }

    @Test("a job's adapter changes its text, side by side with others, and results say which it was")
    func adapter() async throws {
        let jobs = try await run([[:], ["adapter": "tales"], [:], ["adapter": "none"]])
        #expect(jobs.map(\.state) == Array(repeating: .completed, count: 4))
        #expect(jobs[0].result == jobs[2].result && jobs[0].result == jobs[3].result)
        #expect(jobs[1].result != jobs[0].result)
        // The engine's own is what jobs have that name none.
        let others = try await run([[:], ["adapter": "none"]], own: Self.tales)
        #expect(others[0].result == jobs[1].result && others[1].result == jobs[0].result)
    }

    @Test("an adapter that isn't there fails the job and no other")
    func missing() async throws {
        let jobs = try await run([["adapter": "letters"], [:]])
        #expect(jobs[0].state == .discarded && jobs[0].error?.contains("no adapter 'letters'") == true)
        #expect(jobs[1].state == .completed)
        let without = try await run([["adapter": "tales"]], finder: nil)
        #expect(without[0].state == .discarded)
    }

    @Test("one that has no room now may have it at another try")
    func full() async throws {
        let jobs = try await run([["adapter": "large"]])
        #expect(jobs[0].error?.contains("no room now") == true)
    }
}
