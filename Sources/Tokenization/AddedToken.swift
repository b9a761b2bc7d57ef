/// A token that is found in the text as written, before the text is split into words.
public struct AddedToken: Sendable, Equatable {
    public var id: TokenID
    /// The text that it stands for.
    public var content: String
    /// Whether it steers the model rather than being text; decoding can leave it out.
    public var isSpecial: Bool
    /// Whether it is looked for after normalization, that is after the tokens that are not.
    public var isNormalized: Bool
    /// Whether it counts only where no letter, digit or other word character touches it.
    public var isSingleWord: Bool
    /// Whether it takes in the white space before it.
    public var stripsLeft: Bool
    /// Whether it takes in the white space behind it.
    public var stripsRight: Bool

    public init(
        id: TokenID, content: String, isSpecial: Bool = true, isNormalized: Bool = false, isSingleWord: Bool = false,
        stripsLeft: Bool = false, stripsRight: Bool = false
    ) {
        self.id = id
        self.content = content
        self.isSpecial = isSpecial
        self.isNormalized = isNormalized
        self.isSingleWord = isSingleWord
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
    }
}
