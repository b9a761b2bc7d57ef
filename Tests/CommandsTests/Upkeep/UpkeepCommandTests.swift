import Foundation
import JSONText
import Migrations
import Testing

@Suite("migrate, backup, prune and events")
struct UpkeepCommandTests {
    /// A queue as the first version made it, with a job in it.
    private func oldQueue() throws -> TestQueue {
        let queue = try TestQueue(isMade: false)
        let folder = URL(filePath: queue.database).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let migrations = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../migrations")
        let schema = try String(contentsOf: migrations.appending(path: "0001_initial.sql"), encoding: .utf8)
        try queue.sql(
            """
            PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
            \(schema)
            PRAGMA application_id = 0x4E534854; PRAGMA user_version = 1;
            INSERT INTO schema_migrations(version,name) VALUES (1,'initial');
            INSERT INTO jobs(kind,input) VALUES ('summarize','x');
            """)
        return queue
    }

    private static let newest = Migrations.all.count
    /// As the command names them: "2 (worker), 3 (queue)".
    private static let steps = Migrations.all.dropFirst().map { "\($0.version) (\($0.name))" }.joined(separator: ", ")

    private func files(_ queue: TestQueue) throws -> [String] {
        let folder = URL(filePath: queue.database).deletingLastPathComponent()
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    // MARK: - migrate

    @Test("a dry run names the steps, shows their SQL on request, and changes nothing")
    func dryMigration() throws {
        let queue = try oldQueue()
        let outcome = try queue.run("migrate", "--dry-run")
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("has schema version 1; would be brought to \(Self.newest) by: \(Self.steps)"))
        #expect(outcome.output.isEmpty)
        let shown = try queue.run("migrate", "--dry-run", "--show-sql")
        #expect(shown.output.contains("-- Version 2: worker\n") && shown.output.contains("CREATE TRIGGER"))
        #expect(try files(queue) == ["queue.db"])
        #expect(try queue.sql("PRAGMA user_version") == "1")
    }

    @Test("a queue is found from the folder that one is in")
    func relativePath() throws {
        let queue = try oldQueue()
        let folder = URL(filePath: queue.database).deletingLastPathComponent()
        let outcome = try CommandLine(folder: folder).run(["migrate", "--dry-run", "--db", "queue.db"])
        #expect(outcome.errors.contains("queue.db has schema version 1; would be brought to \(Self.newest)"))
        #expect(outcome.status == 0)
    }

