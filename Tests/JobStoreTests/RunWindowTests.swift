import Foundation
import JobStore
import Testing

@Suite("Run windows go by the clock on the wall")
struct RunWindowTests {
    /// How many minutes of the stretch a window is open, and how often it opens.
    private func opening(
        _ start: String, _ end: String, days: String = "0123456", in zone: String, from: String, hours: Int
    ) throws -> (minutes: Int, times: Int) {
        let clock = WallClock(try #require(TimeZone(identifier: zone)))
        let window = RunWindow(start: start, end: end, days: days)
        let first = try Date(from, strategy: .iso8601)
        var minutes = 0
        var times = 0
        var wasOpen = false
        for minute in 0..<(hours * 60) {
            let isOpen = window.contains(LocalMoment(first.addingTimeInterval(Double(minute) * 60), on: clock))
            if isOpen { minutes += 1 }
            if isOpen, !wasOpen { times += 1 }
            wasOpen = isOpen
        }
        return (minutes, times)
    }

    /// Noon to noon in UTC, over the nights when the clocks change.
    static let nights: [(zone: String, from: String, shift: Int)] = [
        ("Europe/Berlin", "2026-03-28T12:00:00Z", -60), ("Europe/Berlin", "2026-10-24T12:00:00Z", 60),
        ("America/New_York", "2026-03-07T18:00:00Z", -60), ("America/New_York", "2026-10-31T18:00:00Z", 60),
        ("Europe/Berlin", "2026-11-21T12:00:00Z", 0), ("UTC", "2026-03-28T12:00:00Z", 0),
    ]

    @Test("a night's window is an hour shorter in spring and longer in autumn", arguments: nights)
    func wholeNight(zone: String, from: String, shift: Int) throws {
        let night = try opening("22:00", "06:00", in: zone, from: from, hours: 24)
        #expect(night.minutes == 8 * 60 + shift)
        #expect(night.times == 1)
    }

    @Test("an hour that is left out doesn't open, and one that comes twice opens twice as long")
    func changedHour() throws {
        #expect(try opening("02:00", "03:00", in: "Europe/Berlin", from: "2026-03-28T12:00:00Z", hours: 24) == (0, 0))
        #expect(try opening("02:00", "03:00", in: "Europe/Berlin", from: "2026-10-24T12:00:00Z", hours: 24) == (120, 1))
        #expect(
            try opening("02:00", "03:00", in: "America/New_York", from: "2026-03-07T18:00:00Z", hours: 24) == (0, 0))
        #expect(
            try opening("01:00", "02:00", in: "America/New_York", from: "2026-10-31T18:00:00Z", hours: 24) == (120, 1))
        // What begins within the hour that is left out begins after it.
        #expect(try opening("02:30", "04:00", in: "Europe/Berlin", from: "2026-03-28T12:00:00Z", hours: 24) == (60, 1))
        #expect(try opening("23:00", "02:30", in: "Europe/Berlin", from: "2026-03-28T12:00:00Z", hours: 24) == (180, 1))
    }

    @Test("a window over midnight belongs to the day it began on")
    func days() throws {
        // From Friday noon to Monday noon, in Berlin, with the clocks set back on Sunday.
        let weekdays = try opening(
            "22:00", "06:00", days: "12345", in: "Europe/Berlin", from: "2026-10-23T10:00:00Z", hours: 73)
        #expect(weekdays == (480, 1))
        let saturday = try opening(
            "22:00", "06:00", days: "6", in: "Europe/Berlin", from: "2026-10-23T10:00:00Z", hours: 73)
        #expect(saturday == (540, 1))
    }

    @Test("a clock that is set by an hour counts at once, in the file as in memory", arguments: Route.allCases)
    func clockSteps(route: Route) async throws {
        let clock = WallClock(try #require(TimeZone(identifier: "Europe/Berlin")))
        // 2026-11-22 21:00 UTC is 22:00 in Berlin.
        try await route.with(clock: clock) { queue in
            _ = try await queue.add([.text(), .text(), .text()], now: seconds(-7200))
            var change = QueueChange()
            change.window = .set(QueueChange.Window(start: "22:00", end: "06:00"))
            change.interruptsAtEnd = true
            try await queue.changeQueue("default", change)
            #expect(try await queue.claim(limit: 1, queues: nil, worker: "a", now: seconds(-60)).isEmpty)
            #expect(try await queue.outlook(queues: nil, now: seconds(-60)).waitsForWindow)
            let job = try #require(try await queue.claim(limit: 1, queues: nil, worker: "a", now: start).first)
            #expect(try await queue.recalls(of: "a", now: start).isEmpty)
            // Back by an hour: closed; forward again: open.
            #expect(try await queue.recalls(of: "a", now: seconds(-3600)) == [job.claim: .windowClosed])
            #expect(try await queue.claim(limit: 1, queues: nil, worker: "a", now: seconds(-3600)).isEmpty)
            #expect(try await queue.claim(limit: 1, queues: nil, worker: "a", now: seconds(3600)).count == 1)
            // 05:59 is within, 06:00 isn't.
            #expect(try await queue.recalls(of: "a", now: seconds(8 * 3600 - 1)).isEmpty)
            #expect(try await queue.recalls(of: "a", now: seconds(8 * 3600)).count == 2)
            #expect(try await queue.recalls(of: "b", now: seconds(8 * 3600)).isEmpty)
            change.interruptsAtEnd = false
            try await queue.changeQueue("default", change)
            #expect(try await queue.recalls(of: "a", now: seconds(8 * 3600)).isEmpty)
        }
    }
}
