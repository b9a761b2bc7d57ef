import Foundation
import JSONText
import TestSupport
import Testing

/// A home folder with documents and a queue of a test's own, and `nightshift` run in it.
final class TestQueue {
    let folder: URL
    var commandLine: CommandLine

    init(isMade: Bool = true) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-commands-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        commandLine = CommandLine(environment: ["TZ": "Europe/Berlin"], folder: folder)
        if isMade { #expect(try run("init").status == 0) }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    @discardableResult
    func run(_ arguments: String..., input: String = "") throws -> CommandLine.Outcome {
        try commandLine.run(arguments, input: input)
    }

    /// What a command prints as one JSON document.
    func json(_ arguments: String...) throws -> JSONValue {
        let outcome = try commandLine.run(arguments)
        return try JSONParser.parse(Array(outcome.output.utf8))
    }

    func write(_ text: String, to name: String) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

    /// The default queue's file.
    var database: String { path(".local/share/nightshift/queue.db") }

    /// Runs SQL at the sqlite3 prompt and returns what it prints, trimmed.
    @discardableResult
    func sql(_ sql: String) throws -> String {
        let (text, status) = try SQLitePrompt.runWithStatus(database, sql)
        #expect(status == 0, "sqlite3 refused: \(sql): \(text)")
        return text
    }

    /// Gives a job a result, as a worker would have.
    func complete(_ id: Int, text: String) throws {
        let quoted = text.replacing("'", with: "''")
        try sql(
            """
            UPDATE jobs SET state='running', attempt=1, attempted_at=strftime('%Y-%m-%dT%H:%M:%fZ'), attempted_by='w',
              lease_expires_at='2099-01-01T00:00:00.000Z' WHERE id=\(id);
            INSERT INTO attempts(job_id,attempt,worker_id,outcome,prompt_tokens,completion_tokens,generate_ms,total_ms)
              VALUES (\(id),1,'w','completed',40,8,2000,2500);
            INSERT INTO results(job_id,attempt,text) VALUES (\(id),1,'\(quoted)');
            UPDATE jobs SET state='completed' WHERE id=\(id);
            """)
    }
}

extension JSONValue {
    var array: [JSONValue] { if case .array(let values) = self { values } else { [] } }
}
