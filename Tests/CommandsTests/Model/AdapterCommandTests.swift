import Foundation
import JSONText
import TestSupport
import Testing

@Suite("Adapters on the command line")
struct AdapterCommandTests {
    let queue: TestQueue

    init() throws {
        queue = try TestQueue.withModel()
        try Self.writeAdapter(to: queue.folder.appending(path: "mine"), seed: 1)
        try Self.writeAdapter(
            to: queue.folder.appending(path: ".local/share/nightshift/adapters/tales"), seed: 2)
    }

    /// An adapter of rank 2 on all q_proj and v_proj of `reference-small`, as peft saves it.
    static func writeAdapter(to folder: URL, seed: UInt64, layers: Int = 6, width: Int = 256) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(#"{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "bias": "none"}"#.utf8)
            .write(to: folder.appending(path: "adapter_config.json"))
        var random = SplitMix64(seed: seed)
        var (members, data): ([String], Data) = ([], Data())
        for layer in 0..<layers {
            for module in ["q_proj", "v_proj"] {
                for (name, shape) in [("lora_A", [2, width]), ("lora_B", [width, 2])] {
                    let start = data.count
                    for _ in 0..<2 * width {
                        withUnsafeBytes(of: Float.random(in: -0.4...0.4, using: &random).bitPattern.littleEndian) {
                            data.append(contentsOf: $0)
                        }
                    }
                    members.append(
                        "\"base_model.model.transformer.h.\(layer).attn.\(module).\(name).weight\": "
                            + "{\"dtype\": \"F32\", \"shape\": \(shape), \"data_offsets\": [\(start), \(data.count)]}")
                }
            }
        }
        let header = "{\(members.joined(separator: ", "))}"
        var file = Data()
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { file.append(contentsOf: $0) }
        file.append(contentsOf: header.utf8)
        file.append(data)
        try file.write(to: folder.appending(path: "adapter_model.safetensors"))
    }

