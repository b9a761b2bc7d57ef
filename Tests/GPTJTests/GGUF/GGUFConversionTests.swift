import Foundation
import GPTJ
import Generation
import Kernels
import ModelFiles
import TestSupport
import Testing
import Tokenization

/// A model as a GGUF file, which lives as long as this does.
final class ConvertedModel {
    let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-gguf-\(UUID().uuidString)")
    let located: LocatedModel
    let conversion: GGUFConversion

    init(_ source: OpenedModel, to form: WeightForm) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let url = folder.appending(path: "model.gguf")
        let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])
        conversion = try GGUFConversion(source, to: form, program: "tests")
        let file = try OutputFile(path: url.path, replaces: false)
        try conversion.write(to: file, on: compute) { _ in }
        #expect(file.count == conversion.fileByteCount)
        try file.finish()
        located = try ModelLocator(environment: [:]).locate(url.path)
    }

    convenience init(_ folder: URL, to form: WeightForm) throws {
        try self.init(OpenedModel(ModelLocator(environment: [:]).locate(folder.path)), to: form)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func open() throws -> OpenedModel { try OpenedModel(located) }
}

extension OpenedModel {
    func weights() throws -> GPTJWeights { try GPTJWeights(configuration: configuration, checkpoint: checkpoint) }

    /// Logits of some tokens, with weights as they're stored or packed.
    func logits(_ quantization: Quantization? = nil) throws -> [UInt32] {
        let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])
        var weights = try weights()
        if let quantization { weights = weights.quantized(to: quantization, on: compute) }
        let model = GPTJModel(weights: weights, compute: compute, tokenCapacity: 1024)
        let count = min(configuration.contextLength, 40)
        return try model.allLogits((0..<count).map { TokenID($0 * 37 % configuration.vocabularySize) })
            .map(\.bitPattern)
    }
}

