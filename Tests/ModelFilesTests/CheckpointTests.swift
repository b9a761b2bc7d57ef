import Foundation
import Glibc
import Kernels
import ModelFiles
import TestSupport
import Testing

/// The forms of one model, as `checkpoints.json` lists them.
private struct GoldenForm: Decodable {
    let dir: String
    let form: String
    let weights: String
}

@Suite("Checkpoints in every form")
struct CheckpointTests {
    private static let models = ["a-rot8", "b-inner", "c-fullrot", "d-tied", "e-odd", "f-long"]

    @Test(
        "Every form of a model holds the same tensors, and every form of one type the same numbers",
        .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"), arguments: models)
    func formsAgree(model: String) throws {
        let root = SharedFiles.golden("models/\(model)")
        let forms = try JSONDecoder().decode(
            [GoldenForm].self, from: Data(contentsOf: root.appending(path: "checkpoints.json")))
        #expect(!forms.isEmpty)
        var values: [String: [String: [Float]]] = [:]
        var shapes: [String: [Int]]?
        for form in forms {
            let checkpoint = try Checkpoint.open(folder: root.appending(path: form.dir))
            #expect(checkpoint.form == expectedForm(form.form))
            let weights = checkpoint.tensors.filter { name, _ in
                !name.hasSuffix(".attn.bias") && !name.hasSuffix(".attn.masked_bias")
                    && !(model == "d-tied" && name == "lm_head.weight")
            }
            #expect(
                (weights.count != checkpoint.tensors.count)
                    == (form.form.contains("buffers") || model == "d-tied" && form.form.hasPrefix("bin")))
            if let shapes {
                #expect(weights.mapValues(\.shape) == shapes, "\(form.dir)")
            } else {
                shapes = weights.mapValues(\.shape)
            }
            if form.weights != "mixed" { #expect(weights.values.allSatisfy { $0.type.rawValue == form.weights }) }
            let numbers = try weights.mapValues { try $0.floats() }
            if let others = values[form.weights] {
                #expect(numbers == others, "\(form.dir)")
            } else {
                values[form.weights] = numbers
            }
        }
    }

    private func expectedForm(_ name: String) -> Checkpoint.Form {
        switch (name.hasPrefix("st"), name.contains("sharded")) {
        case (true, false): .safetensors
        case (true, true): .shardedSafetensors
        case (false, false): .torch
        case (false, true): .shardedTorch
        }
    }

    @Test(
        "A strided view is read in row-major order, and not taken for contiguous",
        .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
    func views() throws {
        let folder = SharedFiles.golden("models/a-rot8/checkpoints/bin-views-f32")
        let checkpoint = try Checkpoint.open(folder: folder)
        let strided = checkpoint.tensors.values.filter { !$0.isContiguous }
        #expect(strided.count > 1)
        for tensor in checkpoint.tensors.values {
            let bytes = try tensor.bytes(ofElements: 0..<tensor.elementCount)
            #expect(try bytes == tensor.floats().flatMap { littleEndian($0.bitPattern) })
            #expect(try bytes.suffix(8) == tensor.bytes(ofElements: tensor.elementCount - 2..<tensor.elementCount))
        }
    }

    @Test("safetensors is preferred to torch, one file to shards")
    func preference() throws {
        let folder = try TemporaryFolder()
        #expect(throws: ModelFileError.noWeights(folder: folder.url.path, lookedFor: Checkpoint.fileNames)) {
            try Checkpoint.open(folder: folder.url)
        }
        let view = Pickle.tensor(Pickle.storage("FloatStorage", key: "0", count: 12), shape: [2], strides: [1])
        try folder.write(Pickle.file(Pickle.dictionary([("x", view)])).build(), to: "pytorch_model.bin")
        #expect(try Checkpoint.open(folder: folder.url).form == .torch)
        try folder.write(
            Array(#"{"weight_map": {"x": "model-1.safetensors"}}"#.utf8), to: "model.safetensors.index.json")
        let tensors = safetensors(
            header: #"{"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#, data: bytes(of: [1, 2]))
        try folder.write(tensors, to: "model-1.safetensors")
        #expect(try Checkpoint.open(folder: folder.url).form == .shardedSafetensors)
        try folder.write(tensors, to: "model.safetensors")
        let checkpoint = try Checkpoint.open(folder: folder.url)
        #expect(checkpoint.form == .safetensors)
        #expect(checkpoint.files.map(\.byteCount) == [tensors.count])
        #expect(try checkpoint.tensor(named: "x").floats() == [1, 2])
        #expect(throws: ModelFileError.tensorsMissing(path: checkpoint.path, tensors: ["y"])) {
            try checkpoint.tensor(named: "y")
        }
    }

    @Test(
        "An index that leads out of its folder or names no file is refused",
        arguments: ["../x.safetensors", "/etc/passwd", "a/b.safetensors", "..", "", "a\\\\b"])
    func shardNames(shard: String) throws {
        let folder = try TemporaryFolder()
        let index = try folder.write(
            Array(#"{"weight_map": {"x": "\#(shard)"}}"#.utf8), to: "model.safetensors.index.json")
        guard case .field(_, let field, _, _)? = refusal(of: index) else {
            Issue.record("expected the field to be named")
            return
        }
        #expect(field == "weight_map.'x'")
    }

    @Test("A tensor that its shard lacks and a shard that the folder lacks are named")
    func absentShards() throws {
        let folder = try TemporaryFolder()
        let index = try folder.write(
            Array(#"{"weight_map": {"x": "m-1.safetensors", "y": "m-2.safetensors"}}"#.utf8), to: "m.index.json")
        let header = #"{"x": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}"#
        try folder.write(safetensors(header: header, data: bytes(of: [1])), to: "m-1.safetensors")
        var error = #expect(throws: ModelFileError.self) { try Checkpoint.open(file: index) }
        #expect(error?.description.hasPrefix(folder.url.appending(path: "m-2.safetensors").path) == true)
        #expect(error?.isAboutAbsence == true)
        try folder.write(safetensors(header: header, data: bytes(of: [2])), to: "m-2.safetensors")
        error = #expect(throws: ModelFileError.self) { try Checkpoint.open(file: index) }
        #expect(error?.description.contains("m-2.safetensors: tensor 'y'") == true, "\(error.debugDescription)")
    }

    @Test("A tensor is taken from the shard that the index names, and only from there")
    func duplicateAcrossShards() throws {
        let folder = try TemporaryFolder()
        let header = #"{"x": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}"#
        try folder.write(safetensors(header: header, data: bytes(of: [1])), to: "m-1.safetensors")
        let both =
            #"{"x": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}, "y": {"dtype": "F32", "shape": [], "data_offsets": [4, 8]}}"#
        try folder.write(safetensors(header: both, data: bytes(of: [2, 3])), to: "m-2.safetensors")
        let index = try folder.write(
            Array(#"{"weight_map": {"x": "m-1.safetensors", "y": "m-2.safetensors"}}"#.utf8), to: "m.index.json")
        let checkpoint = try Checkpoint.open(file: index)
        #expect(checkpoint.names == ["x", "y"])
        #expect(try checkpoint.tensor(named: "x").floats() == [1])
        #expect(try checkpoint.tensor(named: "y").floats() == [3])
    }

    @Test("Weights of 24 GB are opened without being read")
    func sparseFile() throws {
        let folder = try TemporaryFolder()
        let (rows, columns) = (1_500_000, 4096)
        let size = rows * columns * 4
        let header = #"{"big": {"dtype": "F32", "shape": [\#(rows), \#(columns)], "data_offsets": [0, \#(size)]}}"#
        let file = try folder.write(safetensors(header: header), to: "model.safetensors")
        // A sparse file: it takes a few kilobytes of the disk. Where the file system can't do that, nothing is shown.
        guard truncate(file.path, 8 + header.utf8.count + size) == 0 else { return }
        let start = ContinuousClock.now
        let checkpoint = try Checkpoint.open(folder: folder.url)
        let fingerprint = try checkpoint.fingerprint
        let elapsed = ContinuousClock.now - start
        #expect(try checkpoint.tensor(named: "big").byteCount == 24_576_000_000)
        #expect(fingerprint.count == 16)
        // It takes a few milliseconds alone, but this test shares the machine; reading all would take many seconds.
        #expect(elapsed < .seconds(2), "\(elapsed)")
        // The map goes when nothing refers to it any more.
        let resident = try withExtendedLifetime(checkpoint) { try residentKilobytes(mappedFrom: file) }
        #expect((4..<2048).contains(resident), "\(resident) KB")
    }

    /// Kilobytes of a mapped file that are in this process's memory.
    private func residentKilobytes(mappedFrom file: URL) throws -> Int {
        // String(contentsOfFile:) takes the first piece of a file in /proc for all of it.
        let handle = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
        let maps = String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
        let lines = maps.split(separator: "\n")
        let map = try #require(lines.firstIndex { $0.hasSuffix(file.lastPathComponent) && $0.contains(file.path) })
        let resident = try #require(lines[map...].first { $0.hasPrefix("Rss:") })
        return try #require(Int(resident.split(separator: " ")[1]))
    }
}
