public import Foundation
import GRDB
import JSONText

extension JobStore {
    /// Adds a schedule; its first job comes at its first occurrence after `now`.
    ///
    /// - Throws: `refusedSchedule` where the name is taken or the time zone unknown.
    public func add(_ schedule: NewSchedule, now: Date) async throws {
        guard let clock = WallClock.named(schedule.timezone, local: clock) else {
            throw JobStoreError.refusedSchedule(
                name: schedule.name,
                reason: "there is no time zone '\(schedule.timezone)'; write local, or one such as Europe/Berlin")
        }
        let next = schedule.cron.next(after: now, on: clock).map(Timestamp.text)
        try await write { db in
            guard try Row.fetchOne(db, sql: "SELECT 1 FROM schedules WHERE name = ?", arguments: [schedule.name]) == nil
            else {
                throw JobStoreError.refusedSchedule(
                    name: schedule.name, reason: "there is one of that name; remove it first, or choose another name")
            }
            try db.execute(
                sql: """
                    INSERT INTO schedules (name, cron, timezone, job, catch_up, next_run_at) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    schedule.name, schedule.cron.description, schedule.timezone, JSONValue.object(schedule.job).text,
                    schedule.catchesUp, next,
                ])
        }
    }

    /// Removes a schedule; the jobs it has added stay.
    ///
    /// - Returns: false where there is none of that name.
    public func removeSchedule(named name: String) async throws -> Bool {
        try await write { db in
            try db.execute(sql: "DELETE FROM schedules WHERE name = ?", arguments: [name])
            return db.changesCount == 1
        }
    }

    /// Switches a schedule off, or on again from now on: what it has missed meanwhile isn't made up for.
    ///
    /// - Returns: false where there is none of that name.
    public func setSchedule(named name: String, isEnabled: Bool) async throws -> Bool {
        try await write { db in
            try db.execute(sql: "UPDATE schedules SET enabled = ? WHERE name = ?", arguments: [isEnabled, name])
            return db.changesCount == 1
        }
    }

    /// In the order of their names.
    public func schedules() async throws -> [ScheduleRow] {
        try await all(
            """
            SELECT name, cron, timezone, job->>'$.kind' AS kind, coalesce(job->>'$.queue', 'default') AS queue, enabled,
              catch_up, last_run_at, CASE WHEN enabled AND next_run_at < '9999' THEN next_run_at END AS next_run_at, error, job
            FROM schedules ORDER BY name
            """, [])
    }
}
