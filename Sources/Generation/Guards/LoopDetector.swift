package import Tokenization

/// Notices that a text has come to say the same over and over: its last tokens are one cycle, repeated.
///
/// Many small models fall into such a loop in greedy decoding (Holtzman et al. 2019), and stay there until the last token.
package struct LoopDetector: Sendable {
    /// The longest cycle that is looked for, in tokens: a few sentences.
    package static let longestCycle = 64
    /// The fewest tokens that a loop takes up: a row of dashes isn't one.
    package static let shortestLoop = 32

    private let repeats: Int
    private var tokens: [TokenID] = []
    /// For each length of a cycle, less one: how many of the last tokens are the same as the one so far before them.
    private var matches = [Int](repeating: 0, count: longestCycle)

    /// - parameter repeats: how often a cycle must stand in a row, at least twice
    package init(repeats: Int) {
        precondition(repeats >= 2)
        self.repeats = repeats
    }

    /// Adds a token of the output; returns whether a loop is complete.
    package mutating func append(_ token: TokenID) -> Bool {
        var isLoop = false
        for cycle in 1...min(Self.longestCycle, max(tokens.count, 1)) where cycle <= tokens.count {
            let isSame = tokens[tokens.count - cycle] == token
            matches[cycle - 1] = isSame ? matches[cycle - 1] + 1 : 0
            if matches[cycle - 1] + cycle >= max(repeats * cycle, Self.shortestLoop), isSame { isLoop = true }
        }
        tokens.append(token)
        if tokens.count > 2 * Self.longestCycle { tokens.removeFirst(Self.longestCycle) }
        return isLoop
    }
}
