import Crypto
import Kernels

extension Checkpoint {
    /// Sixteen hexadecimal digits that tell these weights from others, for the record of what wrote a result.
    ///
    /// They are the start of a SHA-256 over every tensor in the order of the names' bytes: its name, type and shape and,
    /// in row-major order, its first, middle and last 1,024 elements (of blocks and panels, 1,024 bytes). So the same weights have the same fingerprint in
    /// any form and however they are sharded, fine-tuning changes it, and 24 GB take milliseconds. Not covered: elements
    /// between the samples, the configuration, the tokenizer. It is an identifier, not a protection against forgery.
    public var fingerprint: String {
        get throws {
            var hash = SHA256()
            for tensor in tensors.values.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
                // The name's length goes first, so that no two lists of tensors are hashed as the same bytes.
                let name = tensor.name.utf8
                hash.update(data: Array("\(name.count) \(name) \(tensor.type.rawValue) \(tensor.shape)\n".utf8))
                let hasElements = tensor.type.byteCount > 0
                for range in Self.samples(of: hasElements ? tensor.elementCount : tensor.byteCount) {
                    let bytes =
                        hasElements
                        ? try tensor.bytes(ofElements: range)
                        : try tensor.region.region(offset: range.lowerBound, count: range.count).bytes
                    hash.update(data: bytes)
                }
            }
            return hexadecimal(hash.finalize().prefix(8))
        }
    }

    private static func samples(of count: Int) -> [Range<Int>] {
        let length = 1024
        guard count > 3 * length else { return [0..<count] }
        let middle = count / 2
        return [0..<length, middle..<middle + length, count - length..<count]
    }
}

/// Two digits a byte.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count < 2 ? "0" + digits : digits
    }.joined()
}
