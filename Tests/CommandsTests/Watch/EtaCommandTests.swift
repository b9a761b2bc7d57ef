import Foundation
import JSONText
import Testing

@Suite("eta, and the expected time of a dry run")
struct EtaCommandTests {
    let queue: TestQueue

    init() throws { queue = try TestQueue() }

    /// A night of ten jobs side by side, an hour ago: each was in hand for 100 s, all of them for 100 s.
    private func insertNight() throws {
        try queue.sql(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
            INSERT INTO jobs(kind, input, state) SELECT 'summarize', 'Text', 'completed' FROM n;
            INSERT INTO attempts(job_id, attempt, worker_id, outcome, started_at, finished_at, prompt_ms, generate_ms, total_ms,
              prompt_tokens, completion_tokens, engine)
              SELECT id, 1, 'w', 'completed', strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 hour'),
                strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 hour', '+100 seconds'), 20000, 80000, 100000, 400, 50,
                'small int8 kv=int8 scalar threads=1 nightshift/0.1.0' FROM jobs;
            """)
    }

    @Test("without any timings the time is unknown, and it says so")
    func unknown() throws {
        try queue.run("add", "generate", "--text", "Hello")
        let row = try queue.json("eta", "--json").array[0]
        #expect(row["what"] == "queue default" && row["open"] == 1 && row["state"] == "unknown")
        #expect(row["seconds"] == .null)
        let dry = try queue.run("add", "generate", "--text", "Hello", "--dry-run")
        #expect(dry.errors.contains("expected time: unknown, since no job of this model has been done here yet\n"))
    }

    @Test("ten jobs at once that took 100 s each took 100 s, and so will the next ten")
    func overlap() throws {
        try insertNight()
        for _ in 0..<10 { try queue.run("add", "summarize", "--text", "Text", "--batch", "b") }
        let row = try queue.json("eta", "--json").array[0]
        let seconds = try #require(row["seconds"]?.number)
        #expect(seconds > 70 && seconds < 140)
        #expect(try #require(row["seconds_low"]?.number) < seconds)
        #expect(try #require(row["seconds_high"]?.number) > seconds)
        #expect(try queue.json("eta", "--batch", "b", "--json").array[0]["seconds"] == row["seconds"])
        let first = try #require(try queue.json("eta", "11", "--json").array[0]["seconds"]?.number)
        #expect(first < seconds)
        let dry = try queue.json("add", "summarize", "--text", "Text", "--dry-run", "--json")
        #expect(try #require(dry["expected_seconds"]?.number) > 0)
    }

    @Test("what is done, paused or held has no end in sight")
    func states() throws {
        try insertNight()
        #expect(try queue.json("eta", "1", "--json").array[0]["state"] == "done")
        try queue.run("add", "generate", "--text", "Hello", "-q", "slow")
        try queue.run("add", "generate", "--text", "Hello", "--hold")
        try queue.run("queue", "pause", "slow")
        let rows = try queue.json("eta", "--json").array
        #expect(rows.map { $0["what"] } == ["queue default", "queue slow", "everything"])
        #expect(rows.map { $0["state"] } == ["held", "blocked by queue slow", "blocked by queue slow"])
        try queue.run("add", "generate", "--text", "Hello")
        let open = try queue.json("eta", "--json").array
        #expect(open.map { $0["state"] } == ["open", "blocked by queue slow", "open"])
        #expect(open.map { $0["stuck"] } == [1, 1, 2])
        #expect(try queue.run("eta", "99").status == 66)
        #expect(try queue.run("eta", "--batch", "none").status == 66)
        #expect(try queue.run("eta", "1", "--queue", "slow").status == 64)
    }

    /// Backtest on a real machine: the little night is foretold from the one before. Others may work on this machine at the
    /// same time, so that only the order of magnitude is asked for here; exactness is what synthetic nights are for.
    /// How well is printed, not tested: it depends on what else the machine does meanwhile.
    @Test("a night is foretold from the one before")
    func realNight() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(16, tokens: "20 + i % 7 * 10")
        #expect(try queue.work("--drain", "--quiet").status == 0)
        try queue.insertTexts(24, tokens: "20 + i % 7 * 10")
        let expected = try #require(try queue.json("eta", "--json").array[0]["seconds"]?.number)
        #expect(try queue.work("--drain", "--quiet").status == 0)
        let taken = try #require(
            Double(
                queue.sql(
                    """
                    SELECT (julianday(max(finished_at)) - julianday(min(started_at))) * 86400 FROM attempts WHERE job_id > 16
                    """)))
        print("a night of 24 jobs: \(expected) s were expected, it took \(taken) s")
        #expect(expected > 0 && expected < 86_400)
    }
}