    private func logits(_ arguments: String...) throws -> [Double] {
        let outcome = try queue.commandLine.run(
            ["engine", "logits", "--threads", "1"] + arguments, input: #"{"ids": [5, 300, 17, 9], "last": true}"# + "\n"
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rows = try outcome.objects[0]["logits"]?.array ?? []
        return (rows.last?.array ?? []).map { value in
            switch value {
            case .number(let number): number
            case .integer(let number): Double(number)
            default: .nan
            }
        }
    }

    private func distance(_ a: [Double], _ b: [Double]) -> Double {
        a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? .infinity : .infinity
    }

    @Test("an adapter is named by path or name, scaled, added to others, and folded in with the same logits")
    func logitsAndMerge() throws {
        let base = try logits()
        let mine = try logits("--adapter", "mine")
        #expect(distance(base, mine) > 0.01)
        #expect(try distance(base, logits("--adapter", "mine=0")) < 1e-5)
        #expect(try distance(mine, logits("--adapter", "mine=0.5", "--adapter", "./mine=0.5")) < 1e-3)
        let both = try logits("--adapter", "mine", "--adapter", "tales=-0.5")
        #expect(distance(both, mine) > 0.01)
        let model = queue.commandLine.environment["NIGHTSHIFT_MODEL"] ?? ""
        let merge = try queue.run(
            "model", "merge", model, "mine", "tales=-0.5", "merged", "--weights", "f32", "--json")
        #expect(merge.status == 0, "\(merge.errors)")
        #expect(try distance(both, logits("--model", "merged")) < 1e-3)
        #expect(try queue.run("model", "verify", "merged").status == 0)
        #expect(try queue.run("model", "merge", model, "mine", "both.gguf", "--weights", "f32").status == 0)
        #expect(try distance(mine, logits("--model", "both.gguf")) < 1e-3)
        // A name that is taken stays as it is.
        #expect(try queue.run("model", "merge", model, "mine", "merged").status == 73)
        #expect(try queue.run("model", "merge", model, "mine", "mine", "--force").status == 73)
        #expect(try queue.run("model", "merge", model, "mine", "merged", "--force").status == 0)
        let left = try FileManager.default.contentsOfDirectory(atPath: queue.folder.path)
        #expect(!left.contains { $0.hasSuffix(".partial") || $0.hasSuffix(".replaced") })
    }

    /// Arguments, the exit code, and a part of what is said.
    private static let refusals: [([String], Int32, String)] = [
        (["engine", "logits", "--adapter", "nowhere"], 66, "no adapter 'nowhere'"),
        (["engine", "logits", "--adapter", "mine=x9e9"], 66, "no adapter 'mine=x9e9'"),
        (["engine", "logits", "--adapter", "mine=1e9"], 65, "the scale"),
        (["engine", "logits", "--adapter", "broken"], 65, "adapter_config.json"),
        (["engine", "logits", "--adapter", "other"], 65, "expected a change of [256, 256]"),
        (["model", "merge", "Extras", "mine", "out"], 66, "Extras"),
        (["model", "merge", "reference", "mine"], 64, "name at least one adapter"),
        (["model", "merge", "reference", "mine", "out", "--weights", "int8"], 64, "name a .gguf file"),
    ]

    @Test("what can't be is refused before anything is done", arguments: refusals)
    func refused(arguments: [String], status: Int32, text: String) throws {
        try queue.write("{", to: "broken/adapter_config.json")
        try Self.writeAdapter(to: queue.folder.appending(path: "other"), seed: 1, layers: 1, width: 64)
        let outcome = try queue.commandLine.run(arguments, input: "")
        #expect(outcome.status == status, "\(outcome.errors)")
        #expect(outcome.errors.contains(text), "\(outcome.errors)")
    }

    @Test("jobs and kinds name adapters; a missing one fails its job alone, and results say which wrote them")
    func jobs() throws {
        try queue.write("The river rose in May. The old bridge fell, and nobody has built another.\n", to: "a.txt")
        for option in ["max_new_tokens=8", "adapter=tales", "adapter=tales=0.25", "adapter=nowhere", "adapter=none"] {
            #expect(try queue.run("add", "summarize", "a.txt", "-o", option, "-o", "seed=1").status == 0)
        }
        try queue.sql(
            "UPDATE jobs SET options = json_set(options, '$.max_new_tokens', 8, '$.seed', 1, '$.adapter', "
                + "coalesce(options->>'$.adapter', NULL)); "
                + "UPDATE jobs SET options = json_remove(options, '$.adapter') WHERE id = 1")
        let work = try queue.run("work", "--drain", "--threads", "1", "--adapter", "mine")
        #expect(work.status == 1)
        let rows = try queue.sql("SELECT id, state FROM jobs ORDER BY id")
        #expect(rows == "1|completed\n2|completed\n3|completed\n4|discarded\n5|completed")
        #expect(try queue.sql("SELECT error FROM jobs WHERE id = 4").contains("no adapter 'nowhere'; looked for "))
        #expect(try queue.sql("SELECT error_code FROM attempts WHERE job_id = 4") == "adapter")
        let models = try queue.sql("SELECT model FROM results ORDER BY job_id").split(separator: "\n").map(String.init)
        let fingerprint = try queue.json("model", "inspect", "tales", "--json")["fingerprint"]
        guard case .string(let tales)? = fingerprint, models.count == 4 else {
            return #expect(Bool(false), "\(models)")
        }
        #expect(models[1] == "\(models[3])+\(tales)" && models[2] == "\(models[3])+\(tales)=0.25")
        #expect(models[0].hasPrefix("\(models[3])+") && models[0] != models[1])
        let engines = try queue.sql("SELECT engine FROM attempts WHERE job_id IN (1, 3) ORDER BY job_id")
        #expect(engines.contains(" adapter=mine\n") && engines.hasSuffix(" adapter=tales=0.25"))
    }

    @Test("list and inspect know adapters")
    func inspect() throws {
        #expect(try queue.run("model", "list", "--adapters").output == "tales\n")
        let inspection = try queue.json("model", "inspect", "mine", "--json")
        #expect(inspection["r"] == 2 && inspection["modules"] == 12 && inspection["targets"]?["q_proj"] == 6)
        let text = try queue.run("model", "inspect", "tales")
        #expect(text.status == 0 && text.output.contains("changes      q_proj (6), v_proj (6)\n"))
    }
}
