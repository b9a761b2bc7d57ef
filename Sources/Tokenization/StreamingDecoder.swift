/// Decodes tokens as they come, and gives out text as soon as its characters are complete.
///
/// A token may end inside a character; its last bytes (at most 3) are then held back until the character is whole, or
/// can't be made whole any more. All that was given out, joined, is what `Tokenizer.decode` gives for all the tokens.
public struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipsSpecial: Bool
    private var pending: [UInt8] = []

    /// - Parameter skipSpecial: Whether special tokens are left out.
    public init(_ tokenizer: Tokenizer, skipSpecial: Bool = false) {
        self.tokenizer = tokenizer
        skipsSpecial = skipSpecial
    }

    /// The text that this token completes; often empty in scripts whose characters take several tokens.
    public mutating func feed(_ id: TokenID) -> String {
        if skipsSpecial, tokenizer.isSpecial(id) { return "" }
        pending += tokenizer.bytes(of: id) ?? []
        let complete = pending.count - UTF8Text.incompleteSuffixLength(of: pending)
        defer { pending.removeFirst(complete) }
        return String(decoding: pending[..<complete], as: UTF8.self)
    }

    /// What is left at the end: U+FFFD for a character that stayed incomplete, else nothing.
    public mutating func finish() -> String {
        defer { pending.removeAll() }
        return String(decoding: pending, as: UTF8.self)
    }
}