@Suite("Conversion to GGUF", .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
struct GGUFConversionTests {
    private func open(_ checkpoint: String) throws -> OpenedModel {
        try OpenedModel(
            ModelLocator(environment: [:]).locate(SharedFiles.golden("models/\(checkpoint)").path))
    }

    @Test("a file of f32 has the configuration of any form, and its logits bit for bit", arguments: GoldenModel.all)
    func exact(_ model: GoldenModel) throws {
        for form in try model.checkpoints {
            let source = try open("\(model.name)/\(form.dir)")
            let converted = try ConvertedModel(source, to: .float32).open()
            #expect(converted.configuration == source.configuration, "\(form.dir)")
            #expect(try converted.logits() == source.logits(), "\(form.dir)")
            #expect(try converted.sourceFingerprint == source.checkpoint.fingerprint)
            #expect(try converted.tokenizerDefinition() == nil)
            let verification = CheckpointVerification(
                layout: CheckpointLayout(converted.configuration), checkpoint: converted.checkpoint
            ) { _ in }
            #expect(verification.problems == [])
        }
    }

    @Test("the same weights of f32 have the same fingerprint in a folder and in a file")
    func fingerprint() throws {
        let source = try open("a-rot8/checkpoints/st-f32")
        #expect(try ConvertedModel(source, to: .float32).open().checkpoint.fingerprint == source.checkpoint.fingerprint)
        #expect(try ConvertedModel(source, to: .float16).open().checkpoint.fingerprint != source.checkpoint.fingerprint)
    }

    @Test(
        "a file of the weights' own type has the logits bit for bit",
        arguments: [("st-f16", WeightForm.float16), ("st-bf16", .bfloat16)])
    func sameType(_ checkpoint: String, _ form: WeightForm) throws {
        let source = try open("a-rot8/checkpoints/\(checkpoint)")
        #expect(try ConvertedModel(source, to: form).open().logits() == source.logits())
    }

    @Test(
        "a packed file is used as it is, and has the logits of weights packed on loading, bit for bit",
        arguments: GoldenModel.all.map(\.name), [WeightForm.int8, .int4])
    func packed(_ name: String, _ form: WeightForm) throws {
        let source = try open("\(name)/checkpoints/st-f32")
        let converted = try ConvertedModel(source, to: form).open()
        let quantization = try #require(Quantization(rawValue: form.rawValue))
        #expect(try converted.weights().quantization == quantization)
        #expect(try converted.logits() == source.logits(quantization))
    }

    @Test(
        "blocks are run as the floats that they stand for, and packed as those",
        arguments: [WeightForm.eightBitBlocks, .fourBitBlocks])
    func blocks(_ form: WeightForm) throws {
        for name in ["a-rot8", "b-inner", "d-tied"] {
            let converted = try ConvertedModel(open("\(name)/checkpoints/st-f32"), to: form)
            #expect(converted.conversion.unblockedCount == 0)
            let model = try converted.open()
            #expect(try model.weights().blockType == (form == .eightBitBlocks ? .eightBits : .fourBits))
            let floats = try ConvertedModel(model, to: .float32).open()
            #expect(try floats.logits() == model.logits())
            for quantization in Quantization.allCases {
                #expect(try floats.logits(quantization) == model.logits(quantization))
                let packed = try ConvertedModel(model, to: quantization == .int8 ? .int8 : .int4).open()
                #expect(try packed.logits() == model.logits(quantization))
            }
        }
    }

    @Test("rows that aren't whole blocks stay floats")
    func oddRows() throws {
        let source = try open("e-odd/checkpoints/st-f32")
        let converted = try ConvertedModel(source, to: .eightBitBlocks)
        #expect(converted.conversion.unblockedCount == 14)
        #expect(try converted.open().logits() == source.logits())
    }

    @Test("packed weights are never converted again, numbers too large for a form are refused by tensor")
    func refusals() throws {
        let packed = try ConvertedModel(open("a-rot8/checkpoints/st-f32"), to: .int8).open()
        for form in WeightForm.allCases {
            let error = #expect(throws: ModelFileError.self) { try ConvertedModel(packed, to: form) }
            #expect(error?.description.contains("Convert the model that it was made from.") == true)
        }
        let folder = SharedFiles.golden("malformed/model/st-nan")
        let error = #expect(throws: ModelFileError.self) { try ConvertedModel(folder, to: .int8) }
        #expect(
            error?.description.contains(
                "tensor 'transformer.h.0.mlp.fc_in.weight': expected finite numbers that int8 can hold, found 1")
                == true)
    }

    @Test("a packed file with one matrix of another kind is refused")
    func mixed() throws {
        let converted = try ConvertedModel(open("a-rot8/checkpoints/st-f32"), to: .int8)
        let url = try #require(converted.located.gguf)
        var bytes = try [UInt8](Data(contentsOf: url))
        // One packed matrix is taken from the list: it's bytes then, and no matrix of that shape.
        let name = Array("blk.1.attn_k.weight".utf8)
        let start = try #require(
            (0..<bytes.count - name.count).first { bytes[$0..<$0 + name.count].elementsEqual(name) })
        bytes[start] = UInt8(ascii: "x")
        try Data(bytes).write(to: url)
        let error = #expect(throws: ModelFileError.self) { try converted.open().weights() }
        #expect(error?.description.contains("transformer.h.1.attn.k_proj.weight") == true)
    }

    @Test("a file's keys are checked like a config.json, and named as they're called there")
    func configuration() throws {
        let converted = try ConvertedModel(open("a-rot8/checkpoints/st-f32"), to: .float32)
        let url = try #require(converted.located.gguf)
        let whole = try [UInt8](Data(contentsOf: url))
        for (key, value, problem) in [
            ("gptj.attention.head_count", 5, "gptj.attention.head_count: expected a divisor"),
            ("gptj.rope.dimension_count", 7, "gptj.rope.dimension_count: expected an even number"),
            ("gptj.block_count", 0, "gptj.block_count: expected a whole number from 1"),
            ("gptj.embedding_length", 68, "expected shape [512, 68], by the file's keys"),
        ] {
            let name = Array(key.utf8)
            let start = try #require(
                (0..<whole.count - name.count).first { whole[$0..<$0 + name.count].elementsEqual(name) })
            var bytes = whole
            bytes[start + name.count + 4] = UInt8(value)
            try Data(bytes).write(to: url)
            let error = #expect(throws: ModelFileError.self) { try converted.open().weights() }
            #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
        }
    }
}
