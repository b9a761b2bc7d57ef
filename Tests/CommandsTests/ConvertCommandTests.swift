import Foundation
import JSONText
import TestSupport
import Testing

@Suite("nightshift model convert")
struct ConvertCommandTests {
    private let model = Repository.referenceModel.path

    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-convert-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private func run(_ arguments: [String], input: String = "") throws -> CommandLine.Outcome {
        try CommandLine().run(arguments, input: input)
    }

    private func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    /// A checkpoint of a gigabyte of zeros that takes no room on the disk.
    private func makeLargeModel(in folder: URL) throws {
        let (vocabulary, width) = (100_000, 2048)
        let shapes: [(String, [Int])] = [
            ("transformer.wte.weight", [vocabulary, width]), ("lm_head.weight", [vocabulary, width]),
            ("lm_head.bias", [vocabulary]), ("transformer.ln_f.weight", [width]), ("transformer.ln_f.bias", [width]),
            ("transformer.h.0.ln_1.weight", [width]), ("transformer.h.0.ln_1.bias", [width]),
            ("transformer.h.0.attn.q_proj.weight", [width, width]),
            ("transformer.h.0.attn.k_proj.weight", [width, width]),
            ("transformer.h.0.attn.v_proj.weight", [width, width]),
            ("transformer.h.0.attn.out_proj.weight", [width, width]),
            ("transformer.h.0.mlp.fc_in.weight", [4 * width, width]), ("transformer.h.0.mlp.fc_in.bias", [4 * width]),
            ("transformer.h.0.mlp.fc_out.weight", [width, 4 * width]), ("transformer.h.0.mlp.fc_out.bias", [width]),
        ]
        var (header, offset) = ([String](), 0)
        for (name, shape) in shapes {
            let end = offset + 2 * shape.reduce(1, *)
            header.append(#""\#(name)": {"dtype": "F16", "shape": \#(shape), "data_offsets": [\#(offset), \#(end)]}"#)
            offset = end
        }
        let text = Array("{\(header.joined(separator: ","))}".utf8)
        let file = folder.appending(path: "model.safetensors")
        try Data((0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text).write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: UInt64(8 + text.count + offset))
        try handle.close()
        let json = #"{"n_layer": 1, "n_embd": \#(width), "n_head": 16, "rotary_dim": 64, "vocab_size": \#(vocabulary)}"#
        try Data(json.utf8).write(to: folder.appending(path: "config.json"))
    }

    private static let allForms = ["f32", "f16", "bf16", "q8_0", "q4_0", "int8", "int4"]

    @Test("every form is whole, tells what it is, and has the folder's tokens", arguments: allForms)
    func everyForm(_ form: String) throws {
        try withFolder { folder in
            let file = folder.appending(path: "small.gguf").path
            let outcome = try run(["model", "convert", model, file, "--weights", form, "--json"])
            #expect(outcome.status == 0 && outcome.errors == "")
            let report = try #require(try outcome.objects.first)
            #expect(report["weights"] == .string(form) && report["tensors"] == 65 && report["file"] == .string(file))
            #expect(report["source_fingerprint"] == "8107eb490531ef97")
            #expect(try names(folder) == ["small.gguf"])
            let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
            #expect(report["bytes"] == size.map { .integer($0) })

            #expect(try run(["model", "verify", file]).status == 0)
            let inspection = try #require(try run(["model", "inspect", "--json", file]).objects.first)
            #expect(inspection["form"] == "gguf" && inspection["complete"] == true && inspection["n_inner"] == 1024)
            #expect(inspection["fingerprint"] == report["fingerprint"])
            #expect(inspection["source_fingerprint"] == "8107eb490531ef97")
            #expect(inspection["types"]?[form]?["tensors"] != nil)

            let text = #"{"id": 1, "text": "The ferry <|endoftext|> crosses\n\n at 12 o'clock: naïve"}"#
            let ids = try [model, file].map { try run(["engine", "tokenize", "--model", $0], input: text).output }
            #expect(ids[0] == ids[1] && ids[0].contains("\"ids\""))
        }
    }

    @Test("texts are those of the folder with the same weights, to the last bit of their scores")
    func texts() throws {
        try withFolder { folder in
            let line = #"{"id": 1, "prompt": "The ferry crosses", "max_new_tokens": 12}"#
            for (form, weights) in [("f16", "f32"), ("int8", "int8"), ("int4", "int4")] {
                let file = folder.appending(path: "\(form).gguf").path
                #expect(try run(["model", "convert", model, file, "--weights", form]).status == 0)
                let answers = try [
                    ["engine", "generate", "--model", model, "--weights", weights],
                    ["engine", "generate", "--model", file],
                    ["engine", "generate", "--model", file, "--weights", weights],
                ].map { try #require(try run($0, input: line).objects.first) }
                for answer in answers {
                    #expect(answer["ids"] == answers[0]["ids"] && answer["score"] == answers[0]["score"])
                    #expect(answer["text"] == answers[0]["text"] && answer["text"] != nil)
                }
            }
            let packed = folder.appending(path: "int8.gguf").path
            for weights in ["f32", "int4"] {
                let refused = try run(["engine", "generate", "--model", packed, "--weights", weights], input: line)
                #expect(refused.status == 64 && refused.output == "")
                #expect(
                    refused.errors == """
                        nightshift: \(packed): its weights are packed as int8, and can't be had as \(weights). Leave out \
                        --weights, or name the model that it was converted from

                        """)
            }
            let again = try run(["model", "convert", packed, folder.appending(path: "x.gguf").path])
            #expect(again.status == 65)
            #expect(again.errors.contains("its weights are packed as int8 for the engine and can't be turned back"))
        }
    }

    @Test("a queue is worked through with a file alone")
    func work() throws {
        try withFolder { folder in
            let file = folder.appending(path: "small.gguf").path
            #expect(try run(["model", "convert", model, file]).status == 0)
            let text = folder.appending(path: "a.txt")
            try Data("The ferry crosses at noon.".utf8).write(to: text)
            let outcome = try run(["run", "summarize", text.path, "--model", file])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(!outcome.output.isEmpty)
        }
    }

    @Test("a file that is there is replaced with --force alone")
    func force() throws {
        try withFolder { folder in
            let file = folder.appending(path: "x.gguf")
            try Data("mine".utf8).write(to: file)
            let refused = try run(["model", "convert", model, file.path])
            #expect(refused.status == 73)
            #expect(refused.errors == "nightshift: \(file.path): is there already; --force replaces it\n")
            #expect(try Data(contentsOf: file) == Data("mine".utf8))
            #expect(try run(["model", "convert", model, file.path, "--force"]).status == 0)
            #expect(try run(["model", "verify", file.path]).status == 0)
        }
    }

    @Test("wrong use and missing things end with lawful codes, and nothing is left behind")
    func failures() throws {
        try withFolder { folder in
            let file = folder.appending(path: "x.gguf").path
            #expect(try run(["model", "convert", model, folder.appending(path: "x.bin").path]).status == 64)
            #expect(try run(["model", "convert", model, file, "--weights", "int2"]).status == 64)
            #expect(try run(["model", "convert", "/nowhere", file]).status == 66)
            let noFolder = try run(["model", "convert", model, "/nowhere/at/all/x.gguf"])
            #expect(noFolder.status == 73)
            #expect(noFolder.errors.contains("/nowhere/at/all"))
            #expect(try names(folder) == [])
        }
    }

    @Test("models are found by name, as files and as folders with one file")
    func byName() throws {
        try withFolder { folder in
            let models = folder.appending(path: "nightshift/models")
            try FileManager.default.createDirectory(
                at: models.appending(path: "downloaded"), withIntermediateDirectories: true)
            let file = models.appending(path: "small.gguf")
            #expect(try run(["model", "convert", model, file.path, "--weights", "q4_0"]).status == 0)
            try FileManager.default.copyItem(at: file, to: models.appending(path: "downloaded/small.Q4_0.gguf"))
            var command = CommandLine()
            command.environment = ["XDG_DATA_HOME": folder.path]
            #expect(try command.run(["model", "list"]).output == "pocket\ndownloaded\nsmall.gguf\n")
            for name in ["small", "small.gguf", "downloaded"] {
                let outcome = try command.run(["model", "inspect", name])
                #expect(outcome.status == 0 && outcome.output.contains("small") && outcome.output.contains("q4_0"))
            }
        }
    }

    @Test(
        "a signal ends it with nothing left behind; what kill -9 leaves goes with the next one",
        arguments: [SIGINT, SIGTERM, SIGKILL])
    func signals(_ signal: Int32) throws {
        try withFolder { folder in
            try makeLargeModel(in: folder)
            let target = folder.appending(path: "target")
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: false)
            let file = target.appending(path: "x.gguf").path
            let running = try CommandLine().start(["model", "convert", folder.path, file, "--weights", "f32"])
            try waitUntil("the temporary file") {
                try names(target).contains { name in
                    let attributes = try? FileManager.default.attributesOfItem(
                        atPath: target.appending(path: name).path)
                    return (attributes?[.size] as? Int ?? 0) > 0
                }
            }
            running.send(signal)
            let outcome = running.wait()
            if signal == SIGKILL {
                #expect(outcome.status == 128 + SIGKILL)
                #expect(try names(target).count == 1)
                #expect(try names(target).allSatisfy { $0.hasPrefix(".nightshift-") })
                #expect(try run(["model", "convert", model, file]).status == 0)
                #expect(try names(target) == ["x.gguf"])
            } else if outcome.status == 0 {
                // The signal came after all was written.
                #expect(try names(target) == ["x.gguf"])
            } else {
                #expect(outcome.status == 75, "\(outcome.errors)")
                #expect(outcome.errors.contains("stopped by"))
                #expect(try names(target) == [])
            }
        }
    }
}
