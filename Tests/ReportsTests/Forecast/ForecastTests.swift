import Foundation
import JobStore
import Reports
import Testing

@Suite("Forecast")
struct ForecastTests {
    private static let day = 86_400.0
    /// An evening.
    private static let evening = 1_764_194_400.0

    private func timings(
        _ machine: SyntheticMachine, nights: Int, jobs: Int = 60, slowness: (Int) -> Double = { _ in 1 }
    ) -> [AttemptTiming] {
        (0..<nights).flatMap { night in
            machine.night(
                SyntheticMachine.jobs(jobs, seed: UInt64(night)),
                from: Self.evening - Double(nights - night) * Self.day, slowness: slowness(night)
            ).timings
        }
    }

    /// How the night after them is foretold, and how it goes.
    private func backtest(
        _ history: [AttemptTiming], _ machine: SyntheticMachine, jobs: [SyntheticMachine.Job], counted: Bool = true
    ) throws -> (range: TimeRange, actual: Double) {
        let forecast = try #require(Forecast(history, now: Date(timeIntervalSince1970: Self.evening)))
        let range = forecast.time(
            for: counted
                ? jobs.map { ForecastJobs(kind: $0.kind, promptTokens: $0.prompt) }
                : [ForecastJobs(kind: jobs[0].kind, count: jobs.count)])
        return (range, machine.night(jobs, from: Self.evening).end - Self.evening)
    }

    @Test("nothing is known before anything has run, or of another engine")
    func unknown() {
        let now = Date(timeIntervalSince1970: Self.evening)
        #expect(Forecast([], now: now) == nil)
        let timings = timings(SyntheticMachine(), nights: 1, jobs: 3)
        #expect(Forecast(timings, engine: "other int8", now: now) == nil)
        #expect(Forecast(timings, engine: "gpt-j-6b", now: now)?.attempts == 3)
        #expect(Forecast(timings, engine: "gpt-j", now: now) == nil)
    }

    @Test("times of jobs that overlap are not added up: a night like the last ones takes as long", arguments: [1, 5])
    func nightLikeTheOthers(nights: Int) throws {
        let machine = SyntheticMachine()
        let history = timings(machine, nights: nights)
        let (range, actual) = try backtest(history, machine, jobs: SyntheticMachine.jobs(100, seed: 77))
        #expect(abs(range.expected / actual - 1) < 0.1, "\(range) for \(actual)")
        #expect(range.shortest < actual && actual < range.longest)
        let sum = history.reduce(0) { $0 + Double($1.finishedAt - $1.claimedAt) / 1000 }
        #expect(sum / Double(history.count) * 100 > 5 * actual)
    }

    @Test("where nobody has counted tokens, the kind's habits are taken")
    func uncounted() throws {
        let machine = SyntheticMachine()
        let (range, actual) = try backtest(
            timings(machine, nights: 3), machine, jobs: SyntheticMachine.jobs(80, seed: 5), counted: false)
        #expect(abs(range.expected / actual - 1) < 0.12, "\(range) for \(actual)")
    }

    @Test("a single job takes its own time, not the share of one in a crowd")
    func singleJob() throws {
        let machine = SyntheticMachine()
        // Nights that end with few jobs show what a step costs by itself.
        let (range, actual) = try backtest(
            timings(machine, nights: 4, jobs: 30), machine,
            jobs: [SyntheticMachine.Job(kind: "summarize", prompt: 800, tokens: 65)])
        #expect(abs(range.expected / actual - 1) < 0.2, "\(range) for \(actual)")
        #expect(range.shortest < actual && actual < range.longest)
    }

    @Test("short texts on long prompts and long texts on short ones are told apart")
    func mixture() throws {
        let machine = SyntheticMachine()
        var history: [AttemptTiming] = []
        for night in 0..<4 {
            let jobs = (0..<60).map {
                $0 % 2 == 0
                    ? SyntheticMachine.Job(kind: "answer", prompt: 1500, cached: 600, tokens: 10)
                    : SyntheticMachine.Job(kind: "generate", prompt: 40, tokens: 200)
            }
            history += machine.night(jobs, from: Self.evening - Double(4 - night) * Self.day).timings
        }
        for kind in [
            SyntheticMachine.Job(kind: "answer", prompt: 1500, cached: 600, tokens: 10),
            SyntheticMachine.Job(kind: "generate", prompt: 40, tokens: 200),
        ] {
            let (range, actual) = try backtest(
                history, machine, jobs: Array(repeating: kind, count: 50), counted: false)
            #expect(abs(range.expected / actual - 1) < 0.15, "\(kind.kind): \(range) for \(actual)")
        }
    }

    @Test("recent nights count more: a machine that became twice as fast is believed after some nights")
    func recency() throws {
        let machine = SyntheticMachine()
        let history = timings(machine, nights: 20) { $0 < 12 ? 2 : 1 }
        let (range, actual) = try backtest(history, machine, jobs: SyntheticMachine.jobs(60, seed: 9))
        #expect(abs(range.expected / actual - 1) < 0.2, "\(range) for \(actual)")
    }

