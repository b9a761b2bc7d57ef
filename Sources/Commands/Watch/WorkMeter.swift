import Foundation
import JobStore
import Reports
import Synchronization
import Worker

/// Shows how far a worker is: on a terminal a bar that stays below its other lines, elsewhere a line every ten seconds.
package final class WorkMeter: Sendable {
    /// What lies ahead, as the queue tells it.
    package struct Outlook: Sendable {
        /// Jobs that aren't done, those under way among them.
        var open: Int
        /// Seconds until they are.
        var seconds: Double?
    }

    private struct State {
        var done = 0
        var failed = 0
        var tokens = 0
        var inHand = 0
        /// Something has happened since the queue was last looked at.
        var hasNews = false
        var begun: ContinuousClock.Instant?
        /// Done and open jobs together when the queue was last looked at.
        var total = 0
        /// When the queue will be done, by what it told then.
        var end: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let clock = ContinuousClock()

    package init() {}

    /// Takes note of what happens.
    func write(_ event: WorkerEvent) {
        state.withLock { state in
            state.hasNews = true
            switch event {
            case .claimed:
                state.inHand += 1
                if state.begun == nil { state.begun = clock.now }
            case .completed(_, _, _, _, _, let tokens):
                state.inHand -= 1
                state.done += 1
                state.tokens += tokens
            case .failed(_, _, _, _, let isFinal):
                state.inHand -= 1
                state.failed += 1
                if isFinal { state.done += 1 }
            case .cancelled, .interrupted, .lost, .deleted: state.inHand -= 1
            default: break
            }
        }
    }

    /// Takes note of what lies ahead.
    func write(_ outlook: Outlook?) {
        state.withLock { state in
            state.total = state.done + (outlook?.open ?? 0)
            state.end = outlook?.seconds.map { clock.now + .seconds($0) }
        }
    }

    /// - parameter underWay: how far the jobs in hand are, each 0...1
    func progress(underWay: [Double]) -> WorkProgress? {
        let state = state.withLock { $0 }
        guard let begun = state.begun else { return nil }
        let elapsed = begun.duration(to: clock.now) / .seconds(1)
        let total = max(state.total, state.done + state.inHand)
        let part = underWay.reduce(0, +)
        let finished = Double(state.done) + part
        var left = state.end.map { max(0, clock.now.duration(to: $0) / .seconds(1)) }
        // What this night itself shows is better than what the last ones did, once it shows something.
        if finished >= 3, finished >= 0.1 * Double(total) {
            left = elapsed / finished * max(0, Double(total) - finished)
        }
        return WorkProgress(
            done: state.done, underWay: part, total: total, failed: state.failed,
            tokensPerSecond: state.tokens > 0 && elapsed > 0.5 ? Double(state.tokens) / elapsed : nil, elapsed: elapsed,
            left: total > state.done ? left : nil)
    }

    /// A look costs more the more there is to see: a fiftieth of the time, or a tenth where what is shown would be older than
    /// twenty seconds.
    private static func pause(afterLookOf cost: Duration) -> Duration {
        max(.seconds(2), min(cost * 50, max(.seconds(20), cost * 10)))
    }

    /// Shows until the task is cancelled.
    func run(underWay: () async -> [Double], outlook: () async -> Outlook?) async {
        let display = ProgressDisplay()
        defer { display.finish() }
        var nextLook = clock.now
        while !Task.isCancelled {
            // While nothing is in hand there is nothing new to show, and a queue of a million jobs takes time to look at.
            if clock.now >= nextLook, state.withLock({ $0.inHand > 0 || $0.hasNews }) {
                let start = clock.now
                state.withLock { $0.hasNews = false }
                write(await outlook())
                nextLook = clock.now + Self.pause(afterLookOf: start.duration(to: clock.now))
            }
            if let progress = progress(underWay: await underWay()) { display.show(progress) }
            try? await Task.sleep(for: .milliseconds(200))
        }
    }
}

/// Where progress is shown.
final class ProgressDisplay {
    private let isBar = StatusLine.isPossible
    private let isPlain = StatusLine.isPlain
    private let style = TerminalStyle(
        environment: ProcessInfo.processInfo.environment, isTerminal: Console.errorIsTerminal)
    private var nextLine = ContinuousClock.now + .seconds(10)

    func show(_ progress: WorkProgress) {
        if isBar {
            StatusLine.shared.show(progress.line(width: StatusLine.width, style: style, isPlain: isPlain))
        } else if ContinuousClock.now >= nextLine {
            nextLine = ContinuousClock.now + .seconds(10)
            Console.note(progress.text)
        }
    }

    /// Takes the bar away.
    func finish() {
        if isBar { StatusLine.shared.show(nil) }
    }
}

extension JobStore {
    /// What a worker of these queues (`nil`: all) has before it.
    func workOutlook(queues: [String]?) async -> WorkMeter.Outlook? {
        guard let rows = try? await self.queues() else { return nil }
        let open = rows.filter { queues?.contains($0.queue) ?? true && !$0.paused }
            .reduce(0) { $0 + $1.available + $1.running }
        let now = Date()
        guard open > 0, var work = try? await openWork(now: now), let prospects = try? await Prospects(self, now: now)
        else { return WorkMeter.Outlook(open: open) }
        work = work.map { group in
            var group = group
            group.isWanted = group.state != "pending" && group.dueAt == nil && queues?.contains(group.queue) ?? true
            return group
        }
        guard case .done(let end, _, _)? = prospects.answer(for: work) else { return WorkMeter.Outlook(open: open) }
        return WorkMeter.Outlook(open: open, seconds: end.timeIntervalSince(now))
    }
}
