import Synchronization

/// The tokens of words met lately. Texts repeat their words, and finding one here is many times faster than merging it.
///
/// Direct-mapped: a word has one slot of 64 bytes (a cache line), which it takes from whatever was there. So the size is
/// fixed, a lookup is one access, and no text can make it slow or grow. Words that are longer than 31 bytes or more than
/// 8 tokens are not kept.
struct WordCache: Sendable {
    static let slotCount = 1 << 14
    static let longestWord = 31
    private static let noToken: TokenID = -1

    /// A word's bytes, padded with zeros, its length in the last byte.
    typealias Key = SIMD4<UInt64>

    private struct Slot {
        var key: Key
        var tokens: SIMD8<TokenID>
    }

    private var slots = [Slot](
        repeating: Slot(key: .zero, tokens: SIMD8(repeating: noToken)), count: slotCount)
    var scratch = MergeScratch()

    /// The key of a word of at most `longestWord` bytes.
    @inline(__always)
    static func key(of word: Span<UInt8>) -> Key {
        var key = Key(0, 0, 0, UInt64(word.count) << 56)
        for part in 0..<(word.count + 7) / 8 {
            var bits: UInt64 = 0
            for index in (8 * part)..<min(8 * part + 8, word.count) {
                bits |= UInt64(word[index]) << UInt64(8 * (index & 7))
            }
            key[part] |= bits
        }
        return key
    }

    /// Appends the word's tokens if they are here.
    @inline(__always)
    func append(_ key: Key, to output: inout [TokenID]) -> Bool {
        let slot = slots[Self.slot(of: key)]
        guard slot.key == key else { return false }
        for index in 0..<8 where slot.tokens[index] != Self.noToken { output.append(slot.tokens[index]) }
        return true
    }

    mutating func keep(_ tokens: ArraySlice<TokenID>, of key: Key) {
        guard tokens.count <= 8 else { return }
        var padded = SIMD8(repeating: Self.noToken)
        for (index, token) in tokens.enumerated() { padded[index] = token }
        slots[Self.slot(of: key)] = Slot(key: key, tokens: padded)
    }

    @inline(__always)
    private static func slot(of key: Key) -> Int {
        var hash = (key.x ^ key.w) &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ hash >> 32 ^ key.y) &* 0xD6E8_FEB8_6659_FD93
        hash = (hash ^ hash >> 32 ^ key.z) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: hash >> 40) & (slotCount - 1)
    }
}

/// Lends a cache to each call that encodes, for as long as the call runs.
///
/// So the words of earlier texts are remembered, calls on several threads don't wait for each other, and the lock is
/// taken twice a call rather than once a word.
final class WordCachePool: Sendable {
    /// Caches of more calls at once than this are dropped at their end (1 MiB each).
    private static let largestCount = 8

    private let idle = Mutex<[WordCache]>([])

    func withCache<Result>(_ body: (inout WordCache) -> Result) -> Result {
        var cache = idle.withLock { $0.popLast() } ?? WordCache()
        let result = body(&cache)
        idle.withLock { [cache] idle in
            if idle.count < Self.largestCount { idle.append(cache) }
        }
        return result
    }
}
