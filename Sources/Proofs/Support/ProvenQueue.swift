import ChildProcesses
import Foundation
import JobStore

/// A queue of a proof's own, with the workers that a proof starts on it.
final class ProvenQueue {
    let folder: ProofFolder
    /// What workers say isn't kept beside the queue: its disk may be full.
    private let journalFolder: ProofFolder
    let store: JobStore
    let kind: WorkerKind

    init(kind: WorkerKind = .standIn, in parent: String? = nil) throws {
        folder = try ProofFolder(in: parent)
        journalFolder = try ProofFolder()
        store = try JobStore(path: folder.database, mode: .create)
        self.kind = kind
    }

    deinit { try? store.close() }

    var journal: String { journalFolder.path("journal.txt") }
    var journalText: String { (try? String(contentsOfFile: journal, encoding: .utf8)) ?? "" }

    func start(_ arguments: String..., environment: [String: String] = [:]) throws -> ChildProcess {
        try kind.start(database: folder.database, output: journal, arguments, environment: environment)
    }

    /// Adds texts to continue by so many tokens.
    @discardableResult
    func add(_ count: Int, tokens: Int, beginning: String = "Once") async throws -> [Int64] {
        let jobs = (0..<count).map { NewJob.continuation(of: "\(beginning) \($0)", tokens: tokens) }
        return try await store.enqueue(jobs, now: Date()).map(\.id)
    }

    func count(_ condition: String) async throws -> Int {
        try await number("SELECT count(*) FROM jobs WHERE \(condition)")
    }

    func number(_ sql: String) async throws -> Int {
        try await store.query(sql).first?.first.flatMap { Int($0) } ?? 0
    }

    /// Waits until a query says 1.
    ///
    /// - throws: ``ProofError`` when it doesn't in time.
    func wait(seconds: Double = 60, until sql: String) async throws {
        try await wait(seconds: seconds, for: sql) { try await self.number("SELECT \(sql)") == 1 }
    }

    func wait(seconds: Double = 60, for what: String, _ isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while try await !isSo() {
            guard ContinuousClock.now < deadline else {
                throw ProofError("waited in vain for \(what); the workers said:\n\(journalText.suffix(2000))")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// What must hold when all is done.
    func expectDone(_ count: Int, _ what: String, _ report: ProofReport) async throws {
        let completed = try await self.count("state = 'completed'")
        report.expect(completed == count, "\(what): \(completed) of \(count) jobs are completed")
        for violation in try await store.audit() { report.find("\(what): \(violation)") }
    }
}
