package import Tokenization

/// Cuts a text into parts that each fit: at the borders of paragraphs where that leaves them of similar length, else of
/// sentences. Together the parts are the text, character for character.
package struct DocumentSplitter: Sendable {
    /// A part of a text.
    package struct Part: Sendable, Equatable {
        /// UTF-8 bytes.
        package var range: Range<Int>
        /// A sentence was cut in two at its end, since it alone was too long.
        package var isCut: Bool
    }

    package let tokenizer: Tokenizer
    /// About the most tokens of a part.
    package let limit: Int
    /// Whether a part may reach across the border of a paragraph.
    package let crossesParagraphs: Bool
    /// Whether a part's text fits, exactly.
    package let fits: @Sendable (String) -> Bool

    package init(
        tokenizer: Tokenizer, limit: Int, crossesParagraphs: Bool = true, fits: @escaping @Sendable (String) -> Bool
    ) {
        self.tokenizer = tokenizer
        self.limit = limit
        self.crossesParagraphs = crossesParagraphs
        self.fits = fits
    }

    /// - returns: the parts in order; `nil` where not even a single character fits.
    package func split(_ text: String) -> [Part]? {
        guard limit > 0 else { return nil }
        let source = TextUnits(text, tokenizer: tokenizer, limit: limit)
        var units = source.units
        guard !units.isEmpty else { return text.isEmpty ? [] : [Part(range: 0..<source.bytes.count, isCut: false)] }
        var left = units.reduce(0) { $0 + $1.tokens }
        var parts: [Part] = []
        var first = 0
        while first < units.count {
            var last = chooseEnd(units, from: first, left: left)
            while !fits(source.text(units[first].range.lowerBound..<units[last].range.upperBound)) {
                if last > first {
                    last = first + (last - first) * 7 / 8
                    continue
                }
                // What looks short enough by itself isn't in its place: in smaller pieces then.
                let unit = units[first]
                let pieces = source.pieces(of: unit, limit: max(min(limit, unit.tokens) * 3 / 4, 1))
                guard pieces.count > 1 else { return nil }
                left += pieces.reduce(0) { $0 + $1.tokens } - unit.tokens
                units.replaceSubrange(first...first, with: pieces)
                last = first
            }
            left -= units[first...last].reduce(0) { $0 + $1.tokens }
            parts.append(
                Part(range: units[first].range.lowerBound..<units[last].range.upperBound, isCut: units[last].isCut))
            first = last + 1
        }
        return parts
    }

    /// The unit to end a part with: the part is to be as long as those that will follow, and rather end a paragraph.
    private func chooseEnd(_ units: [TextUnits.Unit], from first: Int, left: Int) -> Int {
        // What there is to choose from, with the tokens up to there.
        var ends: [(index: Int, tokens: Int)] = []
        var sum = 0
        for index in first..<units.count {
            sum += units[index].tokens
            if sum > limit, index > first { break }
            ends.append((index, sum))
            if !crossesParagraphs, units[index].endsParagraph { break }
        }
        let end = ends[ends.count - 1]
        let rest = crossesParagraphs ? left : restOfParagraph(units, from: first)
        if end.tokens >= rest { return end.index }
        let ideal = Double(rest) / Double((rest + limit - 1) / limit)
        func cost(_ candidate: (index: Int, tokens: Int)) -> Double {
            let unit = units[candidate.index]
            let distance = abs(Double(candidate.tokens) - ideal) / ideal
            return distance + (unit.endsParagraph ? 0 : 0.3) + (unit.isCut ? 0.5 : 0)
        }
        return ends.min { cost($0) < cost($1) }?.index ?? end.index
    }

    private func restOfParagraph(_ units: [TextUnits.Unit], from first: Int) -> Int {
        var sum = 0
        for index in first..<units.count {
            sum += units[index].tokens
            // No part is longer, so that it doesn't matter how much longer the paragraph is.
            if units[index].endsParagraph || sum > 64 * limit { break }
        }
        return sum
    }
}
