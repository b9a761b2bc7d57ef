import Synchronization
import Worker

/// Tells the service manager that the worker is ready, how far it is, that it stops, and that it lives.
package final class ServiceReport: Sendable {
    fileprivate struct Counts: Equatable {
        var inHand = 0
        var completed = 0
        var failed = 0
        /// Before, the manager expects no sign of life.
        var isReady = false
        var isStopping = false

        var text: String {
            (isStopping ? "stopping; " : "") + "\(counted(inHand, "job")) in hand, \(completed) completed"
                + (failed > 0 ? ", \(failed) failed" : "")
        }
    }

    private static let statusSeconds = 5.0

    private let manager: ServiceManager
    private let counts = Mutex(Counts())

    package init(_ manager: ServiceManager) { self.manager = manager }

    /// Takes note of what happens; the beginning and the end are told at once.
    func write(_ event: WorkerEvent) {
        let text = counts.withLock { counts in
            counts.take(event)
            return counts.text
        }
        switch event {
        case .started: manager.send("READY=1", "STATUS=\(text)")
        case .stopping: manager.send("STOPPING=1", "STATUS=\(text)")
        default: break
        }
    }

    /// Tells the status now and then, and gives signs of life as long as the worker's loop turns. Returns when the task is
    /// cancelled.
    ///
    /// - parameter turns: how often the loop has turned so far
    func beat(turns: () async -> Int) async {
        // Well before the manager's patience ends.
        let interval = min(Self.statusSeconds, (manager.watchdogSeconds ?? .infinity) / 4)
        var told: Counts?
        var lastTurns = -1
        while !Task.isCancelled {
            let (now, turned) = (counts.withLock { $0 }, await turns())
            if now.isReady, now != told { manager.send("STATUS=\(now.text)") }
            if now.isReady, manager.watchdogSeconds != nil, turned != lastTurns { manager.send("WATCHDOG=1") }
            (told, lastTurns) = (now, turned)
            try? await Task.sleep(for: .seconds(interval))
        }
    }
}

extension ServiceReport.Counts {
    fileprivate mutating func take(_ event: WorkerEvent) {
        switch event {
        case .claimed: inHand += 1
        case .completed:
            inHand -= 1
            completed += 1
        case .failed:
            inHand -= 1
            failed += 1
        case .divided, .cancelled, .interrupted, .lost, .deleted: inHand -= 1
        case .stopping: isStopping = true
        case .started: isReady = true
        case .began, .reclaimed, .timed, .noted: break
        }
    }
}
