internal import HeapModule

/// Learns the merges of a byte-level BPE (Sennrich et al. 2016): again and again the pair of neighbouring tokens that is
/// most frequent within words becomes a token.
///
/// Of pairs equally frequent the one with the smaller identifiers wins, as in the PyPI package `tokenizers`, so that both
/// learn the same from the same text.
public struct BytePairTrainer: Sendable {
    /// Tokens in all: special ones, the 256 bytes, and merges.
    public var vocabularySize: Int
    /// Tokens that stand for themselves; they take the first identifiers.
    public var specialTokens: [String]
    /// Pairs that occur less often aren't merged.
    public var minimumFrequency: Int
    /// Whether two digits may become one token. Numbers are easier to copy for a small model where each digit is a token.
    public var mergesDigits: Bool

    public init(
        vocabularySize: Int, specialTokens: [String], minimumFrequency: Int = 2, mergesDigits: Bool = true
    ) {
        precondition(vocabularySize >= specialTokens.count + 256, "the 256 bytes and the special tokens need room")
        self.vocabularySize = vocabularySize
        self.specialTokens = specialTokens
        self.minimumFrequency = minimumFrequency
        self.mergesDigits = mergesDigits
    }

    /// - parameter progress: gets the number of merges so far, now and then.
    /// - complexity: O(n log n) in the bytes of the different words.
    public func train(_ words: WordCounter, progress: (Int) -> Void = { _ in }) -> TokenizerDefinition {
        var state = State(words, trainer: self)
        while state.tokens.count < vocabularySize, let pair = state.popMostFrequent() {
            state.merge(pair)
            if state.merges.count.isMultiple(of: 256) { progress(state.merges.count) }
        }
        progress(state.merges.count)
        return definition(state)
    }

    private func definition(_ state: State) -> TokenizerDefinition {
        func content(_ token: Int) -> [UInt8] { ByteAlphabet.content(ofBytes: state.tokens[token]) }
        let special = specialTokens.enumerated().map {
            TokenizerDefinition.Entry(content: Array($1.utf8), id: TokenID($0))
        }
        let learnt = (specialTokens.count..<state.tokens.count).map {
            TokenizerDefinition.Entry(content: content($0), id: TokenID($0))
        }
        let place = "the tokenizer that was trained"
        return TokenizerDefinition(
            vocabulary: special + learnt,
            merges: state.merges.map { TokenizerDefinition.Merge(left: content($0.left), right: content($0.right)) },
            addedTokens: specialTokens.enumerated().map { AddedToken(id: TokenID($0), content: $1) },
            sources: .init(vocabulary: place, merges: place, addedTokens: place))
    }

    private struct Pair: Hashable {
        let left: Int
        let right: Int
    }

    /// A pair in the queue, with a count that may be out of date.
    private struct Candidate: Comparable {
        let pair: Pair
        let count: Int

        /// The greatest is merged first.
        static func < (a: Candidate, b: Candidate) -> Bool {
            (a.count, b.pair.left, b.pair.right) < (b.count, a.pair.left, a.pair.right)
        }
    }

    private struct State {
        /// The bytes that each token stands for; none for special ones.
        var tokens: [[UInt8]]
        var merges: [Pair] = []
        /// The tokens of each word, and how often it occurs.
        private var words: [(tokens: [Int], count: Int)]
        private var counts: [Pair: Int] = [:]
        /// Words that have, or had, a pair.
        private var places: [Pair: [Int]] = [:]
        private var queue = Heap<Candidate>()
        private let trainer: BytePairTrainer
        /// Bytes to tokens, so that two merges to one text give one token.
        private var known: [[UInt8]: Int] = [:]

        init(_ counter: WordCounter, trainer: BytePairTrainer) {
            self.trainer = trainer
            // In the order of the bytes' characters, as the vocabulary is written.
            let alphabet = (UInt8.min...UInt8.max).sorted {
                ByteAlphabet.scalars[Int($0)].value < ByteAlphabet.scalars[Int($1)].value
            }
            let first = trainer.specialTokens.count
            tokens = trainer.specialTokens.map { _ in [] } + alphabet.map { [$0] }
            var tokenOfByte = [Int](repeating: 0, count: 256)
            for (index, byte) in alphabet.enumerated() {
                tokenOfByte[Int(byte)] = first + index
                known[[byte]] = first + index
            }
            words = counter.counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }
                .map { word in (word.key.map { tokenOfByte[Int($0)] }, word.value) }
            for (index, word) in words.enumerated() {
                for (left, right) in zip(word.tokens, word.tokens.dropFirst()) {
                    count(Pair(left: left, right: right), word.count, in: index)
                }
            }
            queue = Heap(counts.compactMap { candidate($0.key, $0.value) })
        }

        private mutating func count(_ pair: Pair, _ change: Int, in word: Int) {
            counts[pair, default: 0] += change
            if change > 0, places[pair]?.last != word { places[pair, default: []].append(word) }
        }

        private func candidate(_ pair: Pair, _ count: Int) -> Candidate? {
            count >= max(trainer.minimumFrequency, 1) && mayMerge(pair) ? Candidate(pair: pair, count: count) : nil
        }

        private func mayMerge(_ pair: Pair) -> Bool {
            if trainer.mergesDigits { return true }
            let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
            guard let last = tokens[pair.left].last, let first = tokens[pair.right].first else { return false }
            return !(digits.contains(last) && digits.contains(first))
        }

        mutating func popMostFrequent() -> Pair? {
            while let best = queue.popMax() {
                let count = counts[best.pair] ?? 0
                if count == best.count { return best.pair }
                // It has become rarer since it was put there.
                if let again = candidate(best.pair, count) { queue.insert(again) }
            }
            return nil
        }

        mutating func merge(_ pair: Pair) {
            let bytes = tokens[pair.left] + tokens[pair.right]
            let token = known[bytes] ?? tokens.count
            if token == tokens.count {
                tokens.append(bytes)
                known[bytes] = token
            }
            merges.append(pair)
            var changed: Set<Pair> = []
            for index in places.removeValue(forKey: pair) ?? [] {
                let old = words[index].tokens
                guard let new = Self.merging(pair, into: token, in: old) else { continue }
                let count = words[index].count
                for (left, right) in zip(old, old.dropFirst()) {
                    counts[Pair(left: left, right: right), default: 0] -= count
                }
                for (left, right) in zip(new, new.dropFirst()) {
                    let pair = Pair(left: left, right: right)
                    self.count(pair, count, in: index)
                    changed.insert(pair)
                }
                words[index].tokens = new
            }
            counts[pair] = nil
            for pair in changed {
                if let candidate = candidate(pair, counts[pair] ?? 0) { queue.insert(candidate) }
            }
        }

        /// The tokens with each occurrence of the pair, from the left, as one token; `nil` where there is none.
        private static func merging(_ pair: Pair, into token: Int, in tokens: [Int]) -> [Int]? {
            var result: [Int] = []
            var position = 0
            while position < tokens.count {
                if position + 1 < tokens.count, tokens[position] == pair.left, tokens[position + 1] == pair.right {
                    result.append(token)
                    position += 2
                } else {
                    result.append(tokens[position])
                    position += 1
                }
            }
            return result.count < tokens.count ? result : nil
        }
    }
}
