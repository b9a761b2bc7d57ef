import ChildProcesses
import Foundation
import JobStore

/// Workers at work for hours: their memory, their descriptors and the log of the file must stay as they are.
package struct SoakProof {
    package var minutes: Double
    package var workers: Int

    package init(minutes: Double, workers: Int) {
        self.minutes = minutes
        self.workers = workers
    }

    /// What was seen at one time.
    private struct Reading {
        let minute: Double
        let megabytes: Double
        let descriptors: Int
        let logMegabytes: Double
        let fileMegabytes: Double
    }

    package func run(_ report: ProofReport) async throws {
        let queue = try ProvenQueue()
        // What is done is removed, so that the file ought to stay as it is, too.
        try await queue.store.execute("UPDATE settings SET value = '0' WHERE key = 'retain_completed_days'")
        let processes = try (0..<workers).map { _ in try queue.start("-j", "8", "--step", "0.002") }
        let start = ContinuousClock.now
        // A minute to warm up; shorter where all is shorter.
        let interval = Duration.seconds(min(60, minutes * 60 / 10))
        var nextReading = start + interval
        var readings: [Reading] = []
        var added = 0
        while ContinuousClock.now - start < .seconds(minutes * 60) {
            if try await queue.count("state = 'available'") < 40 {
                do {
                    try await queue.add(80, tokens: 15, beginning: String(repeating: "The goat eats. ", count: 40))
                    added += 80
                } catch JobStoreError.busy {
                    // On a machine with much else to do a worker may be kept waiting with the lock in hand.
                    report.note("the file was locked for longer than ten seconds")
                }
            }
            try await Task.sleep(for: .milliseconds(200))
            guard ContinuousClock.now >= nextReading else { continue }
            nextReading += interval
            let reading = try read(queue, processes, minute: (ContinuousClock.now - start) / .seconds(60))
            readings.append(reading)
            report.note(
                String(
                    format:
                        "minute %.1f: %d jobs added, workers %.1f MiB and %d descriptors, log %.1f MiB, file %.1f MiB",
                    reading.minute, added, reading.megabytes, reading.descriptors, reading.logMegabytes,
                    reading.fileMegabytes))
        }
        for process in processes { process.send(SIGTERM) }
        for process in processes { try process.end(within: 120) }
        try queue.start("--drain").end(within: 120)
        for violation in try await queue.store.audit() { report.find(violation) }
        judge(readings, report)
    }

    private func read(_ queue: ProvenQueue, _ processes: [ChildProcess], minute: Double) throws -> Reading {
        let usages = try processes.map { process in
            guard process.end == nil, let usage = ProcessUsage(of: process.id) else {
                throw ProofError("a worker has ended: \(queue.journalText.suffix(1000))")
            }
            return usage
        }
        return Reading(
            minute: minute, megabytes: usages.map(\.residentMegabytes).reduce(0, +),
            descriptors: usages.map(\.descriptors).reduce(0, +),
            logMegabytes: Double(queue.store.logSize()) / 1_048_576,
            fileMegabytes: Double(queue.store.fileSize()) / 1_048_576)
    }

    private func judge(_ readings: [Reading], _ report: ProofReport) {
        // What a worker takes at first, for its caches, isn't a leak.
        let settled = Array(readings.dropFirst(readings.count / 4))
        guard settled.count >= 4, let first = settled.first, let last = settled.last else {
            report.note("too short to judge")
            return
        }
        let slope = Self.slope(settled.map { ($0.minute / 60, $0.megabytes) })
        // A MiB an hour for each, or as little over the whole time as allocators are wont to.
        let growth = slope * (last.minute - first.minute) / 60
        report.expect(
            slope < Double(workers) || growth < 4 * Double(workers), "memory grows by \(slope) MiB an hour")
        let log = readings.map(\.logMegabytes).max() ?? 0
        report.expect(log < 64, "the log grew to \(log) MiB")
        let descriptors = settled.map(\.descriptors)
        report.expect(
            (descriptors.max() ?? 0) - (descriptors.min() ?? 0) <= 4 * workers, "descriptors: \(descriptors)")
        report.note(
            String(
                format:
                    "memory %.1f MiB, slope %+.2f MiB an hour (%+.2f MiB in all); log at most %.1f MiB; descriptors %d to %d",
                last.megabytes, slope, growth, log, descriptors.min() ?? 0, descriptors.max() ?? 0))
    }

    /// Of the line with the least squares.
    private static func slope(_ points: [(x: Double, y: Double)]) -> Double {
        let count = Double(points.count)
        let (meanX, meanY) = (points.map(\.x).reduce(0, +) / count, points.map(\.y).reduce(0, +) / count)
        let spread = points.map { ($0.x - meanX) * ($0.x - meanX) }.reduce(0, +)
        return spread == 0 ? 0 : points.map { ($0.x - meanX) * ($0.y - meanY) }.reduce(0, +) / spread
    }
}
