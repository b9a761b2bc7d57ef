package import Tokenization

/// A set of tokens of one vocabulary.
package struct TokenSet: Equatable, Sendable {
    private var words: [UInt64]
    /// Ids are below it.
    package let capacity: Int

    /// An empty set of ids below `capacity`.
    package init(capacity: Int) {
        self.capacity = capacity
        words = [UInt64](repeating: 0, count: (capacity + 63) / 64)
    }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    package func contains(_ token: TokenID) -> Bool {
        let word = Int(token) >> 6
        return token >= 0 && word < words.count && words[word] >> UInt64(token & 63) & 1 == 1
    }

    package mutating func removeAll() { words = [UInt64](repeating: 0, count: words.count) }

    /// Ids beyond the capacity are left out: no such token can be chosen.
    package mutating func insert(_ token: TokenID) {
        guard token >= 0, Int(token) < capacity else { return }
        words[Int(token) >> 6] |= 1 << UInt64(token & 63)
    }

    /// Ids beyond the capacity aren't in the set anyway.
    package mutating func remove(_ token: TokenID) {
        guard contains(token) else { return }
        words[Int(token) >> 6] &= ~(1 << UInt64(token & 63))
    }
}