    @Test("migrating makes a backup that tells version and time, does the steps, and then has nothing to do")
    func migration() throws {
        let queue = try oldQueue()
        let outcome = try queue.run("migrate")
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("from schema version 1 to \(Self.newest): \(Self.steps)"))
        let backups = try files(queue).filter { $0.wholeMatch(of: /queue\.db\.v1-\d{8}-\d{6}\.bak/) != nil }
        #expect(backups.count == 1)
        #expect(try queue.sql("PRAGMA user_version; SELECT count(*) FROM jobs") == "\(Self.newest)\n1")
        #expect(try queue.run("migrate").errors.contains("the newest; there is nothing to do"))
    }

    @Test("--no-backup makes none; a newer or missing file is refused")
    func otherMigrations() throws {
        let queue = try oldQueue()
        #expect(try queue.run("migrate", "--no-backup").status == 0)
        #expect(try files(queue).filter { $0.hasSuffix(".bak") }.isEmpty)
        try queue.sql("PRAGMA user_version = 9999")
        #expect(try queue.run("migrate").status == 78)
        #expect(try queue.run("migrate", "--db", "none.db").status == 66)
    }

    // MARK: - backup

    @Test("a backup's path is printed; what exists is left alone without --force")
    func backup() throws {
        let queue = try TestQueue()
        try queue.run("add", "generate", "--text", "Hello")
        let outcome = try queue.run("backup", "copy.db")
        #expect(outcome.status == 0)
        #expect(outcome.output == queue.path("copy.db") + "\n")
        #expect(outcome.errors.contains("Copied and checked"))
        #expect(try queue.run("list", "--db", "copy.db", "--no-header").lines.count == 1)
        #expect(try queue.run("list", "--db", "copy.db", "--no-header").status == 0)
        let again = try queue.run("backup", "other.db")
        #expect(again.status == 0)
        #expect(try queue.run("backup", "other.db").status == 73)
        #expect(try queue.run("backup", "--force", "other.db").status == 0)
        let itself = try queue.run("backup", "--force", queue.database)
        #expect(itself.status == 73)
        #expect(itself.errors.contains("it is the queue itself"))
    }

    // MARK: - prune

    private func insertEnded(_ queue: TestQueue) throws {
        try queue.sql(
            """
            INSERT INTO batches(id, name) VALUES (1, 'essays');
            INSERT INTO jobs(kind, input, state, finalized_at, batch_id) VALUES
              ('generate', 'a', 'completed', strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-40 days'), 1),
              ('generate', 'b', 'completed', strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-10 days'), NULL),
              ('generate', 'c', 'cancelled', strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-10 days'), NULL),
              ('generate', 'd', 'discarded', strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-99 days'), NULL)
            """)
    }

    private func left(_ queue: TestQueue) throws -> String {
        try queue.sql("SELECT group_concat(input, '') FROM (SELECT input FROM jobs ORDER BY input)")
    }

    @Test("without --older the settings decide")
    func pruneBySettings() throws {
        let queue = try TestQueue()
        try insertEnded(queue)
        let dry = try queue.run("prune", "--dry-run")
        #expect(dry.errors == "2 jobs (1 cancelled, 1 completed) would be removed\n")
        #expect(try left(queue) == "abcd")
        #expect(try queue.run("prune").errors == "2 jobs (1 cancelled, 1 completed) removed\n")
        #expect(try left(queue) == "bd")
    }

    @Test("age, state and batch choose; discarded jobs go only when they are named")
    func pruneByChoice() throws {
        let queue = try TestQueue()
        try insertEnded(queue)
        #expect(try queue.run("prune", "--older", "0d", "--batch", "essays").status == 0)
        #expect(try left(queue) == "bcd")
        #expect(try queue.run("prune", "--older", "20d").errors == "0 jobs removed\n")
        #expect(try queue.run("prune", "--older", "1w", "--state", "completed").status == 0)
        #expect(try left(queue) == "cd")
        try queue.run("prune", "--older", "0d")
        #expect(try left(queue) == "d")
        let outcome = try queue.run("prune", "--older", "0d", "--state", "discarded", "--vacuum", "--json")
        #expect(outcome.output.contains(#"{"jobs":1,"documents":0,"freed_bytes":"#))
        #expect(try queue.run("prune", "--batch", "essays").status == 64)
        #expect(try queue.run("prune", "--older", "0d", "--batch", "none").status == 66)
        #expect(try queue.run("prune", "--older", "soon").status == 64)
    }

    // MARK: - events

    @Test("events are lines for people, objects for programs, and come as they happen")
    func events() throws {
        let queue = try TestQueue()
        try queue.run("add", "generate", "--text", "Hello")
        try queue.sql("UPDATE jobs SET state = 'cancelled'")
        let outcome = try queue.run("events")
        #expect(outcome.lines.count == 2)
        #expect(
            outcome.lines.last?.wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  job 1 generate  available → cancelled/)
                != nil, "\(outcome.output)")
        #expect(try queue.run("events", "--job", "2").output.isEmpty)
        #expect(
            try queue.run("events", "--limit", "1", "--json").objects.map { $0.text }.first?.contains(
                #""to":"cancelled""#) == true)
        let following = try queue.commandLine.start(["events", "--follow", "--limit", "1", "--json"])
        following.waitForOutput(containing: #""to":"cancelled""#)
        try queue.sql("UPDATE jobs SET state = 'available' WHERE id = 1")
        following.waitForOutput(containing: #""from":"cancelled","to":"available""#)
        following.send(SIGTERM)
        #expect(following.wait().output.contains(#""from":"cancelled","to":"available""#))
    }
}
