import Foundation
import TestSupport
import Testing

@Suite("run")
struct RunTests {
    @Test("a document in, a text out: from a file, from standard input, and kept in a queue")
    func run() throws {
        let queue = try TestQueue.withModel()
        let file = TestQueue.demoDocuments.appending(path: "serbia.txt")
        let fromFile = try queue.run("run", "summarize", file.path)
        #expect(fromFile.status == 0)
        #expect(fromFile.errors == "")
        #expect(fromFile.output.count > 1 && fromFile.output.hasSuffix("\n"))
        #expect(try queue.states() == "")

        let fromInput = try queue.run("run", "summarize", "-", input: String(contentsOf: file, encoding: .utf8))
        #expect(fromInput.output == fromFile.output)

        let text = try String(contentsOf: file, encoding: .utf8)
        let short = ["run", "generate", "-o", "max_new_tokens=5"]
        #expect(
            try queue.commandLine.run(short + ["--text", "Once"]).output
                == queue.commandLine.run(short + ["-"], input: "Once").output)
        #expect(try queue.run("run", "generate").errors.contains("name one document, or give one --text"))
        #expect(try queue.run("run", "generate", file.path, "--text", text).status == 64)

        let kept = try queue.run("run", "summarize", file.path, "--db", queue.database)
        #expect(kept.output == fromFile.output)
        #expect(
            try queue.sql("SELECT id, kind, document, text FROM result_texts") + "\n"
                == "1|summarize|Serbia|\(kept.output)")
        #expect(try queue.sql("SELECT queue, attempt FROM jobs") == "run|1")
    }

    @Test("a worker that is quicker to claim the job does it as well")
    func besideWorker() throws {
        let queue = try TestQueue.withModel()
        let worker = try queue.startWorker()
        worker.waitForErrors(containing: "is at work")
        for _ in 1...3 {
            let outcome = try queue.run(
                "run", "generate", "-", "--db", queue.database, "-o", "max_new_tokens=5", input: "Once")
            #expect(outcome.status == 0)
            #expect(outcome.output.count > 1)
        }
        worker.send(SIGTERM)
        #expect(worker.wait().status == 0)
        #expect(try queue.states() == "3 completed")
        try expectSoundRuns(queue)
    }

    @Test("Ctrl-C cancels the job: nobody waits for it any more")
    func interrupt() throws {
        let queue = try TestQueue.withModel()
        try queue.write("Once upon a time", to: "once.txt")
        let run = try queue.commandLine.start([
            "run", "generate", "once.txt", "--db", queue.database, "-o", "max_new_tokens=2000", "-o",
            "min_new_tokens=2000",
        ])
        try queue.waitUntil("SELECT state FROM jobs", is: "running")
        run.send(SIGINT)
        let outcome = run.wait()
        #expect(outcome.status == 75)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("nightshift retry 1"))
        #expect(try queue.states() == "1 cancelled")
    }

    private func expectSoundRuns(_ queue: TestQueue) throws {
        #expect(try queue.sql("PRAGMA integrity_check") == "ok")
        #expect(try queue.sql("SELECT count(*) FROM attempts WHERE outcome <> 'completed'") == "0")
    }

    @Test("what can't be done is said, with a code that tells whose turn it is")
    func refusals() throws {
        let queue = try TestQueue.withModel()
        try queue.write("Bees make honey.", to: "bees.txt")
        try queue.write(String(repeating: "river flows ", count: 2500), to: "long.txt")
        try queue.write("x", to: "folder/one.txt")
        try queue.write("x", to: "folder/two.txt")
        let bare = queue.folder.appending(path: "bare")
        try FileManager.default.createDirectory(at: bare, withIntermediateDirectories: true)
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(
                at: Repository.referenceModel.appending(path: name), to: bare.appending(path: name))
        }
        let wrong: [([String], Int32, String)] = [
            (["sumarize", "bees.txt"], 64, "did you mean 'summarize'?"),
            (["answer", "bees.txt"], 64, "needs a question"),
            (["summarize", "bees.txt", "--question", "Why?"], 64, "takes no question"),
            (["summarize", "bees.txt", "-o", "temprature=1"], 64, "did you mean 'temperature'?"),
            (["summarize", "folder"], 64, "names 2 documents"),
            (["summarize", "none.txt"], 66, "none.txt"),
            (["summarize", "bees.txt", "--db", "none.db"], 66, "none.db"),
            (["summarize", "bees.txt", "--model", "nowhere"], 66, "nowhere"),
            (["summarize", "bees.txt", "--model", "bare"], 69, "the folder has no tokenizer"),
            (["summarize", "long.txt", "-o", "overflow=refuse"], 1, "overflow=truncate"),
            (["summarize", "long.txt", "-o", "overflow=refuse", "--db", queue.database], 1, "job 1: the prompt has"),
        ]
        for (arguments, status, message) in wrong {
            let outcome = try queue.commandLine.run(["run"] + arguments)
            #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
            #expect(outcome.output == "")
            #expect(outcome.errors.hasPrefix("nightshift: ") && outcome.errors.contains(message), "\(outcome.errors)")
        }
        #expect(try queue.states() == "1 discarded")
    }

    @Test("where no model is named the job is done by the one inside the executable")
    func builtInModel() throws {
        let queue = try TestQueue(isMade: false)
        try queue.write("Bees make honey.", to: "bees.txt")
        queue.commandLine.environment["NIGHTSHIFT_MODEL"] = nil
        let outcome = try queue.run("run", "summarize", "bees.txt")
        #expect(outcome.status == 0 && !outcome.output.isEmpty, "\(outcome.errors)")
    }
}
