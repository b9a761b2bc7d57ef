import Foundation
import JSONText
import Testing

@Suite("Training commands")
struct TrainCommandTests {
    private static let train =
        "train --shape model.json --tokenizer tokenizer --data text.tokens --dev dev.tokens --length 32 --sequences 4 "
        + "--at-once 2 --steps 60 --checkpoint-every 7 --evaluate-every 10 --threads 2 --rate 0.01"

    private func with(_ body: (TrainingFixture) throws -> Void) throws {
        let fixture = try TrainingFixture()
        defer { fixture.remove() }
        try body(fixture)
    }

    @Test("a training that is killed and started again comes to the same numbers", arguments: ["adamw", "muon"])
    func kill(optimizer: String) throws {
        try with { fixture in
            _ = try fixture.prepare()
            let line = Self.train + " --dropout 0.1 --optimizer \(optimizer)"
            #expect(try fixture.run(line + " --output whole").status == 0)
            for _ in 0..<2 {
                let running = try fixture.command.start(TrainingFixture.words(line + " --output killed"))
                // Some steps behind a checkpoint, so that steps are lost with it.
                let before = (try? fixture.log("killed").count) ?? 0
                waitUntil("steps were taken") { ((try? fixture.log("killed").count) ?? 0) > before + 9 }
                running.send(SIGKILL)
                _ = running.wait()
            }
            let rest = try fixture.run(line + " --output killed")
            #expect(rest.status == 0)
            #expect(rest.errors.contains("goes on after step "))
            for name in ["model.safetensors", "best/model.safetensors", "checkpoint.safetensors"] {
                #expect(try fixture.data("killed/\(name)") == fixture.data("whole/\(name)"), "\(name)")
            }
            #expect(try fixture.log("killed") == fixture.log("whole"))
        }
    }

