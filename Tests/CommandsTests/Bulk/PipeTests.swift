import Foundation
import JSONText
import Testing

@Suite("nightshift pipe")
struct PipeTests {
    private static let count = 12

    /// Texts to go on with, sampled by seeds of their own and by those that come of their line.
    private static let lines =
        (1...count).map { number in
            let seed = number.isMultiple(of: 2) ? #","seed":\#(number)"# : ""
            return
                #"{"custom_id":"c\#(number)","url":"/v1/completions","body":{"prompt":"Once upon a time, number \#(number),","max_tokens":12,"temperature":0.8\#(seed)}}"#
        }.joined(separator: "\n") + "\n"

    private func pipe(_ queue: TestQueue, _ arguments: String..., input: String) throws -> CommandLine.Outcome {
        try queue.commandLine.run(["pipe", "--threads", "1"] + arguments, input: input)
    }

    private func texts(_ output: String) throws -> [String: String] {
        var texts: [String: String] = [:]
        for line in output.split(separator: "\n") {
            let object = try JSONParser.parse(String(line))
            guard case .string(let name)? = object["custom_id"],
                case .string(let text)? = object["response"]?["body"]?["choices"]?.array.first?["text"]
            else { continue }
            #expect(texts.updateValue(text, forKey: name) == nil, "\(name) is answered twice")
        }
        return texts
    }

    @Test("its texts are those that the queue gives for the same lines, in any order and at any width")
    func sameTexts() throws {
        let queue = try TestQueue.withModel()
        #expect(try queue.run("import", "-", input: Self.lines).status == 0)
        #expect(try queue.work("--drain", "--quiet").status == 0)
        let expected = try texts(queue.run("export").output)
        #expect(expected.count == Self.count)
        for width in ["1", "5", "64"] {
            let outcome = try pipe(queue, "--jobs", width, input: Self.lines)
            #expect(outcome.status == 0)
            #expect(outcome.errors == "12 answered, 0 failed\n")
            #expect(try texts(outcome.output) == expected)
        }
    }

    @Test("a wrong line is answered with its error, blank lines are nothing, and the rest goes on")
    func wrongLines() throws {
        let queue = try TestQueue.withModel()
        let input =
            "\n{\"custom_id\":\"a\",\"kind\":\"generate\",\"input\":\"Once\",\"options\":{\"max_new_tokens\":3}}\nnonsense\n\n"
            + "{\"custom_id\":\"a\",\"kind\":\"generate\",\"input\":\"Twice\"}\n{\"custom_id\":\"b\",\"kind\":\"answer\",\"input\":\"x\"}\n"
            + "{\"custom_id\":\"long\",\"kind\":\"generate\",\"input\":\"\(String(repeating: "word ", count: 5000))\"}"
        let outcome = try pipe(queue, input: input)
        #expect(outcome.status == 1)
        #expect(outcome.errors == "1 answered, 4 failed\n")
        let codes = try outcome.objects.map { ($0["line"], $0["error"]?["code"]) }
        #expect(codes.contains { $0.0 == 2 && $0.1 == nil })
        #expect(codes.contains { $0.0 == 3 && $0.1 == "invalid_json" })
        #expect(codes.contains { $0.0 == 5 && $0.1 == "duplicate_custom_id" })
        #expect(codes.contains { $0.0 == 6 && $0.1 == "invalid_request" })
        #expect(codes.contains { $0.0 == 7 && $0.1 == "document_too_long" })
    }

