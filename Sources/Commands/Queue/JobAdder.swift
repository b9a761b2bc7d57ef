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
    private var unreadable: [UnreadableDocument] = []
    private var bytes = 0
    /// Whether what can't be read becomes a job that has failed: not where it is all that was asked for.
    private var keepsFailures = false

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

    /// Adds a job for each document that can be read, and names the others on standard error; where there are several, each
    /// of those becomes a discarded job with the reason, after the good ones.
    mutating func add(_ intake: DocumentIntake) async throws {
        keepsFailures = !intake.isSingle
        let progress = ProgressLine()
        var adder = self
        do {
            try await intake.takeEach { position, item in
                let count = counted(adder.report.ids.count + adder.jobs.count, "job")
                progress.update("file \(position + 1) of \(intake.count), \(count) so far")
                switch item {
                case .success(let item):
                    for question in adder.questions.isEmpty ? [nil] : adder.questions.map(Optional.some) {
                        adder.take(item, asking: question)
                        if adder.jobs.count >= Self.jobsAtOnce { try await adder.flush() }
                    }
                case .failure(let error):
                    progress.clear()
                    adder.refuse(error.path, because: error.description)
                }
                if adder.jobs.count + adder.unreadable.count >= Self.jobsAtOnce || adder.bytes >= Self.bytesAtOnce {
                    progress.clear()
                    try await adder.flush()
                }
            }
            progress.clear()
            try await adder.flush()
        } catch {
            progress.clear()
            self = adder
            throw error
        }
        self = adder
    }

    private mutating func refuse(_ name: String, because reason: String) {
        report.failed += 1
        Console.noteForeign("nightshift: \(reason)")
        if keepsFailures {
            unreadable.append(UnreadableDocument(name: name, reason: DisplayText.line(reason, limit: 1000)))
        }
    }

    private mutating func take(_ item: DocumentIntake.Item, asking question: Question?) {
        var job = template
        job.input = item.input
        if let facts = item.facts { job.metadata["facts"] = .object(facts) }
        if let id = item.id, job.customID == nil { job.customID = id }
        if let question {
            job.question = question.text
            if let id = question.id {
                job.metadata["question_id"] = .string(id)
                job.customID = hasOneDocument ? id : "\(item.id ?? item.name):\(id)"
            } else if item.id != nil {
                // The document's own id would stand for several jobs.
                job.customID = nil
            }
        }
        if isUnique { job.uniqueKey = job.contentKey }
        // The questions on one document hold its text once.
        if jobs.last?.question == nil || question == questions.first { bytes += item.text.utf8.count }
        jobs.append(job)
    }

    private mutating func flush() async throws {
        var enqueued: [EnqueuedJob] = []
        if !jobs.isEmpty {
            for (job, outcome) in zip(jobs, try await store.enqueueEach(jobs, now: Date())) {
                switch outcome {
                case .success(let job): enqueued.append(job)
                case .failure(let error):
                    // A name that two rows have, say; where there is only one job, its command fails.
                    guard keepsFailures, let customID = job.customID else { throw error }
                    refuse("\(customID)", because: "'\(customID)': \(error.description)")
                }
            }
        }
        jobs.removeAll(keepingCapacity: true)
        bytes = 0
        for job in enqueued {
            report.ids.append(job.id)
            if job.isNew { report.added += 1 }
        }
        if printsIDs { try Console.write(Array(enqueued.map { "\($0.id)\n" }.joined().utf8)) }
        if !unreadable.isEmpty {
            var template = template
            // None of them can be asked.
            if !questions.isEmpty { template.question = questions.map(\.text).joined(separator: " ") }
            report.failedIDs += try await store.enqueueFailed(unreadable, as: template, now: Date())
            unreadable.removeAll(keepingCapacity: true)
        }
    }
}

/// What became of an `add`.
struct AddReport {
    /// One for each document that was read; those of jobs that were there already included.
    var ids: [Int64] = []
    /// Jobs that are new.
    var added = 0
    var failed = 0
    /// The discarded jobs of those that were found and can't be read.
    var failedIDs: [Int64] = []
    /// Entries of folders that aren't documents.
    var skipped = 0

    /// "1-200, 305".
    var idRanges: String { Self.ranges(of: ids) }

    static func ranges(of ids: [Int64]) -> String {
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
            "failed": .integer(failed), "failed_ids": .array(failedIDs.map { .integer(Int($0)) }),
            "skipped": .integer(skipped), "batch": batch.map { .string($0) } ?? .null,
        ]
    }
}
