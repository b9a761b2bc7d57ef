import Foundation
import JSONText

/// The index of a sharded checkpoint: which tensor lies in which file (`weight_map`).
struct ShardIndex {
    /// File names, each of a file in the index's own folder.
    let shardOfTensor: [String: String]
    /// The files, each once, in the order of their names.
    let shards: [String]

    /// The folder of the index, where the shards lie.
    private let folder: String

    private static let maximumLength = 64 << 20

    /// - throws: ``ModelFileError``, also for a shard that isn't a plain file name: an index must not lead elsewhere.
    init(_ url: URL) throws {
        let fields = try ModelFile.object(
            in: url.path, limit: Self.maximumLength, advice: "The download may be incomplete.")
        guard let map = try fields.object("weight_map") else {
            throw fields.refusal("weight_map", expected: "an object from tensors to files")
        }
        shardOfTensor = try map.members.keys.reduce(into: [:]) { shards, tensor in
            guard let shard = try map.string(tensor), Self.isPlainFileName(shard) else {
                throw map.refusal(
                    tensor.quoted, expected: "the name of a file in the folder of the index",
                    found: map.members[tensor]?.summary)
            }
            shards[tensor] = shard
        }
        shards = Set(shardOfTensor.values).sorted()
        folder = url.deletingLastPathComponent().path
    }

    func path(ofShard shard: String) -> String { "\(folder)/\(shard)" }

    private static func isPlainFileName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 255 && name != "." && name != ".."
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 == 0 }
    }
}
