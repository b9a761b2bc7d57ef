import Foundation
import JobStore
import TestSupport
import Testing

@Suite("The sqlite3 prompt is an interface", .enabled(if: SQLitePrompt.isInstalled, "needs the sqlite3 tool"))
struct PromptTests {
    @Test("jobs are enqueued by INSERT, from values and files")
    func inserting() async throws {
        let test = try TestStore()
        let folder = test.folder.url
        try FileManager.default.createDirectory(at: folder.appending(path: "docs"), withIntermediateDirectories: true)
        try Data("Report.".utf8).write(to: folder.appending(path: "report.txt"))
        try Data("One.".utf8).write(to: folder.appending(path: "docs/one.txt"))
        try Data("Two.".utf8).write(to: folder.appending(path: "docs/two.txt"))
        let lines =
            #"{"custom_id":"a","body":{"prompt":"Hi"}}"# + "\n" + #"{"custom_id":"b","body":{"prompt":"Ho"}}"# + "\n"
        try Data(lines.utf8).write(to: folder.appending(path: "b.jsonl"))
        let statements = [
            "INSERT INTO jobs(kind,input) VALUES ('summarize','A long text …')",
            "INSERT INTO jobs(kind,input,question) VALUES ('answer','Bees make honey.','Who makes honey?')",
            "INSERT INTO jobs(kind,queue,input,scheduled_at) VALUES ('paraphrase','night','…', datetime('now','+1 day'))",
            "INSERT INTO jobs(kind,input) VALUES ('summarize', CAST(readfile('report.txt') AS TEXT))",
            """
            INSERT INTO jobs(kind,input) SELECT 'summarize', CAST(data AS TEXT) FROM fsdir('docs')
              WHERE name GLOB '*.txt' ORDER BY name
            """,
            "INSERT INTO batches(id,name) VALUES (1,'b')",
            """
            INSERT INTO jobs(kind,batch_id,custom_id,input)
              SELECT 'generate', 1, value->>'$.custom_id', value->>'$.body.prompt'
              FROM json_each('['||replace(rtrim(CAST(readfile('b.jsonl') AS TEXT),char(10)),char(10),',')||']')
            """,
        ]
        for statement in statements { #expect(try SQLitePrompt.run(test.path, statement, in: folder) == "") }
        // The file's own clock decides what is due; the job of tomorrow isn't.
        let jobs = try await test.store.claim(limit: 20, queues: nil, worker: "w", now: Date().addingTimeInterval(1))
        #expect(
            jobs.map(\.text) == [
                "A long text …", "Bees make honey.", "Report.", "One.", "Two.", "Hi", "Ho",
            ])
        #expect(jobs.map(\.customID).suffix(2) == ["a", "b"])
        #expect(try await test.store.queues().map(\.queue) == ["default", "night"])
        #expect(try await test.store.queues().map(\.scheduled) == [0, 1])
    }

    @Test("a hand-typed time is stored in the form that sorts")
    func times() throws {
        let test = try TestStore()
        let stored = try SQLitePrompt.run(
            test.path,
            """
            INSERT INTO jobs(kind,input,scheduled_at) VALUES ('s','x','2026-12-01 22:00');
            UPDATE jobs SET scheduled_at = '2026-12-02'; SELECT scheduled_at FROM jobs;
            """)
        #expect(stored == "2026-12-02T00:00:00.000Z")
    }

