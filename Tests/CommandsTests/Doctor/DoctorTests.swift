import Foundation
import JSONText
import TestSupport
import Testing

@Suite("doctor")
struct DoctorTests {
    /// A check's status and texts, by its name.
    private func checks(_ queue: TestQueue, _ arguments: String...) throws -> [String: JSONObject] {
        let outcome = try queue.commandLine.run(["doctor", "--json"] + arguments)
        guard case .object(let report) = try JSONParser.parse(Array(outcome.output.utf8)) else { return [:] }
        var found: [String: JSONObject] = [:]
        for check in report["checks"]?.array ?? [] {
            guard case .object(let object) = check, case .string(let name)? = object["check"] else { continue }
            found[name] = object
        }
        let problems = found.values.count { $0["status"] == "problem" }
        #expect(outcome.status == (problems == 0 ? 0 : 1))
        return found
    }

    private func expect(
        _ check: JSONObject?, is status: String, saying text: String, advising advice: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard let check else {
            Issue.record("there is no such check", sourceLocation: sourceLocation)
            return
        }
        #expect(check["status"] == .string(status), sourceLocation: sourceLocation)
        #expect(check["message"]?.text.contains(text) == true, "\(check)", sourceLocation: sourceLocation)
        if let advice {
            #expect(check["advice"]?.text.contains(advice) == true, "\(check)", sourceLocation: sourceLocation)
        }
    }

