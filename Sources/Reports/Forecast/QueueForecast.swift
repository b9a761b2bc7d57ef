public import Foundation
public import JobStore

/// When open jobs will be done: the queue played forward, with its order, its run windows and its rates.
///
/// Jobs that are alike flow as one quantity of work, so that a hundred thousand are played through in a moment. Due work is
/// taken by priority and then in the order it came; what waits for other jobs comes after what doesn't. A rate slows its
/// queue down and leaves the machine to the others.
public struct QueueForecast: Sendable {
    public enum Answer: Sendable, Hashable {
        /// All of it will be done then.
        case done(at: Date, earliest: Date, latest: Date)
        /// Nothing of it is open.
        case nothingOpen
        /// It will never be, as things stand: the queue of this name is paused, or its window never opens.
        case blocked(queue: String)
        /// It waits until a hand lets it go.
        case held
    }

    private let forecast: Forecast
    private let paces: [String: QueuePace]
    private let workers: Int
    private let clock: WallClock

    /// - Parameter workers: how many are at work; with none, the answer is for one that is started now.
    public init(_ forecast: Forecast, paces: [QueuePace], workers: Int, clock: WallClock = .system) {
        self.forecast = forecast
        self.paces = Dictionary(paces.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.workers = workers
        self.clock = clock
    }

    /// Whether nothing but a hand can set the jobs going: they're held, or their queue is paused before they run.
    private func isStuck(_ work: OpenWork) -> Bool {
        work.isHeld || (work.state != "running" && paces[work.queue]?.isPaused == true)
    }

    /// - Parameter work: everything that is open; the answer is for what of it ``OpenWork/isWanted``. Jobs that are stuck
    ///   count only where there are no others.
    public func answer(for work: [OpenWork], now: Date) -> Answer {
        let open = work.filter { $0.isWanted && $0.count > 0 }
        guard let stuck = open.first else { return .nothingOpen }
        let work = work.filter { !isStuck($0) && $0.count > 0 }
        guard work.contains(where: \.isWanted) else {
            return open.allSatisfy(\.isHeld) ? .held : .blocked(queue: open.first { !$0.isHeld }?.queue ?? stuck.queue)
        }
        let uncertainty = forecast.uncertainty(workers: workers, rows: rows(for: work))
        var ends: [Date] = []
        for factor in [1, uncertainty.shorter, uncertainty.longer] {
            var simulation = Simulation(
                flows: flows(work, factor: factor), paces: paces, clock: clock, now: now.timeIntervalSince1970)
            switch simulation.run() {
            case .ended(let end): ends.append(Date(timeIntervalSince1970: end))
            case .blocked(let queue): return .blocked(queue: queue)
            }
        }
        return .done(at: ends[0], earliest: min(ends[1], ends[0]), latest: max(ends[2], ends[0]))
    }

    private func rows(for work: [OpenWork]) -> Double {
        min(forecast.rows, Double(max(1, work.reduce(0) { $0 + $1.count })))
    }

    private func flows(_ work: [OpenWork], factor: Double) -> [Simulation.Flow] {
        let all = rows(for: work)
        return work.map { group in
            let limit = paces[group.queue]?.concurrency.map(Double.init) ?? .infinity
            let rows = max(1, min(all, limit))
            let cost = forecast.cost(ofKind: group.kind, rows: rows)
            return Simulation.Flow(
                queue: group.queue, isWanted: group.isWanted,
                // What runs goes on whatever else there is; what waits for others comes last.
                order: group.state == "running" ? -1 : group.state == "pending" ? 10 : group.priority,
                first: group.first,
                dueAt: group.dueAt.map { Double($0) / 1000 }, jobs: max(0.02, Double(group.count) - group.done),
                cost: max(cost * factor, 1e-9),
                // Those that all run at once end as one.
                tail: Double(group.count) > rows ? forecast.tail(ofKind: group.kind, rows: rows) * factor : 0,
                isRunning: group.state == "running")
        }
    }
}

/// A machine that works off flows of jobs.
private struct Simulation {
    struct Flow {
        var queue: String
        var isWanted: Bool
        var order: Int
        var first: String
        var dueAt: Double?
        /// That are left.
        var jobs: Double
        /// Seconds of the machine for each.
        var cost: Double
        /// Seconds that the last one takes when the machine has room already.
        var tail: Double
        var isRunning: Bool
    }

