import Foundation
import Kernels
import ModelFiles

/// Writes GGUF files by hand, so that tests reach what no tool writes.
struct GGUFBuilder {
    var magic = Array("GGUF".utf8)
    var version: UInt32 = 3
    /// Whole key-value pairs.
    var pairs: [[UInt8]] = []
    var tensors: [[UInt8]] = []
    var tensorCount: UInt64?
    var pairCount: UInt64?
    var alignment = 32
    var data: [UInt8] = []

    static func text(_ text: String) -> [UInt8] { littleEndian(UInt64(text.utf8.count)) + text.utf8 }

    mutating func add(_ key: String, type: UInt32, _ value: [UInt8]) {
        pairs.append(Self.text(key) + littleEndian(type) + value)
    }

    mutating func add(_ key: String, text: String) { add(key, type: 8, Self.text(text)) }
    mutating func add(_ key: String, uint32: UInt32) { add(key, type: 4, littleEndian(uint32)) }

    mutating func add(_ key: String, listOf type: UInt32, count: UInt64, _ elements: [UInt8]) {
        add(key, type: 9, littleEndian(type) + littleEndian(count) + elements)
    }

    /// - parameter shape: outermost axis first, as we say it; the file has it the other way round.
    mutating func add(tensor name: String, shape: [UInt64], type: UInt32, offset: UInt64) {
        tensors.append(
            Self.text(name) + littleEndian(UInt32(shape.count)) + shape.reversed().flatMap { littleEndian($0) }
                + littleEndian(type) + littleEndian(offset))
    }

    func build() -> [UInt8] {
        var bytes = magic + littleEndian(version) + littleEndian(tensorCount ?? UInt64(tensors.count))
        bytes += littleEndian(pairCount ?? UInt64(pairs.count)) + pairs.joined() + tensors.joined()
        bytes += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
        return bytes + data
    }

    /// Two tensors of floats, a vector of halves and a matrix in blocks, with a key of every type.
    static var good: GGUFBuilder {
        var builder = GGUFBuilder()
        builder.add("general.architecture", text: "gptj")
        for (type, size) in [(0, 1), (1, 1), (2, 2), (3, 2), (4, 4), (5, 4), (6, 4), (7, 1), (10, 8), (11, 8), (12, 8)]
        {
            builder.add("number.\(type)", type: UInt32(type), [UInt8](repeating: 1, count: size))
        }
        builder.add("texts", listOf: 8, count: 2, text("a") + text("bc"))
        builder.add(
            "numbers", listOf: 5, count: 3, littleEndian(Int32(-1)) + littleEndian(Int32(2)) + littleEndian(Int32(3)))
        builder.add("lists", listOf: 9, count: 1, littleEndian(UInt32(0)) + littleEndian(UInt64(2)) + [1, 2])
        builder.add(tensor: "blk.0.attn_q.weight", shape: [2, 3], type: 0, offset: 64)
        builder.add(tensor: "output.bias", shape: [4], type: 1, offset: 0)
        builder.add(tensor: "token_embd.weight", shape: [1, 32], type: 8, offset: 32 + 64)
        builder.add(tensor: "mine", shape: [], type: 0, offset: 160)
        builder.data = [UInt8](repeating: 0, count: 64) + bytes(of: [1, 2, 3, 4, 5, 6])
        builder.data += [UInt8](repeating: 0, count: 8) + [0, 0x3C] + (0..<32).map { UInt8($0) }
        builder.data += [UInt8](repeating: 0, count: 30) + bytes(of: [7])
        return builder
    }
}
