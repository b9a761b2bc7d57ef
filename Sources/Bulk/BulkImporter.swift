import Crypto
public import Foundation
import JSONText
public import JobStore
public import Records

/// What an import did.
public struct ImportReport: Sendable, Equatable {
    /// Records read, wrong ones included.
    public var records = 0
    public var added = 0
    /// Jobs that were there already, from an earlier run of the same import.
    public var present = 0
    public var refused = 0
    /// The ids of the first and the last job that was added.
    public var firstID: Int64?
    public var lastID: Int64?

    public init() {}
}

/// Brings the records of a file into the queue, some thousand to a transaction. While one page of them is stored the next one is
/// read.
///
/// Every job has a unique key made of what it asks for, its batch, its `custom_id`, and, for lines without one, of how often
/// the same was asked before in the file. So the same import again adds what is missing, however the first one ended, and
/// lines that were moved or added in between change nothing about that.
public struct BulkImporter {
    public enum Mode: Sendable {
        /// Adds jobs.
        case add
        /// Only says what would be added and what is wrong.
        case check
    }

    /// Whichever is reached first ends a transaction.
    private static let jobsAtOnce = 2000
    private static let bytesAtOnce = 16 << 20

    private let store: JobStore
    private let parser: JobLineParser
    private let mode: Mode
    private let fileName: String
    private let batch: String?
    private let refuse: (BulkProblem) throws -> Void
    private var seenNames = SeenLines()
    private var seenTexts = SeenLines()
    private var page = Page()
    /// The page before, on its way into the queue.
    private var stored: (page: Page, outcomes: Task<[Result<EnqueuedJob, JobStoreError>], any Error>)?
    public private(set) var report = ImportReport()

    /// Jobs, and the lines among them that became none.
    private struct Page {
        var jobs: [BulkJob] = []
        var problems: [BulkProblem] = []
        /// Of the jobs' texts.
        var bytes = 0
    }

    /// - parameters:
    ///   - fileName: named in the jobs' metadata.
    ///   - batch: the name of the batch that the parser's defaults give to jobs.
    ///   - refuse: called for each line that becomes no job.
    public init(
        store: JobStore, parser: JobLineParser, mode: Mode, fileName: String, batch: String?,
        refuse: @escaping (BulkProblem) throws -> Void
    ) {
        self.store = store
        self.parser = parser
        self.mode = mode
        self.fileName = fileName
        self.batch = batch
        self.refuse = refuse
    }

    /// Reads to the end.
    ///
    /// - parameter progress: called now and then.
    /// - throws: what reading and the store throw; what was added before stays.
    public mutating func run(
        _ reader: inout some RecordReader, now: () -> Date, progress: (ImportReport, _ offset: Int) -> Void
    ) async throws {
        do {
            while let record = try reader.next() {
                report.records += 1
                do throws(BulkProblem) {
                    try take(try parser.job(from: try record.get()))
                } catch {
                    page.problems.append(error)
                }
                guard page.jobs.count + page.problems.count >= Self.jobsAtOnce || page.bytes >= Self.bytesAtOnce else {
                    continue
                }
                try await flush(now: now())
                progress(report, reader.offset)
            }
            try await flush(now: now())
            try await settle()
        } catch {
            // What was sent is there, and counts.
            try? await settle()
            throw error
        }
    }

    private mutating func note(_ problem: BulkProblem) throws {
        report.refused += 1
        try refuse(problem)
    }

    private mutating func take(_ job: BulkJob) throws(BulkProblem) {
        var job = job
        let content = job.job.contentKey
        var occurrence = 1
        if let name = job.customID {
            let sighting = seenNames.note(name, line: job.line)
            guard sighting.count == 1 else {
                throw BulkProblem(
                    line: job.line, customID: name, code: "duplicate_custom_id",
                    message: "the custom_id '\(name)' stands on line \(sighting.line) already")
            }
        } else {
            occurrence = seenTexts.note(content, line: job.line).count
        }
        job.job.uniqueKey = Self.key(content, batch: batch, customID: job.customID, occurrence: occurrence)
        job.job.metadata[RequestOrigin.importedFrom] = .string("\(fileName):\(job.line)")
        page.bytes += job.job.textSize
        page.jobs.append(job)
    }

