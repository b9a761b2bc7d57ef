import Foundation
import JobStore
import TestSupport
import Testing

@Suite("Pruning by hand, and the journal of events")
struct PruneTests {
    /// Jobs that ended, the first a day ago, the second two days, and so on; returns the store.
    private func store(ended states: [JobState]) async throws -> TestStore {
        let test = try TestStore()
        for (number, state) in states.enumerated() {
            try await test.store.execute(
                """
                INSERT INTO jobs(kind, input, state, finalized_at) VALUES
                ('summarize', 'x', '\(state.rawValue)', strftime('%Y-%m-%dT%H:%M:%fZ', '2026-11-22 21:00', '-\(number + 1) days'))
                """)
        }
        return test
    }

    private func daysAgo(_ days: Double) -> Date { seconds(-86_400 * days) }

    @Test("only jobs of the states and the age that are asked for are counted and removed")
    func selection() async throws {
        let test = try await store(ended: [.completed, .cancelled, .discarded, .completed, .cancelled])
        let store = test.store
        try await store.enqueue([.text()], now: daysAgo(99))
        let selection = PruneSelection(states: [.completed, .cancelled, .available], before: daysAgo(1.5))
        #expect(try await store.pruneCounts(selection) == [.cancelled: 2, .completed: 1])
        #expect(try await store.prune(selection, limit: 2, now: start).jobs == 2)
        #expect(try await store.prune(selection, limit: 2, now: start).jobs == 1)
        #expect(try await store.prune(selection, limit: 2, now: start) == PruneReport())
        #expect(try await store.counts(of: JobSelection()) == [.completed: 1, .discarded: 1, .available: 1])
    }

    @Test("a part stays as long as the job that combines it isn't done")
    func parts() async throws {
        let test = try await store(ended: [.completed])
        let store = test.store
        try await store.execute("INSERT INTO jobs(kind, input) VALUES ('summarize', 'whole')")
        try await store.execute("UPDATE jobs SET parent_id = 2, part = 0 WHERE id = 1")
        let all = PruneSelection(states: [.completed], before: start)
        #expect(try await store.pruneCounts(all) == [:])
        #expect(try await store.prune(all, limit: 9, now: start) == PruneReport())
    }

    @Test("texts that nobody needs are removed, those of jobs and schedules aren't, nor new ones")
    func documents() async throws {
        let test = try TestStore()
        let store = test.store
        try await store.execute(
            """
            INSERT INTO documents(id, created_at, text) VALUES (1,'2026-01-01T00:00:00.000Z','unused'),
              (2,'2026-01-01T00:00:00.000Z','of a job'), (3,'2026-01-01T00:00:00.000Z','of a schedule'),
              (4,'2026-11-22T20:59:00.000Z','new');
            INSERT INTO jobs(kind, document_id) VALUES ('summarize', 2);
            INSERT INTO schedules(name, cron, job) VALUES ('s', '0 1 * * *', '{"kind":"summarize","document_id":3}')
            """)
        #expect(try await store.unusedDocuments(before: daysAgo(1)) == 1)
        #expect(try await store.removeUnusedDocuments(before: daysAgo(1), limit: 9) == 1)
        #expect(try SQLitePrompt.run(test.path, "SELECT group_concat(id) FROM documents") == "2,3,4")
    }

    @Test("shrinking leaves no free page, and the file smaller")
    func shrinking() async throws {
        let test = try TestStore()
        let store = test.store
        let text = String(repeating: "honey ", count: 2000)
        try await store.enqueue((0..<400).map { _ in .text(text) }, now: start)
        try await store.cancel(JobSelection())
        try await store.checkpoint()
        let before = store.fileSize()
        while try await store.prune(PruneSelection(states: [.cancelled], before: .now), limit: 100, now: start).jobs > 0
        {}
        #expect(store.fileSize() == before)
        #expect(try await store.shrink())
        #expect(try await store.pragma("freelist_count") == 0)
        #expect(store.fileSize() < before / 4)
        #expect(try await store.integrityCheck().isEmpty)
    }

    @Test("events tell every change with how the attempt ended, and whose it was")
    func events() async throws {
        let test = try TestStore()
        let store = test.store
        try await store.enqueue([.text(), .text()], now: start)
        let jobs = try await store.claim(limit: 2, queues: nil, worker: "w", now: start).sorted { $0.id < $1.id }
        _ = try await store.complete(jobs[0].claim, with: JobResult(text: "Honey."), now: start)
        _ = try await store.finish(
            jobs[1].claim, as: .failed(JobFailure(code: "broken", message: "it broke")), now: start)
        let events = try await store.events(limit: 99)
        func line(_ event: QueueEventRow) -> String {
            "\(event.job) \(event.from ?? "-")>\(event.to) \(event.by ?? "-") \(event.outcome ?? "-") \(event.errorCode ?? "-")"
        }
        #expect(
            events.filter { $0.job == 2 }.map(line) == [
                "2 ->available - - -", "2 available>running w - -", "2 running>available w failed broken",
            ])
        #expect(
            events.filter { $0.job == 1 }.map(line) == [
                "1 ->available - - -", "1 available>running w - -", "1 running>completed w completed -",
            ])
        #expect(events.map(\.id) == events.map(\.id).sorted() && events.count == 6)
        #expect(try await store.events(EventFilter(jobID: 2), limit: 99) == events.filter { $0.job == 2 })
        #expect(try await store.events(limit: 2, latest: true) == Array(events.suffix(2)))
        #expect(try await store.events(EventFilter(afterID: events[3].id), limit: 1) == [events[4]])
        #expect(try await store.events(EventFilter(since: .distantFuture), limit: 9).isEmpty)
        #expect(try await store.events(EventFilter(since: .distantPast), limit: 99) == events)
    }
}
