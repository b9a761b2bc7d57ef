import ChildProcesses
import Foundation
import JobStore

/// The two nights of a year in which the clocks change, over worker processes whose clock runs through them in seconds: run
/// windows open and close by the clock on the wall, and a schedule's time of day comes once.
struct NightProof {
    /// A night in Central Europe.
    private struct Night {
        let name: String
        let begin: String
        let end: String
        /// When the queue `night` (01:30 to 03:30) is open, and when `hour` (02:15 to 02:45), in UTC.
        let night: [ClosedRange<String>]
        let hour: [ClosedRange<String>]
        /// When it is 02:30 for the first time, or, where that is left out, past it.
        let halfPastTwo: String
    }

    // In 2027 the clocks go from 02:00 to 03:00 on 28 March, and from 03:00 to 02:00 on 31 October, both at 01:00 UTC.
    private static let nights = [
        Night(
            name: "the night that leaves out 02:00 to 03:00", begin: "2027-03-27T23:32:00Z",
            end: "2027-03-28T02:30:00Z", night: ["2027-03-28T00:30:00Z"..."2027-03-28T01:30:00Z"], hour: [],
            halfPastTwo: "2027-03-28T01:00:00.000Z"),
        Night(
            name: "the night that has 02:00 to 03:00 twice", begin: "2027-10-30T22:32:00Z", end: "2027-10-31T03:30:00Z",
            night: ["2027-10-30T23:30:00Z"..."2027-10-31T02:30:00Z"],
            hour: [
                "2027-10-31T00:15:00Z"..."2027-10-31T00:45:00Z", "2027-10-31T01:15:00Z"..."2027-10-31T01:45:00Z",
            ], halfPastTwo: "2027-10-31T00:30:00.000Z"),
    ]

    /// By rule, for machines without a database of time zones.
    private static let zone = "CET-1CEST,M3.5.0,M10.5.0/3"
    private static let step = 300.0

    func run(_ report: ProofReport) async throws {
        for night in Self.nights {
            let queue = try ProvenQueue()
            guard let faults = try SystemFaults(in: queue.folder) else {
                report.note("nights in which the clocks change: skipped, since there is no C compiler")
                return
            }
            try await run(night, queue, faults, report)
        }
    }

    private func run(
        _ night: Night, _ queue: ProvenQueue, _ faults: SystemFaults, _ report: ProofReport
    ) async throws {
        try await prepare(queue)
        let clock = try FakeClock(in: queue.folder)
        let environment = faults.setting(clock).merging(["TZ": Self.zone]) { $1 }
        let (begin, end) = (try Self.seconds(night.begin), try Self.seconds(night.end))
        try clock.set(begin - Date().timeIntervalSince1970)
        // Leases longer than the night: that they end by it isn't the point here.
        let workers = try (0..<3).map { _ in
            try queue.start("-j", "2", "--step", "0.004", "--lease", "40000", environment: environment)
        }
        try await queue.wait(until: "count(*) = 3 FROM workers")
        let windows = try [("night", night.night), ("hour", night.hour)].map { name, ranges in
            (name, try ranges.map { try Self.seconds($0.lowerBound)...Self.seconds($0.upperBound) })
        }
        for time in stride(from: begin, through: end, by: Self.step) {
            try clock.set(time - Date().timeIntervalSince1970)
            for (name, ranges) in windows { try await expect(name, ranges, at: time, queue) }
            try await Task.sleep(for: .milliseconds(50))
        }
        for worker in workers { worker.send(SIGTERM) }
        for worker in workers { try worker.end(within: 120) }
        try await judge(night, queue, report)
    }

    private func prepare(_ queue: ProvenQueue) async throws {
        try await queue.store.execute(
            """
            INSERT INTO queues(name, window_start, window_end, window_end_policy) VALUES
              ('night', '01:30', '03:30', 'interrupt'), ('hour', '02:15', '02:45', 'interrupt');
            INSERT INTO schedules(name, cron, job) VALUES ('digest', '30 2 * * *',
              '{"kind":"generate","input":"Once","options":{"max_new_tokens":2}}')
            """)
        for (name, count) in [("night", 1500), ("hour", 400)] {
            let jobs = (0..<count).map { index in
                var job = NewJob.continuation(of: "Once \(index)", tokens: 40)
                job.queue = name
                // Else those of the other queue, which were there before, would be all that is begun.
                job.priority = name == "hour" ? 1 : 5
                return job
            }
            try await queue.store.enqueue(jobs, now: Date())
        }
    }

    /// Waits until the workers have noticed what the clock says.
    private func expect(
        _ name: String, _ ranges: [ClosedRange<Double>], at time: Double, _ queue: ProvenQueue
    ) async throws {
        if let range = ranges.first(where: { $0.contains(time) }) {
            let begin = Self.text(range.lowerBound)
            try await queue.wait(
                until: """
                    EXISTS (SELECT 1 FROM jobs j JOIN attempts a ON a.job_id = j.id
                      WHERE j.queue = '\(name)' AND a.started_at >= '\(begin)')
                    """)
        } else {
            try await queue.wait(until: "count(*) = 0 FROM jobs WHERE state = 'running' AND queue = '\(name)'")
        }
    }

    private func judge(_ night: Night, _ queue: ProvenQueue, _ report: ProofReport) async throws {
        var starts: [String] = []
        for (name, ranges) in [("night", night.night), ("hour", night.hour)] {
            let open = ranges.map { "a.started_at BETWEEN '\($0.lowerBound)' AND '\($0.upperBound)'" }
            let query = "SELECT count(*) FROM jobs j JOIN attempts a ON a.job_id = j.id WHERE j.queue = '\(name)'"
            let outside = try await queue.number(query + " AND NOT (\((open + ["0"]).joined(separator: " OR ")))")
            report.expect(outside == 0, "\(night.name): \(outside) jobs of '\(name)' began outside of its window")
            starts.append("\(try await queue.number(query)) in '\(name)'")
        }
        let interrupted = try await queue.number("SELECT count(*) FROM attempts WHERE outcome = 'interrupted'")
        report.expect(interrupted > 0, "\(night.name): no job was interrupted by the end of its window")
        let paid = try await queue.count("state = 'available' AND max_attempts - attempt <> 3")
        report.expect(paid == 0, "\(night.name): \(paid) jobs have paid with a try for the end of a window")
        let other = try await queue.number(
            "SELECT count(*) FROM attempts WHERE outcome NOT IN ('completed','interrupted')")
        report.expect(other == 0, "\(night.name): \(other) attempts are neither completed nor handed back")
        let occurrences = try await queue.store.query("SELECT occurrence FROM schedule_runs").compactMap(\.first)
        report.expect(
            occurrences == [night.halfPastTwo], "\(night.name): the schedule of 02:30 ran at \(occurrences)")
        for violation in try await queue.store.audit() { report.find("\(night.name): \(violation)") }
        report.note(
            """
            \(night.name): jobs began only while the windows were open (\(starts.joined(separator: ", "))), \
            \(interrupted) were handed back at their ends, 02:30 came once
            """)
    }

    private static func seconds(_ text: String) throws -> Double {
        try Date(text, strategy: .iso8601).timeIntervalSince1970
    }

    private static func text(_ seconds: Double) -> String {
        Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
}
