import ArgumentParser
import Foundation
import JobStore
import Reports

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "The queue, live on the whole screen.",
        discussion: """
            Queues with when they will be done, workers, running jobs, what ended last, and how many tokens a second. Keys: q \
            ends, the arrows (or j and k) choose a queue, p pauses it, r lets it go on, tab changes between what ended last and \
            what failed. Where there is no terminal it prints one look and ends.

            EXAMPLES
              nightshift watch
              nightshift watch --interval 5s
              ssh tower nightshift watch --once
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Option(help: ArgumentHelp("How often to look, at the most.", valueName: "duration"))
    var interval = "1s"

    @Flag(help: "Print one look and end.")
    var once = false

    func run() async throws {
        let seconds = try TimeExpression.timeout(interval)
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        var look = WatchLook(store: store)
        guard !once, FullScreen.isPossible else {
            try await look.refresh(now: Date())
            let height = 18 + look.queues.count + min(look.ended.count, 10) + 2 * min(look.running.count, 10)
            let lines = look.screen(now: Date()).lines(
                width: Console.outputWidth ?? 100, height: height, style: Console.outputStyle)
            for line in lines.dropLast().reversed().drop(while: \.isEmpty).reversed() { try Console.print(line) }
            return
        }
        FullScreen.enter()
        defer { FullScreen.leave() }
        try await watch(&look, every: seconds)
    }

    private func watch(_ look: inout WatchLook, every seconds: Double) async throws {
        let clock = ContinuousClock()
        var nextLook = clock.now
        var drawn: [String] = []
        var size = (width: 0, height: 0)
        while true {
            for key in WatchKey.keys(in: FullScreen.typed()) {
                if key == .quit { return }
                try await look.press(key)
                nextLook = clock.now
            }
            if clock.now >= nextLook {
                let start = clock.now
                try await look.refresh(now: Date())
                nextLook = clock.now + max(.seconds(seconds), start.duration(to: clock.now) * 10)
            }
            let newSize = FullScreen.size
            let lines = look.screen(now: Date()).lines(
                width: newSize.width, height: newSize.height, style: Console.outputStyle)
            if lines != drawn || newSize != size {
                try FullScreen.draw(lines)
                (drawn, size) = (lines, newSize)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

/// What `watch` has seen at its last look.
private struct WatchLook {
    /// The sparkline's stretches.
    private static let speedSeconds = 30
    private static let speedCount = 60
    private static let mostRows = 100

    let store: JobStore
    private(set) var queues: [QueueStatusRow] = []
    private(set) var running: [RunningRow] = []
    private(set) var ended: [EndedRow] = []
    private var runningCount = 0
    private var workers: [WorkerRow] = []
    private var ready: [String: String] = [:]
    private var left: String?
    private var speeds: [Double] = []
    private var selected = 0
    private var showsFailures = false
    private var message: (text: String, until: ContinuousClock.Instant)?
    private var nextForecast: ContinuousClock.Instant?
    private var lastChange: Int64?

    init(store: JobStore) { self.store = store }

    mutating func press(_ key: WatchKey) async throws {
        switch key {
        case .up: selected = max(0, selected - 1)
        case .down: selected = min(max(0, queues.count - 1), selected + 1)
        case .other:
            showsFailures.toggle()
            lastChange = nil
        case .pause, .resume:
            guard queues.indices.contains(selected) else { return }
            let name = queues[selected].queue
            if key == .pause {
                try await store.pause(queue: name, now: Date())
            } else {
                try await store.resume(queue: name)
            }
            say("queue '\(name)' \(key == .pause ? "is paused: no more of its jobs are started" : "goes on")")
            (lastChange, nextForecast) = (nil, nil)
        case .quit: break
        }
    }

    private mutating func say(_ text: String) { message = (text, ContinuousClock.now + .seconds(4)) }

    mutating func refresh(now: Date) async throws {
        let change = try await store.changeCounter()
        workers = try await store.liveWorkers(now: now)
        if change != lastChange {
            lastChange = change
            queues = try await store.queues()
            selected = min(selected, max(0, queues.count - 1))
            running = try await store.running(limit: Self.mostRows)
            // The queues count whole jobs, the list has parts of long documents, too.
            runningCount = max(running.count, queues.reduce(0) { $0 + $1.running })
            ended = try await store.lastEnded(limit: Self.mostRows, failedOnly: showsFailures)
        }
        if nextForecast.map({ ContinuousClock.now >= $0 }) ?? true {
            let start = ContinuousClock.now
            try await foretell(now: now)
            try await measure(now: now)
            nextForecast = .now + max(.seconds(3), start.duration(to: .now) * 30)
        }
    }

    private mutating func foretell(now: Date) async throws {
        let prospects = try await Prospects(store, now: now)
        let work = try await store.openWork(now: now)
        func answer(_ queue: String?) -> QueueForecast.Answer? {
            prospects.answer(
                for: work.map { group in
                    var group = group
                    group.isWanted = queue.map { $0 == group.queue } ?? true
                    return group
                })
        }
        ready = [:]
        for queue in queues where queue.open > 0 {
            switch answer(queue.queue) {
            case .done(let end, _, _)?: ready[queue.queue] = LocalTime.short(LocalTime.text(end), now: now)
            case .blocked?, .held?: ready[queue.queue] = "stuck"
            default: break
            }
        }
        left = nil
        if case .done(let end, let earliest, let latest)? = answer(nil) {
            left =
                TimeRange(
                    expected: end.timeIntervalSince(now), shortest: earliest.timeIntervalSince(now),
                    longest: latest.timeIntervalSince(now)
                ).text
        }
    }

    private mutating func measure(now: Date) async throws {
        let milliseconds = Int64(now.timeIntervalSince1970 * 1000)
        var throughput = Throughput(end: milliseconds, seconds: Self.speedSeconds, count: Self.speedCount)
        let span = Double(Self.speedSeconds * Self.speedCount)
        try await store.forEachAttempt(ReportFilter(since: now.addingTimeInterval(-span))) { throughput.count($0) }
        speeds = throughput.speeds
    }

    func screen(now: Date) -> WatchScreen {
        var ages: [Int64: Double] = [:]
        for row in running {
            ages[row.id] = row.attemptedAt.flatMap(LocalTime.date).map { now.timeIntervalSince($0) }
        }
        return WatchScreen(
            path: store.path, clock: String(LocalTime.text(now).suffix(8)),
            queues: queues.map { WatchScreen.Queue(row: $0, ready: ready[$0.queue]) },
            workers: workers.map { worker in
                let since = LocalTime.date(worker.startedAt).map { LocalTime.span(now.timeIntervalSince($0)) } ?? "?"
                return "\(worker.pid) on \(worker.hostname), up \(since), \(counted(worker.running, "job")) in hand"
                    + (worker.engine.map { ", \($0)" } ?? "") + (worker.stoppingAt == nil ? "" : ", stopping")
            },
            running: running, runningCount: runningCount, ages: ages, ended: ended, speeds: speeds,
            speedMinutes: Self.speedSeconds * Self.speedCount / 60, left: left, selected: selected,
            showsFailures: showsFailures,
            message: message.flatMap { $0.until > .now ? $0.text : nil })
    }
}
