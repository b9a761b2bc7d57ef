import Documents
import Foundation
import JSONText
import JobStore

/// Puts documents into the queue, some hundred to a transaction: a hundred thousand are never in memory at once.
struct JobAdder {
    /// Whichever is reached first ends a transaction.
    private static let jobsAtOnce = 500
    private static let bytesAtOnce = 16 << 20

    let store: JobStore
    /// A job without its document.
    let template: NewJob
    let isUnique: Bool
    let printsIDs: Bool
    /// Asked of each document; empty where the template says all.
    let questions: [Question]
    let hasOneDocument: Bool
    private(set) var report = AddReport()
    private var jobs: [NewJob] = []
    private var bytes = 0

    init(
        store: JobStore, template: NewJob, isUnique: Bool, printsIDs: Bool, questions: [Question] = [],
        hasOneDocument: Bool = true
    ) {
        self.questions = questions
        self.hasOneDocument = hasOneDocument
        self.store = store
        self.template = template
        self.isUnique = isUnique
        self.printsIDs = printsIDs
    }

    /// Adds a job for each document that can be read, and names the others on standard error.
    mutating func add(_ intake: DocumentIntake) async throws {
        let progress = ProgressLine()
        for index in 0..<intake.count {
            progress.update("added \(report.ids.count) of \(intake.count) documents")
            switch intake.item(at: index) {
            case .success(let item):
                for question in questions.isEmpty ? [nil] : questions.map(Optional.some) {
                    take(item, asking: question)
                    if jobs.count >= Self.jobsAtOnce { try await flush() }
                }
            case .failure(let error):
                report.failed += 1
                progress.clear()
                Console.noteForeign("nightshift: \(error)")
            }
            if jobs.count >= Self.jobsAtOnce || bytes >= Self.bytesAtOnce {
                progress.clear()
                try await flush()
            }
        }
        progress.clear()
        try await flush()
    }

    private mutating func take(_ item: DocumentIntake.Item, asking question: Question?) {
        var job = template
        job.input = item.input
        if let question {
            job.question = question.text
            if let id = question.id {
                job.metadata["question_id"] = .string(id)
                job.customID = hasOneDocument ? id : "\(item.name):\(id)"
            }
        }
        if isUnique { job.uniqueKey = job.contentKey }
        // The questions on one document hold its text once.
        if jobs.last?.question == nil || question == questions.first { bytes += item.text.utf8.count }
        jobs.append(job)
    }

    private mutating func flush() async throws {
        guard !jobs.isEmpty else { return }
        let enqueued = try await store.enqueue(jobs, now: Date())
        jobs.removeAll(keepingCapacity: true)
        bytes = 0
        for job in enqueued {
            report.ids.append(job.id)
            if job.isNew { report.added += 1 }
        }
        if printsIDs { try Console.write(Array(enqueued.map { "\($0.id)\n" }.joined().utf8)) }
    }
}

/// What became of an `add`.
struct AddReport {
    /// One for each document that was read; those of jobs that were there already included.
    var ids: [Int64] = []
    /// Jobs that are new.
    var added = 0
    var failed = 0
    /// Entries of folders that aren't documents.
    var skipped = 0

    /// "1-200, 305".
    var idRanges: String {
        var ranges: [ClosedRange<Int64>] = []
        for id in ids.sorted() {
            if let last = ranges.last, id <= last.upperBound + 1 {
                ranges[ranges.count - 1] = last.lowerBound...max(id, last.upperBound)
            } else {
                ranges.append(id...id)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ", ")
    }

    func summary(kind: String, queue: String) -> String {
        var text = "added \(counted(added, "job")) of kind \(kind) to queue '\(DisplayText.line(queue))'"
        if ids.count > added { text += ", \(ids.count - added) there already" }
        if failed > 0 { text += ", \(counted(failed, "document")) failed" }
        if skipped > 0 { text += ", \(counted(skipped, "file")) skipped" }
        return text
    }

    func object(batch: String?) -> JSONObject {
        [
            "ids": .array(ids.map { .integer(Int($0)) }), "documents": .integer(ids.count), "added": .integer(added),
            "failed": .integer(failed), "skipped": .integer(skipped), "batch": batch.map { .string($0) } ?? .null,
        ]
    }
}
