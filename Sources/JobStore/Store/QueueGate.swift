import Foundation
import GRDB

/// A queue that may hand out jobs now, and how many.
struct QueueGate {
    /// One due job at a priority; a seek in `jobs_claim`, whatever else waits there.
    static let candidatesSQL = """
        SELECT id, scheduled_at FROM jobs
        WHERE state = 'available' AND queue = ? AND priority = ? AND scheduled_at <= ?
        ORDER BY scheduled_at, id LIMIT ?
        """
    static let priorities = 0...9

    let name: String
    /// How many more jobs the queue's concurrency allows; `Int.max` without a limit.
    var room: Int

    /// The queues among `names` (`nil`: all) that are neither paused, nor outside their window, nor full.
    static func open(in db: Database, names: [String]?, now: Date) throws -> [QueueGate] {
        let moment = LocalMoment(now)
        return try unpaused(in: db, names: names).compactMap { row in
            if let start: String = try row.optional("window_start"), let end: String = try row.optional("window_end") {
                let window = RunWindow(start: start, end: end, days: try row.value("window_days"))
                guard window.contains(moment) else { return nil }
            }
            let name: String = try row.value("name")
            guard let concurrency: Int = try row.optional("concurrency") else {
                return QueueGate(name: name, room: .max)
            }
            let running =
                try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM jobs INDEXED BY jobs_lease WHERE state = 'running' AND queue = ?",
                    arguments: [name]) ?? 0
            return running < concurrency ? QueueGate(name: name, room: concurrency - running) : nil
        }
    }

    static func unpaused(in db: Database, names: [String]?) throws -> [Row] {
        let queues = try Row.fetchAll(
            db,
            sql: "SELECT name, concurrency, window_start, window_end, window_days FROM queues WHERE paused_at IS NULL")
        guard let names else { return queues }
        return try queues.filter { names.contains(try $0.value("name")) }
    }

    /// Whether any of the queues has a due job.
    static func haveDue(_ gates: [QueueGate], in db: Database, now: String) throws -> Bool {
        let query = try db.cachedStatement(sql: candidatesSQL)
        for priority in priorities {
            for gate in gates where try Row.fetchOne(query, arguments: [gate.name, priority, now, 1]) != nil {
                return true
            }
        }
        return false
    }
}
