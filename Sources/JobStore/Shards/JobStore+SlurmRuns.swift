package import Foundation
import GRDB

/// A split that was given to Slurm, as the table `slurm_runs` has it.
package struct SlurmRun: Sendable, Equatable, Codable {
    package var id: Int64
    package var split: String
    package var folder: String
    package var shards: Int
    package var jobs: Int
    package var nodes: Int
    package var createdAt: String
    package var syncedAt: String?
    package var cancelledAt: String?
    package var finishedAt: String?

    enum CodingKeys: String, CodingKey {
        case id, split, folder, shards, jobs, nodes
        case createdAt = "created_at"
        case syncedAt = "synced_at"
        case cancelledAt = "cancelled_at"
        case finishedAt = "finished_at"
    }

    /// What Slurm calls its tasks.
    package var name: String { "nightshift-\(split)" }

    init(_ row: Row) throws {
        (id, split, folder) = (try row.value("id"), try row.value("split"), try row.value("folder"))
        (shards, jobs, nodes) = (try row.value("shards"), try row.value("jobs"), try row.value("nodes"))
        createdAt = try row.value("created_at")
        (syncedAt, cancelledAt) = (try row.optional("synced_at"), try row.optional("cancelled_at"))
        finishedAt = try row.optional("finished_at")
    }
}

/// An array of tasks that was submitted.
package struct SlurmSubmission: Sendable, Equatable {
    package var job: String
    /// As `--array` has them.
    package var tasks: String
    package var command: String

    package init(job: String, tasks: String, command: String) {
        (self.job, self.tasks, self.command) = (job, tasks, command)
    }
}

/// What a task has written of its beginning or end.
package struct SlurmEvent: Sendable, Equatable {
    package var shard: Int
    package var line: Int
    package var at: String
    package var task: String
    package var restarts: Int
    package var node: String
    package var event: String
    package var status: Int?

    package init(
        shard: Int, line: Int, at: String, task: String, restarts: Int, node: String, event: String, status: Int?
    ) {
        (self.shard, self.line, self.at, self.task) = (shard, line, at, task)
        (self.restarts, self.node, self.event, self.status) = (restarts, node, event, status)
    }
}

