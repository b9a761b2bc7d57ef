/// How long a quotation may be, in words: what white space of ASCII parts.
package struct SpanLimits: Hashable, Sendable {
    package var minimumWords = 1
    /// `nil` for no limit.
    package var maximumWords: Int?

    package init(minimumWords: Int = 1, maximumWords: Int? = nil) {
        self.minimumWords = minimumWords
        self.maximumWords = maximumWords
    }
}

/// Allows the passages of a document, see ``PassageIndex``, each with or without a space before it: the words of byte-level
/// tokens begin with one, and it's no part of the quotation.
package struct SpanAutomaton: ByteAutomaton {
    package struct State: Hashable, Sendable {
        /// Where in the index's order the places are that hold what was written.
        var places: Range<Int>
        /// Bytes that were written, without the space before.
        var length = 0
        /// Words that were begun.
        var words = 0
        /// The space before was written, or can't be any more.
        var isPastSpace = false
    }

    private let index: PassageIndex
    private let limits: SpanLimits

    /// - throws: ``ConstraintError`` where nothing could be quoted.
    package init(_ document: String, limits: SpanLimits = SpanLimits()) throws(ConstraintError) {
        index = PassageIndex(document, minimumWords: limits.minimumWords)
        self.limits = limits
        guard !index.all.isEmpty else {
            throw .document(
                constraint: "span",
                problem: limits.minimumWords > 1
                    ? "there are no \(limits.minimumWords) words together in the document; lower min_words"
                    : "the document has no words")
        }
    }

    package var start: State { State(places: index.all) }

    package func isAccepting(_ state: State) -> Bool {
        state.words >= limits.minimumWords && index.endsSomewhere(state.places, length: state.length)
    }

    package func successors(of state: State) -> ByteSet {
        let found = index.successors(state.places, length: state.length)
        var bytes = ByteSet(
            (UInt8.min...UInt8.max).filter { byte in
                found.contains(byte)
                    && mayFollow(state, index.narrowed(state.places, length: state.length, by: byte))
            })
        if state.length == 0, !state.isPastSpace { bytes.insert(0x20) }
        return bytes
    }

    package func next(_ state: State, _ byte: UInt8) -> State? {
        if state.length == 0, byte == 0x20 {
            return state.isPastSpace ? nil : State(places: state.places, isPastSpace: true)
        }
        let places = index.narrowed(state.places, length: state.length, by: byte)
        guard !places.isEmpty, mayFollow(state, places) else { return nil }
        let beginsWord =
            !Self.isSpace(byte) && (index.lastByte(state.places, length: state.length).map(Self.isSpace) ?? true)
        return State(
            places: places, length: state.length + 1, words: state.words + (beginsWord ? 1 : 0), isPastSpace: true)
    }

    /// After the last word, white space that parts it from another one would lead nowhere.
    ///
    /// - parameter places: those that go on with the byte in question
    private func mayFollow(_ state: State, _ places: Range<Int>) -> Bool {
        guard let most = limits.maximumWords, state.words >= most else { return true }
        return index.goesOnWithinWord(places, length: state.length)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// The longest beginning of a text that is a lawful quotation.
    package func quoted(_ text: [UInt8]) -> QuotedText? {
        var state = start
        var best: State?
        for byte in text {
            guard let next = next(state, byte) else { break }
            state = next
            if isAccepting(state) { best = state }
        }
        guard let best, let place = index.place(best.places, length: best.length) else { return nil }
        return QuotedText(text: index.text(place), places: [place])
    }
}
