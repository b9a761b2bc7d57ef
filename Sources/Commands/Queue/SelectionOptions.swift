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

    var isEmpty: Bool { kind == nil && queue == nil && batch == nil }

    /// - throws: ``CommandError`` (66) where there is no such batch.
    func selection(in store: JobStore, ids: [Int64]? = nil) async throws -> JobSelection {
        var selection = JobSelection(ids: ids, queue: queue, kind: kind)
        if let batch {
            guard let id = try await store.existingBatch(named: batch) else {
                throw CommandError(.noInput, "there is no batch '\(DisplayText.line(batch, limit: 80))'")
            }
            selection.batchID = id
        }
        return selection
    }
}
