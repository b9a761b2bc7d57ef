import Foundation
import JobStore
import Reports
import Testing

@Suite("A plan for several machines")
struct ClusterPlanTests {
    private static let evening = 1_764_194_400.0
    private let machine = SyntheticMachine()

    private func forecast() throws -> Forecast {
        let night = machine.night(SyntheticMachine.jobs(60, seed: 1), from: Self.evening - 86_400)
        return try #require(Forecast(night.timings, now: Date(timeIntervalSince1970: Self.evening)))
    }

    private func plan(_ count: Int, start: Double = 20, staging: Double = 0) throws -> ClusterPlan {
        ClusterPlan(
            try forecast(), jobs: [ForecastJobs(kind: "summarize", count: count)], start: start, staging: staging)
    }

    @Test("one node with one shard takes its start and the forecast's time")
    func one() throws {
        let line = try plan(400, start: 20, staging: 90).line(nodes: 1, shards: 1)
        let alone = try forecast().time(for: [ForecastJobs(kind: "summarize", count: 400)])
        #expect(abs(line.time.expected - (110 + alone.expected)) < 1e-6)
        #expect(line.time.shortest < line.time.expected && line.time.expected < line.time.longest)
        #expect(abs(line.machineSeconds - line.time.expected) < 1e-6)
    }

    @Test("shards are taken in waves")
    func waves() throws {
        let plan = try plan(400)
        let times = [8, 7, 4, 3].map { plan.line(nodes: $0, shards: 8).time.expected }
        #expect(abs(times[1] - 2 * times[0]) < 1e-6)
        #expect(abs(times[2] - 2 * times[0]) < 1e-6)
        #expect(abs(times[3] - 3 * times[0]) < 1e-6)
    }

    @Test("four machines that work off eight shards side by side take about as long as was planned")
    func simulated() throws {
        let jobs = SyntheticMachine.jobs(320, seed: 7)
        let ends = (0..<4).map { node in
            (0..<2).reduce(0.0) { time, shard in
                let share = jobs.enumerated().filter { $0.offset % 8 == node * 2 + shard }.map(\.element)
                return time + 20 + machine.night(share, from: Self.evening).end - Self.evening
            }
        }
        let planned = try plan(320).line(nodes: 4, shards: 8).time
        let actual = ends.max() ?? 0
        #expect(planned.shortest < actual && actual < planned.longest, "planned \(planned), took \(actual)")
        #expect(abs(planned.expected - actual) / actual < 0.2, "planned \(planned), took \(actual)")
    }

    @Test("as many shards as their starts allow, and never fewer than nodes or more than jobs")
    func shards() throws {
        #expect(try plan(10_000, start: 1).shards(nodes: 4) == 32)
        // Loading the model for half an hour is worth doing once a node only.
        #expect(try plan(2000, start: 1800).shards(nodes: 4) == 4)
        #expect(try plan(3).shards(nodes: 8) == 3)
        // A shard keeps the engine's rows full.
        #expect(try plan(64, start: 0).shards(nodes: 2) <= 8)
        #expect(try plan(0).line(nodes: 4).time.expected == 0)
    }
}
