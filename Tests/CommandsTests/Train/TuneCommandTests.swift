import Foundation
import JSONText
import TestSupport
import Testing

@Suite("Tuning")
struct TuneCommandTests {
    private static let tune =
        "tune --kind summarize --length 128 --sequences 2 --at-once 2 --steps 12 --checkpoint-every 3 --evaluate-every 4 "
        + "--dev-share 0.2 --threads 2"

    private func with(_ body: (TrainingFixture) throws -> Void) throws {
        let fixture = try TrainingFixture()
        defer { fixture.remove() }
        let lines = (0..<40).map { number in
            JSONValue.object([
                "document": .string(TrainingFixture.sentence(number) + " It was night."),
                "output": .string("Something sat by number \(number)."),
            ]).text
        }
        try fixture.write("pairs.jsonl", lines.joined(separator: "\n"))
        try body(fixture)
    }

    private func tune(_ fixture: TrainingFixture, _ options: String) throws -> CommandLine.Outcome {
        try fixture.command.run(
            TrainingFixture.words(Self.tune + " " + options + " pairs.jsonl")
                + ["--model", Repository.referenceModel.path])
    }

    @Test("an adapter has peft's files, and its loss falls")
    func adapter() throws {
        try with { fixture in
            let outcome = try tune(fixture, "--output adapter --target all-linear --rank 4 --rslora --dropout 0.1")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let configuration = try JSONParser.parse(fixture.text("adapter/adapter_config.json"))
            #expect(configuration["r"] == 4)
            #expect(configuration["use_rslora"] == true)
            #expect(
                configuration["target_modules"] == ["q_proj", "k_proj", "v_proj", "out_proj", "fc_in", "fc_out"])
            #expect(
                FileManager.default.fileExists(
                    atPath: fixture.folder.appending(path: "adapter/best/adapter_model.safetensors").path))
            let losses = try fixture.log("adapter").compactMap { line -> Double? in
                guard case .number(let loss)? = line["dev_loss"] else { return nil }
                return loss
            }
            #expect(losses.count == 3)
            #expect((losses.last ?? 9) < losses[0])
        }
    }

    @Test("a tuning that is killed comes to the same numbers", arguments: ["", "--full"])
    func kill(form: String) throws {
        try with { fixture in
            #expect(try tune(fixture, "\(form) --output whole").status == 0)
            let running = try fixture.command.start(
                TrainingFixture.words(Self.tune + " \(form) --output killed pairs.jsonl")
                    + ["--model", Repository.referenceModel.path])
            waitUntil("steps were taken") { ((try? fixture.log("killed").count) ?? 0) > 5 }
            running.send(SIGKILL)
            _ = running.wait()
            #expect(try tune(fixture, "\(form) --output killed").status == 0)
            let name = form.isEmpty ? "adapter_model.safetensors" : "model.safetensors"
            #expect(try fixture.data("killed/\(name)") == fixture.data("whole/\(name)"))
            #expect(try fixture.data("killed/best/\(name)") == fixture.data("whole/best/\(name)"))
            #expect(try fixture.log("killed") == fixture.log("whole"))
        }
    }

    @Test("lines that are no pairs are named")
    func wrongLines() throws {
        try with { fixture in
            for (text, problem) in [
                ("{\"document\": \"a\"}", "has no \"output\""),
                ("{\"document\": 3, \"output\": \"a\"}", "\"document\" must be a text, and is 3"),
                (
                    "{\"document\": \"a\", \"output\": \"b\", \"split\": \"x\"}",
                    "\"split\" must be \"train\" or \"dev\", and is \"x\""
                ),
            ] {
                try fixture.write("pairs.jsonl", "{\"prompt\": \"a\", \"completion\": \"b\"}\n" + text + "\n")
                let outcome = try tune(fixture, "--output adapter")
                #expect(outcome.status == 65)
                #expect(outcome.errors == "nightshift: pairs.jsonl: line 2: \(problem)\n")
            }
            try fixture.write("pairs.jsonl", "{\"document\": \"a\", \"output\": \" \"}\n")
            let empty = try tune(fixture, "--output adapter")
            #expect(empty.status == 65)
            #expect(empty.errors.hasSuffix("\nnightshift: there is no pair to learn from: 1 without an output\n"))
        }
    }

    @Test("a disk that takes no more costs the steps since the last checkpoint", arguments: ["", "--full"])
    func fullDisk(form: String) throws {
        try with { fixture in
            // Rates that don't depend on how many steps there are to be.
            let form = form + " --schedule constant --warm-up 0"
            let line = TrainingFixture.words(Self.tune + " \(form) pairs.jsonl")
            let arguments = line + ["--model", Repository.referenceModel.path]
            // Room for the pairs and the log, not for a checkpoint.
            let script = "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\""
            let shell = CommandLine(folder: fixture.folder, executable: URL(filePath: "/bin/bash"))
            func full(_ output: String, steps: Int) throws -> CommandLine.Outcome {
                try shell.run(
                    ["-c", script, CommandLine.executable.path] + arguments
                        + ["--output", output, "--steps", "\(steps)", "--dev-share", "0"])
            }
            let first = try full("new", steps: 12)
            #expect(first.status == 74)
            #expect(
                first.errors.hasSuffix(
                    "/checkpoint.safetensors: can't write: File too large; no checkpoint was saved before. Make room, and start "
                        + "again\n"), "\(first.errors)")
            let begun = try tune(fixture, "\(form) --output killed --dev-share 0 --steps 6")
            #expect(begun.status == 0)
            let checkpoint = try fixture.data("killed/checkpoint.safetensors")
            let second = try full("killed", steps: 12)
            #expect(second.status == 74)
            #expect(
                second.errors.hasSuffix(
                    "; the last checkpoint is as it was. Make room, and start again with the same words: it goes on from "
                        + "there\n"), "\(second.errors)")
            #expect(try fixture.data("killed/checkpoint.safetensors") == checkpoint)
            let names = try FileManager.default.contentsOfDirectory(
                atPath: fixture.folder.appending(path: "killed").path)
            let name = form.hasPrefix("--full") ? "model.safetensors" : "adapter_model.safetensors"
            #expect(!names.contains { $0.contains("partial") || $0.contains("tmp") }, "\(names)")
            #expect(names.contains(name))
            #expect(try tune(fixture, "\(form) --output killed --dev-share 0").status == 0)
            #expect(try tune(fixture, "\(form) --output straight --dev-share 0").status == 0)
            #expect(try fixture.data("killed/\(name)") == fixture.data("straight/\(name)"))
        }
    }

    @Test("a loss that is no number ends it, one far above guessing is told")
    func diverged() throws {
        try with { fixture in
            let absurd = "--rate 10 --weight-decay 10 --warm-up 0 --schedule constant --clip 0 --full"
            let outcome = try tune(fixture, "\(absurd) --steps 200 --output adapter")
            #expect(outcome.status == 65)
            #expect(outcome.errors.contains(/nightshift: step \d+: the loss is [\d.]+, and guessing would have 8\.3/))
            #expect(
                outcome.errors.contains(
                    /nightshift: the loss is no number any more at step \d+: the rate is too high\. With a lower --rate/
                ))
            let sober = try tune(fixture, "--output sober")
            #expect(sober.status == 0 && !sober.errors.contains("guessing"))
        }
    }
}