    enum End {
        case ended(Double)
        case blocked(queue: String)
    }

    /// Further ahead nothing is foretold.
    private static let horizon = 366.0 * 86_400

    private var flows: [Flow]
    private let paces: [String: QueuePace]
    private let clock: WallClock
    private let start: Double
    private var now: Double
    /// When each queue's window opens or closes next.
    private var nextChange: [String: Double] = [:]
    private var isOpen: [String: Bool] = [:]

    init(flows: [Flow], paces: [String: QueuePace], clock: WallClock, now: Double) {
        self.flows = flows.sorted { ($0.order, $0.first) < ($1.order, $1.first) }
        self.paces = paces
        self.clock = clock
        start = now
        self.now = now
        for queue in Set(flows.map(\.queue)) { lookAtWindow(of: queue) }
    }

    mutating func run() -> End {
        var end = now
        while flows.contains(where: \.isWanted) {
            let speeds = speeds()
            // The next moment at which something changes.
            var next = Double.infinity
            for (index, flow) in flows.enumerated() {
                if speeds[index] > 0 { next = min(next, now + flow.jobs / speeds[index]) }
                if let due = flow.dueAt, due > now { next = min(next, due) }
                if let change = nextChange[flow.queue] { next = min(next, change) }
            }
            guard next.isFinite, next - start < Self.horizon else {
                return .blocked(queue: flows.first { $0.isWanted }?.queue ?? "")
            }
            for index in flows.indices where speeds[index] > 0 {
                // Who ends now has nothing left, however the numbers are rounded: a rest that takes less time than the
                // clock can tell would be left for ever.
                let isEnding = now + flows[index].jobs / speeds[index] <= next
                flows[index].jobs = isEnding ? 0 : flows[index].jobs - speeds[index] * (next - now)
            }
            now = next
            for flow in flows where flow.jobs <= 1e-6 && flow.isWanted { end = max(end, now + flow.tail) }
            flows.removeAll { $0.jobs <= 1e-6 }
            for (queue, change) in nextChange where change <= now { lookAtWindow(of: queue) }
        }
        return .ended(end)
    }

    /// Jobs a second of each flow.
    private func speeds() -> [Double] {
        var speeds = [Double](repeating: 0, count: flows.count)
        var share = 1.0
        var starts: [String: Double] = [:]
        for (index, flow) in flows.enumerated() where share > 1e-9 {
            guard flow.isRunning || (isOpen[flow.queue] ?? true && (flow.dueAt ?? now) <= now) else { continue }
            var speed = share / flow.cost
            if !flow.isRunning, let rates = paces[flow.queue]?.rates, !rates.isEmpty {
                let most = rates.map { Double($0.count) / Double($0.seconds) }.min() ?? .infinity
                speed = min(speed, max(0, most - starts[flow.queue, default: 0]))
                starts[flow.queue, default: 0] += speed
            }
            speeds[index] = speed
            share -= speed * flow.cost
        }
        return speeds
    }

    private mutating func lookAtWindow(of queue: String) {
        guard let pace = paces[queue], !pace.isPaused else {
            isOpen[queue] = paces[queue] == nil
            nextChange[queue] = nil
            return
        }
        guard let window = pace.window else { return }
        let date = Date(timeIntervalSince1970: now)
        isOpen[queue] = window.contains(LocalMoment(date, on: clock))
        nextChange[queue] = window.nextChange(after: date, on: clock)?.timeIntervalSince1970
    }
}
