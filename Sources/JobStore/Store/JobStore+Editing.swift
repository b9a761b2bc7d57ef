public import Foundation
import GRDB

extension JobStore {
    /// Cancels what is pending, available or running among the selected jobs. The worker of a running one stops at its next
    /// look.
    ///
    /// - Returns: how many were cancelled.
    @discardableResult
    public func cancel(_ selection: JobSelection) async throws -> Int {
        try await change(selection, from: [.pending, .available, .running], "state = 'cancelled'")
    }

    /// Makes discarded and cancelled jobs available again; only those in `states`, where the selection names some. Jobs
    /// whose unique key another open or completed job has taken meanwhile stay as they are.
    ///
    /// - Returns: how many will run again.
    @discardableResult
    public func retry(_ selection: JobSelection) async throws -> Int {
        // With a part its whole comes back, which can't be where another job has the whole's key by now.
        let wholeIsFree = """
            NOT EXISTS (
              SELECT 1 FROM jobs w
                JOIN jobs h ON h.unique_key = w.unique_key AND h.state NOT IN ('cancelled','discarded')
               WHERE w.id = j.parent_id AND w.state IN ('cancelled','discarded'))
            """
        return try await change(selection, from: [.discarded, .cancelled], "state = 'available'", where: wholeIsFree)
    }

    /// Keeps jobs from being claimed until they are released. One that runs goes on, and is held if it comes back.
    ///
    /// - Returns: how many are held now that weren't before.
    @discardableResult
    public func hold(_ selection: JobSelection, now: Date) async throws -> Int {
        try await change(
            selection, from: [.pending, .available, .running], "held_at = '\(Timestamp.text(now))'",
            where: "held_at IS NULL")
    }

    /// Lets held jobs go; those that wait for others go on waiting.
    ///
    /// - Returns: how many were held.
    @discardableResult
    public func release(_ selection: JobSelection) async throws -> Int {
        try await change(
            selection, from: [.pending, .available, .running], "held_at = NULL", where: "held_at IS NOT NULL")
    }

    /// Gives unfinished jobs another priority, 0 (first) to 9.
    ///
    /// - Returns: how many have another one now.
    @discardableResult
    public func reprioritize(_ selection: JobSelection, to priority: Int) async throws -> Int {
        try await change(
            selection, from: [.pending, .available, .running], "priority = \(priority)",
            where: "priority <> \(priority)")
    }

    /// Keeps the queue's jobs from being claimed; those that run go on.
    public func pause(queue: String, now: Date) async throws {
        try await setPaused(queue: queue, at: Timestamp.text(now))
    }

    public func resume(queue: String) async throws {
        try await setPaused(queue: queue, at: nil)
    }

    private func setPaused(queue: String, at time: String?) async throws {
        try await write { db in
            try db.execute(sql: "UPDATE queues SET paused_at = ? WHERE name = ?", arguments: [time, queue])
            guard db.changesCount == 1 else {
                let known = try String.fetchAll(db, sql: "SELECT name FROM queues ORDER BY name")
                throw JobStoreError.unknownQueue(name: queue, known: known)
            }
        }
    }

    private static let changesAtOnce = 500

    /// Finds the jobs once and changes them page by page, so that cancelling a million doesn't keep the workers from
    /// finishing theirs.
    private func change(
        _ selection: JobSelection, from allowed: Set<JobState>, _ assignment: String, where extra: String = "1"
    ) async throws -> Int {
        var selection = selection
        selection.states = selection.states.map(allowed.intersection) ?? allowed
        selection.statuses?.formIntersection(JobStatus.allCases.filter { allowed.contains($0.state) })
        let ids = try await ids(of: selection)
        // Asked again: a worker may have been faster.
        let condition = Condition(selection)
        let update =
            "UPDATE OR IGNORE jobs AS j SET \(assignment) WHERE j.id IN (SELECT value FROM json_each(?)) AND \(extra) "
            + "AND \(condition.sql)"
        var changed = 0
        for start in stride(from: 0, to: ids.count, by: Self.changesAtOnce) {
            let page = ids[start..<min(start + Self.changesAtOnce, ids.count)]
            let list = "[" + page.map(String.init).joined(separator: ",") + "]"
            let begin = ContinuousClock.now
            changed += try await write { db in
                try db.execute(cached: update, arguments: [list] + condition.arguments)
                return db.changesCount
            }
            try await checkpointIfLarge()
            if page.endIndex < ids.endIndex { try await letOthersIn(after: .now - begin) }
        }
        return changed
    }

    /// The ids of the selected jobs, in order: eight bytes for each.
    private func ids(of selection: JobSelection) async throws -> [Int64] {
        try await read { db in
            try selection.byState.flatMap { part -> [Int64] in
                let condition = Condition(part)
                return try Int64.fetchAll(
                    db, sql: "SELECT j.id FROM \(part.source) WHERE \(condition.sql)", arguments: condition.arguments)
            }.sorted()
        }
    }
}
