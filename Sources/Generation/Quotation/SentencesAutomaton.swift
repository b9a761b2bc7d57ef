package import Tokenization

/// Allows sentences of a document, in its order, each at most once, with a space between any two and with or without one
/// before the first.
///
/// What was written may be read in more than one way, since a sentence may begin like another one, or like two of them:
/// a state holds all readings. A sentence isn't begun that doesn't fit the tokens left, as the tokenizer would write it.
package struct SentencesAutomaton: ByteAutomaton {
    /// One way to read what was written.
    struct Reading: Hashable, Comparable, Sendable {
        /// The first sentence that may come yet; the one being written is none before it.
        var first = 0
        /// Sentences that are whole, before the one being written.
        var count = 0
        /// Where in the list's order the sentences are that the one being written may be.
        var range: Range<Int>
        /// Bytes of the sentence being written.
        var length = 0
        /// Tokens that were left when it was begun.
        var tokensLeft: Int
        /// A space may be written before the first sentence.
        var mayTakeSpace = false

        private var key: [Int] { [first, count, range.lowerBound, range.upperBound, length, tokensLeft] }
        static func < (a: Reading, b: Reading) -> Bool { a.key.lexicographicallyPrecedes(b.key) }
    }

    package struct State: Hashable, Sendable {
        var readings: [Reading]
        /// As of the last token; no more than any sentence needs.
        var tokensLeft: Int
    }

    private let list: SentenceList
    private let limits: SentenceLimits
    private var maximumCount: Int { limits.maximumCount ?? .max }
    private let highestCost: Int

    /// Readings kept; whichever are dropped, those that stay can be completed.
    private static let maximumReadings = 64

    /// - parameter tokenizer: counts the sentences' tokens
    /// - throws: ``ConstraintError`` where nothing could be quoted.
    package init(
        _ document: String, limits: SentenceLimits = SentenceLimits(), tokenizer: Tokenizer
    ) throws(ConstraintError) {
        list = SentenceList(document, minimumWords: limits.minimumWords, tokenizer: tokenizer)
        self.limits = limits
        guard let highest = list.costs.max() else {
            throw .document(
                constraint: "sentences",
                problem: limits.minimumWords > 1
                    ? "no sentence of the document has \(limits.minimumWords) words; lower min_words"
                    : "the document has no sentences")
        }
        highestCost = highest
    }

    package var start: State {
        State(
            readings: [Reading(range: list.all, tokensLeft: highestCost, mayTakeSpace: true)], tokensLeft: highestCost)
    }

    package func isAccepting(_ state: State) -> Bool { state.readings.contains { ended($0) != nil } }

    package func successors(of state: State) -> ByteSet {
        var bytes = ByteSet()
        for reading in state.readings {
            if reading.mayTakeSpace || following(reading, state) != nil { bytes.insert(0x20) }
            for part in list.continuations(reading.range, length: reading.length)
            where list.holds(part.range, from: reading.first, maximumCost: reading.tokensLeft) {
                bytes.insert(part.byte)
            }
        }
        return bytes
    }

    package func next(_ state: State, _ byte: UInt8) -> State? {
        var readings: Set<Reading> = []
        for var reading in state.readings {
            if byte == 0x20 {
                if let next = following(reading, state) { readings.insert(next) }
                if reading.mayTakeSpace {
                    reading.mayTakeSpace = false
                    readings.insert(reading)
                    continue
                }
            }
            reading.range = list.narrowed(reading.range, length: reading.length, by: byte)
            reading.length += 1
            reading.mayTakeSpace = false
            if list.holds(reading.range, from: reading.first, maximumCost: reading.tokensLeft) {
                readings.insert(reading)
            }
        }
        guard !readings.isEmpty else { return nil }
        return State(readings: Array(readings.sorted().prefix(Self.maximumReadings)), tokensLeft: state.tokensLeft)
    }

    /// The sentence that is whole.
    private func ended(_ reading: Reading) -> Int? {
        guard let sentence = list.ended(reading.range, length: reading.length), sentence >= reading.first,
            list.costs[sentence] <= reading.tokensLeft
        else { return nil }
        return sentence
    }

    /// The reading that another sentence follows the one that is whole.
    private func following(_ reading: Reading, _ state: State) -> Reading? {
        guard let sentence = ended(reading), reading.count + 1 < maximumCount else { return nil }
        let next = Reading(
            first: sentence + 1, count: reading.count + 1, range: list.all, tokensLeft: state.tokensLeft)
        return list.holds(next.range, from: next.first, maximumCost: next.tokensLeft) ? next : nil
    }

    package func adjusted(_ state: State, tokensLeft: Int) throws(ConstraintError) -> State {
        var state = state
        state.tokensLeft = min(tokensLeft, highestCost)
        for index in state.readings.indices where state.readings[index].mayTakeSpace {
            state.readings[index].tokensLeft = state.tokensLeft
            guard list.holds(list.all, from: 0, maximumCost: state.tokensLeft) else {
                throw .document(
                    constraint: "sentences",
                    problem: "no sentence of the document fits into \(tokensLeft) tokens: the shortest has "
                        + "\(list.costs.min() ?? 0); raise max_new_tokens")
            }
        }
        return state
    }

    // MARK: - Reading a text

    /// A sentence of a text, and the way to it.
    private struct Step: Hashable {
        let sentence: Int
        let count: Int
        /// Where it ends in the text.
        let end: Int
        let previous: Int?

        func hash(into hasher: inout Hasher) {
            hasher.combine(sentence)
            hasher.combine(count)
            hasher.combine(end)
        }
        /// Ways to the same are as good as each other.
        static func == (a: Step, b: Step) -> Bool { a.sentence == b.sentence && a.count == b.count && a.end == b.end }
    }

    private static let maximumSteps = 10_000

    /// The sentences that a text consists of, without the last one where it isn't whole.
    package func quoted(_ text: [UInt8]) -> QuotedText? {
        var steps: [Step] = []
        var known: Set<Step> = []
        func follow(_ previous: Int?, from begin: Int) {
            let before = previous.map { steps[$0] }
            let count = (before?.count ?? 0) + 1
            guard count <= maximumCount else { return }
            var (range, length) = (list.all, 0)
            while begin + length < text.count, !range.isEmpty, steps.count < Self.maximumSteps {
                range = list.narrowed(range, length: length, by: text[begin + length])
                length += 1
                guard let sentence = list.ended(range, length: length), sentence > before?.sentence ?? -1 else {
                    continue
                }
                let step = Step(sentence: sentence, count: count, end: begin + length, previous: previous)
                if known.insert(step).inserted { steps.append(step) }
            }
        }
        follow(nil, from: text.first == 0x20 ? 1 : 0)
        var index = 0
        while index < steps.count {
            let end = steps[index].end
            if end < text.count, text[end] == 0x20 { follow(index, from: end + 1) }
            index += 1
        }
        var last = steps.indices.max { (steps[$0].end, $1) < (steps[$1].end, $0) }
        var sentences: [Int] = []
        while let step = last {
            sentences.insert(steps[step].sentence, at: 0)
            last = steps[step].previous
        }
        guard !sentences.isEmpty else { return nil }
        return QuotedText(
            text: sentences.map(list.text).joined(separator: "\n"), places: sentences.map { list.places[$0] })
    }
}