extension JobStore {
    /// Notes a split that is about to be submitted; the same again changes nothing but the number of nodes.
    package func recordSlurmRun(split: String, folder: String, shards: Int, jobs: Int, nodes: Int) async throws
        -> SlurmRun
    {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO slurm_runs (split, folder, shards, jobs, nodes) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (split) DO UPDATE SET nodes = excluded.nodes
                    """, arguments: [split, folder, shards, jobs, nodes])
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM slurm_runs WHERE split = ?", arguments: [split])
            else { throw JobStoreError.constraint(message: "the run of the split \(split) was deleted at once") }
            return try SlurmRun(row)
        }
    }

    /// In the order they were made.
    package func slurmRuns() async throws -> [SlurmRun] {
        try await read { try Row.fetchAll($0, sql: "SELECT * FROM slurm_runs ORDER BY id").map(SlurmRun.init) }
    }

    package func record(_ submission: SlurmSubmission, of run: Int64) async throws {
        try await write { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO slurm_submissions (run_id, slurm_job, tasks, command) VALUES (?, ?, ?, ?)",
                arguments: [run, submission.job, submission.tasks, submission.command])
            try db.execute(sql: "UPDATE slurm_runs SET cancelled_at = NULL WHERE id = ?", arguments: [run])
        }
    }

    package func submissions(of run: Int64) async throws -> [SlurmSubmission] {
        try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM slurm_submissions WHERE run_id = ? ORDER BY submitted_at, slurm_job",
                arguments: [run]
            ).map {
                SlurmSubmission(
                    job: try $0.value("slurm_job"), tasks: try $0.value("tasks"), command: try $0.value("command"))
            }
        }
    }

    package func noteCancelled(_ run: Int64, now: Date) async throws {
        try await write {
            try $0.execute(
                sql: "UPDATE slurm_runs SET cancelled_at = ? WHERE id = ?", arguments: [Timestamp.text(now), run])
        }
    }

    /// Writes down what the tasks and workers of a run have left in its folder, and when that was.
    package func note(
        _ events: [SlurmEvent], _ notes: [ShardRunNote], of run: SlurmRun, isFinished: Bool, now: Date
    ) async throws {
        try await write { db in
            for event in events {
                try db.cachedStatement(
                    sql: """
                        INSERT OR IGNORE INTO slurm_events (run_id, shard, line, at, task, restarts, node, event, status)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """
                ).execute(arguments: [
                    run.id, event.shard, event.line, event.at, event.task, event.restarts, event.node, event.event,
                    event.status,
                ])
            }
            for note in notes where note.split == run.split {
                try db.cachedStatement(
                    sql: """
                        INSERT INTO shard_runs (split, shard, run, hostname, pid, task, started_at, ended_at, outcome)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (split, shard, run)
                        DO UPDATE SET ended_at = excluded.ended_at, outcome = excluded.outcome
                        """
                ).execute(arguments: [
                    note.split, note.shard, note.run, note.hostname, note.pid, note.task, note.startedAt, note.endedAt,
                    note.outcome,
                ])
            }
            try db.execute(
                sql: """
                    UPDATE slurm_runs SET synced_at = ?1, finished_at = CASE WHEN ?2 THEN coalesce(finished_at, ?1) END
                    WHERE id = ?3
                    """, arguments: [Timestamp.text(now), isFinished, run.id])
        }
    }

    /// The last event of each shard that was noted.
    package func lastSlurmEvents(of run: Int64) async throws -> [Int: SlurmEvent] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT e.* FROM slurm_events e WHERE run_id = ?1
                      AND line = (SELECT max(line) FROM slurm_events l WHERE l.run_id = ?1 AND l.shard = e.shard)
                    """, arguments: [run])
            return try rows.reduce(into: [:]) { events, row in
                let event = SlurmEvent(
                    shard: try row.value("shard"), line: try row.value("line"), at: try row.value("at"),
                    task: try row.value("task"), restarts: try row.value("restarts"), node: try row.value("node"),
                    event: try row.value("event"), status: try row.optional("status"))
                events[event.shard] = event
            }
        }
    }

    /// Merges those states of a shard that have changed since they were merged last.
    ///
    /// - Returns: a report for each that was merged.
    package func mergeNew(_ paths: [String], of run: Int64, takesBack: Bool = false) async throws -> [MergeReport] {
        var reports: [MergeReport] = []
        for path in paths {
            // Before it is read: what comes meanwhile is for the next time.
            guard let stamp = FileStamp(path: path).text else { continue }
            let known = try await read {
                try String.fetchOne(
                    $0, sql: "SELECT stamp FROM slurm_files WHERE run_id = ? AND path = ?", arguments: [run, path])
            }
            if known == stamp, !takesBack { continue }
            reports.append(try await merge(shardAt: path, takesBack: takesBack))
            try await write {
                try $0.execute(
                    sql: "INSERT OR REPLACE INTO slurm_files (run_id, path, stamp) VALUES (?, ?, ?)",
                    arguments: [run, path, stamp])
            }
        }
        return reports
    }

    /// How far each shard of a split is, by what was merged.
    package func tallies(ofSplit split: String) async throws -> [Int: ShardTally] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT CAST(substr(\(ShardMark.column), ?2) AS INTEGER) AS shard, state, count(*) AS count
                    FROM jobs WHERE substr(\(ShardMark.column), 1, ?2 - 1) = ?1 GROUP BY 1, 2
                    """, arguments: [split + ":", split.count + 2])
            return try rows.reduce(into: [:]) { tallies, row in
                let (state, count): (JobState, Int) = (try row.named("state"), try row.value("count"))
                tallies[try row.value("shard"), default: ShardTally()].add(count, in: state)
            }
        }
    }
}