    @Test("UPDATE cancels waiting and running jobs, and the running one's worker learns of it")
    func cancelling() async throws {
        let test = try TestStore()
        try await test.store.enqueue([.text(), .text()], now: start)
        let job = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "w", now: start).first)
        let before = try await test.store.changeCounter()
        #expect(try SQLitePrompt.run(test.path, "UPDATE jobs SET state='cancelled' WHERE queue='default'") == "")
        #expect(try await test.store.changeCounter() != before)
        #expect(try await test.store.claims(of: "w").isEmpty)
        #expect(
            try await test.store.complete(job.claim, with: JobResult(text: "late"), now: start) == .refused(.cancelled))
        let detail = try #require(try await test.store.job(job.id))
        #expect(detail.attempts.map(\.outcome) == ["cancelled"])
        #expect(detail.attempts.map(\.lateText) == ["late"])
        #expect(detail.job.finalizedAt != nil)
        #expect(detail.job.leaseExpiresAt == nil)
        #expect(detail.events.map(\.toState) == ["available", "running", "cancelled"])
    }

    @Test("UPDATE retries every discarded job, with an attempt to spend")
    func retrying() async throws {
        let test = try TestStore()
        var once = NewJob.text()
        once.maxAttempts = 1
        try await test.store.enqueue([once, once], now: start)
        for job in try await test.store.claim(limit: 2, queues: nil, worker: "w", now: start) {
            _ = try await test.store.fail(job.claim, with: JobFailure(code: "x", message: "x"), now: start)
        }
        #expect(try SQLitePrompt.run(test.path, "UPDATE jobs SET state='available' WHERE state='discarded'") == "")
        #expect(try SQLitePrompt.run(test.path, "SELECT DISTINCT max_attempts, state FROM jobs") == "2|available")
        #expect(
            try await test.store.claim(limit: 2, queues: nil, worker: "w", now: start).map(\.claim.attempt) == [2, 2])
    }

    @Test("UPDATE pauses a queue and gives it a window")
    func queues() async throws {
        let test = try TestStore()
        var job = NewJob.text()
        job.queue = "night"
        try await test.store.enqueue([job], now: start)
        let pause = "UPDATE queues SET paused_at = strftime('%Y-%m-%dT%H:%M:%fZ') WHERE name='night'"
        #expect(try SQLitePrompt.run(test.path, pause) == "")
        #expect(try await test.store.claim(limit: 1, queues: nil, worker: "w", now: start).isEmpty)
        let moment = LocalMoment(start)
        let resume = "UPDATE queues SET paused_at = NULL, window_start='\(moment.time)', window_end="
        #expect(try SQLitePrompt.run(test.path, resume + "'\(moment.time)'") == "")
        #expect(try await test.store.claim(limit: 1, queues: nil, worker: "w", now: start).isEmpty)
        let next = LocalMoment(seconds(120)).time
        #expect(try SQLitePrompt.run(test.path, resume + "'\(next)'") == "")
        #expect(try await test.store.claim(limit: 1, queues: nil, worker: "w", now: seconds(120)).isEmpty)
        #expect(try await test.store.claim(limit: 1, queues: nil, worker: "w", now: start).count == 1)
    }

    @Test(
        "a wrong statement is refused by name",
        arguments: [
            ("INSERT INTO jobs(kind,input) VALUES ('answer','x')", "an answer job needs a question"),
            ("INSERT INTO jobs(kind) VALUES ('summarize')", "a job needs either input or document_id"),
            ("INSERT INTO jobs(kind,input,scheduled_at) VALUES ('s','x','tomorrow')", "scheduled_at must be a time"),
            ("INSERT INTO jobs(kind,input,priority) VALUES ('s','x',10)", "priority goes from 0 (first) to 9"),
            ("INSERT INTO jobs(kind,input,options) VALUES ('s','x','{')", "json_valid(options)"),
            ("INSERT INTO jobs(kind,input) VALUES ('s',x'00')", "cannot store BLOB value in TEXT column jobs.input"),
            ("UPDATE queues SET window_start='25:00', window_end='06:00'", "window_start must be a time"),
            ("UPDATE queues SET window_start='22:00'", "a window has a start and an end"),
            ("UPDATE jobs SET state='running'", "only a worker's claim makes a job running"),
            ("UPDATE jobs SET state='completed'", "unlawful job state transition: an available job can become"),
            ("UPDATE jobs SET state='done'", "state"),
        ])
    func refusals(statement: String, message: String) async throws {
        let test = try TestStore()
        try await test.store.enqueue([.text()], now: start)
        let answer = try SQLitePrompt.run(test.path, statement)
        #expect(answer.contains("constraint failed") || answer.contains("unlawful") || answer.contains("cannot store"))
        #expect(answer.contains(message))
        #expect(try SQLitePrompt.run(test.path, "SELECT count(*), state, attempt FROM jobs") == "1|available|0")
    }

    @Test("DELETE of a running job, without foreign keys, leaves nothing behind")
    func deleting() async throws {
        let test = try TestStore()
        try await test.store.enqueue([.text()], now: start)
        let job = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "w", now: start).first)
        #expect(try SQLitePrompt.run(test.path, "DELETE FROM jobs; SELECT count(*) FROM attempts") == "0")
        #expect(try await test.store.complete(job.claim, with: JobResult(text: "t"), now: start) == .refused(.deleted))
    }

    @Test("dependencies are made by INSERT; deleting what a job waits for cancels it, with the reason")
    func dependencies() async throws {
        let test = try TestStore()
        try await test.store.enqueue([.text(), .text()], now: start)
        #expect(try SQLitePrompt.run(test.path, "INSERT INTO job_dependencies VALUES (2, 1)") == "")
        #expect(try await test.store.job(2)?.job.state == "pending")
        #expect(try SQLitePrompt.run(test.path, "DELETE FROM jobs WHERE id = 1") == "")
        #expect(try await test.store.job(2)?.job.state == "cancelled")
        #expect(try await test.store.job(2)?.job.error == "job 1, which this one depends on, was deleted")
    }

    @Test("a counter set back by hand doesn't stop the queue")
    func attemptReset() async throws {
        let test = try TestStore()
        try await test.store.enqueue([.text()], now: start)
        let job = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "w", now: start).first)
        _ = try await test.store.interrupt(job.claim, now: start)
        #expect(try SQLitePrompt.run(test.path, "UPDATE jobs SET attempt = 0") == "")
        let again = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "w", now: start).first)
        #expect(again.claim.attempt == 2)
    }

    @Test("a job marked as completed by hand refuses the worker's result, and keeps it with the attempt")
    func completedByHand() async throws {
        let test = try TestStore()
        try await test.store.enqueue([.text()], now: start)
        let job = try #require(try await test.store.claim(limit: 1, queues: nil, worker: "w", now: start).first)
        #expect(try SQLitePrompt.run(test.path, "UPDATE jobs SET state='completed'") == "")
        #expect(try await test.store.complete(job.claim, with: JobResult(text: "late"), now: start) == .refused(.lost))
        #expect(try await test.store.job(job.id)?.attempts.map(\.lateText) == ["late"])
    }

    @Test("every lawful transition works with foreign keys on, and every other one is refused")
    func transitions() async throws {
        let lawful: Set<String> = [
            "pending>available", "pending>cancelled", "pending>discarded", "available>running", "available>pending",
            "available>cancelled", "available>discarded", "running>completed", "running>available",
            "running>cancelled", "running>discarded", "completed>available", "cancelled>available",
            "discarded>available",
        ]
        let test = try TestStore()
        for from in JobState.allCases {
            for to in JobState.allCases where from != to {
                let lease =
                    "lease_expires_at = '2026-11-22T22:00:00.000Z', attempted_at = '2026-11-22', attempted_by = 'w'"
                let answer = try SQLitePrompt.run(
                    test.path,
                    """
                    PRAGMA foreign_keys = ON; DELETE FROM jobs;
                    INSERT INTO jobs(kind,input,state,attempted_at,attempted_by,lease_expires_at)
                      VALUES ('s','x','\(from.rawValue)','2026-11-22','w','2026-11-22T22:00:00.000Z');
                    UPDATE jobs SET state = '\(to.rawValue)'\(to == .running ? ", " + lease : "");
                    SELECT state, finalized_at IS NOT NULL, lease_expires_at IS NOT NULL FROM jobs;
                    """)
                if lawful.contains("\(from.rawValue)>\(to.rawValue)") {
                    #expect(answer == "\(to.rawValue)|\(to.isFinal ? 1 : 0)|\(to == .running ? 1 : 0)")
                } else {
                    #expect(answer.contains("unlawful job state transition"), "\(from.rawValue)>\(to.rawValue)")
                }
            }
        }
    }

    @Test("the views answer what a person asks")
    func views() async throws {
        let test = try TestStore()
        let document = NewDocument(text: "Bees make honey.", title: "Bees")
        let batch = try await test.store.batch(named: "b", now: start)
        try await test.store.enqueue(
            [
                NewJob(kind: "summarize", input: .document(document), batchID: batch),
                NewJob(
                    kind: "summarize", input: .document(NewDocument(text: document.text, title: "Copy")), batchID: batch
                ),
                NewJob(kind: "nobody", input: .document(document), batchID: batch),
            ], now: start)
        let jobs = try await test.store.claim(limit: 3, queues: nil, worker: "w", now: start)
        let figures = AttemptFigures(
            promptMilliseconds: 500, generateMilliseconds: 2000, promptTokens: 20, completionTokens: 10,
            finishReason: .stop)
        for job in jobs.prefix(2) {
            let result = JobResult(text: "Honey.", grounding: 2, repetition: .nan, figures: figures)
            _ = try await test.store.complete(job.claim, with: result, now: seconds(3))
        }
        let failure = JobFailure(code: "unknown_kind", message: "no kind 'nobody'", isPermanent: true)
        _ = try await test.store.fail(jobs[2].claim, with: failure, now: seconds(4))
        #expect(
            try SQLitePrompt.run(
                test.path,
                "SELECT document, text, seconds, tokens_per_second FROM result_texts ORDER BY id DESC LIMIT 5")
                == "Copy|Honey.|3.0|5.0\nBees|Honey.|3.0|5.0")
        #expect(
            try SQLitePrompt.run(test.path, "SELECT id, state, error_code, error FROM failures")
                == "3|discarded|unknown_kind|no kind 'nobody'")
        #expect(
            try SQLitePrompt.run(test.path, "SELECT kind, n, tokens_per_second FROM timing_by_kind")
                == "summarize|2|5.0")
        #expect(
            try SQLitePrompt.run(test.path, "SELECT name, total, completed, failed, percent FROM batch_progress")
                == "b|3|2|1|100.0")
        #expect(
            try SQLitePrompt.run(test.path, "SELECT queue, completed, discarded, available FROM queue_status")
                == "default|2|1|0")
        #expect(try SQLitePrompt.run(test.path, "SELECT grounding, repetition IS NULL FROM results LIMIT 1") == "1.0|1")
        #expect(try SQLitePrompt.run(test.path, "SELECT count(*) FROM documents") == "1")
        #expect(try await test.store.batches().map(\.percent) == [100])
        #expect(try await test.store.timingByKind().map(\.count) == [2])
        #expect(try await test.store.failures(limit: 5).map(\.errorCode) == ["unknown_kind"])
        #expect(try await test.store.list(JobSelection(states: [.discarded]), limit: 5).map(\.id) == [3])
    }
}
