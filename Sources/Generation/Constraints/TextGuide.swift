import Synchronization
package import Tokenization

/// A text on its way along a constraint, as its tokens see it. A value: texts that part ways copy it.
package protocol TextGuide: Sendable {
    /// What was written so far.
    var bytes: [UInt8] { get }
    /// Whether the text may end here.
    func canEnd() throws(ConstraintError) -> Bool
    /// Whether nothing may follow.
    func mustEnd() throws(ConstraintError) -> Bool
    /// The tokens that may follow; of end tokens it knows nothing.
    func allowedTokens() throws(ConstraintError) -> TokenSet
    /// The tokens that must follow, in the tokenizer's own way to write what they say; none where there is a choice.
    ///
    /// Tokens whose borders depend on what comes after them aren't among them.
    func forcedTokens() throws(ConstraintError) -> [TokenID]
    /// Goes on by an allowed token.
    mutating func append(_ token: TokenID) throws(ConstraintError)
    /// Whether a whole text is allowed, from its beginning.
    func accepts(_ text: String) throws(ConstraintError) -> Bool
    /// See ``ByteAutomaton/quoted(_:)``.
    func quoted(_ text: [UInt8]) -> QuotedText?
}

/// What tokens make of a constraint: shared by all texts that follow it.
///
/// The tokens allowed after a state are found once and remembered, those of the states used last.
package final class TokenMasks<Automaton: ByteAutomaton>: Sendable {
    private struct Cache {
        var sets: [Automaton.State: TokenSet] = [:]
        var recency = RecencyList<Automaton.State>()
    }

    /// Sets remembered: 6 KB each for a vocabulary of 50,000.
    private static var capacity: Int { 256 }

    fileprivate let automaton: Automaton
    fileprivate let tokenizer: Tokenizer
    fileprivate let trie: TokenTrie
    private let cache = Mutex(Cache())

    package init(_ automaton: Automaton, tokenizer: Tokenizer, trie: TokenTrie) {
        self.automaton = automaton
        self.tokenizer = tokenizer
        self.trie = trie
    }

    /// A text that is still empty.
    ///
    /// - parameter maximumTokens: the most that it may have
    /// - throws: ``ConstraintError`` where none of so few tokens is allowed.
    package func makeGuide(maximumTokens: Int = .max) throws(ConstraintError) -> any TextGuide {
        AutomatonGuide(
            masks: self, state: try automaton.adjusted(automaton.start, tokensLeft: maximumTokens),
            tokensLeft: maximumTokens)
    }

    fileprivate func allowedTokens(after state: Automaton.State) throws(ConstraintError) -> TokenSet {
        let known = cache.withLock { cache -> TokenSet? in
            guard let set = cache.sets[state] else { return nil }
            cache.recency.remove(state)
            cache.recency.append(state)
            return set
        }
        if let known { return known }
        let set = try automaton.allowedTokens(in: trie, after: state)
        cache.withLock { cache in
            guard cache.sets.updateValue(set, forKey: state) == nil else { return }
            cache.recency.append(state)
            if cache.sets.count > Self.capacity, let oldest = cache.recency.first {
                cache.recency.remove(oldest)
                cache.sets[oldest] = nil
            }
        }
        return set
    }
}

private struct AutomatonGuide<Automaton: ByteAutomaton>: TextGuide {
    /// Forced bytes are looked for no further than this at a time.
    private static var outlook: Int { 1024 }

    let masks: TokenMasks<Automaton>
    var state: Automaton.State
    var tokensLeft: Int
    var bytes: [UInt8] = []

    func canEnd() throws(ConstraintError) -> Bool { try masks.automaton.isAccepting(state) }
    func mustEnd() throws(ConstraintError) -> Bool { try masks.automaton.successors(of: state).isEmpty }
    func allowedTokens() throws(ConstraintError) -> TokenSet { try masks.allowedTokens(after: state) }

