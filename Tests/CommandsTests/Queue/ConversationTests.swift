import Foundation
import JSONText
import Testing

@Suite("Conversations in the queue")
struct ConversationTests {
    @Test("each turn of a file is a job that goes on with the one before it")
    func turns() throws {
        let queue = try TestQueue()
        try queue.write("You are a librarian.\n", to: "persona.txt")
        try queue.write("Have you books on bees?\nAnd on wasps?\n", to: "turns.txt")
        let added = try queue.run("add", "dialogue", "persona.txt", "--turns", "turns.txt")
        #expect(added.output == "1\n2\n")
        #expect(added.errors == "added 2 jobs of kind dialogue to queue 'default', one after another\n")
        #expect(
            try queue.sql("SELECT input FROM jobs WHERE id = 1")
                == "You are a librarian.\n\nUser: Have you books on bees?")
        #expect(try queue.sql("SELECT state, continues FROM jobs WHERE id = 2") == "pending|1")
        // What came of the first is seen by the second, and by one that is put in by hand.
        try queue.complete(1, text: "Two shelves.")
        #expect(try queue.sql("SELECT state FROM jobs WHERE id = 2") == "available")
        try queue.sql("INSERT INTO jobs (kind, input, continues) VALUES ('dialogue', 'Thank you.', 2)")
        #expect(try queue.sql("SELECT state FROM jobs WHERE id = 3") == "pending")
        let prompt = try queue.run("show", "2", "--prompt").output
        #expect(
            prompt.contains("User: Have you books on bees?\nAssistant: Two shelves.\nUser: And on wasps?\nAssistant:"))
    }

    @Test("a conversation that fails takes its later turns with it, and a retry brings them back in order")
    func failure() throws {
        let queue = try TestQueue()
        try queue.write("a\nb\n", to: "turns.txt")
        try queue.run("add", "dialogue", "--turns", "turns.txt")
        try queue.run("cancel", "1")
        #expect(try queue.sql("SELECT group_concat(state) FROM jobs") == "cancelled,cancelled")
        try queue.run("retry", "1")
        try queue.run("retry", "2")
        #expect(try queue.sql("SELECT group_concat(state) FROM jobs") == "available,pending")
    }

    @Test("a job may go on with another by --continues; other kinds may not")
    func continues() throws {
        let queue = try TestQueue()
        try queue.run("add", "dialogue", "--text", "User: Hello")
        #expect(try queue.run("add", "dialogue", "--continues", "1", "--text", "And then?").output == "2\n")
        #expect(try queue.sql("SELECT depends_on FROM job_dependencies WHERE job_id = 2") == "1")
        let other = try queue.run("add", "summarize", "--continues", "1", "--text", "x")
        #expect(other.status == 64 && other.errors.contains("kind 'summarize' can't go on with a conversation"))
        #expect(try queue.run("add", "dialogue", "--continues", "9", "--text", "x").status == 66)
        let empty = try queue.run("add", "dialogue", "--turns", "-", input: "[]")
        #expect(empty.status == 65)
    }
}
