import GRDB

extension JobStore {
    /// How many jobs of each kind a split would give out: those that are available and no part of another.
    package func availableByKind(_ selection: JobSelection) async throws -> [(kind: String, count: Int)] {
        var condition = Condition(selection)
        condition.add("j.state = 'available' AND j.parent_id IS NULL")
        let (filter, arguments) = (condition.sql, condition.arguments)
        return try await read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT kind, count(*) AS count FROM jobs j WHERE \(filter) GROUP BY kind ORDER BY kind",
                arguments: arguments)
            return try rows.map { (try $0.value("kind"), try $0.value("count")) }
        }
    }

    /// Seconds that loading the model has taken the last workers, in the middle; 0 where no attempt tells.
    ///
    /// - Parameter engine: the beginning of the engine's name; `nil` for all.
    package func usualLoadSeconds(engine: String?) async throws -> Double {
        try await read { db in
            let times = try Double.fetchAll(
                db,
                sql: """
                    SELECT load_ms / 1000.0 FROM attempts WHERE load_ms > 0 AND (?1 IS NULL OR substr(engine, 1, length(?1)) = ?1)
                    ORDER BY finished_at DESC LIMIT 21
                    """, arguments: [engine]
            ).sorted()
            return times.isEmpty ? 0 : times[times.count / 2]
        }
    }
}
