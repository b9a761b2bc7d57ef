import Foundation
import ModelFiles
import Testing

@Suite("Adapter files")
struct AdapterFilesTests {
    private static let q = "base_model.model.transformer.h.0.attn.q_proj"

    /// A folder with an adapter of one module, rank 2, on a matrix of 4 by 3.
    private func folder(
        config: String = #"{"peft_type": "LORA", "r": 2, "lora_alpha": 8}"#,
        tensors: [(String, [Int])] = [("\(q).lora_A.weight", [2, 3]), ("\(q).lora_B.weight", [4, 2])]
    ) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write(Array(config.utf8), to: "adapter_config.json")
        var (members, data): ([String], [UInt8]) = ([], [])
        for (name, shape) in tensors {
            let count = shape.reduce(1, *)
            members.append(
                #""\#(name)": {"dtype": "F32", "shape": \#(shape), "data_offsets": [\#(data.count), \#(data.count + 4 * count)]}"#
            )
            data += bytes(of: (0..<count).map { Float($0) })
        }
        try folder.write(
            safetensors(header: "{\(members.joined(separator: ", "))}", data: data), to: "adapter_model.safetensors")
        return folder
    }

    /// Keeps the folder until the files are open.
    private func adapter(_ folder: TemporaryFolder) throws -> Adapter {
        try withExtendedLifetime(folder) { try Adapter(folder: folder.url) }
    }

    @Test("a change has its rank, alpha and scale, by the module's own pattern first")
    func scales() throws {
        let plain = try folder()
        let change = try #require(try adapter(plain).changes.first)
        #expect(change.module == "transformer.h.0.attn.q_proj" && change.rank == 2 && change.scale == 4)
        let rs = try folder(config: #"{"r": 2, "lora_alpha": 8, "use_rslora": true}"#)
        #expect(abs(try adapter(rs).changes[0].scale - 8 / 2.0.squareRoot()) < 1e-12)
        let pattern = try folder(
            config:
                #"{"r": 9, "lora_alpha": 1, "rank_pattern": {"q_proj": 2}, "alpha_pattern": {"attn.q_proj": 6, "k_proj": 5}}"#
        )
        #expect(try adapter(pattern).changes[0].scale == 3)
    }

    @Test("an embedding's change is told from a layer's, and copies of embeddings are kept apart")
    func embeddings() throws {
        let wte = "base_model.model.transformer.wte"
        let files = try folder(tensors: [
            ("\(wte).lora_embedding_A", [2, 10]), ("\(wte).lora_embedding_B", [4, 2]),
            ("\(wte).base_layer.weight", [10, 4]), ("base_model.model.lm_head.base_layer.bias", [10]),
        ])
        let adapter = try self.adapter(files)
        #expect(adapter.changes.map(\.module) == ["transformer.wte"] && adapter.changes[0].isOfEmbedding)
        #expect(Set(adapter.copies.keys) == ["transformer.wte.weight", "lm_head.bias"])
    }

    @Test("the digest is that of the change: not of the file's form, and another for every number and scale")
    func digest() throws {
        let digest = try adapter(folder()).digest
        #expect(digest.count == 64)
        #expect(try adapter(folder(config: #"{"r": 2, "lora_alpha": 8, "bias": "none"}"#)).digest == digest)
        #expect(try adapter(folder(config: #"{"r": 2, "lora_alpha": 9}"#)).digest != digest)
        let file = try folder()
        let url = file.url.appending(path: "adapter_model.safetensors")
        var bytes = try [UInt8](Data(contentsOf: url))
        bytes[bytes.count - 6] ^= 1
        try Data(bytes).write(to: url)
        #expect(try adapter(file).digest != digest)
    }

    /// What is in adapter_config.json, and what the refusal says.
    private static let wrongConfigurations: [(String, String)] = [
        ("", "adapter_config.json"), ("[]", "adapter_config.json"), ("{", "adapter_config.json"),
        (#"{"r": 0}"#, "field r: expected a whole number from 1"),
        (#"{"r": 1e9}"#, "field r"), (#"{"r": -2}"#, "field r"), (#"{"r": "8"}"#, "field r"),
        (#"{"r": 2, "lora_alpha": "x"}"#, "field lora_alpha"),
        (#"{"r": 2, "peft_type": "IA3"}"#, "field peft_type: expected LORA"),
        (#"{"r": 2, "use_dora": true}"#, "field use_dora"),
        (#"{"r": 2, "bias": "all"}"#, "field bias: expected none"),
        (#"{"r": 2, "bias": "lora_only"}"#, "field bias: expected none"),
        (#"{"r": 2, "lora_bias": true}"#, "field lora_bias"),
        (#"{"r": 2, "modules_to_save": ["lm_head"]}"#, "field modules_to_save"),
        (#"{"r": 2, "layer_replication": [[0, 2]]}"#, "field layer_replication"),
        (#"{"r": 2, "init_lora_weights": "pissa"}"#, "field init_lora_weights"),
        (#"{"r": 2, "rank_pattern": {"(q|v)_proj": 2}}"#, "(q|v)_proj"),
        (#"{"r": 3}"#, "expected rank 3, by adapter_config.json, found shape [2, 3]"),
    ]

    @Test("a configuration that isn't followed is refused by the field's name", arguments: wrongConfigurations)
    func configuration(_ config: String, _ expected: String) throws {
        let files = try folder(config: config)
        let error = #expect(throws: ModelFileError.self) { try adapter(files) }
        #expect("\(String(describing: error))".contains(files.url.path), "the file is named")
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    /// Tensors, and what the refusal says.
    private static let wrongTensors: [([(String, [Int])], String)] = [
        ([], "adapter_model.safetensors"),
        ([("\(q).lora_A.weight", [2, 3])], "lora_A or lora_B of transformer.h.0.attn.q_proj"),
        ([("\(q).lora_A.weight", [2, 3, 1]), ("\(q).lora_B.weight", [4, 2])], "expected a matrix"),
        ([("\(q).lora_A.weight", [2, 0]), ("\(q).lora_B.weight", [4, 2])], "expected a matrix"),
        ([("\(q).lora_A.weight", [2, 3]), ("\(q).lora_B.weight", [4, 3])], "expected rank 2"),
        ([("\(q).weight", [2, 3])], "expected a lora_A or lora_B matrix of a module"),
        ([("\(q).lora_magnitude_vector", [2])], "expected a lora_A or lora_B matrix of a module"),
        (
            [
                ("\(q).lora_A.weight", [2, 3]), ("\(q).lora_B.weight", [4, 2]), ("\(q).lora_A.default.weight", [2, 3]),
            ], "expected one change of transformer.h.0.attn.q_proj, found two"
        ),
    ]

    @Test("tensors that make no adapter are refused with file, tensor, expected and found", arguments: wrongTensors)
    func refused(_ tensors: [(String, [Int])], _ expected: String) throws {
        let files = try folder(tensors: tensors)
        let error = #expect(throws: ModelFileError.self) { try adapter(files) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix(files.url.path) == true)
    }

    @Test("a file that is cut off anywhere is refused")
    func truncated() throws {
        let files = try folder()
        let url = files.url.appending(path: "adapter_model.safetensors")
        let bytes = try [UInt8](Data(contentsOf: url))
        for count in [0, 1, 7, 8, 20, bytes.count / 2, bytes.count - 1] {
            try Data(bytes.prefix(count)).write(to: url)
            #expect(throws: ModelFileError.self, "\(count) bytes") { try adapter(files) }
        }
        try FileManager.default.removeItem(at: url)
        let error = #expect(throws: ModelFileError.self) { try adapter(files) }
        #expect(error?.isAboutAbsence == true)
    }

    @Test("a name is a path, or a folder where adapters are kept")
    func names() throws {
        let home = try TemporaryFolder()
        let kept = home.url.appending(path: "nightshift/adapters/tales")
        try FileManager.default.createDirectory(at: kept, withIntermediateDirectories: true)
        let locator = AdapterLocator(environment: ["XDG_DATA_HOME": home.url.path])
        #expect(locator.names == [])
        try Data("{}".utf8).write(to: kept.appending(path: "adapter_config.json"))
        #expect(locator.names == ["tales"])
        #expect(try locator.locate("tales").path == kept.path)
        #expect(try locator.locate(kept.path).path == kept.path)
        for name in ["", "letters", "../adapters/none", "a\u{0}b", ".."].dropLast() {
            let error = #expect(throws: ModelFileError.self) { try locator.locate(name) }
            #expect(error?.isAboutAbsence == true)
        }
    }

    @Test("a reference is a name, with a scale behind the last equals sign")
    func references() throws {
        #expect(try AdapterReference(parsing: "tales") == AdapterReference(name: "tales"))
        #expect(try AdapterReference(parsing: " ./a=b/c=0.5 ") == AdapterReference(name: "./a=b/c", scale: 0.5))
        #expect(try AdapterReference(parsing: "x=y") == AdapterReference(name: "x=y"))
        #expect(
            try AdapterReference.list("a=-1, b") == [
                AdapterReference(name: "a", scale: -1), AdapterReference(name: "b"),
            ])
        #expect(try AdapterReference.list("none") == [] && AdapterReference.list(" ") == [])
        for text in ["", "=1", "a=nan", "a=inf", "a=1e9", "a=-1001"] {
            #expect(throws: ModelFileError.self, "\(text)") { try AdapterReference(parsing: text) }
        }
        #expect(throws: ModelFileError.self) { try AdapterReference.list("a,,b") }
        #expect(throws: ModelFileError.self) {
            try AdapterReference.list(Array(repeating: "a", count: 17).joined(separator: ","))
        }
    }
}
