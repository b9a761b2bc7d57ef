import Crypto
import Foundation

/// A name for contents: the same for the same texts in the same order, and no other ones.
package enum ContentHash {
    /// SHA-256, in hexadecimal digits.
    package static func of(_ parts: [[UInt8]]) -> String {
        var hash = SHA256()
        // Each part with its length, so that no two lists run together into the same bytes.
        for part in parts {
            hash.update(data: Data("\(part.count):".utf8))
            hash.update(data: Data(part))
        }
        return hexadecimal(hash.finalize())
    }
}
