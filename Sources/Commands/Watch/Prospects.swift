import Foundation
import JobStore
import Reports

/// What can be foretold of a queue: the speed of this machine, and who is at work.
struct Prospects {
    let forecast: Forecast?
    let workers: [WorkerRow]
    private let paces: [QueuePace]
    private let clock: WallClock
    let now: Date

    /// - parameter engine: the beginning of the engine's name; `nil` for that of a worker that is running, else the last
    ///   one that was used.
    init(_ store: JobStore, engine: String? = nil, now: Date) async throws {
        workers = try await store.liveWorkers(now: now)
        forecast = Forecast(
            try await store.timings(), engine: engine ?? workers.lazy.compactMap(\.engine).first, now: now)
        paces = try await store.paces()
        clock = store.wallClock
        self.now = now
    }

    /// Jobs of the wanted part that only a hand can set going.
    func stuck(in work: [OpenWork]) -> Int {
        work.reduce(0) { $0 + ($1.isWanted && isStuck($1) ? $1.count : 0) }
    }

    private func isStuck(_ work: OpenWork) -> Bool {
        work.isHeld || (work.state != "running" && paces.contains { $0.name == work.queue && $0.isPaused })
    }

    /// When the wanted part of the open work will be done; `nil` where nothing is known of this machine's speed.
    func answer(for work: [OpenWork]) -> QueueForecast.Answer? {
        forecast.map {
            QueueForecast($0, paces: paces, workers: workers.count, clock: clock).answer(for: work, now: now)
        }
    }

    /// Where the figures come from, and what they take for granted.
    var explanation: String {
        guard let forecast else {
            return "The time is unknown: \(reason). After the first jobs it is learnt from their timings."
        }
        let age = LocalTime.span(now.timeIntervalSince(forecast.latest))
        return
            "Learnt from \(counted(forecast.attempts, "job")) of \(DisplayText.line(forecast.engine, limit: 120)), the "
            + "latest \(age) ago; four times out of five the time lies between the two ends."
            + (workers.isEmpty ? " No worker is running: these are the times of one that is started now." : "")
    }

    private var reason: String {
        guard let engine = workers.lazy.compactMap(\.engine).first else { return "no job has been done here yet" }
        return "\(DisplayText.line(engine, limit: 120)) has done no job here yet"
    }
}