    @Test("--resume answers what has no answer yet, a torn last line included")
    func resume() throws {
        let queue = try TestQueue.withModel()
        let whole = try pipe(queue, input: Self.lines)
        let answers = whole.output.split(separator: "\n")
        try queue.write(answers.prefix(4).joined(separator: "\n") + "\n" + answers[4].prefix(40), to: "out.jsonl")
        let outcome = try pipe(queue, "--resume", "out.jsonl", input: Self.lines)
        #expect(outcome.status == 0)
        #expect(
            outcome.errors.hasPrefix(
                "out.jsonl: 4 answers there already, 1 torn line passed over\n8 answered, 0 failed, 4 passed over\n"))
        let all = try texts(whole.output)
        let rest = try texts(outcome.output)
        #expect(rest.count == 8 && rest.allSatisfy { all[$0.key] == $0.value })
        // Appended to the same file, all answers can be read.
        var shell = queue.commandLine
        shell.environment["NIGHTSHIFT"] = CommandLine.executable.path
        shell.executable = URL(filePath: "/bin/bash")
        _ = try shell.run(
            ["-c", #""$NIGHTSHIFT" pipe --threads 1 --resume out.jsonl >> out.jsonl"#], input: Self.lines)
        let file = try String(contentsOfFile: queue.path("out.jsonl"), encoding: .utf8)
        let good = file.split(separator: "\n").filter { (try? JSONParser.parse(String($0))) != nil }
        #expect(try texts(good.joined(separator: "\n")) == all)
        // A run that hasn't begun has no file.
        #expect(try pipe(queue, "--resume", "none.jsonl", input: "").status == 0)
    }

    @Test("errors are answers, unless they are to be tried again")
    func retryErrors() throws {
        let queue = try TestQueue.withModel()
        try queue.write(
            #"{"custom_id":"c1","response":null,"error":{"code":"x","message":"y"}}"# + "\n", to: "out.jsonl")
        let input = Self.lines.split(separator: "\n")[0] + "\n"
        #expect(try pipe(queue, "--resume", "out.jsonl", input: String(input)).output == "")
        #expect(try pipe(queue, "--resume", "out.jsonl", "--retry-errors", input: String(input)).lines.count == 1)
    }

    @Test("stopped, it finishes what runs, names what is undone, and --resume does the rest")
    func stopped() throws {
        let queue = try TestQueue.withModel()
        let lines = (1...40).map {
            #"{"custom_id":"c\#($0)","kind":"generate","input":"Once","options":{"max_new_tokens":\#($0 < 5 ? 5 : 1500),"min_new_tokens":\#($0 < 5 ? 5 : 1500)}}"#
        }
        let running = try queue.commandLine.start(
            ["pipe", "--threads", "1", "--jobs", "4", "--grace", "0s"], input: lines.joined(separator: "\n"))
        running.waitForOutput(containing: "\"c1\"")
        running.send(SIGTERM)
        let outcome = running.wait()
        #expect(outcome.status == 75)
        #expect(outcome.errors.contains(" undone: "))
        #expect(outcome.errors.contains("stopped before all was done; go on with --resume"))
    }

    @Test("a reader that goes away ends it, with what is undone")
    func closedOutput() throws {
        let queue = try TestQueue.withModel()
        var shell = queue.commandLine
        shell.environment["NIGHTSHIFT"] = CommandLine.executable.path
        shell.executable = URL(filePath: "/bin/bash")
        let outcome = try shell.run(
            ["-c", #"set -o pipefail; "$NIGHTSHIFT" pipe --threads 1 --jobs 2 | head -n 1 | wc -l"#], input: Self.lines)
        #expect(outcome.output == "1\n")
        #expect(outcome.status == 74)
        #expect(outcome.errors.contains("standard output: Broken pipe"))
        #expect(outcome.errors.contains(" undone"))
    }

    @Test("no more lines are read than it holds while nobody takes the answers")
    func backPressure() throws {
        let queue = try TestQueue.withModel()
        var shell = queue.commandLine
        shell.environment["NIGHTSHIFT"] = CommandLine.executable.path
        shell.executable = URL(filePath: "/bin/bash")
        // The writer tells how many lines went down its pipe before it was stopped; the reader of the answers reads none.
        let script = #"""
            mkfifo in out
            (for i in $(seq 1 40000); do printf '{"custom_id":"c%d","kind":"generate","input":"x","options":{"max_new_tokens":1}}\n' $i; echo $i > written; done > in) 2>/dev/null &
            writer=$!
            exec 9<>out
            "$NIGHTSHIFT" pipe --threads 1 --jobs 2 --grace 0s < in > out 2> errors &
            pipe=$!
            read -r line <&9
            last=; while sleep 1; do now=$(cat written 2>/dev/null); [ -n "$now" ] && [ "$now" = "$last" ] && break; last=$now; done
            kill -TERM $pipe; wait $pipe; echo "$? $now"
            kill $writer 2>/dev/null
            """#
        let outcome = try shell.run(["-c", script])
        let words = outcome.output.split(separator: " ")
        #expect(words.first == "75")
        let written = try #require(words.last.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) })
        // 64 KiB of answers, one megabyte of lines, and what is held: far from all.
        #expect(written < 20_000, "\(written) lines were taken")
    }

    @Test("codes")
    func codes() throws {
        let queue = try TestQueue.withModel()
        #expect(try pipe(queue, "--kind", "none", input: "").status == 64)
        #expect(try pipe(queue, input: "").status == 0)
        var other = queue.commandLine
        other.environment["NIGHTSHIFT_MODEL"] = "/nowhere"
        #expect(try other.run(["pipe"]).status == 66)
    }
}
