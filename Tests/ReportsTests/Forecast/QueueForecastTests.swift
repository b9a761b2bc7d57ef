import Foundation
import JobStore
import Reports
import Testing

@Suite("The queue played forward")
struct QueueForecastTests {
    /// 2026-11-26 12:00 UTC, a Thursday.
    private static let noon = Date(timeIntervalSince1970: 1_795_694_400)
    private let forecast: Forecast
    /// Seconds that a job of the kind costs in a crowd.
    private let each: Double

    init() throws {
        let machine = SyntheticMachine()
        let timings = (1...3).flatMap { night in
            machine.night(
                SyntheticMachine.jobs(60, seed: UInt64(night)),
                from: Self.noon.timeIntervalSince1970 - Double(night) * 86_400
            ).timings
        }
        forecast = try #require(Forecast(timings, now: Self.noon))
        each = forecast.time(for: [ForecastJobs(kind: "summarize", count: 1000)]).expected / 1000
    }

    private func answer(
        _ work: [OpenWork], _ paces: [QueuePace] = [QueuePace(name: "default")], workers: Int = 1
    ) -> QueueForecast.Answer {
        QueueForecast(forecast, paces: paces, workers: workers, clock: WallClock(.gmt)).answer(
            for: work, now: Self.noon)
    }

    /// Seconds from noon to the end.
    private func seconds(_ answer: QueueForecast.Answer) throws -> Double {
        guard case .done(let end, let earliest, let latest) = answer else {
            Issue.record("no end: \(answer)")
            return .nan
        }
        #expect(earliest <= end && end <= latest)
        return end.timeIntervalSince(Self.noon)
    }

    private func work(_ count: Int, queue: String = "default", wanted: Bool = true) -> OpenWork {
        OpenWork(queue: queue, kind: "summarize", isWanted: wanted, count: count)
    }

    @Test("a queue takes as long as its jobs")
    func plain() throws {
        let expected = forecast.time(for: [ForecastJobs(kind: "summarize", count: 200)]).expected
        #expect(abs(try seconds(answer([work(200)])) / expected - 1) < 0.05)
        #expect(answer([]) == .nothingOpen)
        #expect(answer([work(5, wanted: false)]) == .nothingOpen)
    }

    @Test("rests that take less time than a clock can tell end as well")
    func rests() throws {
        var state: UInt64 = 7
        func random() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53)
        }
        for _ in 0..<500 {
            let flows = (0..<4).map { index in
                var flow = work(1 + Int(random() * 40), wanted: index % 2 == 0)
                flow.priority = Int(random() * 9)
                flow.done = random() * Double(flow.count)
                if index == 0 { flow.state = "running" }
                return flow
            }
            #expect(try seconds(answer(flows)) >= 0)
        }
    }

    @Test("what comes first counts, what comes later doesn't")
    func order() throws {
        var (urgent, late, mine) = (work(100, wanted: false), work(100, wanted: false), work(100))
        (urgent.priority, late.priority, mine.priority) = (1, 7, 5)
        let alone = try seconds(answer([mine]))
        #expect(abs(try seconds(answer([mine, late])) - alone) < 0.1 * alone)
        #expect(try seconds(answer([urgent, mine, late])) > 1.8 * alone)
        (urgent.priority, urgent.first, mine.first) = (5, "2026-11-26T10", "2026-11-26T11")
        #expect(try seconds(answer([mine, urgent])) > 1.8 * alone)
    }

    @Test("what runs is done in part, and needs no open queue")
    func running() throws {
        var running = work(8)
        running.state = "running"
        let whole = try seconds(answer([running]))
        running.done = 6
        #expect(try seconds(answer([running])) < 0.5 * whole)
        #expect(try seconds(answer([running], [QueuePace(name: "default", isPaused: true)])) < 0.5 * whole)
    }

    @Test("a window puts the work off, and the rest of it to the next night")
    func window() throws {
        let night = QueuePace(name: "default", window: RunWindow(start: "22:00", end: "23:00"))
        let few = try seconds(answer([work(10)], [night]))
        #expect(few > 10 * 3600 && few < 11 * 3600)
        let many = try seconds(answer([work(Int(1.5 * 3600 / each))], [night]))
        #expect(many > 34 * 3600 && many < 35 * 3600)
        let days = QueuePace(name: "default", window: RunWindow(start: "09:00", end: "17:00", days: "1"))
        let monday = try seconds(answer([work(10)], [days]))
        #expect(monday > 93 * 3600 && monday < 94 * 3600)
    }

    @Test("a rate slows its queue down and leaves the machine to the others")
    func rate() throws {
        let slow = QueuePace(name: "slow", rates: [RateLimit(count: 10, seconds: 3600)])
        let paces = [slow, QueuePace(name: "default")]
        #expect(abs(try seconds(answer([work(50, queue: "slow")], paces)) / (5 * 3600) - 1) < 0.02)
        let alone = try seconds(answer([work(100)], paces))
        let beside = try seconds(answer([work(50, queue: "slow", wanted: false), work(100)], paces))
        #expect(beside < 1.2 * alone)
    }

    @Test("a pause, a window without days and a held job have no end in sight")
    func blocked() throws {
        #expect(answer([work(1)], [QueuePace(name: "default", isPaused: true)]) == .blocked(queue: "default"))
        let never = QueuePace(name: "default", window: RunWindow(start: "22:00", end: "06:00", days: ""))
        #expect(answer([work(1)], [never]) == .blocked(queue: "default"))
        var held = work(1)
        (held.state, held.isHeld) = ("pending", true)
        #expect(answer([held]) == .held)
        #expect(try seconds(answer([held, work(10)])) > 0)
        held.isWanted = false
        #expect(try seconds(answer([held, work(10)])) > 0)
    }

    @Test("jobs that are due later begin later")
    func due() throws {
        var later = work(1)
        later.dueAt = Int64(Self.noon.timeIntervalSince1970 * 1000) + 7_200_000
        let end = try seconds(answer([later]))
        #expect(end > 7200 && end < 7200 + 100)
    }

    @Test("a queue of few at a time takes longer")
    func concurrency() throws {
        let narrow = [QueuePace(name: "default", concurrency: 1)]
        #expect(try seconds(answer([work(50)], narrow)) > 1.5 * seconds(answer([work(50)])))
    }

    @Test("fewer workers than before may take longer, more may be faster")
    func workers() throws {
        guard case .done(_, let one, _) = answer([work(100)]),
            case .done(_, let three, _) = answer([work(100)], workers: 3)
        else { return #expect(Bool(false)) }
        #expect(three < one)
    }

    @Test("a hundred thousand jobs in a thousand groups are played through in a moment")
    func scale() throws {
        let groups = (0..<1000).map { index in
            var group = work(100, queue: "q\(index % 10)")
            (group.priority, group.first) = (index % 10, "\(index)")
            return group
        }
        let window = RunWindow(start: "22:00", end: "06:00")
        let paces = (0..<10).map { QueuePace(name: "q\($0)", window: $0 == 3 ? window : nil) }
        #expect(try seconds(answer(groups, paces)) > 90_000 * each)
    }
}
