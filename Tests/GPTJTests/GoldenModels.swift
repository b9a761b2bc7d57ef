import Foundation
import GPTJ
import Generation
import Kernels
import ModelFiles
import TestSupport
import Testing
import Tokenization

/// The tiny random models of `shared/golden/models` with HuggingFace's outputs.
struct GoldenModel: CustomTestStringConvertible, Sendable {
    let name: String

    var testDescription: String { name }
    var folder: URL { SharedFiles.golden("models/\(name)") }

    static let all = ["a-rot8", "b-inner", "c-fullrot", "d-tied", "e-odd", "f-long"].map(GoldenModel.init)

    struct CheckpointForm: Decodable { let dir, form, weights: String }
    var checkpoints: [CheckpointForm] {
        get throws { try decode([CheckpointForm].self, "checkpoints.json") }
    }

    func load(_ checkpoint: String, threads: Int = 1, tokenCapacity: Int = 8192) throws -> GPTJModel {
        try GPTJModel(
            folder: folder.appending(path: checkpoint), threads: threads, tokenCapacity: tokenCapacity)
    }

    func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(contentsOf: folder.appending(path: path)))
    }

    /// A raw file of little-endian floats.
    func floats(_ path: String) throws -> [Float] {
        try Data(contentsOf: folder.appending(path: path)).withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { offset in
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            }
        }
    }
}

extension GPTJModel {
    convenience init(folder: URL, threads: Int = 1, tokenCapacity: Int = 8192) throws {
        let weights = try GPTJWeights(
            configuration: GPTJConfiguration(folder: folder), checkpoint: Checkpoint.open(folder: folder))
        self.init(
            weights: weights, compute: Compute(threads: threads, instructionSet: InstructionSet.available[0]),
            tokenCapacity: tokenCapacity)
    }

    /// Logits of every position, in chunks of `chunk` tokens.
    func allLogits(_ tokens: [TokenID], chunk: Int = .max) throws -> [Float] {
        let sequence = openSequence()
        defer { closeSequence(sequence) }
        var result: [Float] = []
        var rest = tokens[...]
        while !rest.isEmpty {
            let step = SequenceStep(sequence: sequence, tokens: Array(rest.prefix(chunk)), output: .all)
            result += try self.step([step]).values
            rest = rest.dropFirst(chunk)
        }
        return result
    }
}

/// The largest absolute difference; infinite for different lengths or a NaN.
func distance(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).isNaN ? .infinity : abs($1.0 - $1.1)) }
}
