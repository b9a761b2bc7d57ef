import Foundation
import TestSupport
import Testing

extension TestQueue {
    /// A queue whose commands use the small trained model in the repository.
    static func withModel() throws -> TestQueue {
        let queue = try TestQueue()
        queue.commandLine.environment["NIGHTSHIFT_MODEL"] = Repository.referenceModel.path
        return queue
    }

    static let demoDocuments = Repository.root.appending(path: "Extras/demo/documents")

    /// Inserts texts to continue, by SQL. Each gets exactly as many tokens as the SQL expression `tokens` says, where `i`
    /// counts from 1.
    func insertTexts(_ count: Int, tokens: String = "24") throws {
        try sql(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
            INSERT INTO jobs(kind, input, options) SELECT 'generate', 'Once upon a time, number ' || i || ',',
              json_object('max_new_tokens', \(tokens), 'min_new_tokens', \(tokens)) FROM n
            """)
    }

    /// Inserts texts that take so long that a test may do something to them meanwhile.
    func insertLongTexts(_ count: Int) throws { try insertTexts(count, tokens: "2000") }

    /// Works with one thread, so that suites side by side don't wait for each other's.
    @discardableResult
    func work(_ arguments: String...) throws -> CommandLine.Outcome {
        try commandLine.run(["work", "--threads", "1"] + arguments)
    }

    func startWorker(_ arguments: String...) throws -> RunningCommand {
        try commandLine.start(["work", "--threads", "1"] + arguments)
    }

    /// Waits until a query prints this.
    func waitUntil(_ query: String, is expected: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try CommandsTests.waitUntil("\(query) is \(expected)", sourceLocation: sourceLocation) {
            try sql(query) == expected
        }
    }

    /// How many jobs meet a condition.
    func count(_ condition: String) throws -> Int? { try Int(sql("SELECT count(*) FROM jobs WHERE \(condition)")) }

    /// "2 available, 8 completed": how many jobs are in which state.
    func states() throws -> String {
        try sql(
            """
            SELECT group_concat(n || ' ' || state, ', ')
            FROM (SELECT state, count(*) AS n FROM jobs GROUP BY state ORDER BY state)
            """)
    }

    /// "8 completed, 2 lost": how many attempts ended how.
    func outcomes() throws -> String {
        try sql(
            """
            SELECT group_concat(n || ' ' || outcome, ', ')
            FROM (SELECT outcome, count(*) AS n FROM attempts GROUP BY outcome ORDER BY outcome)
            """)
    }

    /// What must hold of every queue that nobody works on.
    func expectSound(sourceLocation: SourceLocation = #_sourceLocation) throws {
        func expect(_ query: String, is expected: String) throws {
            #expect(try sql(query) == expected, "\(query)", sourceLocation: sourceLocation)
        }
        try expect("PRAGMA integrity_check", is: "ok")
        try expect("PRAGMA foreign_key_check", is: "")
        try expect("SELECT count(*) FROM jobs WHERE state = 'running'", is: "0")
        try expect("SELECT count(*) FROM attempts WHERE outcome = 'running' OR finished_at IS NULL", is: "0")
        try expect("SELECT count(*) FROM workers WHERE stopped_at IS NULL", is: "0")
        // Completed jobs, and no others, have a result; it is that of the one attempt which completed.
        try expect(
            "SELECT count(*) FROM jobs j LEFT JOIN results r ON r.job_id = j.id WHERE (j.state = 'completed') <> (r.text IS NOT NULL)",
            is: "0")
        try expect(
            """
            SELECT count(*) FROM results r WHERE (SELECT group_concat(a.attempt) FROM attempts a
              WHERE a.job_id = r.job_id AND a.outcome = 'completed') IS NOT r.attempt || ''
            """, is: "0")
        // Only attempts that failed use up a job's tries.
        try expect(
            """
            SELECT count(*) FROM jobs j WHERE max_attempts - attempt <> 3 - (SELECT count(*) FROM attempts a
              WHERE a.job_id = j.id AND a.outcome NOT IN ('interrupted', 'lost'))
            """, is: "0")
    }
}
