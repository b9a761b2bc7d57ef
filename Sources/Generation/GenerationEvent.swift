/// Names a request within its scheduler.
public struct RequestID: Hashable, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
}

/// What a step brought for one request.
public enum GenerationEvent: Sendable {
    /// The request was taken on: there is room for its longest text.
    case began(RequestID)
    /// A token was generated; `text` is what became certain of the output, often empty.
    case token(RequestID, text: String, completionTokens: Int)
    case finished(RequestID, Result<GenerationOutput, GenerationError>)
}
