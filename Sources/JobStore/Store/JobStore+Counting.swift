import GRDB

extension JobStore {
    /// How many of the selected jobs are in each state.
    public func counts(of selection: JobSelection) async throws -> [JobState: Int] {
        try await read { db in
            var counts: [JobState: Int] = [:]
            for part in selection.byState {
                let condition = Condition(part)
                let rows = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT j.state AS state, count(*) AS count FROM \(part.source) WHERE \(condition.sql)
                        GROUP BY j.state
                        """, arguments: condition.arguments)
                for row in rows { counts[try row.named("state")] = try row.value("count") }
            }
            return counts
        }
    }

    /// The states of those of the jobs that there are.
    public func states(ofJobs ids: [Int64]) async throws -> [Int64: JobState] {
        let condition = Condition(JobSelection(ids: ids))
        return try await read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT j.id AS id, j.state AS state FROM jobs j WHERE \(condition.sql)",
                arguments: condition.arguments)
            return try Dictionary(uniqueKeysWithValues: rows.map { (try $0.value("id"), try $0.named("state")) })
        }
    }

    /// The id of the batch of that name, or `nil`; unlike `batch(named:now:)` it makes none.
    public func existingBatch(named name: String) async throws -> Int64? {
        try await read { try Int64.fetchOne($0, sql: "SELECT id FROM batches WHERE name = ?", arguments: [name]) }
    }
}
