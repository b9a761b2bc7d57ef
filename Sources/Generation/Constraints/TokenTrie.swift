package import Tokenization

/// The bytes of a vocabulary's tokens as a tree, so that all tokens which go on alike are tried at once.
///
/// Added tokens, special or not, aren't in it: a constraint is about text, and no text brings them about.
package struct TokenTrie: Sendable {
    /// Nodes in the order of a walk that visits a node before its children, smaller bytes first; without the root.
    private var bytes: [UInt8] = []
    /// Bytes of a node's tokens, less one.
    private var depths: [Int32] = []
    /// Where the walk goes on that leaves a node's children out.
    private var ends: [Int32] = []
    /// Where each node's tokens begin in `tokens`; one more at the end.
    private var firstTokens: [Int32] = []
    private var tokens: [TokenID] = []
    private var longest = 0
    /// Ids are below it.
    package let capacity: Int
    /// Bytes that no token stands for alone: a text that holds one may be impossible to write.
    package private(set) var missingBytes = 0

    /// O(bytes of the vocabulary).
    ///
    /// - parameter limit: tokens from here on are no rows of the model.
    package init(_ tokenizer: Tokenizer, limit: Int = .max) {
        let added = Set(tokenizer.addedTokens.map(\.id))
        capacity = min(tokenizer.vocabularySize, limit)
        var entries: [(bytes: [UInt8], token: TokenID)] = []
        for id in 0..<TokenID(capacity) where !added.contains(id) && !tokenizer.isSpecial(id) {
            guard let bytes = tokenizer.bytes(of: id), !bytes.isEmpty else { continue }
            entries.append((bytes, id))
        }
        entries.sort { a, b in
            a.bytes.lexicographicallyPrecedes(b.bytes) || (a.bytes == b.bytes && a.token < b.token)
        }
        missingBytes = 256 - Set(entries.filter { $0.bytes.count == 1 }.map(\.bytes)).count
        insert(entries)
    }

    /// Whether the model can produce a token.
    func contains(_ token: TokenID) -> Bool { token >= 0 && token < capacity }

    private mutating func insert(_ entries: [(bytes: [UInt8], token: TokenID)]) {
        // The nodes of the last token's bytes.
        var path: [Int] = []
        var last: [UInt8] = []
        for (word, token) in entries {
            let common = zip(word, last).prefix { $0 == $1 }.count
            close(&path, to: common)
            for (depth, byte) in word.enumerated().dropFirst(common) {
                path.append(bytes.count)
                bytes.append(byte)
                depths.append(Int32(depth))
                ends.append(0)
                firstTokens.append(Int32(tokens.count))
            }
            tokens.append(token)
            last = word
            longest = max(longest, word.count)
        }
        close(&path, to: 0)
        firstTokens.append(Int32(tokens.count))
    }

    private mutating func close(_ path: inout [Int], to depth: Int) {
        while path.count > depth { ends[path.removeLast()] = Int32(bytes.count) }
    }

    /// The tokens that lead from one state to another.
    ///
    /// - parameter next: the state after another byte, `nil` where there is none.
    package func tokens<State, Failure: Error>(
        from start: State, next: (State, UInt8) throws(Failure) -> State?
    ) throws(Failure) -> TokenSet {
        var set = TokenSet(capacity: capacity)
        var states = [State](repeating: start, count: longest + 1)
        var node = 0
        while node < bytes.count {
            let depth = Int(depths[node])
            guard let state = try next(states[depth], bytes[node]) else {
                node = Int(ends[node])
                continue
            }
            states[depth + 1] = state
            for index in firstTokens[node]..<firstTokens[node + 1] { set.insert(tokens[Int(index)]) }
            node += 1
        }
        return set
    }
}
