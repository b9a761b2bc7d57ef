public import Foundation
import GRDB

/// Which finished jobs a person wants removed.
public struct PruneSelection: Sendable {
    public var states: Set<JobState>
    /// Only jobs that ended before.
    public var before: Date
    public var batchID: Int64?

    public init(states: Set<JobState>, before: Date, batchID: Int64? = nil) {
        self.states = states.filter(\.isFinal)
        self.before = before
        self.batchID = batchID
    }
}

extension JobStore {
    /// How many jobs of each state `prune` would remove.
    public func pruneCounts(_ selection: PruneSelection) async throws -> [JobState: Int] {
        let condition = Condition(selection)
        return try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT j.state AS state, count(*) AS count FROM jobs j WHERE \(condition.sql) GROUP BY j.state",
                arguments: condition.arguments)
            return try Dictionary(uniqueKeysWithValues: rows.map { (try $0.named("state"), try $0.value("count")) })
        }
    }

    /// Removes jobs with their attempts, results, events, and documents that nobody else needs: one short transaction.
    ///
    /// - Parameter limit: the most jobs and parts to remove, but one job at least; call it again as long as it removes any.
    public func prune(_ selection: PruneSelection, limit: Int, now: Date) async throws -> PruneReport {
        let condition = Condition(selection)
        let candidates = try await read { db in
            let rows = try Row.fetchAll(
                db,
                cached: """
                    SELECT j.id AS id, j.document_id AS document_id FROM jobs j
                    WHERE \(condition.sql) ORDER BY j.finalized_at LIMIT \(limit)
                    """, arguments: condition.arguments)
            return try rows.map {
                Pruning.Candidate(id: try $0.value("id"), document: try $0.optional("document_id"))
            }
        }
        guard !candidates.isEmpty else { return PruneReport() }
        return try await write { try Pruning.remove(candidates, limit: limit, in: $0, now: now) }
    }

    /// How many documents no job and no schedule needs.
    ///
    /// - Parameter before: only those that were added before: a new one's job may be about to be added.
    public func unusedDocuments(before: Date) async throws -> Int {
        let before = Timestamp.text(before)
        return try await read { db in
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM documents d WHERE \(Self.isUnused)", arguments: [before]) ?? 0
        }
    }

    /// Removes documents that no job and no schedule needs: one short transaction.
    ///
    /// - Parameter limit: the most documents to remove; call it again as long as it removes that many.
    /// - Returns: how many were removed.
    public func removeUnusedDocuments(before: Date, limit: Int) async throws -> Int {
        let before = Timestamp.text(before)
        let ids = try await read { db in
            try Int64.fetchAll(
                db, cached: "SELECT id FROM documents d WHERE \(Self.isUnused) LIMIT \(limit)", arguments: [before])
        }
        guard !ids.isEmpty else { return 0 }
        let list = "[" + ids.map(String.init).joined(separator: ",") + "]"
        return try await write { db in
            // Unused still: a job may have been added for one.
            try db.execute(
                cached: "DELETE FROM documents AS d WHERE id IN (SELECT value FROM json_each(?)) AND \(Self.isUnused)",
                arguments: [list, before])
            return db.changesCount
        }
    }

    private static let isUnused = """
        d.created_at < ? AND NOT EXISTS (SELECT 1 FROM jobs WHERE document_id = d.id)
          AND NOT EXISTS (SELECT 1 FROM schedules WHERE job->>'$.document_id' = d.id)
        """

    /// Gives all free pages back to the file system, step by step, and writes the log back, so that the file gets smaller
    /// at once.
    ///
    /// - Returns: whether it could: the log is kept as long as somebody reads, and some files were made without the means.
    @discardableResult
    public func shrink() async throws -> Bool {
        guard try await read({ try Int.fetchOne($0, sql: "PRAGMA auto_vacuum") }) != 0 else { return false }
        var free = try await freePageCount()
        while free > 0 {
            try await write { try $0.execute(sql: "PRAGMA incremental_vacuum(256)") }
            let rest = try await freePageCount()
            if rest >= free { break }
            free = rest
            try await checkpointIfLarge()
        }
        return try await checkpoint()
    }

    private func freePageCount() async throws -> Int {
        try await read { try Int.fetchOne($0, sql: "PRAGMA freelist_count") ?? 0 }
    }

    /// The file's size in bytes, its log apart.
    public func fileSize() -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }
}

extension Condition {
    /// Parts go with the job that they are parts of.
    fileprivate init(_ selection: PruneSelection) {
        self.init(JobSelection(states: selection.states, batchID: selection.batchID))
        add("j.finalized_at IS NOT NULL AND j.finalized_at < ?", Timestamp.text(selection.before))
    }
}
