import Crypto

extension Adapter {
    /// Sixty-four hexadecimal digits that stand for exactly this change of a network: a SHA-256 over every module's name
    /// and scale, and over all elements of its two matrices. An adapter saved again, or in another form, keeps it.
    ///
    /// Reads all of the adapter.
    public var digest: String {
        get throws {
            var hash = SHA256()
            for change in changes {
                for tensor in [change.a, change.b] {
                    let name = change.module.utf8
                    hash.update(
                        data: Array(
                            "\(name.count) \(name) \(change.scale) \(tensor.type.rawValue) \(tensor.shape)\n".utf8))
                    var first = 0
                    while first < tensor.elementCount {
                        let end = min(first + (1 << 20), tensor.elementCount)
                        hash.update(data: try tensor.bytes(ofElements: first..<end))
                        first = end
                    }
                }
            }
            return hexadecimal(hash.finalize())
        }
    }

    /// The digits of a digest that are shown, as many as a model's fingerprint has.
    public static func fingerprint(ofDigest digest: String) -> String { String(digest.prefix(16)) }
}
