import Generation
import TestSupport
import Testing
import Tokenization

@Suite("Prefix cache")
struct PrefixCacheTests {
    private let first = RequestID(rawValue: 1)
    private let second = RequestID(rawValue: 2)

    /// Has the request read all blocks of a prompt that are unread; their sequences are numbered from `sequence` on.
    private func read(_ path: [PrefixCache.BlockID], into cache: inout PrefixCache, sequence: Int) {
        for (index, block) in path.enumerated() where cache.state(of: block) == .unread {
            cache.beginReading(block, by: first)
            cache.endReading(block, as: SequenceID(rawValue: sequence + index))
        }
    }

    @Test("a block is found by all tokens before it, and the last token belongs to none")
    func matching() {
        var cache = PrefixCache(pageLength: 4)
        let path = cache.pin([1, 2, 3, 4, 5, 6, 7, 8, 9])
        #expect(path.count == 2)
        #expect(cache.match([1, 2, 3, 4, 5, 6, 7, 8, 9]).known == 2)
        #expect(cache.match([1, 2, 3, 4, 5, 6, 7, 8]).known == 1, "the eighth token must be read for its logits")
        #expect(cache.match([1, 2, 3, 4, 5, 6, 0, 8, 9]).known == 1)
        #expect(cache.match([5, 6, 7, 8, 9]).known == 0, "the same tokens at another place")
        #expect(cache.match([1, 2, 3, 4]).known == 0)
        #expect(cache.pin([1]).isEmpty)
    }

    @Test("blocks that one request reads are ready for the next, and idle when nobody uses them")
    func lifeOfBlocks() {
        var cache = PrefixCache(pageLength: 2)
        let path = cache.pin([1, 2, 3, 4, 5])
        let other = cache.pin([1, 2, 9, 9, 5])
        #expect(path[0] == other[0] && path[1] != other[1])
        #expect(cache.pinnedCount == 3 && cache.idleCount == 0)
        cache.beginReading(path[0], by: first)
        #expect(cache.state(of: other[0]) == .reading(first))
        cache.endReading(path[0], as: SequenceID(rawValue: 7))
        #expect(cache.state(of: other[0]) == .ready(SequenceID(rawValue: 7)))
        cache.unpin(path, by: first)
        #expect(cache.match([1, 2, 3, 4, 5]) == .init(known: 1, pinned: 1), "what nobody read is forgotten")
        cache.unpin(other, by: second)
        #expect(cache.match([1, 2, 3, 4, 5]) == .init(known: 1, pinned: 0))
        #expect(cache.pinnedCount == 0 && cache.idleCount == 1)
        #expect(cache.evict() == SequenceID(rawValue: 7))
        #expect(cache.evict() == nil)
    }

    @Test("a block whose reader goes away is left to the others")
    func takingOver() {
        var cache = PrefixCache(pageLength: 2)
        let path = cache.pin([1, 2, 3])
        let other = cache.pin([1, 2, 4])
        cache.beginReading(path[0], by: first)
        cache.unpin(path, by: first)
        #expect(cache.state(of: other[0]) == .unread)
        cache.beginReading(other[0], by: second)
        #expect(cache.state(of: other[0]) == .reading(second))
    }

    @Test("the least recently used beginnings leave first, from their ends on")
    func evictionOrder() {
        var cache = PrefixCache(pageLength: 2)
        let old: [TokenID] = [1, 1, 2, 2, 3, 3, 0]
        let new: [TokenID] = [1, 1, 5, 5, 6, 6, 0]
        for (prompt, sequence) in [(old, 10), (new, 20)] {
            let path = cache.pin(prompt)
            read(path, into: &cache, sequence: sequence)
            cache.unpin(path, by: first)
        }
        // Used again: now the other one is older.
        cache.unpin(cache.pin(old), by: first)
        let evicted = (0..<5).map { _ in cache.evict()?.rawValue }
        #expect(evicted == [22, 21, 12, 11, 10])
        #expect(cache.idleCount == 0)
    }

    @Test("whatever is pinned and let go, only leaves that nobody uses are evicted", arguments: 0..<20)
    func leavesOnly(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        var cache = PrefixCache(pageLength: 2)
        var held: [(prompt: [TokenID], path: [PrefixCache.BlockID])] = []
        // By sequence, the tokens that it holds.
        var open: [SequenceID: [TokenID]] = [:]
        var next = 0
        for _ in 0..<400 {
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                let prompt = (0..<Int.random(in: 1...13, using: &random)).map { _ in
                    TokenID.random(in: 0...1, using: &random)
                }
                let path = cache.pin(prompt)
                for (index, block) in path.enumerated() where cache.state(of: block) == .unread {
                    cache.beginReading(block, by: first)
                    let sequence = SequenceID(rawValue: next)
                    next += 1
                    open[sequence] = Array(prompt.prefix((index + 1) * 2))
                    cache.endReading(block, as: sequence)
                }
                held.append((prompt, path))
            case 1:
                guard let index = held.indices.randomElement(using: &random) else { continue }
                cache.unpin(held.remove(at: index).path, by: first)
            default:
                guard let sequence = cache.evict() else {
                    #expect(cache.idleCount == 0)
                    continue
                }
                let evicted = open.removeValue(forKey: sequence)
                let tokens = try #require(evicted)
                #expect(!open.values.contains { $0.starts(with: tokens) }, "a leaf")
                let isUsed = held.contains { $0.path.count * 2 >= tokens.count && $0.prompt.starts(with: tokens) }
                #expect(!isUsed)
            }
            #expect(cache.pinnedCount + cache.idleCount == open.count)
            #expect(Set(open.values).count == open.count, "no beginning is kept twice")
        }
    }
}
