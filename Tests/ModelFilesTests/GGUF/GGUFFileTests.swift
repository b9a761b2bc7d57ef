import Foundation
import Kernels
import ModelFiles
import TestSupport
import Testing

@Suite("GGUF files")
struct GGUFFileTests {
    /// Expects that the file is refused with an error that names it and contains `part`.
    private func refused(
        _ builder: GGUFBuilder, _ part: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let folder = try TemporaryFolder()
        let error = refusal(of: try folder.write(builder.build(), to: "x.gguf"), sourceLocation: sourceLocation)
        #expect(
            error?.description.contains(part) == true, "\(error?.description ?? "")", sourceLocation: sourceLocation)
    }

    private func changed(_ change: (inout GGUFBuilder) -> Void) -> GGUFBuilder {
        var builder = GGUFBuilder.good
        change(&builder)
        return builder
    }

    // MARK: Reading

    @Test(
        "tensors come under HuggingFace's names in the order of their bytes, outermost axis first", arguments: [2, 3])
    func tensors(_ version: UInt32) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(changed { $0.version = version }.build(), to: "x.gguf")
        let checkpoint = try Checkpoint.open(file: file)
        #expect(checkpoint.form == .gguf)
        #expect(
            checkpoint.names == [
                "lm_head.bias", "transformer.h.0.attn.q_proj.weight", "transformer.wte.weight", "mine",
            ])
        let query = try checkpoint.tensor(named: "transformer.h.0.attn.q_proj.weight")
        #expect(query.shape == [2, 3] && query.type == .float32)
        #expect(try query.floats() == [1, 2, 3, 4, 5, 6])
        let embedding = try checkpoint.tensor(named: "transformer.wte.weight")
        #expect(
            embedding.type == .eightBitBlocks && embedding.byteCount == 34 && embedding.matrix?.blocks == .eightBits)
        #expect(try checkpoint.tensor(named: "mine").shape == [])
    }

    @Test("values of every type are read, and another type than asked for is refused by key")
    func metadata() throws {
        let folder = try TemporaryFolder()
        let checkpoint = try Checkpoint.open(file: folder.write(GGUFBuilder.good.build(), to: "x.gguf"))
        let metadata = try #require(checkpoint.gguf)
        #expect(try metadata.text("general.architecture") == "gptj")
        for (type, value) in [(0, 1), (1, 1), (2, 0x0101), (3, 0x0101), (4, 0x0101_0101), (10, 0x0101_0101_0101_0101)] {
            #expect(try metadata.integer("number.\(type)") == value)
        }
        #expect(try metadata.bool("number.7") == true)
        #expect(try metadata.double("number.6") == Double(Float(bitPattern: 0x0101_0101)))
        #expect(try metadata.double("number.12") == Double(bitPattern: 0x0101_0101_0101_0101))
        #expect(try metadata.double("number.0") == 1)
        #expect(try metadata.texts("texts", limit: 2) == [Array("a".utf8), Array("bc".utf8)])
        #expect(try metadata.integers("numbers", limit: 3) == [-1, 2, 3])
        #expect(try metadata.integer("absent") == nil)
        for read in [
            { _ = try metadata.integer("number.6") }, { _ = try metadata.text("number.0") },
            { _ = try metadata.texts("texts", limit: 1) }, { _ = try metadata.texts("numbers", limit: 9) },
            { _ = try metadata.integers("lists", limit: 9) }, { _ = try metadata.bool("number.0") },
        ] {
            #expect(throws: ModelFileError.self) { try read() }
        }
    }

    // MARK: Refusals

    @Test("what isn't GGUF of a version that is read is told by what it is")
    func start() throws {
        try refused(changed { $0.magic = Array("GGML".utf8) }, "is no GGUF file")
        try refused(changed { $0.version = 1 }, "is GGUF of version 1; 2 and 3 are read")
        try refused(changed { $0.version = UInt32(3).byteSwapped }, "big-endian")
        let folder = try TemporaryFolder()
        let empty = refusal(of: try folder.write([], to: "x.gguf"))
        #expect(empty?.description.contains("is empty") == true)
        let other = refusal(of: try folder.write(GGUFBuilder.good.build(), to: "x.bin"))
        #expect(other?.description.contains("Give it a name that ends in .gguf") == true)
    }

    @Test("counts and lengths beyond the file set no memory aside and are refused")
    func counts() throws {
        try refused(changed { $0.tensorCount = 1 << 40 }, "more than any model has")
        try refused(changed { $0.pairCount = .max }, "is no count or offset")
        try refused(changed { $0.pairCount = 60_000 }, "x.gguf: metadata: at byte")
        try refused(changed { $0.tensorCount = 100_000 }, "x.gguf: tensors: at byte")
        try refused(
            changed { $0.add("x", type: 8, littleEndian(UInt64(1) << 60)) }, "more bytes were expected")
        try refused(
            changed { $0.add("x", listOf: 8, count: 1 << 61, []) }, "a list of \(1 << 61), for which")
        try refused(changed { $0.add("x", listOf: 0, count: 1 << 40, []) }, "a list of \(1 << 40), for which")
    }

    @Test("unknown types, doubled keys, keys that are no text and lists in lists in lists are refused")
    func pairs() throws {
        try refused(changed { $0.add("x", type: 13, []) }, "a value of type 13")
        try refused(changed { $0.add("x", listOf: 13, count: 0, []) }, "a value of type 13")
        try refused(changed { $0.add("texts", text: "again") }, "the key 'texts' stands there twice")
        try refused(
            changed { $0.pairs.append(littleEndian(UInt64(1)) + [0xFF] + littleEndian(UInt32(0)) + [0]) },
            "a name that isn't UTF-8")
        var nested: [UInt8] = littleEndian(UInt32(0)) + littleEndian(UInt64(0))
        for _ in 0..<100_000 { nested = littleEndian(UInt32(9)) + littleEndian(UInt64(1)) + nested }
        try refused(changed { $0.add("x", type: 9, nested) }, "deeper than any model has")
    }

    @Test("a part of a model is told for one")
    func parts() throws {
        try refused(changed { $0.add("split.count", uint32: 3) }, "is one of 3 parts of a model")
        let folder = try TemporaryFolder()
        let whole = changed { $0.add("split.count", uint32: 1) }
        #expect(try Checkpoint.open(file: folder.write(whole.build(), to: "x.gguf")).tensors.count == 4)
    }

    @Test("alignments that are no powers of two are refused")
    func alignment() throws {
        for value: UInt32 in [0, 3, 48, 1 << 31] {
            try refused(
                changed { $0.add("general.alignment", uint32: value) },
                "general.alignment: expected a power of two up to 1048576, found \(value)")
        }
        try refused(changed { $0.add("general.alignment", text: "32") }, "expected a whole number, found text")
    }

    @Test("tensors beyond the file, at odd places, over each other or of other types are refused by name")
    func badTensors() throws {
        try refused(
            changed { $0.add(tensor: "x", shape: [100_000], type: 0, offset: 192) },
            "tensor 'x': expected its 400000 bytes")
        try refused(
            changed { $0.add(tensor: "x", shape: [1], type: 0, offset: 1 << 62) }, "tensor 'x': expected its 4 bytes")
        try refused(
            changed { $0.add(tensor: "x", shape: [1], type: 0, offset: 33) },
            "expected an offset that is a multiple of 32")
        try refused(
            changed { $0.add(tensor: "x", shape: [2], type: 0, offset: 64) }, "two tensors overlap")
        try refused(
            changed { $0.add(tensor: "mine", shape: [], type: 0, offset: 32) },
            "expected one tensor of this name, found two")
        try refused(
            changed { $0.add(tensor: "x", shape: [256], type: 12, offset: 0) },
            "expected f32, f16, bf16, q8_0 or q4_0: other types aren't read; convert the original model, found type q4_K"
        )
        try refused(
            changed { $0.add(tensor: "x", shape: [1], type: 77, offset: 0) }, "found type number 77, which has no name")
        try refused(
            changed { $0.add(tensor: "x", shape: [2, 33], type: 8, offset: 0) }, "expected a shape that q8_0 can have")
        try refused(
            changed { $0.add(tensor: "x", shape: [1 << 40, 1 << 40], type: 0, offset: 0) }, "expected a shape that f32")
        try refused(
            changed { $0.add(tensor: "x", shape: [1, 1, 1, 1, 1], type: 0, offset: 0) }, "has 5 axes; 4 are the most")
        try refused(changed { $0.tensors = [] }, "there are no tensors in it")
    }

    @Test("a file cut off at any byte is refused with an error, and never ends the process")
    func truncations() throws {
        let whole = GGUFBuilder.good.build()
        let folder = try TemporaryFolder()
        for length in 0..<whole.count {
            let error = refusal(of: try folder.write(Array(whole.prefix(length)), to: "x.gguf"))
            #expect(error != nil, "\(length) bytes")
        }
    }

    @Test("a file with any bit flipped is refused or loads, and never ends the process")
    func flips() throws {
        let whole = GGUFBuilder.good.build()
        let folder = try TemporaryFolder()
        var opened = 0
        for bit in 0..<whole.count * 8 {
            var bytes = whole
            bytes[bit / 8] ^= 1 << (bit % 8)
            let file = try folder.write(bytes, to: "x.gguf")
            do {
                let checkpoint = try Checkpoint.open(file: file)
                for tensor in checkpoint.tensors.values { _ = tensor.survey { _ in } }
                _ = try checkpoint.fingerprint
                opened += 1
            } catch let error as ModelFileError {
                #expect(error.description.hasPrefix(file.path))
            }
        }
        #expect(opened > 100)
    }
}
