import Foundation
import JSONText
import JobStore
import TestSupport
import Testing

@Suite("Schedules")
struct ScheduleTests {
    private let test: TestStore
    private var store: JobStore { test.store }

    init() throws { test = try TestStore(clock: WallClock(try #require(TimeZone(identifier: "Europe/Berlin")))) }

    /// `start` is 22:00 in Berlin.
    private func add(_ cron: String, name: String = "s", catchesUp: Bool = false) async throws {
        let job: JSONObject = ["kind": "summarize", "input": "Bees.", "queue": "night", "options": ["seed": 7]]
        try await store.add(
            NewSchedule(name: name, cron: CronExpression(cron), job: job, catchesUp: catchesUp), now: start)
    }

    private func times(of ids: [Int64]) async throws -> [String] {
        var times: [String] = []
        for id in ids { times.append(String(try #require(try await store.job(id)).job.scheduledAt.prefix(16))) }
        return times
    }

    @Test("an occurrence becomes a job once it has come, with the columns it was given")
    func occurrence() async throws {
        try await add("30 22 * * *")
        #expect(try await store.schedules().map(\.nextRunAt) == ["2026-11-22T21:30:00.000Z"])
        #expect(try await store.keepTime(now: seconds(1799)).scheduledJobs == [])
        let ids = try await store.keepTime(now: seconds(1800)).scheduledJobs
        #expect(ids.count == 1)
        #expect(try await store.keepTime(now: seconds(1801)).scheduledJobs == [])
        let job = try #require(try await store.job(ids[0])).job
        #expect(job.kind == "summarize" && job.queue == "night" && job.options == #"{"seed":7}"#)
        #expect(job.metadata.contains(#""schedule":"s""#))
        #expect(job.scheduledAt == "2026-11-22T21:30:00.000Z")
        #expect(try await store.schedules().map(\.nextRunAt) == ["2026-11-23T21:30:00.000Z"])
        #expect(try await store.schedules().map(\.lastRunAt) == ["2026-11-22T21:30:00.000Z"])
    }

    @Test("what was missed is made up for once, or each time where that was asked for")
    func missed() async throws {
        try await add("0 * * * *")
        try await add("0 * * * *", name: "all", catchesUp: true)
        let ids = try await store.keepTime(now: seconds(5.5 * 3600)).scheduledJobs
        #expect(
            try await times(of: ids) == [
                "2026-11-22T22:00", "2026-11-22T23:00", "2026-11-23T00:00", "2026-11-23T01:00", "2026-11-23T02:00",
                "2026-11-23T02:00",
            ])
        #expect(try await store.keepTime(now: seconds(5.6 * 3600)).scheduledJobs == [])
        // Two years that nobody was there for.
        let much = try await store.keepTime(now: seconds(2 * 365 * 86_400)).scheduledJobs
        #expect(much.count == 102)
    }

    @Test("many workers, restarts and a clock that is set back make no second job of an occurrence")
    func exactlyOnce() async throws {
        try await add("*/10 * * * *")
        let ids = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for _ in 0..<6 {
                group.addTask { [test] in
                    let another = try test.another()
                    var ids: [Int64] = []
                    for minute in 1...60 {
                        ids += try await another.keepTime(now: seconds(Double(minute) * 60)).scheduledJobs
                        // The clock goes back by an hour now and then.
                        if minute % 25 == 0 { ids += try await another.keepTime(now: seconds(-3600)).scheduledJobs }
                    }
                    return ids
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(ids).count == ids.count)
        let times = try await times(of: ids).sorted()
        #expect(Set(times).count == times.count, "an occurrence became two jobs")
        // A worker that is behind may find several occurrences missed, which become one job.
        #expect(times.last == "2026-11-22T22:00")
        // Also where a hand sets the next time back, an occurrence that was comes no more.
        try await store.execute("UPDATE schedules SET next_run_at = '\(Timestamp.text(seconds(3600)))'")
        #expect(try await store.keepTime(now: seconds(3601)).scheduledJobs == [])
    }

    @Test("a schedule made or changed by hand runs from then on", .enabled(if: SQLitePrompt.isInstalled))
    func byHand() async throws {
        let insert = """
            INSERT INTO schedules(name, cron, timezone, job)
            VALUES ('h', '0 12 * * *', 'Asia/Tokyo', '{"kind":"generate","input":"x"}')
            """
        #expect(try SQLitePrompt.run(test.path, insert) == "")
        #expect(try await store.keepTime(now: start) == TimedChanges())
        #expect(try await store.schedules().map(\.nextRunAt) == ["2026-11-23T03:00:00.000Z"])
        #expect(try SQLitePrompt.run(test.path, "UPDATE schedules SET cron = '0 23 * * *', timezone = 'local'") == "")
        #expect(try await store.keepTime(now: start) == TimedChanges())
        #expect(try await store.schedules().map(\.nextRunAt) == ["2026-11-22T22:00:00.000Z"])
        // Switched off over its time, it makes nothing up.
        #expect(try SQLitePrompt.run(test.path, "UPDATE schedules SET enabled = 0") == "")
        #expect(try await store.keepTime(now: seconds(7200)) == TimedChanges())
        #expect(try await store.setSchedule(named: "h", isEnabled: true))
        #expect(try await store.keepTime(now: seconds(7200)) == TimedChanges())
        #expect(try await store.schedules().map(\.nextRunAt) == ["2026-11-23T22:00:00.000Z"])
        // A hand may name the next time, as people write times.
        #expect(try SQLitePrompt.run(test.path, "UPDATE schedules SET next_run_at = '2026-11-22 23:30'") == "")
        #expect(try await store.keepTime(now: seconds(10_000)).scheduledJobs.count == 1)
    }

    @Test(
        "a schedule that can't be understood, or whose job is refused, says so and stops nobody",
        .enabled(if: SQLitePrompt.isInstalled),
        arguments: [
            ("'every night', 'local', '{\"kind\":\"s\",\"input\":\"x\"}'", "has 2 fields"),
            ("'0 0 * * *', 'Mars/Olympus', '{\"kind\":\"s\",\"input\":\"x\"}'", "no time zone 'Mars/Olympus'"),
            ("'0 0 * * *', 'local', '{\"kind\":\"s\"}'", "needs either input or document_id"),
            ("'0 0 * * *', 'local', '[]'", "the job was refused: NOT NULL"),
        ])
    func trouble(values: String, message: String) async throws {
        try await add("0 0 * * *", name: "good")
        let insert = "INSERT INTO schedules(name, cron, timezone, job) VALUES ('bad', \(values))"
        #expect(try SQLitePrompt.run(test.path, insert) == "")
        _ = try await store.keepTime(now: start)
        #expect(try await store.keepTime(now: seconds(3 * 3600)).scheduledJobs.count == 1)
        let error = try #require(try await store.schedules().first { $0.name == "bad" }?.error)
        #expect(error.contains(message))
        #expect(try await store.keepTime(now: seconds(3 * 3600 + 1)) == TimedChanges())
    }

    @Test("names are taken once, and removed once")
    func names() async throws {
        try await add("@daily")
        await #expect(throws: JobStoreError.self) { try await add("@daily") }
        #expect(try await store.removeSchedule(named: "s"))
        #expect(try await !store.removeSchedule(named: "s"))
    }
}
