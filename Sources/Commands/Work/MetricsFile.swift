import Foundation
import JobStore
import Kernels
import Reports

/// Writes a worker's figures into a file again and again, each time as a whole: whoever reads it never sees half of one.
package struct MetricsFile: Sendable {
    private static let intervalSeconds = 15.0
    /// An attempt's end is written a moment after the time it carries.
    private static let overlapSeconds = 60.0

    private let path: String

    /// - throws: ``CommandError`` (73) where the file can't be made: at once, not in the middle of the night.
    package init(path: String) throws {
        self.path = path
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        guard path.hasSuffix(".prom") else {
            throw CommandError(.usage, "--metrics-textfile \(path): node_exporter reads only files that end with .prom")
        }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw CommandError(.cannotCreate, "--metrics-textfile \(path): the folder is missing, or can't be written")
        }
    }

    /// Writes until the task is cancelled, and once more then.
    func run(_ store: JobStore, worker: String) async {
        var metrics = Metrics()
        var seen: [Key: Date] = [:]
        var since = Date()
        var hasFailed = false
        while true {
            let isLast = Task.isCancelled
            let now = Date()
            do {
                try await store.forEachAttempt(ReportFilter(since: since)) { fact in
                    guard fact.worker == worker,
                        seen.updateValue(now, forKey: Key(job: fact.jobID, attempt: fact.attempt)) == nil
                    else { return }
                    metrics.count(fact)
                }
                since = max(since, now.addingTimeInterval(-Self.overlapSeconds))
                // Attempts that are asked for again are seen again.
                seen = seen.filter { now.timeIntervalSince($0.value) < 2 * Self.overlapSeconds }
                let queues = try await store.queues()
                var oldest: [String: Double] = [:]
                for queue in queues where queue.available > 0 {
                    let due = queue.oldest.flatMap(LocalTime.date)
                    oldest[queue.queue] = due.map { max(0, now.timeIntervalSince($0)) }
                }
                let text = metrics.text(
                    queues: queues, oldest: oldest, worker: worker, version: Version.current,
                    now: now.timeIntervalSince1970)
                let file = try OutputFile(path: path, replaces: true)
                try file.write(Array(text.utf8))
                try file.finish()
                hasFailed = false
            } catch {
                // A full disk mustn't end the night.
                if !hasFailed { Console.noteForeign("nightshift: \(path): the metrics can't be written: \(error)") }
                hasFailed = true
            }
            if isLast { return }
            try? await Task.sleep(for: .seconds(Self.intervalSeconds))
        }
    }

    private struct Key: Hashable {
        var job: Int64
        var attempt: Int
    }
}
