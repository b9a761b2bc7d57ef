import Evaluation
import Foundation
import JobStore

/// The results of a queue as items to be scored.
struct QueueResults {
    let kind: String
    let batch: String?

    /// The items with the queue's texts as predictions.
    ///
    /// - parameter references: items that bring references and questions, found by the job's custom id, else by document
    ///   and question
    /// - throws: `JobStoreError`; ``CommandError`` (66) where there is no such batch.
    func items(in store: JobStore, references: [EvaluationItem]) async throws -> [EvaluationItem] {
        var selection = JobSelection(kind: kind)
        if let batch {
            guard let id = try await store.existingBatch(named: batch) else {
                throw CommandError(.noInput, "there is no batch '\(DisplayText.line(batch, limit: 80))'")
            }
            selection.batchID = id
        }
        let byID = Dictionary(
            references.compactMap { item in item.id.map { ($0, item) } }, uniquingKeysWith: { first, _ in first })
        let byText = Dictionary(
            references.map { (Key($0.document, $0.question), $0) }, uniquingKeysWith: { first, _ in first })
        var items: [EvaluationItem] = []
        var unmatched = 0
        var after: Int64 = 0
        while true {
            let page = try await store.results(ResultFilter(selection: selection, afterID: after), limit: 500)
            guard let last = page.last else { break }
            after = last.id
            for row in page {
                guard let document = try await store.inputText(ofJob: row.id) else { continue }
                let customID = try await store.job(row.id)?.job.customID
                let match = customID.flatMap { byID[$0] } ?? byText[Key(document, row.question)]
                if match == nil { unmatched += 1 }
                items.append(
                    EvaluationItem(
                        id: customID ?? String(row.id), document: document, question: row.question,
                        references: match?.references, prediction: row.text))
            }
        }
        if !references.isEmpty, unmatched > 0 {
            Console.note(
                "nightshift: \(counted(unmatched, "result")) of the queue not found in the set, by id or by text")
        }
        return items
    }

    /// What makes two items the same where ids don't; ends of texts may differ by white space.
    private struct Key: Hashable {
        let document: String
        let question: String?

        init(_ document: String, _ question: String?) {
            self.document = document.trimmingCharacters(in: .whitespacesAndNewlines)
            self.question = question?.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }
}
