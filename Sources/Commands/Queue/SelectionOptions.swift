import ArgumentParser
import JobStore

/// Which jobs, by what they have in common.
struct SelectionOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "Only jobs of this kind.", completion: .kind)
    var kind: String?

    @Option(name: .shortAndLong, help: "Only jobs in this queue.")
    var queue: String?

    @Option(name: .shortAndLong, help: "Only jobs of the batch of this name.")
    var batch: String?

    @Option(
        help: ArgumentHelp(
            "Only jobs that were given out to this shard, by the path that 'nightshift split' made it under; the file needn't "
                + "be there any more.", valueName: "file"),
        completion: .file(extensions: ["db"]))
    var shard: String?

    var isEmpty: Bool { kind == nil && queue == nil && batch == nil && shard == nil }

    /// - throws: ``CommandError`` (66) where there is no such batch, `JobStoreError` where there was no such shard.
    func selection(in store: JobStore, ids: [Int64]? = nil) async throws -> JobSelection {
        var selection = JobSelection(ids: ids, queue: queue, kind: kind)
        if let batch { selection.batchID = try await Self.batchID(named: batch, in: store) }
        if let shard { selection.shard = try await store.shardMark(of: shard) }
        return selection
    }

    /// - throws: ``CommandError`` (66) where there is no such batch.
    static func batchID(named batch: String, in store: JobStore) async throws -> Int64 {
        guard let id = try await store.existingBatch(named: batch) else {
            throw CommandError(.noInput, "there is no batch '\(DisplayText.line(batch, limit: 80))'")
        }
        return id
    }
}
