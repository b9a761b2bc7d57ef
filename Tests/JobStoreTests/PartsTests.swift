import Foundation
import JSONText
import JobStore
import Proofs
import Testing

@Suite("Parts of divided jobs")
struct PartsTests: PartsOfJobs {
    @Test("the whole waits until all are done, and gets what they have brought, in order", arguments: Route.allCases)
    func waits(route: Route) async throws {
        try await route.with { queue in
            var job = NewJob.text(text)
            (job.priority, job.question, job.timeoutSeconds) = (3, "Why?", 60)
            job.options = ["seed": 4]
            let id = try await divided(queue, job)
            #expect(try await queue.look(id)?.state == .pending)
            #expect(try await queue.look(id)?.maxAttempts == 4)
            let parts = try await claim(queue)
            #expect(parts.map(\.part) == [1, 2, 3] && parts.allSatisfy { $0.parentID == id && $0.parts.isEmpty })
            #expect(parts.map(\.text) == ["One two. ", "Three four. ", "Five six."])
            #expect(parts.allSatisfy { $0.priority == 3 && $0.question == "Why?" && $0.timeoutSeconds == 60 })
            #expect(parts.allSatisfy { $0.optionsJSON == #"{"seed":4}"# && $0.maxAttempts == 3 })
            try await complete([parts[2], parts[0]], queue)
            #expect(try await queue.look(id)?.state == .pending)
            #expect(try await claim(queue).isEmpty)
            try await complete([parts[1]], queue)
            #expect(try await queue.look(id)?.state == .available)
            let whole = try #require(try await claim(queue).first)
            #expect(whole.id == id && whole.parts.map(\.result) == ["<One two. >", "<Three four. >", "<Five six.>"])
            #expect(whole.parts.map(\.begin) == [0, 9, 21] && whole.parts.allSatisfy { $0.state == .completed })
            var second = division(level: 1)
            second.parts.removeLast()
            #expect(try await queue.finish(whole.claim, as: .divided(second), now: seconds(3)) == .stored(.available))
            let higher = try await claim(queue, after: 3)
            #expect(higher.count == 2)
            try await complete(higher, queue)
            let last = try #require(try await claim(queue, after: 3).first)
            #expect(last.parts.map(\.level) == [1, 1])
            try await complete([last], queue)
            #expect(try await queue.look(id)?.outcomes == [.interrupted, .interrupted, .completed])
        }
    }

    @Test("a part that is given up gives up the whole, by name, and cancels the others", arguments: Route.allCases)
    func failure(route: Route) async throws {
        try await route.with { queue in
            let id = try await divided(queue)
            let parts = try await claim(queue)
            try await complete([parts[0]], queue)
            _ = try await queue.fail(
                parts[1].claim, with: JobFailure(code: "x", message: "no luck", isPermanent: true), now: seconds(2))
            #expect(try await queue.look(id)?.state == .discarded)
            #expect(try await queue.look(id)?.error == "part 2 of it (job \(parts[1].id)) was given up: no luck")
            #expect(try await queue.look(parts[2].id)?.state == .cancelled)
            #expect(try await queue.look(parts[2].id)?.outcomes == [.cancelled])
            #expect(
                try await queue.complete(parts[2].claim, with: JobResult(text: "late"), now: seconds(2))
                    == .refused(.cancelled))
            // A retry of the whole does what is missing.
            try await queue.retryJob(id)
            #expect(try await queue.look(id)?.state == .pending)
            #expect(try await queue.look(id)?.error == nil)
            let again = try await claim(queue)
            #expect(again.map(\.id) == [parts[1].id, parts[2].id])
            try await complete(again, queue)
            #expect(try await claim(queue).first?.parts.compactMap(\.result).count == 3)
        }
    }

    @Test("a part that fails for now is tried again, and the whole goes on waiting", arguments: Route.allCases)
    func failureForNow(route: Route) async throws {
        try await route.with { queue in
            let id = try await divided(queue)
            let parts = try await claim(queue)
            _ = try await queue.fail(parts[0].claim, with: JobFailure(code: "x", message: "busy"), now: seconds(2))
            #expect(try await queue.look(parts[0].id)?.state == .available)
            try await complete([parts[1], parts[2]], queue)
            #expect(try await queue.look(id)?.state == .pending)
        }
    }

    @Test(
        "cancelling the whole cancels its parts, cancelling a part the whole; retrying a part retries both",
        arguments: Route.allCases)
    func cancellation(route: Route) async throws {
        try await route.with { queue in
            let id = try await divided(queue)
            let parts = try await claim(queue)
            try await complete([parts[0]], queue)
            try await queue.cancelJob(id)
            #expect(try await queue.look(parts[0].id)?.state == .completed)
            #expect(try await queue.look(parts[1].id)?.state == .cancelled)
            #expect(try await queue.look(parts[1].id)?.error == "job \(id), of which this is a part, was cancelled")
            try await queue.retryJob(parts[2].id)
            #expect(try await queue.look(id)?.state == .pending)
            for part in parts[1...] { #expect(try await queue.look(part.id)?.state == .available) }
            try await queue.cancelJob(parts[1].id)
            #expect(try await queue.look(id)?.state == .cancelled)
            #expect(try await queue.look(id)?.error == "part 2 of it (job \(parts[1].id)) was cancelled")
            #expect(try await queue.look(parts[2].id)?.state == .cancelled)
        }
    }

    @Test("a part isn't retried where another job has its whole's key by now", arguments: Route.allCases)
    func keyTaken(route: Route) async throws {
        try await route.with { queue in
            var job = NewJob.text(text)
            job.uniqueKey = "bees"
            let id = try await divided(queue, job)
            let parts = try await claim(queue)
            try await queue.cancelJob(id)
            let other = try #require(try await queue.add([job], now: start).first)
            #expect(other != id)
            try await queue.retryJob(parts[2].id)
            #expect(try await queue.look(parts[2].id)?.state == .cancelled)
            #expect(try await queue.look(id)?.state == .cancelled)
            try await queue.cancelJob(other)
            try await queue.retryJob(parts[2].id)
            #expect(try await queue.look(parts[2].id)?.state == .available)
            #expect(try await queue.look(id)?.state == .pending)
        }
    }

    @Test("a held job's parts are held, and a deleted job's parts are gone", arguments: Route.allCases)
    func follow(route: Route) async throws {
        try await route.with { queue in
            let id = try await divided(queue)
            try await queue.setHeld(true, job: id)
            #expect(try await claim(queue).isEmpty)
            try await queue.setHeld(false, job: id)
            let parts = try await claim(queue, 1)
            #expect(parts.count == 1)
            try await queue.deleteJob(id)
            for part in 0..<3 { #expect(try await queue.look(parts[0].id + Int64(part)) == nil) }
            #expect(try await claim(queue).isEmpty)
        }
    }

    @Test("a division that comes too late makes no parts", arguments: Route.allCases)
    func late(route: Route) async throws {
        try await route.with { queue in
            let id = try await queue.add([.text(text)], now: start)[0]
            let job = try #require(try await claim(queue).first)
            try await queue.cancelJob(id)
            #expect(
                try await queue.finish(job.claim, as: .divided(division()), now: seconds(1)) == .refused(.cancelled))
            try await queue.retryJob(id)
            #expect(try await claim(queue).map(\.id) == [id])
        }
    }
}
