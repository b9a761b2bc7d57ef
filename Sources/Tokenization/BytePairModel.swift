/// Byte-pair encoding of one word: its bytes become tokens, and then, as long as a pair of neighbours merges, the pair
/// of the lowest rank (the leftmost of equals) becomes one token.
struct BytePairModel: Sendable {
    /// The token of each byte; `absent` where the vocabulary has none.
    let byteTokens: [TokenID]
    let merges: MergeTable
    /// What stands for bytes without a token of their own. Without it such bytes are left out, as HuggingFace does.
    let unknownToken: TokenID?
    /// Whether several unknown bytes in a row become one unknown token.
    let fusesUnknown: Bool
    /// Words that are a token whatever their merges give; empty for most tokenizers.
    let wholeWords: [[UInt8]: TokenID]

    static let absent: TokenID = -1

    /// Words up to this length are searched again for their best pair after every merge; for longer ones that would
    /// take quadratic time, and a heap of pairs pays.
    static let longestSearchedWord = 48

    /// Appends the tokens of a word to `output`. O(n log n) for a word of n bytes.
    func encode(_ word: Span<UInt8>, with scratch: inout MergeScratch, into output: inout [TokenID]) {
        if !wholeWords.isEmpty, let token = wholeWords[UTF8Text.bytes(of: word)] {
            output.append(token)
            return
        }
        scratch.removeAll()
        appendByteTokens(of: word, to: &scratch.tokens)
        if scratch.tokens.count > 1 {
            if scratch.tokens.count <= Self.longestSearchedWord {
                mergeBySearch(&scratch)
            } else {
                mergeByHeap(&scratch)
            }
        }
        output.append(contentsOf: scratch.tokens)
    }

    private func appendByteTokens(of word: Span<UInt8>, to tokens: inout [TokenID]) {
        var isAfterUnknown = false
        for index in word.indices {
            let token = byteTokens[Int(word[index])]
            if token != Self.absent {
                tokens.append(token)
                isAfterUnknown = false
            } else if let unknownToken {
                if !(isAfterUnknown && fusesUnknown) { tokens.append(unknownToken) }
                isAfterUnknown = true
            }
        }
    }

    private func mergeBySearch(_ scratch: inout MergeScratch) {
        // pairMerges[i] is the merge of tokens i and i + 1.
        for index in 0..<scratch.tokens.count - 1 {
            scratch.pairMerges.append(merges[scratch.tokens[index], scratch.tokens[index + 1]])
        }
        while true {
            var best = MergeTable.none
            var left = 0
            for index in scratch.pairMerges.indices where scratch.pairMerges[index] < best {
                best = scratch.pairMerges[index]
                left = index
            }
            guard best != MergeTable.none else { return }
            scratch.tokens[left] = MergeTable.token(of: best)
            scratch.tokens.remove(at: left + 1)
            scratch.pairMerges.remove(at: left)
            if left > 0 {
                scratch.pairMerges[left - 1] = merges[scratch.tokens[left - 1], scratch.tokens[left]]
            }
            if left < scratch.pairMerges.count {
                scratch.pairMerges[left] = merges[scratch.tokens[left], scratch.tokens[left + 1]]
            }
        }
    }

    private func mergeByHeap(_ scratch: inout MergeScratch) {
        var chain = TokenChain(scratch.tokens)
        var heap = MergeHeap()
        for left in 0..<chain.count - 1 {
            let merge = merges[chain.tokens[left], chain.tokens[left + 1]]
            chain.merges[left] = merge
            if merge != MergeTable.none { heap.push(.init(merge: merge, left: left)) }
        }
        while let candidate = heap.pop() {
            let left = candidate.left
            // The pair may have changed since it was pushed.
            guard chain.merges[left] == candidate.merge else { continue }
            chain.joinWithNext(left, as: MergeTable.token(of: candidate.merge))
            for changed in [chain.previous[left], left] where changed >= 0 {
                let next = chain.next[changed]
                let merge = next < chain.count ? merges[chain.tokens[changed], chain.tokens[next]] : MergeTable.none
                chain.merges[changed] = merge
                if merge != MergeTable.none { heap.push(.init(merge: merge, left: changed)) }
            }
        }
        chain.write(to: &scratch.tokens)
    }
}

/// The working memory of encoding a word, kept from word to word.
struct MergeScratch: Sendable {
    var tokens: [TokenID] = []
    var pairMerges: [MergeTable.Merge] = []

    mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        pairMerges.removeAll(keepingCapacity: true)
    }
}

/// The tokens of a long word as a doubly linked list over fixed places.
private struct TokenChain {
    let count: Int
    var tokens: [TokenID]
    /// The merge of the token at a place with the one that follows; `none` at places that were joined to another.
    var merges: [MergeTable.Merge]
    /// The places of the neighbours; -1 before the first, `count` behind the last.
    var previous: [Int]
    var next: [Int]

    init(_ tokens: [TokenID]) {
        count = tokens.count
        self.tokens = tokens
        merges = [MergeTable.Merge](repeating: MergeTable.none, count: count)
        previous = Array(-1..<count - 1)
        next = Array(1...count)
    }

    mutating func joinWithNext(_ left: Int, as token: TokenID) {
        let joined = next[left]
        tokens[left] = token
        merges[joined] = MergeTable.none
        next[left] = next[joined]
        if next[joined] < count { previous[next[joined]] = left }
    }

    func write(to output: inout [TokenID]) {
        output.removeAll(keepingCapacity: true)
        var place = 0
        while place < count {
            output.append(tokens[place])
            place = next[place]
        }
    }
}
