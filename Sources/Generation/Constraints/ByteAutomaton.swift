/// Says byte by byte which texts are allowed.
///
/// From each of its states an allowed text can be completed: whoever takes only bytes that may follow is never stuck.
/// A new kind of constraint is a type that conforms to this; what tokens make of it is ``GuidedText``'s business.
package protocol ByteAutomaton: Sendable {
    /// What matters of the bytes so far; equal states allow the same continuations.
    associatedtype State: Hashable, Sendable

    /// The state of the empty text.
    var start: State { get }

    /// Whether the bytes so far are an allowed text.
    func isAccepting(_ state: State) throws(ConstraintError) -> Bool

    /// The bytes that may follow; none only where the text must end.
    func successors(of state: State) throws(ConstraintError) -> ByteSet

    /// The state after another byte; `nil` for a byte that may not follow.
    func next(_ state: State, _ byte: UInt8) throws(ConstraintError) -> State?

    /// The tokens whose bytes may follow, all of them allowed one after the other.
    func allowedTokens(in trie: TokenTrie, after state: State) throws(ConstraintError) -> TokenSet

    /// The state with what follows from the number of tokens that may still come; a text may be completed within them
    /// as far as that can be known.
    func adjusted(_ state: State, tokensLeft: Int) throws(ConstraintError) -> State

    /// What a text quotes of the document, without what is left at its end of a quotation that isn't whole; `nil` where
    /// it's no quotation at all.
    func quoted(_ text: [UInt8]) -> QuotedText?
}

extension ByteAutomaton {
    package func allowedTokens(in trie: TokenTrie, after state: State) throws(ConstraintError) -> TokenSet {
        try trie.tokens(from: state) { (state, byte) throws(ConstraintError) in try next(state, byte) }
    }

    package func adjusted(_ state: State, tokensLeft: Int) throws(ConstraintError) -> State { state }

    package func quoted(_ text: [UInt8]) -> QuotedText? { nil }

    package func allowsOnlyTheEmptyText() throws(ConstraintError) -> Bool { try successors(of: start).isEmpty }

    /// The state after a text; `nil` for a text that no allowed one begins with.
    package func state(after bytes: some Sequence<UInt8>) throws(ConstraintError) -> State? {
        var state = start
        for byte in bytes {
            guard let next = try next(state, byte) else { return nil }
            state = next
        }
        return state
    }
}