    /// "import:" and 128 bits in hexadecimal digits.
    static func key(_ content: String, batch: String?, customID: String?, occurrence: Int) -> String {
        var hash = SHA256()
        for part in [content, batch ?? "", customID ?? "", customID == nil ? "\(occurrence)" : ""] {
            hash.update(data: Data("\(part.utf8.count):\(part)".utf8))
        }
        let digits = Array("0123456789abcdef".utf8)
        var text = Array("import:".utf8)
        for byte in hash.finalize().prefix(16) { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    /// Sends the page on its way.
    private mutating func flush(now: Date) async throws {
        try await settle()
        let page = page
        self.page = Page()
        switch mode {
        case .add:
            let (store, jobs) = (store, page.jobs.map(\.job))
            stored = (page, Task { jobs.isEmpty ? [] : try await store.enqueueEach(jobs, now: now) })
        case .check: try await check(page)
        }
    }

    /// Waits for the page that is on its way, and tells what became of its lines, in their order.
    private mutating func settle() async throws {
        guard let (page, task) = stored else { return }
        stored = nil
        var problems = page.problems
        for (job, outcome) in zip(page.jobs, try await task.value) {
            switch outcome {
            case .success(let enqueued): count(enqueued)
            case .failure(let error): problems.append(try await problem(job, error))
            }
        }
        for problem in problems.sorted(by: { $0.line < $1.line }) { try note(problem) }
    }

    private mutating func check(_ page: Page) async throws {
        var problems = page.problems
        let taken = try await store.areTaken(uniqueKeys: page.jobs.compactMap(\.job.uniqueKey))
        for (job, isTaken) in zip(page.jobs, taken) {
            if isTaken {
                report.present += 1
            } else if let problem = try await clash(job) {
                problems.append(problem)
            } else {
                report.added += 1
            }
        }
        for problem in problems.sorted(by: { $0.line < $1.line }) { try note(problem) }
    }

    private mutating func count(_ job: EnqueuedJob) {
        guard job.isNew else {
            report.present += 1
            return
        }
        report.added += 1
        report.firstID = report.firstID ?? job.id
        report.lastID = job.id
    }

    private func problem(_ job: BulkJob, _ error: JobStoreError) async throws -> BulkProblem {
        switch error {
        case .duplicateCustomID:
            if let clash = try await clash(job) { return clash }
            return BulkProblem(
                line: job.line, customID: job.customID, code: "duplicate_custom_id", message: error.description)
        case .nulCharacter(_, let field):
            return BulkProblem(
                line: job.line, customID: job.customID, code: "invalid_request",
                message: "the \(field) holds a NUL character, so it is not text")
        case .refusedJob(_, let constraint):
            return BulkProblem(line: job.line, customID: job.customID, code: "refused", message: constraint)
        default:
            return BulkProblem(line: job.line, customID: job.customID, code: "refused", message: error.description)
        }
    }

    /// Who has the name in the batch.
    private func clash(_ job: BulkJob) async throws -> BulkProblem? {
        guard let batchID = job.job.batchID, let name = job.customID,
            let other = try await store.job(ofBatch: batchID, customID: name)
        else { return nil }
        let origin = (try? JSONParser.parse(other.metadataJSON))?[RequestOrigin.importedFrom]
        let place = if case .string(let place)? = origin { " (from \(place))" } else { "" }
        return BulkProblem(
            line: job.line, customID: name, code: "duplicate_custom_id",
            message:
                "the custom_id '\(name)' is taken in the batch by job \(other.id)\(place), which asks for something else "
                + "or was given up (nightshift retry \(other.id))")
    }
}

extension NewJob {
    /// Bytes of its text.
    fileprivate var textSize: Int {
        switch input {
        case .inline(let text): text.utf8.count
        case .document(let document): document.text.utf8.count
        case .documentID, .none: 0
        }
    }
}
