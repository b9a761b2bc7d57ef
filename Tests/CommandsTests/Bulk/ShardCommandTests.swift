import Foundation
import JSONText
import Testing

@Suite("nightshift split and merge")
struct ShardCommandTests {
    @Test("a night on two machines: split, work, merge while one is late, merge again")
    func night() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(9, tokens: "4")
        let split = try queue.run("split", "--shards", "2", "--out", "shards")
        #expect(split.status == 0)
        #expect(split.errors == "9 jobs given out, 2 shards made\n")
        #expect(split.lines.map { $0.split(separator: "\t").last } == ["5", "4"])
        #expect(
            try queue.run("split", "--shards", "2", "--out", "shards").errors
                == "0 jobs given out, 0 shards made, 2 made before\n")
        // Nobody does them here meanwhile.
        #expect(try queue.work("--drain", "--quiet").status == 0)
        #expect(try queue.states() == "9 pending")

        #expect(try queue.work("--drain", "--quiet", "--db", "shards/shard-0.db").status == 0)
        let early = try queue.run("merge", "shards/shard-0.db", "shards/shard-1.db")
        #expect(early.status == 75)
        #expect(
            early.errors == """
                shards/shard-0.db: 5 merged
                shards/shard-1.db: 0 merged, 4 not done yet
                4 jobs of this queue still out in shards

                """)
        #expect(try queue.work("--drain", "--quiet", "--db", "shards/shard-1.db").status == 0)
        let late = try queue.run("merge", "--json", "shards/shard-0.db", "shards/shard-1.db")
        #expect(late.status == 0)
        #expect(late.errors == "shards/shard-0.db: 0 merged, 5 there already\nshards/shard-1.db: 4 merged\n")
        #expect(try late.objects.first?["out"] == 0)
        #expect(try queue.states() == "9 completed")
        try queue.expectSound()
        // The texts are those that this machine would have made.
        let other = try TestQueue.withModel()
        try other.insertTexts(9, tokens: "4")
        try other.work("--drain", "--quiet")
        #expect(
            try other.sql("SELECT text FROM results ORDER BY job_id")
                == queue.sql("SELECT text FROM results ORDER BY job_id"))
    }

    @Test("files that are no shards are named, and the others are merged all the same")
    func strangers() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(1, tokens: "2")
        try queue.run("split", "--shards", "1", "--out", "shards")
        try queue.work("--drain", "--quiet", "--db", "shards/shard-0.db")
        try queue.write("no database, but long enough to be looked at as one", to: "notes.db")
        let outcome = try queue.run("merge", "none.db", "notes.db", "shards/shard-0.db")
        #expect(outcome.status == 66)
        #expect(outcome.errors.contains("nightshift: none.db: there is no such file\n"))
        #expect(outcome.errors.contains("notes.db is not a SQLite database"))
        #expect(outcome.errors.contains("shards/shard-0.db: 1 merged\n"))
        #expect(try queue.run("split", "--shards", "3", "--out", "shards").status == 65)
        #expect(try queue.run("split", "--shards", "0", "--out", "x").status == 64)
    }

    @Test("the jobs of a lost shard are released by its path, and no others")
    func lost() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(9, tokens: "2")
        try queue.run("split", "--shards", "2", "--out", "shards")
        try queue.insertTexts(1, tokens: "2")
        try queue.run("hold", "10")
        try queue.work("--drain", "--quiet", "--db", "shards/shard-1.db")
        try FileManager.default.moveItem(
            atPath: queue.path("shards/shard-1.db"), toPath: queue.path("found-again.db"))
        #expect(try queue.run("list", "--shard", "shards/shard-1.db", "--plain", "--no-header").lines.count == 4)
        #expect(try queue.run("release", "--shard", "shards/shard-1.db").errors == "4 jobs released\n")
        #expect(try queue.sql("SELECT count(*) FROM jobs WHERE held_at IS NOT NULL") == "6")
        #expect(try queue.states() == "4 available, 6 pending")
        // It turns up: what it has done counts.
        #expect(try queue.run("merge", "found-again.db").errors.hasPrefix("found-again.db: 4 merged\n"))
        #expect(try queue.run("list", "--shard", "found-again.db", "--plain", "--no-header").lines.count == 4)
        let stranger = try queue.run("release", "--shard", "elsewhere/shard-0.db")
        #expect(stranger.status == 65)
        #expect(stranger.errors.hasSuffix("no split of this queue has made it, and there is no such file\n"))
    }

    @Test("a split that is killed at any moment is completed by the same command", arguments: [1, 3, 6])
    func killed(tenths: Int) throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(6000)
        let running = try queue.commandLine.start(["split", "--shards", "3", "--out", "shards"])
        try queue.waitUntil("SELECT count(*) >= \(tenths * 600) FROM jobs WHERE held_at IS NOT NULL", is: "1")
        running.send(SIGKILL)
        _ = running.wait()
        #expect(try queue.run("split", "--shards", "3", "--out", "shards").status == 0)
        var ids: [String] = []
        for number in 0..<3 {
            var shard = queue.commandLine
            shard.executable = URL(filePath: "/usr/bin/sqlite3")
            ids += try shard.run(["shards/shard-\(number).db", "SELECT id FROM jobs"]).lines
        }
        #expect(ids.count == 6000 && Set(ids).count == 6000)
    }
}
