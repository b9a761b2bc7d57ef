/// Finds added tokens in a text: the leftmost first, and of several that start there the longest.
///
/// The rules for white space and single words are those of HuggingFace's `tokenizers`
/// (`tokenizers/src/tokenizer/added_vocabulary.rs`, `find_matches`).
struct AddedTokenMatcher: Sendable {
    /// A part of a text: an added token, or text that has none.
    enum Part: Equatable {
        case token(TokenID)
        case text(Range<Int>)
    }

    /// A node of the tree of all contents, byte by byte.
    private struct Node {
        var children: [(byte: UInt8, node: Int)] = []
        var token: AddedToken?

        func child(_ byte: UInt8) -> Int? {
            children.first { $0.byte == byte }?.node
        }
    }

    private var nodes = [Node()]
    private var canStart = [Bool](repeating: false, count: 256)

    init(_ tokens: some Sequence<AddedToken>) {
        for token in tokens where !token.content.isEmpty { insert(token) }
    }

    var isEmpty: Bool { nodes.count == 1 }

    private mutating func insert(_ token: AddedToken) {
        var node = 0
        for byte in token.content.utf8 {
            if node == 0 { canStart[Int(byte)] = true }
            if let child = nodes[node].child(byte) {
                node = child
            } else {
                nodes[node].children.append((byte, nodes.count))
                node = nodes.count
                nodes.append(Node())
            }
        }
        nodes[node].token = token
    }

    /// Splits a sentence (a range of `text`) at the added tokens that lie wholly within one of the `allowed` ranges.
    ///
    /// The allowed ranges are in order and don't overlap. A token that strips white space doesn't strip beyond its range.
    func split(_ text: Span<UInt8>, sentence: Range<Int>, allowed: ArraySlice<Range<Int>>) -> [Part] {
        var parts: [Part] = []
        var done = sentence.lowerBound
        for range in allowed {
            let range = range.clamped(to: sentence)
            var position = range.lowerBound
            while let (token, match) = nextMatch(in: text, from: position, to: range.upperBound) {
                position = match.upperBound
                if token.isSingleWord, touchesWord(match, in: text, sentence: sentence) { continue }
                var start = match.lowerBound
                var end = match.upperBound
                if token.stripsLeft {
                    start = max(done, startOfSpace(in: text, endingAt: start, notBefore: max(done, range.lowerBound)))
                }
                if token.stripsRight { end = endOfSpace(in: text, from: end, notAfter: range.upperBound) }
                // The token before may have stripped the white space that this one consists of.
                guard start < end else { continue }
                if done < start { parts.append(.text(done..<start)) }
                parts.append(.token(token.id))
                done = end
            }
        }
        if done < sentence.upperBound { parts.append(.text(done..<sentence.upperBound)) }
        return parts
    }

    private func nextMatch(in text: Span<UInt8>, from start: Int, to end: Int) -> (AddedToken, Range<Int>)? {
        guard !isEmpty, start < end else { return nil }
        for position in start..<end where canStart[Int(text[position])] {
            if let (token, length) = longestToken(in: text, at: position, to: end) {
                return (token, position..<position + length)
            }
        }
        return nil
    }

    private func longestToken(in text: Span<UInt8>, at start: Int, to end: Int) -> (AddedToken, length: Int)? {
        var longest: (AddedToken, length: Int)?
        var node = 0
        for position in start..<end {
            guard let child = nodes[node].child(text[position]) else { break }
            node = child
            if let token = nodes[node].token { longest = (token, position + 1 - start) }
        }
        return longest
    }

    private func touchesWord(_ match: Range<Int>, in text: Span<UInt8>, sentence: Range<Int>) -> Bool {
        if match.lowerBound > sentence.lowerBound {
            let start = UTF8Text.startOfScalar(in: text, endingAt: match.lowerBound)
            if CharacterClass.isWordCharacter(UTF8Text.scalar(in: text, at: start).value) { return true }
        }
        return match.upperBound < sentence.upperBound
            && CharacterClass.isWordCharacter(UTF8Text.scalar(in: text, at: match.upperBound).value)
    }

    private func startOfSpace(in text: Span<UInt8>, endingAt end: Int, notBefore limit: Int) -> Int {
        var start = end
        while start > limit {
            let scalarStart = UTF8Text.startOfScalar(in: text, endingAt: start)
            guard CharacterClass(UTF8Text.scalar(in: text, at: scalarStart).value) == .space else { break }
            start = scalarStart
        }
        return start
    }

    private func endOfSpace(in text: Span<UInt8>, from start: Int, notAfter limit: Int) -> Int {
        var end = start
        while end < limit {
            let scalar = UTF8Text.scalar(in: text, at: end)
            guard CharacterClass(scalar.value) == .space else { break }
            end += scalar.length
        }
        return end
    }
}
