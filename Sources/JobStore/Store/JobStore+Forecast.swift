public import Foundation
import GRDB

/// Which jobs a forecast is about.
public enum ForecastTarget: Sendable, Hashable {
    case everything
    case queue(String)
    case batch(Int64)
    /// The job, and all that is taken before it: when those are done, so is it.
    case job(Int64)
}

extension JobStore {
    /// The latest attempts that have used the engine, newest first: this host's, or where it has none, all there are.
    public func timings(limit: Int = 20_000) async throws -> [AttemptTiming] {
        let hostname = host.hostname
        return try await read { db in
            let select = """
                SELECT j.kind, a.worker_id, coalesce(a.engine, '') AS engine, a.outcome,
                  CAST(round((julianday(a.started_at) - 2440587.5) * 86400000) AS INTEGER) AS claimed_at,
                  CAST(round((julianday(a.finished_at) - 2440587.5) * 86400000) AS INTEGER) AS finished_at,
                  a.prompt_ms, a.generate_ms, min(a.prompt_tokens, 1000000000) AS prompt_tokens,
                  min(max(coalesce(a.cached_tokens, 0), 0), 1000000000) AS cached_tokens,
                  min(max(coalesce(a.completion_tokens, 0), 0), 1000000000) AS completion_tokens
                FROM attempts a INDEXED BY attempts_finished JOIN jobs j ON j.id = a.job_id
                WHERE a.finished_at IS NOT NULL AND a.prompt_tokens > 0 AND julianday(a.started_at) IS NOT NULL
                """
            let order = "ORDER BY a.finished_at DESC LIMIT \(limit)"
            let own: [AttemptTiming] = try lines(
                db, "\(select) AND substr(a.worker_id, 1, length(?1)) = ?1 \(order)", [hostname + ":"])
            return own.isEmpty ? try lines(db, "\(select) \(order)") : own
        }
    }

    /// Everything that isn't finished, counted by what matters for its time. Half a second for a million jobs.
    public func openWork(_ target: ForecastTarget = .everything, now: Date) async throws -> [OpenWork] {
        let nowText = Timestamp.text(now)
        return try await read { db in
            let (wanted, arguments) = try target.condition(in: db)
            var all = arguments
            all += ["now": nowText, "soon": Timestamp.text(now.addingTimeInterval(6 * 3600))]
            // A clause for each state, so that each is read through its own index.
            let parts = ["available", "running", "pending"].map { state in
                """
                SELECT j.queue, j.kind, j.state, j.priority, j.held_at IS NOT NULL AS is_held,
                  CASE WHEN j.state = 'running' OR j.scheduled_at <= :now THEN NULL
                    WHEN j.scheduled_at <= :soon THEN (CAST(strftime('%s', j.scheduled_at) AS INTEGER) / 60 + 1) * 60000
                    ELSE (CAST(strftime('%s', j.scheduled_at) AS INTEGER) / 3600 + 1) * 3600000 END AS due_at,
                  (\(wanted)) AS is_wanted, j.scheduled_at, j.progress
                FROM jobs j WHERE j.state = '\(state)'
                """
            }
            return try lines(
                db,
                """
                SELECT queue, kind, state, priority, is_held, due_at, is_wanted, count(*) AS count,
                  min(scheduled_at) AS first, total(CASE WHEN state = 'running' THEN progress END) AS done
                FROM (\(parts.joined(separator: " UNION ALL ")))
                GROUP BY queue, kind, state, priority, is_held, due_at, is_wanted
                ORDER BY priority, first, queue, kind
                """, all)
        }
    }

    /// How each queue lets jobs run.
    public func paces() async throws -> [QueuePace] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT name, paused_at IS NOT NULL AS paused, concurrency, rate_count, rate_seconds, rate_per_hour,
                      window_start, window_end, window_days FROM queues ORDER BY name
                    """)
            return try rows.map { row in
                var pace = QueuePace(
                    name: try row.value("name"), isPaused: try row.value("paused"),
                    concurrency: try row.optional("concurrency"))
                if let count: Int = try row.optional("rate_count") {
                    pace.rates.append(RateLimit(count: count, seconds: try row.value("rate_seconds")))
                }
                if let count: Int = try row.optional("rate_per_hour") {
                    pace.rates.append(RateLimit(count: count, seconds: 3600))
                }
                if let start: String = try row.optional("window_start"),
                    let end: String = try row.optional("window_end")
                {
                    pace.window = RunWindow(start: start, end: end, days: try row.value("window_days"))
                }
                return pace
            }
        }
    }

    /// What run windows go by.
    package var wallClock: WallClock { clock }
}

extension ForecastTarget {
    /// On the table `jobs` under the name `j`.
    fileprivate func condition(in db: Database) throws -> (sql: String, arguments: StatementArguments) {
        switch self {
        case .everything: return ("1", [:])
        case .queue(let name): return ("j.queue = :queue", ["queue": name])
        case .batch(let id):
            return (
                "coalesce((SELECT p.batch_id FROM jobs p WHERE p.id = j.parent_id), j.batch_id) = :batch", ["batch": id]
            )
        case .job(let id):
            let row = try Row.fetchOne(
                db, sql: "SELECT state, priority, scheduled_at FROM jobs WHERE id = ?", arguments: [id])
            guard let row, try row.value("state") == "available" else {
                return (":job IN (j.id, j.parent_id)", ["job": id])
            }
            return (
                "(j.priority, j.scheduled_at, j.id) <= (:priority, :scheduled, :job)",
                [
                    "job": id, "priority": try row.value("priority") as Int,
                    "scheduled": try row.value("scheduled_at") as String,
                ]
            )
        }
    }
}

extension RunWindow {
    /// The next moment at which it opens or closes; `nil` for a window that never does.
    package func nextChange(after date: Date, on clock: WallClock) -> Date? {
        let isOpen = contains(LocalMoment(date, on: clock))
        let seconds = floorDivision(Timestamp.milliseconds(date), 1000)
        let today = floorDivision(seconds + clock.offset(seconds), 86_400)
        func minutes(_ time: String) -> Int64 {
            let parts = time.split(separator: ":").compactMap { Int64($0) }
            return parts.count == 2 ? parts[0] * 60 + parts[1] : 0
        }
        // Nine days, since a window may be of one weekday only, and the clock's own jumps lie between.
        let moments = (today - 1...today + 9).flatMap { day in
            [start, end].map { clock.firstMoment(showingAtLeast: day * 86_400 + minutes($0) * 60) }
        }
        return moments.sorted().lazy
            .map { Date(timeIntervalSince1970: Double($0)) }
            .first { $0 > date && contains(LocalMoment($0, on: clock)) != isOpen }
    }
}
