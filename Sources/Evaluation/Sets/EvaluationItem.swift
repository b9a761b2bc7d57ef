/// A text to work on, with what is known of a good result.
public struct EvaluationItem: Sendable, Equatable {
    /// The line it stands on, from 1.
    public var line: Int
    /// The set's own name for it.
    public var id: String?
    public var document: String
    public var question: String?
    /// Good results; empty where the right one is that there is none, `nil` where the set doesn't tell.
    public var references: [String]?
    /// A result that came with the set.
    public var prediction: String?
    /// What further systems wrote, in their order.
    public var rivals: [String] = []

    public init(
        line: Int = 0, id: String? = nil, document: String, question: String? = nil, references: [String]? = nil,
        prediction: String? = nil
    ) {
        self.line = line
        self.id = id
        self.document = document
        self.question = question
        self.references = references
        self.prediction = prediction
    }
}
