import Passages
package import Tokenization

/// Which sentences may be quoted, and how many.
package struct SentenceLimits: Hashable, Sendable {
    /// Of each sentence: what white space of ASCII parts. Headings and signatures have few.
    package var minimumWords = 1
    /// `nil` for no limit.
    package var maximumCount: Int?

    package init(minimumWords: Int = 1, maximumCount: Int? = nil) {
        self.minimumWords = minimumWords
        self.maximumCount = maximumCount
    }
}

/// The sentences of a document that may be quoted, each text once, where it stands first.
///
/// Sentences that hold replacement characters, which stand for what wasn't readable, or NUL are left out.
package struct SentenceList: Sendable {
    private let document: [UInt8]
    /// In the order of the document, in bytes.
    let places: [Range<Int>]
    /// Tokens of each, with the space before it.
    let costs: [Int]
    /// Indices of `places`, ordered by what the sentences say.
    private let order: [Int]

    /// - parameters:
    ///   - minimumWords: of a sentence
    ///   - tokenizer: counts the tokens
    package init(_ document: String, minimumWords: Int = 1, tokenizer: Tokenizer) {
        let bytes = Array(document.utf8)
        self.document = bytes
        var texts: [String] = []
        var places: [Range<Int>] = []
        var known: Set<[UInt8]> = []
        for place in Sentences(of: bytes) {
            let content = Array(bytes[place])
            guard let text = String(validating: content, as: UTF8.self), known.insert(content).inserted,
                minimumWords == 1 || Self.wordCount(content) >= minimumWords,
                !text.unicodeScalars.contains(where: { $0 == "\u{FFFD}" || $0 == "\0" })
            else { continue }
            texts.append(text)
            places.append(place)
        }
        self.places = places
        costs = texts.map { tokenizer.encode(" " + $0).count }
        order = places.indices.sorted { bytes[places[$0]].lexicographicallyPrecedes(bytes[places[$1]]) }
    }

    private static func wordCount(_ bytes: [UInt8]) -> Int {
        bytes.split { $0 == 0x20 || (0x09...0x0D).contains($0) }.count
    }

    /// All sentences, as positions of the order.
    var all: Range<Int> { order.indices }

    func text(_ sentence: Int) -> String { String(decoding: document[places[sentence]], as: UTF8.self) }

    private func byte(_ rank: Int, _ length: Int) -> Int {
        let place = places[order[rank]]
        return length < place.count ? Int(document[place.lowerBound + length]) : -1
    }

    /// The sentences of a range that go on with a byte after `length` bytes that all of it share. O(log n).
    func narrowed(_ range: Range<Int>, length: Int, by byte: UInt8) -> Range<Int> {
        let lower = partition(range) { self.byte($0, length) >= Int(byte) }
        let upper = partition(lower..<range.upperBound) { self.byte($0, length) > Int(byte) }
        return lower..<upper
    }

    /// The parts of a range by the byte that follows, without the sentence that has ended.
    func continuations(_ range: Range<Int>, length: Int) -> [(byte: UInt8, range: Range<Int>)] {
        var parts: [(byte: UInt8, range: Range<Int>)] = []
        var lower = range.lowerBound
        while lower < range.upperBound {
            let next = byte(lower, length)
            let upper = partition(lower + 1..<range.upperBound) { byte($0, length) > next }
            if let next = UInt8(exactly: next) { parts.append((next, lower..<upper)) }
            lower = upper
        }
        return parts
    }

    /// The sentence of a range that is whole after `length` bytes; it's the first, if there is one.
    func ended(_ range: Range<Int>, length: Int) -> Int? {
        guard let first = range.first, length > 0, places[order[first]].count == length else { return nil }
        return order[first]
    }

    /// Whether a range has a sentence from one on, of so many tokens at most.
    func holds(_ range: Range<Int>, from first: Int, maximumCost: Int) -> Bool {
        range.contains { order[$0] >= first && costs[order[$0]] <= maximumCost }
    }

    private func partition(_ range: Range<Int>, where holds: (Int) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
