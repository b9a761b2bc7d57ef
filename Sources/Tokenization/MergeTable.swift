/// Which pairs of neighbouring tokens merge, in which order, and into what: a hash table with open addressing, since
/// this is the innermost lookup of encoding.
struct MergeTable: Sendable {
    /// The rank in the high half and the id of the merged token in the low half, so that the smallest comes first;
    /// `MergeTable.none` where a pair doesn't merge.
    typealias Merge = UInt64

    static let none = Merge.max

    private struct Slot {
        var pair: UInt64
        var merge: Merge
    }

    private var slots: [Slot]
    private let mask: Int
    /// Another one in every table, so that no file can be made whose pairs all fall into the same slots.
    private let seed = UInt64.random(in: .min ... .max)

    /// An empty table with room for `capacity` pairs.
    init(capacity: Int) {
        // At most half full.
        var count = 16
        while count < 2 * capacity { count *= 2 }
        slots = [Slot](repeating: Slot(pair: 0, merge: Self.none), count: count)
        mask = count - 1
    }

    static func merge(rank: Int, into token: TokenID) -> Merge {
        UInt64(UInt32(rank)) << 32 | UInt64(UInt32(bitPattern: token))
    }

    @inline(__always)
    static func token(of merge: Merge) -> TokenID {
        TokenID(bitPattern: UInt32(truncatingIfNeeded: merge))
    }

    /// Adds a pair, or replaces what it merges to. No more than `capacity` different pairs may be added.
    mutating func insert(_ left: TokenID, _ right: TokenID, _ merge: Merge) {
        let pair = Self.pair(left, right)
        let slot = slot(of: pair)
        slots[slot] = Slot(pair: pair, merge: merge)
    }

    @inline(__always)
    subscript(left: TokenID, right: TokenID) -> Merge {
        slots[slot(of: Self.pair(left, right))].merge
    }

    @inline(__always)
    private static func pair(_ left: TokenID, _ right: TokenID) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// The slot that holds the pair, or the empty one where it belongs.
    @inline(__always)
    private func slot(of pair: UInt64) -> Int {
        var hash = (pair ^ seed) &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ hash >> 32) &* 0xD6E8_FEB8_6659_FD93
        var slot = Int(truncatingIfNeeded: hash >> 32) & mask
        while slots[slot].pair != pair, slots[slot].merge != Self.none { slot = (slot + 1) & mask }
        return slot
    }
}
