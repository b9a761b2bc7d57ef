import Foundation
import JSONText
import TestSupport
import Testing

@Suite("Model commands", .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
struct ModelCommandTests {
    private func names(_ value: JSONValue?) -> [String] {
        guard case .array(let values)? = value else { return [] }
        return values.compactMap { value in
            guard case .string(let name) = value else { return nil }
            return name
        }
    }

    private func array(_ value: JSONValue?) -> [JSONValue] {
        if case .array(let values) = value { values } else { [] }
    }

    private func run(_ arguments: [String]) throws -> CommandLine.Outcome {
        try CommandLine().run(["model"] + arguments)
    }

    private func object(_ outcome: CommandLine.Outcome) throws -> JSONValue {
        #expect(outcome.lines.count == 1)
        return try #require(try outcome.objects.first)
    }

    /// A copy of a golden model's folder, which lives for the call.
    private func withCopy(of model: String, _ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-model-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let source = SharedFiles.golden(model)
        for name in try FileManager.default.contentsOfDirectory(atPath: source.path) {
            try Data(contentsOf: source.appending(path: name)).write(to: folder.appending(path: name))
        }
        try body(folder)
    }

    private func replace(_ text: String, with other: String, in file: URL) throws {
        let content = try String(contentsOf: file, encoding: .utf8)
        let isThere = content.contains(text)
        #expect(isThere, "\(text) isn't in \(file.path)")
        try content.replacingOccurrences(of: text, with: other).write(to: file, atomically: true, encoding: .utf8)
    }

    // MARK: inspect

    @Test("inspect shows what config.json, the weights and the tokenizer are")
    func inspect() throws {
        let folder = SharedFiles.golden("e2e/model").path
        let outcome = try run(["inspect", folder])
        #expect(outcome.status == 0 && outcome.errors == "")
        #expect(
            outcome.lines.prefix(10) == [
                "model         \(folder)",
                "architecture  gptj: 2 layers, width 16, inner 64, 2 heads of 8, 4 of them rotated",
                "context       256 tokens",
                "vocabulary    50,400",
                "parameters    1,669,600",
                "weights       safetensors, 1 file, 3.3 MB",
                "types         f16: 25 tensors, 3.3 MB",
                "tokenizer     50,257 entries, 144 added tokens, ids below 50,400",
                "fingerprint   c9e4417444386294",
                "complete      yes",
            ])
        #expect(outcome.lines.contains("transformer.h.*.mlp.fc_in.weight      2 ×  f16  [64, 16]"))
        let listed = try run(["inspect", "--tensors", "--model", folder])
        #expect(
            listed.lines.contains {
                $0.hasPrefix("transformer.h.1.mlp.fc_in.weight ")
                    && $0.hasSuffix("f16  [64, 16]     \(folder)/model.safetensors")
            })
    }

    @Test("inspect --json has the sizes under config.json's names, and every tensor where asked")
    func inspectJSON() throws {
        let folder = SharedFiles.golden("models/a-rot8/checkpoints/bin-buffers-f32").path
        let short = try object(run(["inspect", "--json", folder]))
        #expect(short["tensors"] == nil)
        let inspection = try object(run(["inspect", "--json", "--tensors", folder]))
        for (name, value) in [
            ("architecture", "gptj"), ("n_layer", 2), ("n_embd", 64), ("n_inner", 256), ("n_head", 4),
            ("rotary_dim", 8), ("n_positions", 128), ("vocab_size", 512), ("layer_norm_epsilon", .number(1e-5)),
            ("tie_word_embeddings", false), ("form", "torch"), ("tokenizer", .null), ("complete", true),
            ("unexpected", []), ("problems", []), ("fingerprint", short["fingerprint"]),
        ] as [(String, JSONValue?)] {
            #expect(inspection[name] == value, "\(name)")
        }
        #expect(names(inspection["buffers"]).count == 4)
        #expect(array(inspection["tensors"]).count == 29)
        #expect(
            array(inspection["tensors"]).contains([
                "name": "transformer.h.1.attn.bias", "type": "bool", "shape": [1, 1, 128, 128],
                "file": .string(folder + "/pytorch_model.bin"),
            ]))
    }

    @Test("inspect shows an incomplete model, and says so")
    func inspectIncomplete() throws {
        let outcome = try run(["inspect", SharedFiles.golden("malformed/model/st-missing-tensor").path])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("complete      no; 'model verify' says what is wrong"))
    }

    // MARK: verify

    @Test("every good checkpoint is found to be whole, whatever its form")
    func verifyGood() throws {
        for model in ["a-rot8", "b-inner", "d-tied", "e-odd"] {
            let checkpoints = SharedFiles.golden("models/\(model)/checkpoints")
            for form in try FileManager.default.contentsOfDirectory(atPath: checkpoints.path) {
                let outcome = try run(["verify", "--json", checkpoints.appending(path: form).path])
                #expect(outcome.status == 0, "\(model) \(form): \(outcome.errors)")
                let report = try object(outcome)
                #expect(report["ok"] == true && report["problems"] == [] && report["nan"] == 0)
                #expect(report["tensors"] == report["tensors_expected"])
                #expect(names(report["buffers"]).isEmpty != form.contains("buffers"))
            }
        }
    }

    @Test("a NaN among the weights is named by file and tensor")
    func verifyNaN() throws {
        let folder = SharedFiles.golden("malformed/model/st-nan").path
        let problem = "expected finite numbers, found 1 NaN among 1024"
        let outcome = try run(["verify", folder])
        #expect(outcome.status == 65)
        #expect(
            outcome.errors
                == "nightshift: \(folder)/model.safetensors: tensor 'transformer.h.0.mlp.fc_in.weight': \(problem)\n")
        #expect(outcome.output.contains("transformer.h.0.mlp.fc_in.weight"))
        let json = try run(["verify", "--json", folder])
        #expect(json.status == 65)
        let report = try object(json)
        #expect(report["ok"] == false && report["nan"] == 1)
        #expect(
            report["problems"] == [
                [
                    "file": .string("\(folder)/model.safetensors"), "tensor": "transformer.h.0.mlp.fc_in.weight",
                    "problem": .string(problem),
                ]
            ])
    }

    @Test("every malformed model is found out, every good one isn't")
    func verifyMalformed() throws {
        let cases = try JSONParser.parse([UInt8](Data(contentsOf: SharedFiles.golden("malformed/cases.json"))))
        #expect(array(cases["model"]).count > 25)
        for malformed in array(cases["model"]) {
            guard case .string(let name)? = malformed["id"] else { continue }
            let outcome = try run(["verify", "--json", SharedFiles.golden("malformed/model/\(name)").path])
            #expect((outcome.status == 0) == (malformed["expect"] == "load"), "\(name): \(outcome.status)")
            #expect([0, 65, 66].contains(outcome.status), "\(name): \(outcome.status) \(outcome.errors)")
            #expect(try object(outcome)["ok"] == .bool(outcome.status == 0), "\(name)")
            if outcome.status != 0 { #expect(outcome.errors.contains(name), "\(name): \(outcome.errors)") }
        }
    }

    @Test("all mistakes are listed, not the first alone")
    func verifyAll() throws {
        try withCopy(of: "malformed/model/st-nan") { folder in
            try replace(#""vocab_size": 64"#, with: #""vocab_size": 65"#, in: folder.appending(path: "config.json"))
            let report = try object(run(["verify", "--json", folder.path]))
            let tensors = array(report["problems"]).map { $0["tensor"] }
            #expect(
                tensors == [
                    "transformer.wte.weight", "lm_head.weight", "lm_head.bias", "transformer.h.0.mlp.fc_in.weight",
                ])
        }
    }

    @Test("tensors that the configuration has no use for are listed, and are no mistake")
    func verifyUnexpected() throws {
        try withCopy(of: "models/a-rot8/checkpoints/st-f32") { folder in
            try replace(#""n_layer": 2"#, with: #""n_layer": 1"#, in: folder.appending(path: "config.json"))
            let outcome = try run(["verify", folder.path])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("unexpected  10, GPT-J has no use for them"))
            #expect(outcome.output.contains("transformer.h.1.mlp.fc_out.weight"))
        }
    }

    @Test("the tokenizer must load, and its ids must fit the vocabulary")
    func verifyTokenizer() throws {
        try withCopy(of: "e2e/model") { folder in
            #expect(try run(["verify", folder.path]).status == 0)
            let tokenizer = folder.appending(path: "tokenizer.json")
            let whole = try Data(contentsOf: tokenizer)

            try replace(#""id":50399"#, with: #""id":50400"#, in: tokenizer)
            let beyond = try run(["verify", folder.path])
            #expect(beyond.status == 65)
            #expect(beyond.errors.contains("tokenizer.json"))
            #expect(
                beyond.errors.contains(
                    "expected ids below 50400, the size of the network's vocabulary, found a token of id 50400"))

            try whole.prefix(whole.count / 2).write(to: tokenizer)
            let cut = try run(["verify", folder.path])
            #expect(cut.status == 65)
            #expect(cut.errors.contains("tokenizer.json is not valid JSON at byte"))
        }
    }

    // MARK: list, and which model

    @Test("list names the models that can be named without a path")
    func list() throws {
        let data = FileManager.default.temporaryDirectory.appending(path: "nightshift-data-\(UUID().uuidString)")
        let models = data.appending(path: "nightshift/models")
        defer { try? FileManager.default.removeItem(at: data) }
        try FileManager.default.createDirectory(at: models, withIntermediateDirectories: true)
        var command = CommandLine()
        command.environment = ["XDG_DATA_HOME": data.path]

        let none = try command.run(["model", "list"])
        #expect(
            none.status == 0 && none.output == "pocket\n" && none.errors == "nightshift: no models in \(models.path)\n")

        for name in ["tiny", "another"] {
            try FileManager.default.createSymbolicLink(
                at: models.appending(path: name),
                withDestinationURL: SharedFiles.golden("models/a-rot8/checkpoints/st-f32"))
        }
        try FileManager.default.createDirectory(
            at: models.appending(path: "no model"), withIntermediateDirectories: false)
        #expect(try command.run(["model", "list"]).output == "pocket\nanother\ntiny\n")
        #expect(
            try object(command.run(["model", "list", "--json"])) == [
                "folder": .string(models.path),
                "models": [
                    ["name": "pocket", "path": .null],
                    ["name": "another", "path": .string(models.path + "/another")],
                    ["name": "tiny", "path": .string(models.path + "/tiny")],
                ],
            ])
        #expect(try command.run(["model", "verify", "tiny"]).status == 0)
        command.environment["NIGHTSHIFT_MODEL"] = "tiny"
        #expect(try command.run(["model", "verify"]).status == 0)
    }

    @Test(
        "a model that isn't there, or is named twice, ends with a lawful code; where none is named it's the built-in one"
    )
    func noModel() throws {
        #expect(try run(["inspect"]).output.contains("(inside nightshift)/pocket.gguf"))
        #expect(try run(["verify"]).status == 0)
        let missing = try run(["verify", "/nowhere"])
        #expect(missing.status == 66 && missing.errors.contains("/nowhere") && missing.output == "")
        #expect(try run(["inspect", "/nowhere", "--model", "/nowhere"]).status == 64)
    }
}
