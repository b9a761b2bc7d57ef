import GRDB

/// Brings jobs of a shard home within one transaction.
///
/// Everything is asked of the rows as they are then: the same job may have been merged before, be merged by another process,
/// or have been changed at home by a hand.
struct ShardMerger {
    /// What became of one job.
    enum Effect: Sendable {
        /// Its result is new here.
        case taken
        /// Done here before, by this shard or in another way.
        case alreadyDone
        /// Given up, or cancelled, in the shard, and here now.
        case failed
        /// Not done yet.
        case undone
        /// Done there, and its text kept with the attempt only: here it was cancelled.
        case setAside
        /// Deleted here.
        case gone
    }

    let db: Database
    let mark: ShardMark
    /// Undone jobs go back to this queue's own workers.
    let takesBack: Bool
    private let attemptColumns: Set<String>
    private let resultColumns: Set<String>
    private let childColumns: [String: Set<String>]
    private let reviewColumns: Set<String>
    private let definitionColumns: Set<String>

    init(db: Database, mark: ShardMark, takesBack: Bool) throws {
        self.db = db
        self.mark = mark
        self.takesBack = takesBack
        attemptColumns = Set(try columnNames(of: "attempts", in: db))
        resultColumns = Set(try columnNames(of: "results", in: db))
        reviewColumns = Set(try columnNames(of: "reviews", in: db))
        definitionColumns = Set(try columnNames(of: "definitions", in: db))
        childColumns = try ChildTables.names(in: db).reduce(into: [:]) { columns, table in
            columns[table] = Set(try columnNames(of: table, in: db))
                .subtracting([try ChildTables.numberColumn(of: table, in: db)].compactMap(\.self))
        }
    }

    private struct HomeJob {
        var state: JobState
        var isOut: Bool
    }

    private func home(_ id: Int64) throws -> HomeJob? {
        let query = try db.cachedStatement(
            sql: "SELECT state, held_at IS NOT NULL AND \(ShardMark.column) = ? AS is_out FROM jobs WHERE id = ?")
        return try Row.fetchOne(query, arguments: [mark.text, id]).map { row in
            let state: JobState = try row.named("state")
            return HomeJob(state: state, isOut: try row.optional("is_out") == true && state == .pending)
        }
    }

    func merge(_ job: ShardJob) throws -> Effect {
        guard let home = try home(job.id) else { return .gone }
        let numbers = try mergeAttempts(of: job)
        switch job.state {
        case .completed:
            guard let result = job.result else { return .undone }
            let effect = try take(result, of: job, home: home, numbers)
            if effect == .taken || effect == .alreadyDone { try takeReview(of: job) }
            return effect
        case .discarded, .cancelled:
            guard home.isOut else { return home.state == .completed ? .alreadyDone : .failed }
            try end(job, numbers)
            return .failed
        case .available, .pending, .running:
            if home.state == .completed { return .alreadyDone }
            guard home.isOut else { return .undone }
            try keepCounts(of: job, numbers)
            if takesBack {
                try db.execute(
                    sql: "UPDATE jobs SET held_at = NULL, metadata = json_remove(metadata, '$.shard') WHERE id = ?",
                    arguments: [job.id])
            }
            return .undone
        }
    }

    // MARK: - Attempts

    /// Copies the attempts that have ended and aren't here yet. One that has the number of an attempt made here gets the
    /// next free one.
    ///
    /// - Returns: the numbers here by the numbers there.
    private func mergeAttempts(of job: ShardJob) throws -> [Int: Int] {
        var numbers: [Int: Int] = [:]
        let known = try db.cachedStatement(
            sql: "SELECT attempt FROM attempts WHERE job_id = ? AND worker_id = ? AND started_at = ?")
        let last = try db.cachedStatement(sql: "SELECT coalesce(max(attempt), 0) FROM attempts WHERE job_id = ?")
        for attempt in job.attempts {
            guard let worker = attempt["worker_id"], let start = attempt["started_at"],
                let number = attempt["attempt"].flatMap(Int.fromDatabaseValue),
                attempt["outcome"].flatMap(String.fromDatabaseValue) != AttemptOutcome.running.rawValue
            else { continue }
            if let here = try Int.fetchOne(known, arguments: [job.id, worker, start]) {
                numbers[number] = here
                continue
            }
            let highest = try Int.fetchOne(last, arguments: [job.id]) ?? 0
            let free = max(number, highest + 1)
            numbers[number] = free
            try insert(attempt, ["attempt": free.databaseValue], into: "attempts", columns: attemptColumns)
        }
        return numbers
    }

    /// Another try, here or there, must not take the number of one that was made.
    private func keepCounts(of job: ShardJob, _ numbers: [Int: Int]) throws {
        let attempt = numbers[job.attempt] ?? numbers.values.max() ?? 0
        let tries = max(1, job.maxAttempts - job.attempt)
        try db.cachedStatement(
            sql: """
                UPDATE jobs SET error = ?1, attempt = max(attempt, ?2), max_attempts = max(attempt, ?2) + ?3
                WHERE id = ?4 AND attempt < ?2
                """
        ).execute(arguments: [job.error, attempt, tries, job.id])
    }