    /// Every file below the queue's home.
    private func files(_ queue: TestQueue) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: queue.folder.path).sorted()
    }

    @Test("with a model and a queue all is well, and nothing is left behind")
    func healthy() throws {
        let queue = try TestQueue.withModel()
        let before = try files(queue)
        let outcome = try queue.run("doctor")
        #expect(outcome.status == 0)
        for part in ["Machine\n", "\nModel\n", "\nQueue\n"] { #expect(outcome.output.contains(part)) }
        #expect(!outcome.output.contains("problem"))
        #expect(!outcome.output.contains("\u{1B}"), "no colours but on a terminal")
        #expect(outcome.errors.isEmpty)
        #expect(try files(queue) == before)
        #expect(try queue.run("doctor", "--full").output.contains("sound, indexes too"))
    }

    @Test("a fresh machine has a model, and is told how to get a queue")
    func freshMachine() throws {
        let queue = try TestQueue(isMade: false)
        let checks = try checks(queue)
        expect(checks["model"], is: "ok", saying: "pocket, inside the executable")
        expect(checks["file"], is: "problem", saying: "there is no queue", advising: "nightshift init")
        #expect(try files(queue).isEmpty)
    }

    @Test("a set of instructions that this processor can't run is a problem, a slower one a warning")
    func instructions() throws {
        let queue = try TestQueue.withModel()
        queue.commandLine.environment["NIGHTSHIFT_ISA"] = "abacus"
        expect(try checks(queue)["instructions"], is: "problem", saying: "'abacus'", advising: "scalar")
        queue.commandLine.environment["NIGHTSHIFT_ISA"] = "scalar"
        let scalar = try checks(queue)["instructions"]
        #expect(scalar?["status"] == "warning" && scalar?["message"]?.text.contains("scalar") == true)
    }

    @Test("more threads than cores, and more memory than there is, are warned of with what would do")
    func resources() throws {
        let queue = try TestQueue.withModel()
        let checks = try checks(queue, "--threads", "1000")
        expect(checks["cores"], is: "warning", saying: "1000 threads", advising: "--threads")
        expect(checks["memory needed"], is: "ok", saying: "keys and values")
        guard ProcessInfo.processInfo.physicalMemory < 64 << 30 else { return }
        // 4096 texts of 2048 tokens want a hundred gigabytes.
        let greedy = try self.checks(queue, "--batch-rows", "4096", "--kv-memory", "1000000")
        expect(greedy["memory needed"], is: "warning", saying: "there is room for", advising: "--kv-memory")
    }

    @Test("a model that is incomplete, or whose tokenizer is missing, is a problem")
    func model() throws {
        let queue = try TestQueue()
        let source = Repository.referenceModel
        let folder = queue.folder.appending(path: "model")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(at: source.appending(path: name), to: folder.appending(path: name))
        }
        expect(
            try checks(queue, "--model", "model")["tokenizer"], is: "problem", saying: "none",
            advising: "tokenizer.json")
        let config = folder.appending(path: "config.json")
        let text = try String(contentsOf: config, encoding: .utf8)
        let deeper = text.replacing(/"n_layer": *\d+/, with: #""n_layer": 99"#)
        try #require(deeper != text)
        try Data(deeper.utf8).write(to: config)
        expect(
            try checks(queue, "--model", "model")["weights"], is: "problem", saying: "missing", advising: "model verify"
        )
        let absent = try checks(queue, "--model", "nowhere")["model"]
        expect(absent, is: "problem", saying: "nowhere", advising: "download")
    }

    @Test("what keeps jobs from being begun is told: pauses, windows, the want of a worker, unknown kinds")
    func hindrances() throws {
        let queue = try TestQueue.withModel()
        try queue.sql("INSERT INTO jobs(kind, input) VALUES ('generate', 'x')")
        expect(try checks(queue)["workers"], is: "warning", saying: "1 job could be done", advising: "nightshift work")
        try queue.run("queue", "pause", "default")
        expect(
            try checks(queue)["queue default"], is: "warning", saying: "paused; 1 job", advising: "queue resume default"
        )
        try queue.run("queue", "resume", "default")
        // Closed now, whenever that is: it opens on another weekday only.
        try queue.sql(
            """
            UPDATE queues SET window_start = '00:00', window_end = '23:59',
              window_days = (strftime('%w', 'now', 'localtime', '+2 days'))
            """)
        expect(try checks(queue)["queue default"], is: "ok", saying: "closed now")
        try queue.sql("UPDATE queues SET window_start = NULL, window_end = NULL; UPDATE jobs SET kind = 'dream'")
        expect(try checks(queue)["kinds"], is: "warning", saying: "dream", advising: "cancel --kind dream")
    }

    @Test("a job that was given up without having been begun has its reason in its error")
    func givenUpUnbegun() throws {
        let queue = try TestQueue()
        try queue.sql(
            """
            INSERT INTO jobs (kind, input, state, error, finalized_at)
            VALUES ('generate', 'x', 'discarded', 'deadline_missed: not done by noon', strftime('%Y-%m-%dT%H:%M:%fZ'))
            """)
        expect(try checks(queue)["given up"], is: "warning", saying: "1 job of kind generate: deadline_missed")
    }

    @Test("jobs that were given up are counted by kind and reason")
    func failures() throws {
        let queue = try TestQueue.withModel()
        try queue.sql("INSERT INTO jobs(kind, input) VALUES ('dream', 'x')")
        #expect(try queue.work("--drain", "-q", "default").status == 1)
        let check = try checks(queue)["given up"]
        expect(check, is: "warning", saying: "1 job of kind dream: unknown_kind", advising: "nightshift retry")
        try queue.sql("UPDATE jobs SET finalized_at = '2020-01-01T00:00:00.000Z'")
        expect(try checks(queue)["given up"], is: "ok", saying: "longer than 7 days ago")
    }

    @Test("a worker that was killed is noticed, and its job")
    func killedWorker() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(1)
        let worker = try queue.startWorker("-j", "1")
        try queue.waitUntil("SELECT count(*) FROM jobs WHERE state = 'running'", is: "1")
        expect(try checks(queue)["workers"], is: "ok", saying: "1 at work, 1 job in hand")
        worker.send(SIGKILL)
        _ = worker.wait()
        expect(try checks(queue)["gone workers"], is: "warning", saying: "1 job in hand", advising: "nightshift work")
    }

    @Test("an older schema is told of and left alone, a newer or foreign one refused")
    func schema() throws {
        let queue = try TestQueue.withModel()
        try queue.sql("PRAGMA user_version = 9999")
        expect(try checks(queue)["file"], is: "problem", saying: "schema version 9999")
        try queue.sql("PRAGMA application_id = 42")
        expect(try checks(queue)["file"], is: "problem", saying: "another program")
        #expect(try queue.sql("PRAGMA application_id") == "42")
        try queue.write("Dear diary, this is no database at all, and it is long enough to have a header.", to: "x.txt")
        expect(try checks(queue, "--db", "x.txt")["file"], is: "problem", saying: "not a SQLite database")
    }
}
