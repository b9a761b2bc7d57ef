import GRDB

extension JobStore {
    /// Leaves the queue to others between two steps of something long: for as long as the step took where workers are at it,
    /// else for a quarter of that. Whoever waits for the write lock sleeps meanwhile, and would find it taken again and again.
    public func letOthersIn(after step: Duration) async throws {
        let hasWorkers = try await read { db in
            try Bool.fetchOne(db, cached: "SELECT EXISTS (SELECT 1 FROM workers WHERE stopped_at IS NULL)") ?? false
        }
        try await Task.sleep(for: max(hasWorkers ? step : step / 4, .milliseconds(1)))
    }
}
