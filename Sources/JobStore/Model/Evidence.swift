/// A passage of a long text that an answer was looked for in.
public struct Evidence: Sendable, Hashable {
    public var place: Quotation
    /// How well it matches the question, the higher the better.
    public var score: Double?

    public init(place: Quotation, score: Double? = nil) {
        self.place = place
        self.score = score
    }
}
