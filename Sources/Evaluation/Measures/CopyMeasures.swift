import JobCatalog

/// How much of a text is copied from its source (Grusky et al. 2018, "Newsroom"). Words are those of `TextMeasures`.
public struct CopyMeasures: Sendable, Equatable {
    /// The share of the text's words that stand in runs copied from the source, a run being one word or more.
    public let coverage: Double
    /// The mean over the text's words of the length of the copied run that each stands in: a text of words in new order
    /// is near 1, a copied one as long as itself.
    public let density: Double
    /// The share of the text's runs of four words that stand in the source; `nil` for a text of fewer than four.
    public let copiedFourGrams: Double?

    /// O(words of both).
    ///
    /// - returns: `nil` for a text without words.
    public init?(of text: String, from source: String) {
        let words = TextMeasures.words(in: text)
        guard !words.isEmpty else { return nil }
        var numbers = WordNumbers()
        let sourceWords = numbers.of(TextMeasures.words(in: source))
        let textWords = numbers.of(words)
        let runs = SourceRuns(sourceWords).copiedRuns(in: textWords)
        coverage = Double(runs.reduce(0, +)) / Double(words.count)
        density = Double(runs.reduce(0) { $0 + $1 * $1 }) / Double(words.count)
        let (inText, inSource) = (NGrams(textWords, 4), NGrams(sourceWords, 4).counts)
        let copied = inText.counts.reduce(0) { $0 + (inSource[$1.key] == nil ? 0 : $1.value) }
        copiedFourGrams = inText.total > 0 ? Double(copied) / Double(inText.total) : nil
    }
}

/// All runs of words in a source, as the smallest automaton that knows them (Blumer et al. 1985).
private struct SourceRuns {
    private struct State {
        var next: [Int: Int] = [:]
        var link = -1
        var length = 0
    }

    private var states = [State()]

    /// O(words).
    init(_ words: [Int]) {
        states.reserveCapacity(2 * words.count + 1)
        var last = 0
        for word in words { last = append(word, after: last) }
    }

    /// Returns the state of the whole text so far.
    private mutating func append(_ word: Int, after last: Int) -> Int {
        let new = states.count
        states.append(State(length: states[last].length + 1))
        var state = last
        while state >= 0, states[state].next[word] == nil {
            states[state].next[word] = new
            state = states[state].link
        }
        guard state >= 0, let target = states[state].next[word] else {
            states[new].link = 0
            return new
        }
        if states[target].length == states[state].length + 1 {
            states[new].link = target
            return new
        }
        let copy = states.count
        states.append(states[target])
        states[copy].length = states[state].length + 1
        while state >= 0, states[state].next[word] == target {
            states[state].next[word] = copy
            state = states[state].link
        }
        states[target].link = copy
        states[new].link = copy
        return new
    }

    /// The lengths of the runs that `words` shares with the source, each as long as it can be from where the one before
    /// ended.
    func copiedRuns(in words: [Int]) -> [Int] {
        var runs: [Int] = []
        var start = 0
        while start < words.count {
            var (state, end) = (0, start)
            while end < words.count, let next = states[state].next[words[end]] { (state, end) = (next, end + 1) }
            if end > start { runs.append(end - start) }
            start = max(end, start + 1)
        }
        return runs
    }
}
