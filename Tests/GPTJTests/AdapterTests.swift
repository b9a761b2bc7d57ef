import Foundation
import GPTJ
import Generation
import Kernels
import ModelFiles
import TestSupport
import Testing
import Tokenization

@Suite("Adapters", .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
struct AdapterTests {
    /// The adapters of `shared/golden/lora` with peft's outputs.
    struct GoldenAdapter: CustomTestStringConvertible, Sendable {
        let name: String

        static let all = ["qv", "qv-bin", "qv-rslora", "all-linear"].map(GoldenAdapter.init)

        var testDescription: String { name }
        var folder: URL { SharedFiles.golden("lora/\(name)") }
        static let base = GoldenModel(name: "a-rot8")

        struct File: Decodable {
            struct Logits: Decodable {
                let inputIds: [TokenID]
                let file: String
                let std: Float
            }
            struct Generation: Decodable {
                struct Result: Decodable { let newTokens: [TokenID] }
                let prompts: [[TokenID]]
                let params: GoldenParameters
                let results: [Result]
            }
            let base: String
            let scale: Double
            let logits: [Logits]
            let generation: [Generation]
        }

        func values() throws -> File {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(File.self, from: Data(contentsOf: folder.appending(path: "golden.json")))
        }

        func floats(_ file: String) throws -> [Float] { try GoldenAdapter.base.floats("../../lora/\(name)/\(file)") }

        func load(scale: Float = 1) throws -> AdapterMix.Entry {
            let adapter = try GPTJAdapter(
                Adapter(folder: folder.appending(path: "adapter")), name: name,
                for: GPTJConfiguration(folder: GoldenAdapter.base.folder.appending(path: "checkpoints/st-f32")),
                on: Compute(threads: 1, instructionSet: InstructionSet.available[0]))
            return AdapterMix.Entry(adapter, scale: scale)
        }
    }

    private func logits(_ model: GPTJModel, _ tokens: [TokenID], _ adapters: AdapterMix) throws -> [Float] {
        let sequence = model.openSequence()
        defer { model.closeSequence(sequence) }
        return try model.step([
            SequenceStep(sequence: sequence, tokens: tokens, output: .all, adapters: adapters)
        ]).values
    }

    private func baseModel(threads: Int = 1) throws -> GPTJModel {
        try GoldenAdapter.base.load("checkpoints/st-f32", threads: threads)
    }

    @Test("logits and texts with an adapter equal peft's", arguments: GoldenAdapter.all)
    func logits(_ golden: GoldenAdapter) throws {
        let values = try golden.values()
        #expect(values.base == GoldenAdapter.base.name)
        let mix = AdapterMix([try golden.load()])
        let model = try baseModel(threads: 2)
        for logits in values.logits {
            let found = try self.logits(model, logits.inputIds, mix)
            #expect(distance(found, try golden.floats(logits.file)) <= 1e-3 * logits.std, "\(logits.file)")
        }
        let scheduler = Scheduler(model: model, tokenizer: nil)
        for generation in values.generation {
            for (prompt, result) in zip(generation.prompts, generation.results) {
                _ = try scheduler.add(
                    GenerationRequest(prompt: prompt, parameters: generation.params.decoding, adapters: mix))
                var tokens: [TokenID] = []
                while scheduler.hasWork {
                    for case .finished(_, let output) in scheduler.step() { tokens = try output.get().tokens }
                }
                #expect(tokens == result.newTokens)
            }
        }
    }

    @Test("adapters add up as their merged weights do, each with its scale")
    func sums() throws {
        let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])
        let folder = GoldenAdapter.base.folder.appending(path: "checkpoints/st-f32")
        let opened = try OpenedModel(ModelLocator(environment: [:]).locate(folder.path))
        let tokens: [TokenID] = [93, 277, 440, 268, 439, 165, 53, 49]
        for (one, other, scales) in [("qv", "all-linear", [1.0, 1.0]), ("all-linear", "qv-rslora", [0.5, -0.25])] {
            let adapters = try zip([one, other], scales).map { name, scale in
                (
                    adapter: try Adapter(folder: GoldenAdapter(name: name).folder.appending(path: "adapter")),
                    scale: scale
                )
            }
            let out = try TemporaryAdapterFolder()
            try MergedFolder(
                opened, merging: AdapterMerge(adapters, into: opened, on: compute), type: nil
            ).write(to: out.url, on: compute) { _ in }
            let merged = try GPTJModel(folder: out.url)
            let mix = AdapterMix([
                try GoldenAdapter(name: one).load(scale: Float(scales[0])),
                try GoldenAdapter(name: other).load(scale: Float(scales[1])),
            ])
            #expect(distance(try logits(baseModel(), tokens, mix), try merged.allLogits(tokens)) <= 1e-3 * 2.2)
        }
    }

    @Test("a merged model equals peft's, tensor by tensor", arguments: ["qv", "all-linear"])
    func merged(_ name: String) throws {
        let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])
        let folder = GoldenAdapter.base.folder.appending(path: "checkpoints/st-f32")
        let opened = try OpenedModel(ModelLocator(environment: [:]).locate(folder.path))
        let adapter = try Adapter(folder: GoldenAdapter(name: name).folder.appending(path: "adapter"))
        let out = try TemporaryAdapterFolder()
        let merge = try AdapterMerge([(adapter: adapter, scale: 1)], into: opened, on: compute)
        try MergedFolder(opened, merging: merge, type: nil).write(to: out.url, on: compute) { _ in }
        let found = try Checkpoint.open(folder: out.url)
        let expected = try Checkpoint.open(
            file: GoldenAdapter(name: name).folder.appending(path: "merged.safetensors"))
        for tensorName in found.names {
            let values = try #require(try found.tensor(named: tensorName).floats).values
            let reference = try #require(try expected.tensor(named: tensorName).floats).values
            #expect(distance(values, reference) <= 1e-5, "\(tensorName)")
        }
    }

    @Test("a changed embedding and head give what merged ones give, tied or not", arguments: ["a-rot8", "d-tied"])
    func vocabulary(_ name: String) throws {
        let compute = Compute(threads: 1, instructionSet: InstructionSet.available[0])
        let golden = GoldenModel(name: name)
        let folder = golden.folder.appending(path: try #require(try golden.checkpoints.first).dir)
        let configuration = try GPTJConfiguration(folder: folder)
        let files = try TemporaryAdapterFolder()
        let adapter = try RandomAdapterFiles(
            rank: 3, alpha: 6,
            shapes: [
                ("transformer.wte", configuration.vocabularySize, configuration.width, true),
                ("lm_head", configuration.width, configuration.vocabularySize, false),
            ]
        ).write(to: files.url)
        let opened = try OpenedModel(ModelLocator(environment: [:]).locate(folder.path))
        let out = try TemporaryAdapterFolder()
        try MergedFolder(
            opened, merging: AdapterMerge([(adapter: adapter, scale: 0.5)], into: opened, on: compute), type: .float32
        ).write(to: out.url, on: compute) { _ in }
        let model = try GPTJModel(folder: folder)
        let loaded = try GPTJAdapter(adapter, name: "vocabulary", for: configuration, on: compute)
        let tokens: [TokenID] = [5, 17, 200, 17, 0]
        let found = try logits(model, tokens, AdapterMix([.init(loaded, scale: 0.5)]))
        let merged = try GPTJModel(folder: out.url).allLogits(tokens)
        #expect(distance(found, merged) <= 1e-3 * 2.2)
        #expect(distance(found, try logits(model, tokens, .none)) > 0.1, "the adapter changes something")
    }

    @Test("an adapter of another model is refused with file, tensor, expected and found")
    func misfits() throws {
        let compute = Compute(threads: 1, instructionSet: InstructionSet.available[0])
        let other = try GPTJConfiguration(
            folder: GoldenModel(name: "b-inner").folder.appending(path: "checkpoints/st-f32"))
        let folder = GoldenAdapter(name: "qv").folder.appending(path: "adapter")
        let error = #expect(throws: ModelFileError.self) {
            try GPTJAdapter(Adapter(folder: folder), name: "qv", for: other, on: compute)
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.hasPrefix("\(folder.path)/adapter_model.safetensors: tensor 'base_model.model.transformer.h.0."))
        #expect(text.contains("expected a change of [96, 96]") && text.contains("found one of [64, 64]"))
    }

    @Test("adapters are kept within a bound, read again when their files change, and shared while they are in use")
    func shelf() throws {
        let compute = Compute(threads: 1, instructionSet: InstructionSet.available[0])
        let base = GoldenAdapter.base.folder.appending(path: "checkpoints/st-f32")
        let weights = try GPTJWeights(
            configuration: GPTJConfiguration(folder: base), checkpoint: Checkpoint.open(folder: base))
        let folders = try (0..<3).map { _ in try TemporaryAdapterFolder() }
        for (index, folder) in folders.enumerated() {
            _ = try RandomAdapterFiles(
                rank: 4, alpha: 4, shapes: [("transformer.h.0.attn.q_proj", 64, 64, false)], seed: UInt64(index + 1)
            ).write(to: folder.url)
        }
        // Each takes 2 * 4 * 64 floats.
        let size = 2 * 4 * 64 * 4
        let shelf = AdapterShelf(weights, byteLimit: 2 * size, instructionSet: compute.instructionSet)
        var first: GPTJAdapter? = try shelf.adapter(in: folders[0].url, name: "first")
        let second = try shelf.adapter(in: folders[1].url, name: "second")
        #expect(shelf.byteCount == 2 * size)
        #expect(try shelf.adapter(in: folders[0].url, name: "first") === first)
        #expect(
            throws: AdapterShelfError.full(
                path: folders[2].url.standardizedFileURL.path, byteCount: size, inUse: 2 * size, limit: 2 * size)
        ) {
            try shelf.adapter(in: folders[2].url, name: "third")
        }
        // It left the shelf, but is in use: the same one is found again.
        #expect(try shelf.adapter(in: folders[1].url, name: "second") === second)
        let digest = first?.digest
        first = nil
        _ = try shelf.adapter(in: folders[2].url, name: "third")
        #expect(shelf.byteCount == 2 * size)
        _ = try RandomAdapterFiles(
            rank: 4, alpha: 4, shapes: [("transformer.h.0.attn.q_proj", 64, 64, false)], seed: 9
        ).write(to: folders[0].url)
        #expect(try shelf.adapter(in: folders[0].url, name: "first").digest != digest)
        let small = AdapterShelf(weights, byteLimit: size - 1, instructionSet: compute.instructionSet)
        #expect(throws: AdapterShelfError.self) { try small.adapter(in: folders[0].url, name: "first") }
    }
}