    @Test("nights that differ widen the range, and four in five lie in it")
    func spread() throws {
        let machine = SyntheticMachine()
        let steady = timings(machine, nights: 10)
        let factors = [1, 1.3, 0.8, 1.15, 0.9, 1.25, 0.75, 1.1, 0.95, 1.2]
        let unsteady = timings(machine, nights: 10) { factors[$0] }
        let jobs = SyntheticMachine.jobs(60, seed: 3)
        let (narrow, _) = try backtest(steady, machine, jobs: jobs)
        let (wide, actual) = try backtest(unsteady, machine, jobs: jobs)
        #expect(wide.longest / wide.shortest > narrow.longest / narrow.shortest)
        let inside = factors.count { wide.shortest < actual * $0 && actual * $0 < wide.longest }
        #expect(inside >= 8, "\(wide) for \(actual)")
    }

    @Test("jobs that were done in vain are foretold, too")
    func waste() throws {
        let machine = SyntheticMachine()
        let good = timings(machine, nights: 3)
        var bad = good
        for index in bad.indices where index % 4 == 0 { bad[index].outcome = "failed" }
        let now = Date(timeIntervalSince1970: Self.evening)
        let jobs = [ForecastJobs(kind: "summarize", count: 60)]
        let ratio =
            try #require(Forecast(bad, now: now)).time(for: jobs).expected
            / #require(Forecast(good, now: now)).time(for: jobs).expected
        #expect(abs(ratio - 4.0 / 3) < 0.1)
    }

    @Test("what is limited to few jobs at once takes longer")
    func rows() throws {
        let forecast = try #require(
            Forecast(timings(SyntheticMachine(), nights: 3), now: Date(timeIntervalSince1970: Self.evening)))
        let jobs = [ForecastJobs(kind: "summarize", count: 60)]
        #expect(abs(forecast.rows - 8) < 0.5)
        #expect(forecast.time(for: jobs, rows: 1).expected > 1.5 * forecast.time(for: jobs).expected)
        #expect(forecast.time(for: []) == TimeRange(expected: 0, shortest: 0, longest: 0))
    }

    @Test("a worker that claims no more than it runs is foretold to run no more", arguments: [0.0, 0.12, 0.5])
    func concurrency(delay: Double) throws {
        var machine = SyntheticMachine(promptToken: 0.002, step: 0.05, token: 0.0001, rows: 4, held: 4)
        machine.delay = delay
        let jobs = { Array(repeating: SyntheticMachine.Job(kind: "generate", prompt: 25, tokens: 40), count: $0) }
        let history = machine.night(jobs(16), from: Self.evening - Self.day).timings
        let (range, actual) = try backtest(history, machine, jobs: jobs(96))
        #expect(abs(range.expected / actual - 1) < 0.25, "\(range) for \(actual)")
        #expect(range.shortest < actual && actual < range.longest)
    }

    @Test("jobs that came one by one tell nothing of how many may run at once")
    func oneByOne() throws {
        let machine = SyntheticMachine()
        let history = (0..<20).flatMap { number in
            machine.night(
                [.init(kind: "generate", prompt: 40, tokens: 40)], from: Self.evening - Self.day + 60 * Double(number)
            ).timings
        }
        let forecast = try #require(Forecast(history, now: Date(timeIntervalSince1970: Self.evening)))
        #expect(forecast.rows == 32)
    }

    @Test("rows that a hand wrote can't break it")
    func nonsense() {
        let now = Date(timeIntervalSince1970: Self.evening)
        func timing(_ change: (inout AttemptTiming) -> Void) -> AttemptTiming {
            var timing = AttemptTiming(
                kind: "k", worker: "w", engine: "e", claimedAt: 1000, finishedAt: 2000, promptMilliseconds: 1,
                generateMilliseconds: 2, promptTokens: 3, completionTokens: 4)
            change(&timing)
            return timing
        }
        let timings = [
            timing { $0.finishedAt = 0 }, timing { $0.promptMilliseconds = -5 },
            timing { $0.generateMilliseconds = .max },
            timing { $0.generateMilliseconds = nil }, timing { $0.completionTokens = -3 },
            timing { $0.cachedTokens = 1_000_000 }, timing { $0.completionTokens = 0 },
            timing { $0.finishedAt = 4_000_000_000_000 }, timing { _ in },
        ]
        for timing in timings { _ = Forecast([timing], now: now)?.time(for: [ForecastJobs(kind: "k", count: 5)]) }
        let range = Forecast(timings, now: now)?.time(for: [ForecastJobs(kind: "k", count: 5)])
        #expect(range.map { $0.expected.isFinite && $0.expected >= 0 && $0.longest >= $0.expected } ?? true)
    }

    @Test(
        "times are told in the units that matter",
        arguments: [
            (0.2, "1 s"), (42, "42 s"), (59.7, "1 min"), (89, "1 min 30 s"), (754, "13 min"), (3600, "1 h"),
            (4800, "1 h 20 min"),
            (86_400 * 2 + 3 * 3600, "2 d 3 h"), (.infinity, "for ever"),
        ])
    func text(seconds: Double, text: String) {
        #expect(TimeRange.text(seconds: seconds) == text)
    }

    @Test("a range is told with its ends, where they differ")
    func rangeText() {
        #expect(
            TimeRange(expected: 4800, shortest: 3900, longest: 6300).text == "1 h 20 min (1 h 5 min to 1 h 45 min)")
        #expect(TimeRange(expected: 3, shortest: 3, longest: 3).text == "3 s")
    }
}
