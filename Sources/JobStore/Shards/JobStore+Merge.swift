import GRDB

/// What merging one shard has brought.
public struct MergeReport: Sendable, Equatable {
    public var path: String
    /// From 0.
    public var shard: Int
    /// Results that are new here.
    public var taken = 0
    /// Jobs that were done here before.
    public var alreadyDone = 0
    /// Given up or cancelled in the shard.
    public var failed = 0
    /// Jobs of the shard that aren't done yet.
    public var undone = 0
    /// Done there, and cancelled here meanwhile: the text is kept with the attempt.
    public var setAside = 0
    /// Deleted here meanwhile.
    public var gone = 0
}

extension JobStore {
    /// Brings home what was done in a shard: attempts, results and whatever hangs on them. The first completed result of a
    /// job counts. It only reads the shard, which may be being worked on, and can be repeated at will, also by several
    /// processes at once.
    ///
    /// - Parameter takesBack: jobs that the shard hasn't done go back to this queue's own workers.
    /// - Throws: `refusedShard` for a file that is no shard of this queue; nothing was changed then.
    public func merge(
        shardAt path: String, takesBack: Bool = false, progress: (MergeReport) -> Void = { _ in }
    ) async throws -> MergeReport {
        let homeID = try await read { try QueueStamp.value(QueueStamp.ownKey, in: $0) }
        let reader = try ShardReader(path: path, homeID: homeID)
        let mark = reader.mark
        var report = MergeReport(path: path, shard: mark.number)
        var last = Int64.min
        while true {
            let page = try reader.page(after: last)
            guard let end = page.last?.id else { return report }
            let effects = try await write { db in
                let merger = try ShardMerger(db: db, mark: mark, takesBack: takesBack)
                return try page.map { try merger.merge($0) }
            }
            for effect in effects { report.count(effect) }
            last = end
            progress(report)
            try await checkpointIfLarge()
        }
    }

    /// How many jobs are given out still, by shard, such as `1f3a9c02:0`.
    public func jobsInShards() async throws -> [String: Int] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT \(ShardMark.column) AS mark, count(*) AS count FROM jobs INDEXED BY jobs_pending
                    WHERE state = 'pending' AND held_at IS NOT NULL AND \(ShardMark.column) IS NOT NULL GROUP BY 1
                    """)
            return try Dictionary(uniqueKeysWithValues: rows.map { (try $0.value("mark"), try $0.value("count")) })
        }
    }
}

extension MergeReport {
    fileprivate mutating func count(_ effect: ShardMerger.Effect) {
        switch effect {
        case .taken: taken += 1
        case .alreadyDone: alreadyDone += 1
        case .failed: failed += 1
        case .undone: undone += 1
        case .setAside: setAside += 1
        case .gone: gone += 1
        }
    }
}