    func forcedTokens() throws(ConstraintError) -> [TokenID] {
        var state = state
        var bytes: [UInt8] = []
        while bytes.count < Self.outlook, !(try masks.automaton.isAccepting(state)),
            let byte = try masks.automaton.successors(of: state).only,
            let next = try masks.automaton.next(state, byte)
        {
            bytes.append(byte)
            state = next
        }
        if bytes.isEmpty { return [] }
        let isWhole = try masks.automaton.successors(of: state).isEmpty
        let tokens = masks.tokenizer.settledTokens(of: bytes, isWhole: isWhole)
        return tokens.allSatisfy { masks.trie.contains($0) } ? tokens : []
    }

    mutating func append(_ token: TokenID) throws(ConstraintError) {
        for byte in masks.tokenizer.bytes(of: token) ?? [] {
            guard let next = try masks.automaton.next(state, byte) else {
                preconditionFailure("token \(token) isn't allowed here")
            }
            state = next
            bytes.append(byte)
        }
        tokensLeft -= 1
        state = try masks.automaton.adjusted(state, tokensLeft: tokensLeft)
    }

    func quoted(_ text: [UInt8]) -> QuotedText? { masks.automaton.quoted(text) }

    func accepts(_ text: String) throws(ConstraintError) -> Bool {
        guard let state = try masks.automaton.state(after: text.utf8) else { return false }
        return try masks.automaton.isAccepting(state)
    }
}

/// Makes guides for one model's requests, and keeps what they share of the constraints used last.
struct GuideFactory {
    private let tokenizer: Tokenizer?
    private let vocabularySize: Int
    private var trie: TokenTrie?
    private var makers: [Key: Maker] = [:]
    private var recency = RecencyList<Key>()

    private static let capacity = 16

    private struct Key: Hashable {
        let constraint: ObjectIdentifier
        /// `nil` where the constraint is the same for all documents.
        let document: String?
    }

    private struct Maker {
        /// Kept, so that its identity isn't another's.
        let constraint: Constraint
        let make: @Sendable (_ maximumTokens: Int) throws(ConstraintError) -> any TextGuide
    }

    init(tokenizer: Tokenizer?, vocabularySize: Int) {
        self.tokenizer = tokenizer
        self.vocabularySize = vocabularySize
    }

    /// - parameter maximumTokens: that the text may have
    /// - throws: ``ConstraintError`` where the model can't follow the constraint.
    mutating func guide(
        for constraint: Constraint, document: String?, maximumTokens: Int
    ) throws(ConstraintError) -> any TextGuide {
        let key = Key(
            constraint: ObjectIdentifier(constraint), document: constraint.dependsOnDocument ? document : nil)
        if let known = makers[key] {
            recency.remove(key)
            recency.append(key)
            return try known.make(maximumTokens)
        }
        guard let tokenizer else {
            throw .malformed(path: "constraint", problem: "the model has no tokenizer, so that its output has no text")
        }
        let trie = trie ?? TokenTrie(tokenizer, limit: vocabularySize)
        self.trie = trie
        guard trie.missingBytes == 0 else {
            throw .malformed(
                path: "constraint",
                problem:
                    "the tokenizer has no token for \(trie.missingBytes) of the 256 bytes, and not every text can be written"
            )
        }
        let automaton = try constraint.automaton(document: document, tokenizer: tokenizer)
        let maker = Maker(constraint: constraint, make: Self.maker(automaton, tokenizer, trie))
        makers[key] = maker
        recency.append(key)
        if makers.count > Self.capacity, let oldest = recency.first {
            recency.remove(oldest)
            makers[oldest] = nil
        }
        return try maker.make(maximumTokens)
    }

    private static func maker(
        _ automaton: some ByteAutomaton, _ tokenizer: Tokenizer, _ trie: TokenTrie
    ) -> @Sendable (Int) throws(ConstraintError) -> any TextGuide {
        let masks = TokenMasks(automaton, tokenizer: tokenizer, trie: trie)
        return { (maximumTokens) throws(ConstraintError) in try masks.makeGuide(maximumTokens: maximumTokens) }
    }
}