    // MARK: - Endings

    private func end(_ job: ShardJob, _ numbers: [Int: Int]) throws {
        try keepCounts(of: job, numbers)
        try db.execute(
            sql: "UPDATE jobs SET state = ?, error = ?, finalized_at = ?, held_at = NULL WHERE id = ?",
            arguments: [job.state.rawValue, job.error, job.finalizedAt, job.id])
    }

    private func take(
        _ result: ShardJob.Values, of job: ShardJob, home: HomeJob, _ numbers: [Int: Int]
    ) throws -> Effect {
        guard home.state != .completed else { return .alreadyDone }
        guard let attempt = result["attempt"].flatMap(Int.fromDatabaseValue), let number = numbers[attempt] else {
            return .undone
        }
        // Who cancelled it here doesn't want it; who finds it given up, does.
        guard home.state != .cancelled, try makeRunning(job, attempt: number) else {
            try db.execute(
                sql: "UPDATE attempts SET late_text = ? WHERE job_id = ? AND attempt = ?",
                arguments: [result["text"], job.id, number])
            return .setAside
        }
        try db.execute(sql: "DELETE FROM results WHERE job_id = ?", arguments: [job.id])
        try takeDefinitions(of: job)
        try insert(result, ["attempt": number.databaseValue], into: "results", columns: resultColumns)
        for (table, rows) in job.children {
            guard let columns = childColumns[table] else { continue }
            for row in rows {
                let here = row["attempt"].flatMap(Int.fromDatabaseValue).flatMap { numbers[$0] }
                try insert(row, here.map { ["attempt": $0.databaseValue] } ?? [:], into: table, columns: columns)
            }
        }
        try db.execute(
            sql: "UPDATE jobs SET state = 'completed', finalized_at = ?, error = NULL WHERE id = ?",
            arguments: [job.finalizedAt, job.id])
        return .taken
    }

    /// What was said in the shard of the very text that is the result here; of two verdicts the later one counts.
    private func takeReview(of job: ShardJob) throws {
        guard let review = job.review, let text = review["text"], let at = review["at"] else { return }
        let isWanted = try db.cachedStatement(
            sql: """
                SELECT r.text IS ?2 AND coalesce(v.at < ?3, 1) FROM results r LEFT JOIN reviews v ON v.job_id = r.job_id
                WHERE r.job_id = ?1
                """)
        guard try Bool.fetchOne(isWanted, arguments: [job.id, text, at]) == true else { return }
        try takeDefinitions(of: job)
        try db.execute(sql: "DELETE FROM reviews WHERE job_id = ?", arguments: [job.id])
        try insert(review, [:], into: "reviews", columns: reviewColumns)
    }

    /// The kinds that texts were made by, which may never have been used here.
    private func takeDefinitions(of job: ShardJob) throws {
        let known = try db.cachedStatement(sql: "SELECT 1 FROM definitions WHERE sha256 = ?")
        for definition in job.definitions {
            guard let hash = definition["sha256"], try Row.fetchOne(known, arguments: [hash]) == nil else { continue }
            try insert(definition, [:], into: "definitions", columns: definitionColumns)
        }
    }

    /// Leads the job over lawful states to where it can be completed. A worker that is at it here loses its claim.
    ///
    /// - Returns: false where another job has taken its unique key meanwhile.
    private func makeRunning(_ job: ShardJob, attempt: Int) throws -> Bool {
        let free = try db.cachedStatement(
            sql: "UPDATE OR IGNORE jobs SET state = 'available', held_at = NULL WHERE id = ? AND state <> 'available'")
        // Twice: a job that was given up waits again for what it depends on before it can be released.
        for _ in 0..<2 { try free.execute(arguments: [job.id]) }
        try db.cachedStatement(
            sql: """
                UPDATE jobs SET state = 'running', attempt = ?1, max_attempts = ?1 + ?2, attempted_at = ?3, attempted_by = ?4,
                  lease_expires_at = ?3
                WHERE id = ?5 AND state = 'available'
                """
        ).execute(arguments: [
            attempt, max(0, job.maxAttempts - job.attempt), job.attemptedAt ?? job.finalizedAt, job.attemptedBy ?? "",
            job.id,
        ])
        return db.changesCount == 1
    }

    private func insert(
        _ values: ShardJob.Values, _ replaced: ShardJob.Values, into table: String, columns: Set<String>
    ) throws {
        let values = values.merging(replaced) { $1 }.filter { columns.contains($0.key) }.sorted { $0.key < $1.key }
        let names = values.map { quoted($0.key) }.joined(separator: ", ")
        let marks = values.map { _ in "?" }.joined(separator: ", ")
        try db.cachedStatement(sql: "INSERT INTO \(quoted(table)) (\(names)) VALUES (\(marks))")
            .execute(arguments: StatementArguments(values.map(\.value)))
    }
}
