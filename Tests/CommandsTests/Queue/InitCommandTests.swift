import Foundation
import Testing

@Suite("init")
struct InitCommandTests {
    let queue: TestQueue

    init() throws { queue = try TestQueue(isMade: false) }

    @Test("it makes the default queue, prints its path, and says what comes next")
    func defaultQueue() throws {
        let outcome = try queue.run("init")
        #expect(outcome.status == 0)
        #expect(outcome.output == queue.database + "\n")
        #expect(outcome.errors.hasPrefix("Made a queue. Next:\n  nightshift add summarize"))
        #expect(try queue.sql("SELECT name FROM queues") == "default")
    }

    @Test("running it again changes nothing and says so")
    func again() throws {
        try queue.run("init")
        try queue.run("add", "generate", "--text", "Hello")
        let outcome = try queue.run("init")
        #expect(outcome.status == 0)
        #expect(outcome.output == queue.database + "\n")
        #expect(outcome.errors == "It is a queue already; nothing was changed.\n")
        #expect(try queue.sql("SELECT count(*) FROM jobs") == "1")
    }

    @Test("a file of its own name is told to the commands that follow")
    func named() throws {
        let outcome = try queue.run("init", "to night.db")
        #expect(outcome.output == queue.path("to night.db") + "\n")
        #expect(outcome.errors.contains("nightshift add --db 'to night.db' summarize"))
        #expect(try queue.run("status", "--db", "to night.db").status == 0)
    }

    @Test("--db wins over NIGHTSHIFT_DB, and that over the default")
    func precedence() throws {
        queue.commandLine.environment["NIGHTSHIFT_DB"] = queue.path("environment.db")
        #expect(try queue.run("init").output == queue.path("environment.db") + "\n")
        #expect(try queue.run("init", "--db", "option.db").output == queue.path("option.db") + "\n")
        #expect(try queue.run("paths", "queue").output == queue.path("environment.db") + "\n")
    }

    @Test("a file that is something else is refused and left alone")
    func foreignFiles() throws {
        try queue.write("Dear diary, this is no database.", to: "diary.txt")
        let garbage = try queue.run("init", "diary.txt")
        #expect(garbage.status == 78)
        #expect(garbage.errors.contains("diary.txt is not a SQLite database"))
        #expect(
            try String(contentsOfFile: queue.path("diary.txt"), encoding: .utf8) == "Dear diary, this is no database.")

        try queue.run("init")
        try queue.sql("PRAGMA application_id = 42; DROP TABLE schema_migrations")
        let foreign = try queue.run("init")
        #expect(foreign.status == 78)
        #expect(foreign.errors.contains("a database of another program"))
    }

    @Test("a newer schema is refused")
    func newer() throws {
        try queue.run("init")
        try queue.sql("PRAGMA user_version = 9999")
        let outcome = try queue.run("status")
        #expect(outcome.status == 78)
        #expect(outcome.errors.contains("has schema version 9999"))
    }

    @Test("a place where nothing can be made is refused")
    func badPlaces() throws {
        try queue.write("", to: "file")
        let below = try queue.run("init", "file/queue.db")
        #expect(below.status == 73, "\(below.errors)")
        let folder = try queue.run("init", ".")
        #expect(folder.status == 73)
        #expect(folder.errors.contains("it is a folder"))
    }
}
