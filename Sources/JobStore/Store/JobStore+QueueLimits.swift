import GRDB

extension JobStore {
    /// Changes what holds back a queue, all parts at once; a queue that isn't there comes into being.
    ///
    /// - Throws: `constraint` where the schema refuses a value.
    public func change(queue: String, _ change: QueueChange) async throws {
        try await write { db in
            try db.execute(sql: "INSERT OR IGNORE INTO queues (name) VALUES (?)", arguments: [queue])
            func set(_ assignment: String, _ values: (any DatabaseValueConvertible)?...) throws {
                try db.execute(
                    sql: "UPDATE queues SET \(assignment) WHERE name = ?",
                    arguments: StatementArguments(values) + [queue])
            }
            if let concurrency = change.concurrency { try set("concurrency = ?", concurrency.value) }
            if let rate = change.rate?.value {
                try set("rate_count = ?, rate_seconds = ?, rate_per_hour = NULL", rate.count, rate.seconds)
            } else if change.rate != nil {
                try set("rate_count = NULL, rate_per_hour = NULL")
            }
            if let window = change.window {
                try set("window_start = ?, window_end = ?", window.value?.start, window.value?.end)
            }
            if let days = change.days {
                try set("window_days = ?", days.sorted().map(String.init).joined())
            }
            if let interrupts = change.interruptsAtEnd {
                let policy: RunWindow.EndPolicy = interrupts ? .interrupt : .finish
                try set("window_end_policy = ?", policy.rawValue)
            }
            if let timeout = change.timeoutSeconds { try set("timeout_seconds = ?", timeout.value) }
        }
    }

    /// What holds back the queues, in the order of their names.
    public func queueLimits() async throws -> [QueueLimitsRow] {
        try await all("SELECT * FROM queue_limits ORDER BY queue", [])
    }
}
