import Foundation
import GRDB

/// A queue that isn't paused, and how many jobs it may hand out now.
struct QueueGate {
    /// One due job at a priority; a seek in `jobs_claim`, whatever else waits there.
    static let candidatesSQL = """
        SELECT id, scheduled_at FROM jobs
        WHERE state = 'available' AND queue = ? AND priority = ? AND scheduled_at <= ?
        ORDER BY scheduled_at, id LIMIT ?
        """
    static let priorities = 0...9

    let name: String
    let isOutsideWindow: Bool
    let limits: [RateLimit]
    /// How many more jobs the queue's concurrency allows; `Int.max` without a limit.
    let roomToRun: Int
    /// How many more may start now by its rates.
    let roomToStart: Int
    /// How many more may be handed out now.
    var room: Int

    /// The queues among `names` (`nil`: all) that may hand out a job now.
    static func open(in db: Database, names: [String]?, now: Date, clock: WallClock) throws -> [QueueGate] {
        try all(in: db, names: names, now: now, clock: clock).filter { $0.room > 0 }
    }

    /// The queues among `names` (`nil`: all) that aren't paused.
    static func all(in db: Database, names: [String]?, now: Date, clock: WallClock) throws -> [QueueGate] {
        let moment = LocalMoment(now, on: clock)
        let rows = try Row.fetchAll(
            db,
            cached: """
                SELECT name, concurrency, rate_count, rate_seconds, rate_per_hour, window_start, window_end, window_days
                FROM queues WHERE paused_at IS NULL
                """)
        return try rows.compactMap { row in
            let name: String = try row.value("name")
            guard names?.contains(name) ?? true else { return nil }
            return try QueueGate(row, name: name, in: db, moment: moment, now: now)
        }
    }

    private init(_ row: Row, name: String, in db: Database, moment: LocalMoment, now: Date) throws {
        self.name = name
        if let start: String = try row.optional("window_start"), let end: String = try row.optional("window_end") {
            isOutsideWindow = !RunWindow(start: start, end: end, days: try row.value("window_days")).contains(moment)
        } else {
            isOutsideWindow = false
        }
        var limits: [RateLimit] = []
        if let count: Int = try row.optional("rate_count") {
            limits.append(RateLimit(count: count, seconds: try row.value("rate_seconds")))
        }
        if let count: Int = try row.optional("rate_per_hour") { limits.append(RateLimit(count: count, seconds: 3600)) }
        self.limits = limits
        if let concurrency: Int = try row.optional("concurrency") {
            let running =
                try Int.fetchOne(
                    db, cached: "SELECT count(*) FROM jobs INDEXED BY jobs_lease WHERE state = 'running' AND queue = ?",
                    arguments: [name]) ?? 0
            roomToRun = max(0, concurrency - running)
        } else {
            roomToRun = .max
        }
        roomToStart =
            try limits.map { max(0, $0.count - (try StartLog.count(in: db, queue: name, $0, now: now))) }
            .min() ?? .max
        room = isOutsideWindow ? 0 : min(roomToRun, roomToStart)
    }

    /// Whether the queue has a due job.
    func hasDue(in db: Database, now: String) throws -> Bool {
        let query = try db.cachedStatement(sql: Self.candidatesSQL)
        return try Self.priorities.contains { try Row.fetchOne(query, arguments: [name, $0, now, 1]) != nil }
    }
}

/// The starts of jobs in queues that have a rate. They are counted and written in the transaction of the claim, so that a
/// rate holds across any number of workers. A clock that is set, forward or back, begins the count anew.
enum StartLog {
    /// Processes read their clocks before they wait for the lock, so their times may be out of order by its timeout. What
    /// lies further ahead was written before the clock was set back.
    private static let disorderSeconds = 15.0

    /// The starts that count against the limit now.
    static func count(in db: Database, queue: String, _ limit: RateLimit, now: Date) throws -> Int {
        let query = try db.cachedStatement(
            sql: "SELECT count(*) FROM queue_starts WHERE queue = ? AND started_at > ? AND started_at <= ?")
        let since = Timestamp.text(now.addingTimeInterval(-Double(limit.seconds)))
        return try Int.fetchOne(query, arguments: [queue, since, latest(now)]) ?? 0
    }

    /// Notes that so many jobs start now, and forgets what no limit asks for any more.
    static func note(_ starts: Int, of gate: QueueGate, in db: Database, now: Date) throws {
        guard starts > 0, let longest = gate.limits.map(\.seconds).max() else { return }
        let earliest = Timestamp.text(now.addingTimeInterval(-Double(longest) - disorderSeconds))
        try db.cachedStatement(sql: "DELETE FROM queue_starts WHERE queue = ? AND (started_at < ? OR started_at > ?)")
            .execute(arguments: [gate.name, earliest, latest(now)])
        let insert = try db.cachedStatement(sql: "INSERT INTO queue_starts (queue, started_at) VALUES (?, ?)")
        for _ in 0..<starts { try insert.execute(arguments: [gate.name, Timestamp.text(now)]) }
    }

    private static func latest(_ now: Date) -> String { Timestamp.text(now.addingTimeInterval(disorderSeconds)) }
}
