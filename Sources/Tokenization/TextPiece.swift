/// The index of a token in a vocabulary: the row of the embedding.
public typealias TokenID = Int32

/// A piece of a prompt, marked by whether special tokens may be read out of it.
///
/// A prompt is tokenized as one text, so that merges reach across the borders of pieces; special tokens such as
/// `<|endoftext|>` are recognized only where they lie wholly within one trusted piece. What a user's document says
/// stays text.
public enum TextPiece: Sendable, Equatable {
    /// Text by the author of a job definition; special tokens in it are special.
    case trusted(String)
    /// Text from outside; everything in it is plain text.
    case plain(String)

    public var text: String {
        switch self {
        case .trusted(let text), .plain(let text): text
        }
    }
}