    @Test("a signal saves a checkpoint, exits with 75 and says how to go on")
    func signal() throws {
        try with { fixture in
            _ = try fixture.prepare()
            let line = Self.train.replacing("--steps 60", with: "--steps 100000")
            let running = try fixture.command.start(TrainingFixture.words(line + " --output model"))
            waitUntil("steps were taken") { ((try? fixture.log("model").count) ?? 0) > 3 }
            running.send(SIGTERM)
            let outcome = running.wait()
            #expect(outcome.status == 75)
            let last = try #require(outcome.errors.split(separator: "\n").last)
            #expect(
                last.wholeMatch(
                    of: /nightshift: SIGTERM: stopped after step [\d,]+ of 100,000; the same command goes on from there/
                )
                    != nil)
            #expect(
                FileManager.default.fileExists(atPath: fixture.folder.appending(path: "model/model.safetensors").path))
            // As many steps as are taken: there is nothing left to do.
            let step = try #require(try fixture.log("model").compactMap { $0["step"] }.last)
            let again = try fixture.run(
                line.replacing("--steps 100000", with: "--steps \(step.text)") + " --output model")
            #expect(again.status == 0)
            #expect(again.errors.contains("steps are taken"))
        }
    }

    @Test("what was trained is a model that the engine runs")
    func engine() throws {
        try with { fixture in
            _ = try fixture.prepare()
            #expect(try fixture.run(Self.train + " --output model --store f32").status == 0)
            let outcome = try fixture.command.run(
                ["engine", "generate", "--model", "model"],
                input: #"{"id": "1", "prompt": "The cat number", "max_new_tokens": 5}"# + "\n")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("\"text\""))
            let verified = try fixture.run("model verify model")
            #expect(verified.status == 0, "\(verified.errors)")
        }
    }

    @Test("a plan's stages follow each other with their own data and rates")
    func plan() throws {
        try with { fixture in
            _ = try fixture.prepare()
            try fixture.write(
                "plan.yaml",
                """
                stages:
                  - {name: first, steps: 4, rate: 0.01, length: 16, data: {text.tokens: 1}}
                  - name: second
                    steps: 3
                    rate: 0.002
                    data: {text: 0.5, dev.tokens: 0.5}
                """)
            let line = Self.train.replacing("--steps 60 ", with: "").replacing("--data text.tokens ", with: "")
            let outcome = try fixture.run(line + " --plan plan.yaml --schedule constant --warm-up 0 --output model")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let steps = try fixture.log("model").filter { $0["loss"] != nil }
            #expect(
                steps.map { $0["stage"]?.text ?? "" } == [String](repeating: "\"first\"", count: 4)
                    + [String](repeating: "\"second\"", count: 3))
            #expect(
                steps.map { $0["rate"]?.text ?? "" } == ["0.01", "0.01", "0.01", "0.01", "0.002", "0.002", "0.002"])
            #expect(steps.map { $0["tokens"]?.text ?? "" } == ["64", "64", "64", "64", "128", "128", "128"])
            for (text, problem) in [
                ("stages: []", "line 1: expected 'stages:' with a list of at least one stage, and nothing else"),
                ("stages:\n  - {steps: 3}", "line 2: stage 1 has no 'data' with a weight above 0"),
                (
                    "stages:\n  - {steps: 0, data: {a: 1}}",
                    "line 2: 'steps' must be a whole number from 1 to 1000000000"
                ),
                (
                    "stages:\n  - {step: 3}",
                    "line 2: there is no field 'step'; a stage has name, steps, rate, matrix-rate, length, data"
                ),
            ] {
                try fixture.write("plan.yaml", text)
                let outcome = try fixture.run(line + " --plan plan.yaml --output other")
                #expect(outcome.status == 78)
                #expect(outcome.errors == "nightshift: plan.yaml: \(problem)\n")
            }
        }
    }

    @Test("wrong data are named with file and line")
    func wrongData() throws {
        try with { fixture in
            #expect(try fixture.run(TrainingFixture.tokenizer).status == 0)
            let prepare = "train prepare --tokenizer tokenizer --output text.tokens "
            for (text, problem) in [
                ("{\"text\": \"a\"}\n{\"text\": 3}", "line 2: \"text\" must be a text, and is 3"),
                ("{\"body\": \"a\"}", "line 1: has neither \"text\" nor \"segments\""),
                ("\n{\"text\": \"a", "line 2: not valid JSON at byte 11: the text ends within a string"),
                ("[1]", "line 1: expected a JSON object on the line"),
                ("{\"segments\": []}", "line 1: \"segments\" must be a list of at least one, and is a list of 0"),
                (
                    "{\"segments\": [{\"text\": \"a\", \"weight\": 2}]}",
                    "line 1: segment 1: \"weight\" must be a number from 0 to 1, and is 2"
                ),
                (
                    "{\"segments\": [{\"text\": \"a\"}], \"end\": \"<|no|>\"}",
                    "line 1: \"end\" is '<|no|>', which is no token of the tokenizer"
                ),
            ] {
                try fixture.write("wrong.jsonl", text)
                let outcome = try fixture.run(prepare + "wrong.jsonl")
                #expect(outcome.status == 65)
                if !problem.contains("ends within") {
                    #expect(outcome.errors == "nightshift: wrong.jsonl: \(problem)\n")
                }
                #expect(!FileManager.default.fileExists(atPath: fixture.folder.appending(path: "text.tokens").path))
            }
            try fixture.write("some.jsonl", "{\"text\": \"a b\"}\n{}\n{\"text\": \"c d\"}\n")
            let skipped = try fixture.run(prepare + "--skip-malformed --json some.jsonl")
            #expect(skipped.status == 1)
            #expect(skipped.errors.contains("some.jsonl: line 2: has neither"))
            #expect(try skipped.objects[0]["train"]?["documents"]?.text == "2")
            #expect(try fixture.run(prepare + "missing.jsonl").status == 66)
            try fixture.write("empty.jsonl", "{\"text\": \" \"}")
            let empty = try fixture.run(prepare + "empty.jsonl")
            #expect(empty.status == 65)
            #expect(empty.errors == "nightshift: none of 1 documents is left to train on\n")
        }
    }

    @Test("too little text, another tokenizer and another training are refused")
    func refusals() throws {
        try with { fixture in
            _ = try fixture.prepare()
            let other = try fixture.run(
                "tokenizer train --vocabulary-size 300 --special <|endoftext|> --output other text.jsonl")
            #expect(other.status == 0)
            let foreign = try fixture.run(
                Self.train.replacing("--tokenizer tokenizer", with: "--tokenizer other") + " --output m")
            #expect(foreign.status == 65)
            #expect(foreign.errors.contains("text.tokens: was made with another tokenizer than"))
            try fixture.write("small.json", TrainingFixture.model.replacing("384", with: "300"))
            let narrow = try fixture.run(Self.train.replacing("model.json", with: "small.json") + " --output m")
            #expect(narrow.status == 65)
            #expect(
                narrow.errors.contains("has 384 tokens, and the network knows 300; set vocab_size to at least as many"))
            let line = Self.train.replacing("--steps 60", with: "--steps 2")
            #expect(try fixture.run(line + " --output m").status == 0)
            let seed = try fixture.run(line + " --seed 2 --output m")
            #expect(seed.status == 78)
            #expect(seed.errors.contains("was made with other data or another order"))
            #expect(try fixture.run(line + " --continue --output fresh").status == 66)
        }
    }

    @Test("the tokenizer's files are read by the engine, digits apart where that was asked for")
    func tokenizer() throws {
        try with { fixture in
            let outcome = try fixture.run(TrainingFixture.tokenizer + " --no-digit-merges")
            #expect(outcome.status == 0)
            let names = try FileManager.default.contentsOfDirectory(
                atPath: fixture.folder.appending(path: "tokenizer").path)
            #expect(
                names.sorted() == [
                    "merges.txt", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.json",
                ])
            let merges = try fixture.text("tokenizer/merges.txt")
            #expect(!merges.contains(/\d \d/))
            #expect(try fixture.run(TrainingFixture.tokenizer).status == 73)
        }
    }
}
