import Foundation
import ModelFiles
import Testing

/// A small generator with a seed, so that a failing case can be found again (SplitMix64).
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("Files damaged at random")
struct DamagedFileTests {
    /// Flips bits, overwrites bytes by telling ones, cuts, doubles and removes runs: one to three times.
    private func damaged(_ file: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = file
        for _ in 0..<Int.random(in: 1...3, using: &generator) where bytes.count > 1 {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            let end = min(bytes.count, place + Int.random(in: 1...9, using: &generator))
            switch Int.random(in: 0..<8, using: &generator) {
            case 0...2: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 3: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
            case 4:
                for index in place..<end { bytes[index] = [0x00, 0xFF, 0x7F, 0x80].randomElement(using: &generator)! }
            case 5: bytes.removeLast(bytes.count - place)
            case 6: bytes.removeSubrange(place..<end)
            default: bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return bytes
    }

    /// Opens each damaged file; one that opens must be readable from the first element to the last.
    private func open(_ file: [UInt8], as name: String, times: Int, seed: UInt64) throws -> (opened: Int, refused: Int)
    {
        let folder = try TemporaryFolder()
        var generator = SeededGenerator(state: seed)
        var counts = (opened: 0, refused: 0)
        for _ in 0..<times {
            let url = try folder.write(damaged(file, using: &generator), to: name)
            do {
                let checkpoint = try Checkpoint.open(file: url)
                for tensor in checkpoint.tensors.values {
                    #expect(try tensor.floats().count == tensor.elementCount)
                }
                _ = try checkpoint.fingerprint
                counts.opened += 1
            } catch let error as ModelFileError {
                #expect(error.description.hasPrefix(url.path))
                counts.refused += 1
            }
        }
        return counts
    }

    @Test("A damaged safetensors file is refused or loads, and never ends the process")
    func safetensorsFiles() throws {
        let header = #"""
            {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
            "b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]},"c":{"dtype":"U8","shape":[],"data_offsets":[32,33]}}
            """#
        let file = safetensors(header: header, data: bytes(of: (0..<8).map(Float.init)) + [1])
        let counts = try open(file, as: "x.safetensors", times: 2000, seed: 1)
        #expect(counts.opened > 50)
        #expect(counts.refused > 500)
    }

    @Test("A damaged torch file is refused or loads, and never ends the process", arguments: [false, true])
    func torchFiles(usesZip64: Bool) throws {
        let storage = Pickle.storage("FloatStorage", key: "0", count: 12)
        var zip = Pickle.file(
            Pickle.dictionary([
                ("a", Pickle.tensor(storage, offset: 1, shape: [2, 3], strides: [4, 1])),
                ("b", Pickle.tensor(storage, shape: [3, 4], strides: [1, 3])),
                ("c", Pickle.tensor(Pickle.storage("BFloat16Storage", key: "0", count: 24), shape: [], strides: [])),
            ]))
        zip.usesZip64 = usesZip64
        let counts = try open(zip.build(), as: "x.bin", times: 2000, seed: usesZip64 ? 2 : 3)
        #expect(counts.opened > 50)
        #expect(counts.refused > 500)
    }

    @Test("A damaged index is refused or loads")
    func indexes() throws {
        let json = #"{"metadata": {"total_size": 8}, "weight_map": {"x": "m-1.safetensors", "y": "m-2.safetensors"}}"#
        let folder = try TemporaryFolder()
        for name in ["x", "y"] {
            let header = #"{"\#(name)": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}"#
            try folder.write(
                safetensors(header: header, data: bytes(of: [1])), to: "m-\(name == "x" ? 1 : 2).safetensors")
        }
        var generator = SeededGenerator(state: 4)
        var openedCount = 0
        for _ in 0..<2000 {
            let index = try folder.write(
                damaged(Array(json.utf8), using: &generator), to: "model.safetensors.index.json")
            do {
                openedCount += try Checkpoint.open(file: index).tensors.isEmpty ? 0 : 1
            } catch let error as ModelFileError {
                #expect(error.description.hasPrefix(folder.url.path))
            }
        }
        #expect(openedCount > 10)
    }
}
