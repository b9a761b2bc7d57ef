import ChildProcesses
import Foundation
import JSONText
import TestSupport
import Testing

@Suite("watch, wait, logs and stats")
struct WatchCommandTests {
    let queue: TestQueue

    init() throws { queue = try TestQueue() }

    @Test("without a terminal watch prints one look and ends")
    func once() throws {
        try queue.run("add", "generate", "--text", "Hello")
        try queue.complete(1, text: "Done.")
        let outcome = try queue.run("watch")
        #expect(outcome.status == 0 && !outcome.output.contains("\u{1B}"))
        #expect(outcome.lines.contains("✓ 1  generate  00:03  Hello  Done."))
    }

    @Test(
        "watch gives the terminal back, however it ends",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "needs script(1)"),
        arguments: ["", "TERM", "HUP", "QUIT", "ABRT"])
    func terminal(signal: String) throws {
        let executable = CommandLine.executable.path(percentEncoded: false)
        // The shell tells the state of the terminal before and after, in stty's own form, and has watch as a job in the
        // foreground of its terminal, as a person's shell does. The signal comes once the screen is taken over.
        let (log, pid) = (queue.path("log"), queue.path("pid"))
        let killer = "(until grep -aq '104[9]h' '\(log)'; do sleep 0.1; done; kill -\(signal) $(cat '\(pid)')) & "
        let watch = "echo $$ > \(pid); exec env TERM=xterm HOME=\(queue.folder.path) \(executable) watch"
        let script =
            "set -m; stty cols 60 rows 20; stty -g; \(signal.isEmpty ? "" : killer)bash -c '\(watch)'; stty -g"
        let input = Pipe()
        // A terminal whose keyboard is gone would hang up.
        defer { withExtendedLifetime(input) {} }
        func shown() -> String {
            String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
        }
        let process = try ChildProcess(
            "/usr/bin/script", ["-qefc", script, log],
            environment: ProcessInfo.processInfo.environment.merging(["SHELL": "/bin/bash"]) { $1 },
            input: .descriptor(input.fileHandleForReading.fileDescriptor), output: .nothing, leadsGroup: true)
        waitUntil("the screen is taken over") { shown().contains("1049h") }
        if signal.isEmpty { try input.fileHandleForWriting.write(contentsOf: Data("q".utf8)) }
        try #require(process.wait(seconds: TestProgram.patience) != nil)
        let text = shown()
        let states = text.matches(of: /[0-9a-f]+(:[0-9a-f]+){20,}/).map { String($0.0) }
        #expect(states.count == 2 && states.first == states.last)
        #expect(text.contains("\u{1B}[?1049h") && text.contains("\u{1B}[?1049l"))
    }

    @Test("wait tells by its exit code whether all went well")
    func wait() throws {
        for _ in 0..<3 { try queue.run("add", "generate", "--text", "Hello", "--batch", "b") }
        try queue.complete(1, text: "Done.")
        #expect(try queue.run("wait", "1").status == 0)
        let late = try queue.run("wait", "--batch", "b", "--timeout", "1s")
        #expect(late.status == 75)
        #expect(
            late.errors == """
                no worker is running; start one with: nightshift work
                nightshift: the time is up, and 2 jobs of them still open

                """)
        try queue.run("cancel", "2", "3")
        let failed = try queue.run("wait", "--batch", "b", "--json")
        #expect(failed.status == 1)
        #expect(failed.output == "{\"completed\":1,\"failed\":0,\"cancelled\":2,\"open\":0,\"deleted\":0}\n")
        #expect(try queue.run("wait", "7").status == 66)
        #expect(try queue.run("wait").status == 64)
        #expect(try queue.run("wait", "1", "--batch", "b").status == 64)
    }

    @Test("wait ends when another process has ended the last job")
    func waitForAnother() throws {
        try queue.run("add", "generate", "--text", "Hello")
        let waiting = try queue.commandLine.start(["wait", "1"])
        waiting.waitForErrors(containing: "no worker")
        try queue.complete(1, text: "Done.")
        #expect(waiting.wait().status == 0)
    }

    @Test("logs -f follows a job to its end and prints its text")
    func logs() throws {
        try queue.run("add", "generate", "--text", "Hello")
        let following = try queue.commandLine.start(["logs", "1", "-f"])
        following.waitForOutput(containing: "added, available")
        try queue.complete(1, text: "Done.")
        let outcome = following.wait()
        #expect(outcome.status == 0 && outcome.lines.last == "Done.")
        #expect(outcome.output.contains("running → completed"))
        #expect(try queue.run("logs", "9").status == 66)
    }

    @Test("stats put attempts together by what is asked for")
    func stats() throws {
        for kind in ["generate", "generate", "summarize"] { try queue.run("add", kind, "--text", "Hello") }
        for id in 1...3 { try queue.complete(id, text: "Done.") }
        try queue.sql(
            """
            UPDATE attempts SET started_at = '2026-11-26T21:00:00.000Z',
              finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', '2026-11-26T21:00:00Z', '+' || (job_id * 10) || ' seconds')
            """)
        let rows = try queue.json("stats", "--json").array
        #expect(rows.map { $0["kind"] } == ["summarize", "generate"])
        #expect(rows.map { $0["completed"] } == [1, 2])
        #expect(rows.map { $0["busy_seconds"]?.number } == [30, 20])
        #expect(rows[1]["tokens_per_second"]?.number == 0.8)
        #expect(
            try queue.run("stats", "--by", "hour").lines.last?.hasPrefix("2026-11-26 22:00\t3\t0\t0\t120\t") == true)
        #expect(try queue.run("stats", "--by", "day", "--csv", "--no-header").output.hasPrefix("2026-11-26,3,"))
        #expect(try queue.json("stats", "--since", "2026-11-27", "--json") == [])
        #expect(try queue.run("stats", "--by", "colour").status == 64)
    }
}
